"""Two indexes go that no query used: one of them was written anew with every event."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Drop both indexes."""
    op.drop_index("runs_by_owner", "runs")
    op.drop_index("runs_unfinished", "runs")
