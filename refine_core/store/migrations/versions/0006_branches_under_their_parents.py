"""The index says which run a branch stands under in the list. The next search builds it anew."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import TEXT

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column."""
    op.add_column("run_index", sa.Column("under", TEXT))
    op.create_index("run_index_by_under", "run_index", ["under", "hint_test"])
