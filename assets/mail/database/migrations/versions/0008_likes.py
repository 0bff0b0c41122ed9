"""What readers like: papers that they marked, and the library that they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "likes",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("paper", sa.String, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "libraries",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("abstract", sa.String, nullable=False),
    )
