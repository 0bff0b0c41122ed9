"""The tables of the mail as the newest migration leaves them: readers, what is kept of them, the outbox, chat, the web.

All times are UTC without a zone. An address stands in `readers` only, so that who is erased is gone; and for the
seconds until it is taken over from there, in `asked`.
"""

import sqlalchemy as sa

TABLES = sa.MetaData()

readers = sa.Table(
    "readers",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("address", sa.String, nullable=False),  # as mail goes to it
    sa.Column("key", sa.String, nullable=False, unique=True),  # as addresses are compared
    sa.Column("name", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("token", sa.String, nullable=False, unique=True),  # in the links to unsubscribe; never expires
    sa.Column("preferences", sa.String, nullable=False),  # as JSON; empty where the reader said nothing
    sa.Column("asked_at", sa.DateTime, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),  # when the state, or on which days they are mailed, changed
)

suppressions = sa.Table(
    "suppressions",
    TABLES,
    sa.Column("hash", sa.String, primary_key=True),  # of an address, by the key of the house
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)

reader_events = sa.Table(
    "reader_events",
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reader", sa.String, nullable=False, index=True),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)

likes = sa.Table(
    "likes",
    TABLES,
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("paper", sa.String, primary_key=True),  # any id by which the warehouse knows it
    sa.Column("title", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)

libraries = sa.Table(
    "libraries",
    TABLES,
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),  # the oldest first
    sa.Column("title", sa.String, nullable=False),
    sa.Column("abstract", sa.String, nullable=False),
)

bounces = sa.Table(
    "bounces",
    TABLES,
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),  # of the edition that came back
    sa.Column("status", sa.String, primary_key=True),  # as RFC 3463 has it
    sa.Column("hard", sa.Boolean, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)

outbox = sa.Table(
    "outbox",
    TABLES,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("message_id", sa.String, nullable=False, unique=True),
    sa.Column("edition", sa.String, nullable=False),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
    sa.Column("due_at", sa.DateTime, nullable=False),  # for the next attempt
    sa.Column("planned_at", sa.DateTime, nullable=False),  # for the first one
    sa.Column("first_day", sa.Date, nullable=False),  # of whose papers it tells, up to `day`
    sa.Column("works", sa.String, nullable=False),  # as JSON, in order: ids, and why this reader gets each
)

shown = sa.Table(
    "shown",
    TABLES,
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("work", sa.String, primary_key=True),
    sa.Column("day", sa.Date, nullable=False),  # the edition's
)

frozen = sa.Table(
    "frozen",
    TABLES,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("first_day", sa.Date, primary_key=True),
    sa.Column("content", sa.String, nullable=False),  # as JSON: what mails of these days are made of
)

chat = sa.Table(
    "chat",
    TABLES,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("channel", sa.String, primary_key=True),  # by a part of its URL's digest: the URL is a secret
    sa.Column("state", sa.String, nullable=False),
    sa.Column("edition", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("due_at", sa.DateTime, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)

asked = sa.Table(
    "asked",
    TABLES,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("address", sa.String, nullable=False),  # empty once `reader` is there
    sa.Column("reader", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("asked_at", sa.DateTime, nullable=False),
    sa.Column("due_at", sa.DateTime, nullable=False),
)

web_uses = sa.Table(
    "web_uses",
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),  # of whom, as a hash by the key of the house
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Index("ix_web_uses_name_at", "name", "at"),
)
