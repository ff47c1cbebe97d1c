"""The tables beside the log: what a person noted about a run, and what runs are found by.

    annotations, tags, labels   written by a person; nothing else holds them
    run_index                   one row per run: what a list is sorted and filtered by; built from its events and summary
    run_text                    SQLite's full-text index of its words; its row ids are the numbers of run_index

run_index and run_text can be emptied at any time: the next search builds them anew.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from refine_core.store.tables import COUNT, TEXT, metadata

INDEX_VERSION: Final = 4
"""Of how a run is indexed; rows of another version are built anew."""
WORDS: Final = ("name", "inputs", "outputs", "hints", "models")
"""The columns of run_text."""

notes = sa.Table(
    "annotations",
    metadata,
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("note", TEXT, nullable=False),
    sa.Column("deleted_at", sa.Float),  # seconds since the epoch, UTC
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("tag", TEXT, primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),  # in the order in which they were given
)
sa.Index("tags_by_tag", tags.c.tag, tags.c.run_id)

labels = sa.Table(
    "labels",
    metadata,
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("label", TEXT, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
)

run_index = sa.Table(
    "run_index",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),  # events that it was built from
    sa.Column("text_attempts", sa.Integer, nullable=False),  # attempts whose words are in run_text
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("title", TEXT, nullable=False),
    sa.Column("outcome", TEXT),  # NULL until it finished
    sa.Column("model", TEXT, nullable=False),
    sa.Column("best", sa.Float),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("tokens", COUNT),
    sa.Column("cost_usd", sa.Float),
    sa.Column("took_s", sa.Float),
    sa.Column("inputs", TEXT, nullable=False),
    sa.Column("program_hash", TEXT, nullable=False),
    sa.Column("inputs_hash", TEXT, nullable=False),
    sa.Column("parent", TEXT),
    sa.Column("hint_test", TEXT),
    sa.Column("experiment", TEXT),
    sa.Column("under", TEXT),  # the first of its family, for a branch or a try
)
sa.Index("run_index_by_run", run_index.c.run_id, run_index.c.seq, run_index.c.version, unique=True)
sa.Index("run_index_by_start", run_index.c.started_at, run_index.c.run_id)
sa.Index("run_index_by_parent", run_index.c.parent, run_index.c.hint_test)
sa.Index("run_index_by_under", run_index.c.under, run_index.c.hint_test)

# On SQLite a virtual table, which metadata cannot describe; the column of its own name is what MATCH is asked of.
# On PostgreSQL a table, with the tsvector of its words beside them.
run_text = sa.table(
    "run_text", sa.column("rowid"), *map(sa.column, WORDS), sa.column("run_text"), sa.column("words")
)
