"""The mails that came back."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "bounces",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("status", sa.String, primary_key=True),
        sa.Column("hard", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
