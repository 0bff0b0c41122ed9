"""Readers have a table, and the outbox names them by their ids: whoever was mailed before was so by the settings."""

import secrets
from email.utils import parseaddr

import sqlalchemy as sa
from alembic import op

from assets.mail.database.opened import now
from assets.mail.readers.reader import InvalidAddress, parsed

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and a reader of each address that the outbox knows."""
    readers = _tables()
    op.rename_table("outbox", "before")
    outbox = op.create_table(
        "outbox",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False, unique=True),
        sa.Column("edition", sa.String, nullable=False),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )
    before = sa.Table("before", sa.MetaData(), autoload_with=op.get_bind())
    rows = [dict(row) for row in op.get_bind().execute(sa.select(before)).mappings()]
    ids = _readers(readers, sorted({row["recipient"] for row in rows}))
    # Two spellings of one address were two readers; what was sent, or perhaps was, to either is not sent again.
    rows.sort(key=lambda row: ("pending", "retry", "failed", "sending", "unknown", "sent").index(row["state"]))
    moved = {(row["day"], ids[row["recipient"]]): row for row in rows}
    if moved:
        op.bulk_insert(outbox, [{**row, "reader": reader} for (_, reader), row in moved.items()])
    op.drop_table("before")


def _tables() -> sa.Table:
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "reader_events",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("reader", sa.String, nullable=False, index=True),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    return op.create_table(
        "readers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("token", sa.String, nullable=False, unique=True),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
    )


def _readers(table: sa.Table, recipients: list[str]) -> dict[str, str]:
    """A reader for each address; the ids by the recipients as they were written."""
    made: dict[str, dict[str, object]] = {}
    for recipient in recipients:
        name, address = _mailbox(recipient)
        made.setdefault(
            address.casefold(),
            {
                "id": f"r{secrets.token_hex(6)}", "address": address, "key": address.casefold(), "name": name,
                "state": "confirmed", "origin": "settings", "token": secrets.token_urlsafe(24),
                "asked_at": now(), "updated_at": now(),
            },
        )  # fmt: skip
    if made:
        op.bulk_insert(table, list(made.values()))
    return {recipient: str(made[_mailbox(recipient)[1].casefold()]["id"]) for recipient in recipients}


def _mailbox(recipient: str) -> tuple[str, str]:
    """The name and the address as readers are compared; what was written before they were checked stays as it is."""
    try:
        return parsed(recipient)
    except InvalidAddress:
        return parseaddr(recipient)
