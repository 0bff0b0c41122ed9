"""How often the web may be used, counted in the database, so that a restart forgives nothing.

Counted over the hours before now and not by the calendar, so that no midnight gives twice as much. Who is counted is
a hash by the key of the house: neither addresses nor visitors are to be read off the table.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from assets.mail.database.opened import now
from assets.mail.database.tables import web_uses

DAY = timedelta(days=1)
ALL = "all"


class TooMany(Exception):
    """The visitor, or all visitors together, asked as often as they may; `seconds` later they may again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"asked as often as the limits of [web] allow; again in {seconds} seconds")
        self.seconds = seconds


@dataclass(frozen=True)
class Limits:
    """How often in 24 hours: mails to one address, asked by one visitor, and asked by all."""

    address: int
    visitor: int
    all: int


def use(connection: sa.Connection, limits: Limits, address: str, visitor: str) -> bool:
    """Count that a visitor asks for an address, both as hashes, in the transaction of `connection`.

    Whether the address may be mailed; raises `TooMany`, by which an address and its limit do not show.
    """
    connection.execute(sa.delete(web_uses).where(web_uses.c.at <= now() - DAY))
    for name, most in ((f"visitor {visitor}", limits.visitor), (ALL, limits.all)):
        if _used(connection, name) >= most:
            raise TooMany(_seconds(connection, name))
    mailed = _used(connection, f"address {address}") < limits.address
    names = [f"visitor {visitor}", ALL, *([f"address {address}"] if mailed else [])]
    connection.execute(sa.insert(web_uses), [{"name": name, "at": now()} for name in names])
    return mailed


def _used(connection: sa.Connection, name: str) -> int:
    return connection.execute(sa.select(sa.func.count()).where(web_uses.c.name == name)).scalar_one()


def _seconds(connection: sa.Connection, name: str) -> int:
    """Until the oldest of the uses is a day ago."""
    oldest = connection.execute(sa.select(sa.func.min(web_uses.c.at)).where(web_uses.c.name == name)).scalar()
    return max(1, int((oldest + DAY - now()).total_seconds())) if oldest else int(DAY.total_seconds())
