"""Which edition was posted to which chat channel."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "chat",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("edition", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )
