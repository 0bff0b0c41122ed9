"""Readers have preferences; a mail has its hour and its papers, no paper goes to a reader twice, editions are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns, and make the tables; of mails of before it is not known which papers they held."""
    op.add_column("readers", sa.Column("preferences", sa.String, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("due_at", sa.DateTime, nullable=False, server_default="1970-01-01 00:00:00"))
    op.execute("UPDATE outbox SET due_at = updated_at")
    op.add_column("outbox", sa.Column("first_day", sa.Date, nullable=False, server_default="1970-01-01"))
    op.execute("UPDATE outbox SET first_day = day")
    op.add_column("outbox", sa.Column("works", sa.String, nullable=False, server_default=""))
    op.create_table(
        "shown",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("work", sa.String, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_table(
        "frozen",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("content", sa.String, nullable=False),
    )
