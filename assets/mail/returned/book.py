"""The mails that came back: which reader's, of which edition, and with which status; never with an address."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import bounces, reader_events
from assets.mail.readers.change import Change
from assets.mail.returned.address import LASTS
from assets.mail.returned.report import Failure


@dataclass(frozen=True)
class Row:
    """What one report said of a reader's mail of an edition; the time is UTC without a zone."""

    day: date
    reader: str  # an id
    status: str
    hard: bool
    at: datetime


class Book:
    """The mails that came back, in the database at `place`, made where it does not exist."""

    def __init__(self, place: Place) -> None:
        self._engine = opened(place)

    def note(self, reader: str, day: date, failure: Failure) -> bool:
        """Write down that a reader's mail came back, once, however often it is told; whether that was new."""
        of_mail = sa.and_(bounces.c.reader == reader, bounces.c.day == day, bounces.c.status == failure.status)
        with transaction(self._engine) as connection:
            known = connection.execute(sa.select(bounces.c.hard).where(of_mail)).scalar()
            if known is None:
                row = sa.insert(bounces).values(reader=reader, day=day, at=now(), **vars(failure))
                connection.execute(row)
                if failure.hard:
                    Change(connection).note(reader, "bounced", "mail server")
        return known is None

    def hard(self, reader: str) -> int:
        """How many editions came back for good in the last 30 days, and since the reader was last suppressed."""
        events = reader_events.c
        suppressed = sa.select(sa.func.max(events.at)).where(events.reader == reader, events.event == "suppressed")
        of_reader = sa.and_(bounces.c.reader == reader, bounces.c.hard, bounces.c.at > now() - LASTS)
        query = sa.select(sa.func.count(bounces.c.day.distinct())).where(of_reader)
        with self._engine.connect() as connection:
            if since := connection.execute(suppressed).scalar():
                query = query.where(bounces.c.at > since)
            return connection.execute(query).scalar_one()

    def rows(self) -> list[Row]:
        """All of them, by day and reader."""
        query = sa.select(bounces).order_by(bounces.c.day, bounces.c.reader, bounces.c.status)
        with self._engine.connect() as connection:
            return [Row(**row) for row in connection.execute(query).mappings()]
