"""The index says which runs are tries of a hint test, so that lists leave them out. The next search builds it anew."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import TEXT

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("run_index", sa.Column("hint_test", TEXT))
    op.create_index("run_index_by_parent", "run_index", ["parent", "hint_test"])
