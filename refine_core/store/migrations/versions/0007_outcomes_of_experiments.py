"""What became of the cells of an experiment; which runs are cells, so that lists leave them out. The next search builds the index anew."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import TEXT

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table, and the columns."""
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("experiment", TEXT, nullable=False),
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.id"), nullable=False, unique=True),
        sa.Column("text", TEXT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outcomes_by_experiment", "outcomes", ["experiment", "number"])
    op.add_column("run_index", sa.Column("experiment", TEXT))
