"""The outbox, as it was before readers had a table; files from before migrations have it already."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "outbox",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("recipient", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False, unique=True),
        sa.Column("edition", sa.String, nullable=False),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        if_not_exists=True,
    )
