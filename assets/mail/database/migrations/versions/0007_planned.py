"""A mail keeps the time that it was planned for, whenever it is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; of mails of before, when they were due last is the best that is known."""
    op.add_column("outbox", sa.Column("planned_at", sa.DateTime, nullable=False, server_default="1970-01-01 00:00:00"))
    op.execute("UPDATE outbox SET planned_at = due_at")
