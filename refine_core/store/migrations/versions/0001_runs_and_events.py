"""Runs, and the events of each."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import TEXT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "runs",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("writer", TEXT, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("reason", TEXT),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("summary", TEXT, nullable=False),
    )
    op.create_index("runs_by_start", "runs", ["started_at", "id"])
    op.create_index("runs_by_owner", "runs", ["owner", "started_at", "id"])
    unfinished = sa.text("reason IS NULL")
    op.create_index(
        "runs_unfinished", "runs", ["writer"], sqlite_where=unfinished, postgresql_where=unfinished
    )
    op.create_table(
        "events",
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("span", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
    )
