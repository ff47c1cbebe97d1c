"""What became of the cells of an experiment; which runs are cells, so that lists leave them out. The next search builds the index anew."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the table, and the columns."""
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("experiment", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id"), nullable=False, unique=True),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outcomes_by_experiment", "outcomes", ["experiment", "number"])
    op.add_column("run_index", sa.Column("experiment", sa.Text))
