"""What a person notes about a run, and what runs are searched by. Old runs are indexed when somebody searches."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import COUNT, TEXT

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "annotations",
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("starred", sa.Boolean, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("deleted_at", sa.Float),
    )
    op.create_table(
        "tags",
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("tag", TEXT, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index("tags_by_tag", "tags", ["tag", "run_id"])
    op.create_table(
        "labels",
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "run_index",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("text_attempts", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("outcome", TEXT),
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
    )
    op.create_index("run_index_by_run", "run_index", ["run_id", "seq", "version"], unique=True)
    op.create_index("run_index_by_start", "run_index", ["started_at", "run_id"])
    if op.get_bind().dialect.name == "postgresql":
        _index_words_on_postgres()
        return
    op.execute(
        "CREATE VIRTUAL TABLE run_text USING fts5(name, inputs, outputs, hints, models, "
        "tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co So'\")"
    )


def _index_words_on_postgres() -> None:
    """A table with the words of each run, one space between two of them (refine_core.store.word_splitting), and their tsvector."""
    every = "name || ' ' || inputs || ' ' || outputs || ' ' || hints || ' ' || models"
    op.execute(
        "CREATE TABLE run_text (rowid integer PRIMARY KEY, name text NOT NULL, inputs text NOT NULL, outputs text NOT NULL, "
        "hints text NOT NULL, models text NOT NULL, words tsvector NOT NULL "
        f"GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array({every}, ' '), ''))) STORED)"
    )
    op.execute("CREATE INDEX run_text_words ON run_text USING gin (words)")
