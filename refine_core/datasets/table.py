"""A table, wherever it comes from, before anybody says what its columns are.

    file, bytes, pasted text --open_table-->  Table      typed cells --table_of_cells-->  Table      saved runs --table_of_runs-->  Table

Files are read by `refine_core.rows`. A table that is too long is read up to MAX_ROWS, and says how long it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.datasets.limits import MAX_BYTES, MAX_ROWS
from refine_core.datasets.packed import PackedRecords
from refine_core.errors import RowsError
from refine_core.jsonable import to_jsonable
from refine_core.rows import OnProgress, find_table, open_file
from refine_core.rows.opening import RowFile
from refine_core.rows.records import Record
from refine_core.runs import Runs

_EVERY: Final = 500
_TYPED: Final = "typed"


@dataclass(frozen=True, eq=False)  # told apart by identity: there may be very many records
class Table:
    """Rows with named values, as they were found.

    name: of the file, or what else it comes from. read_as: "CSV, UTF-8, comma". columns: in order. records: row n is records[n - 1].
    total: how many rows there were; more than there are records where the table was too long. renamed: name of a column -> its name
    in the file, where another column has that. is_text: whether every value was read as text, so that numbers are texts, too.
    """

    name: str
    read_as: str
    columns: tuple[str, ...]
    records: PackedRecords
    total: int
    renamed: Mapping[str, str] = field(default_factory=dict)
    is_text: bool = False

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def digest(self) -> str:
        """A hash of its name, columns and cells, so that equal tables are kept once."""
        head = f"{self.name}\n{self.columns}\n{self.total}\n"
        return hashlib.blake2b((head + self.records.text).encode(), digest_size=6).hexdigest()


def open_table(
    source: Path | bytes | str,
    *,
    name: str = "",
    encoding: str | None = None,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> Table:
    """The table in a file (a Path), an uploaded file (bytes) or pasted text (str): CSV, TSV, JSONL, JSON or Parquet.

    name: what to call it in sentences. encoding: of its text, if not UTF-8. Raises RowsError for what is no table, with a sentence;
    RunCancelled. A row that cannot be read is a record with an error.
    """
    return _read(open_file(source, name=name, encoding=encoding), on_progress, cancel)


def table_of_text(text: str, inputs: Sequence[str], *, name: str = "Pasted rows") -> Table:
    """Typed or pasted text: the table that it is; or else a row for each line, the value of the first of these inputs.

    inputs: names that a header may have. Raises RowsError.
    """
    if not text.strip():
        raise RowsError("Type or paste rows first: one a line, or a table.", file=name)
    file = find_table(text) or _with_header(text, inputs)
    if file is not None:
        return _read(replace(file, content=replace(file.content, name=name)))
    lines = [line.strip() for line in text.splitlines()]
    return table_of_cells([next(iter(inputs), "input")], [[line] for line in lines if line], name=name)


def _with_header(text: str, inputs: Sequence[str]) -> RowFile | None:
    """The table whose first line names one of the inputs; None if it does not."""
    try:
        file = open_file(text)
    except RowsError:
        return None
    named = {one.strip().casefold() for one in file.columns} & {one.casefold() for one in inputs}
    return file if named else None


def table_of_cells(
    columns: Sequence[str], cells: Iterable[Sequence[str]], *, name: str = "Typed rows"
) -> Table:
    """Rows that a person typed. Rows with nothing in them are left out. Raises RowsError if none is left."""
    filled = [row for row in cells if any(value.strip() for value in row)]
    records = (
        Record(f"row {number}", dict(zip(columns, row, strict=True))) for number, row in enumerate(filled, 1)
    )
    return _table(name, _TYPED, tuple(columns), records, is_text=True)


def table_of_runs(runs: Runs, run_ids: Iterable[str], *, name: str = "") -> Table:
    """The inputs of saved runs, equal ones once; runs that are not there are passed over. Raises RowsError if none is left."""
    seen: set[str] = set()

    def read() -> Iterator[Record]:
        for run_id in run_ids:
            timeline = runs.timeline(run_id)
            if timeline is None:
                continue
            record = Record(f"run {run_id}", to_jsonable(dict(timeline.spec.inputs)))
            key = PackedRecords.of([Record("", record.values)]).text
            if record.values and key not in seen:
                seen.add(key)
                yield record

    return _table(name or "Inputs of saved runs", "saved runs", (), read())


def _read(file: RowFile, on_progress: OnProgress | None = None, cancel: Cancel | None = None) -> Table:
    records = file.records
    return _table(
        file.content.name,
        ", ".join(part for part in (records.kind, records.details) if part),
        records.columns,
        records.read(),
        records.renamed,
        is_text=records.kind in ("CSV", "TSV"),
        on_progress=on_progress,
        cancel=cancel,
    )


def _table(
    name: str,
    read_as: str,
    columns: tuple[str, ...],
    records: Iterable[Record],
    renamed: Mapping[str, str] | None = None,
    *,
    is_text: bool = False,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> Table:
    packed, names, total = PackedRecords(), dict.fromkeys(columns), 0
    for record in records:
        total += 1
        if total % _EVERY == 0:
            if cancel is not None:
                cancel.check()
            if on_progress is not None:
                on_progress(total)
        if len(packed) < min(MAX_ROWS, total) and packed.size_bytes < MAX_BYTES:
            packed.append(record)
            if not columns:
                names.update(dict.fromkeys(record.values))
    if not names:
        raise RowsError(f"{name} has no rows.", file=name)
    return Table(name, read_as, tuple(names), packed, total, renamed or {}, is_text)
