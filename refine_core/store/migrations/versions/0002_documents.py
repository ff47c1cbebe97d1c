"""Documents: small texts by kind and name, such as saved connections."""

import sqlalchemy as sa
from alembic import op

from refine_core.store.tables import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "documents",
        sa.Column("kind", TEXT, primary_key=True),
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
