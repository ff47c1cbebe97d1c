"""The tables, and how records and summaries are stored in them.

    runs       one row per run: its owner, the process that records it, and its summary as JSON
    events     one row per event, key (run_id, seq); rows are only ever added
    documents  one row per small text that may change, key (kind, name); such as saved connections
    outcomes   one row per cell of an experiment that has ended, numbered as they came: read on from a number, they are read once

`events` keeps SQLite's row ids: payloads run to kilobytes, and without them the file was twice as large and no faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.sql.base import Executable

from refine_core.errors import StoreError
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.summaries import Summary

OWNER = "local"
"""The owner of every run, as long as the app serves one person."""

VERSION = "0007"
"""The newest migration; a store that names a later one is of a newer Refinescope."""

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared and ordered by its characters' numbers, as on SQLite, whatever language a server is set to."""

COUNT = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
"""A number that may be beyond two thousand million, as SQLite's are."""

metadata = sa.MetaData()

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", TEXT, primary_key=True),
    sa.Column("owner", TEXT, nullable=False),
    sa.Column("writer", TEXT, nullable=False),  # name of the lock that its process holds
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("reason", TEXT),  # why it stopped; NULL until it finished
    sa.Column("title", TEXT, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),  # seq of its last event
    sa.Column("summary", TEXT, nullable=False),
)
sa.Index("runs_by_start", runs.c.started_at, runs.c.id)

events = sa.Table(
    "events",
    metadata,
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("span", TEXT, nullable=False),
    sa.Column("kind", TEXT, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("payload", TEXT, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("kind", TEXT, primary_key=True),
    sa.Column("name", TEXT, primary_key=True),
    sa.Column("text", TEXT, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),  # seconds since the epoch, UTC
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("experiment", TEXT, nullable=False),
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), nullable=False, unique=True),
    sa.Column("text", TEXT, nullable=False),
    sqlite_autoincrement=True,  # no number is used twice, so that whoever reads on from one misses nothing
)
sa.Index("outcomes_by_experiment", outcomes.c.experiment, outcomes.c.number)

BEGIN_RUN = sa.insert(runs).values({c.name: sa.bindparam(c.name) for c in runs.c})
ADD_EVENT = sa.insert(events).values({c.name: sa.bindparam(c.name) for c in events.c})
# Matches nothing unless the run has exactly `had` events: this is what keeps two writers of one run apart.
CONTINUE_RUN = (
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"), runs.c.events == sa.bindparam("had"))
    .values({name: sa.bindparam(name) for name in ("writer", "reason", "events", "summary")})
)
# The same, when the run has ended: its writer stays whoever recorded or imported it.
ADD_TO_RUN = (
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"), runs.c.events == sa.bindparam("had"))
    .values({name: sa.bindparam(name) for name in ("reason", "events", "summary")})
)
PUT_DOCUMENT = sa.text(
    "INSERT INTO documents (kind, name, text, changed_at) VALUES (:kind, :name, :text, :changed_at) "
    "ON CONFLICT (kind, name) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at"
)
DELETE_DOCUMENT = sa.delete(documents).where(
    documents.c.kind == sa.bindparam("of_kind"), documents.c.name == sa.bindparam("named")
)
DELETE_OUTCOME = sa.delete(outcomes).where(outcomes.c.run_id == sa.bindparam("of_run"))
ADD_OUTCOME = sa.insert(outcomes).values(
    {name: sa.bindparam(name) for name in ("experiment", "run_id", "text")}
)

Value = str | int | float | None
BoundValues = dict[str, Value] | tuple[Value, ...]


class CompiledStatement:
    """A statement compiled once for a database; executing it is several times faster than looking it up each time."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every Executable used here has it
        self._text = str(compiled)
        order: list[str] | None = compiled.positiontup
        self._order = None if order is None else _tuple_of(order)

    def bind(self, values: Mapping[str, Value]) -> BoundValues:
        """The values, in the form that this database's driver takes."""
        return dict(values) if self._order is None else self._order(values)

    def execute(self, connection: Connection, values: BoundValues) -> int:
        """Execute it and return the number of rows that it changed. A transaction is open, as `Writer` begins one for each job."""
        return int(_driver(connection).execute(self._text, values).rowcount)

    def execute_many(self, connection: Connection, rows: list[BoundValues]) -> None:
        """Execute it once for each row of values, by the driver's own loop where there are several."""
        if len(rows) == 1:
            _driver(connection).execute(self._text, rows[0])
        elif rows:
            _driver(connection).cursor().executemany(self._text, rows)


def _tuple_of(names: Sequence[str]) -> Callable[[Mapping[str, Value]], tuple[Value, ...]]:
    """What takes the values of these names. The fast way gives a tuple only where there are several."""
    if len(names) > 1:
        return cast("Callable[[Mapping[str, Value]], tuple[Value, ...]]", itemgetter(*names))
    return lambda values: tuple(values[name] for name in names)


def _driver(connection: Connection) -> Any:
    """The driver's own connection: SQLAlchemy's way to it costs several times what SQLite does for an event."""
    return connection.connection.driver_connection


def run_columns(run_id: str, summary: Summary, *, writer: str, count: int) -> dict[str, Value]:
    """A run as a row of `runs`, once it has `count` events."""
    return {
        "id": run_id,
        "owner": OWNER,
        "writer": writer,
        "started_at": summary.started_at,
        "reason": summary.reason,
        # To search by. The exact title is in the summary: a column cannot hold lone surrogates.
        "title": summary.title.encode("utf-8", "replace").decode(),
        "events": count,
        "summary": codec.dumps(summary),
    }


def event_columns(record: Record) -> dict[str, Value]:
    """A record as a row of `events`."""
    kind, version, payload = codec.encode(record.event)
    return {
        "run_id": record.run_id,
        "seq": record.seq,
        "at": record.at,
        "span": record.span.path,
        "kind": kind,
        "version": version,
        "payload": payload,
    }


def read_record(run_id: str, row: Sequence[Any]) -> Record:
    """The record behind a row of `events`. Raises StoreError if its payload is damaged.

    row: its columns seq, at, span, kind, version and payload.
    """
    seq, at, span, kind, version, payload = row
    try:
        return Record(run_id, seq, at, Span.parse(span), codec.decode(kind, version, payload))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(
            f"event {seq} of run {run_id} ({kind}) cannot be read: its payload is damaged ({error})"
        ) from error


def read_summary(run_id: str, text: str) -> Summary:
    """The summary behind a row of `runs`. Raises StoreError if it is damaged."""
    try:
        return codec.build(Summary, cast("dict[str, object]", codec.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"the summary of run {run_id} cannot be read: it is damaged ({error})") from error
