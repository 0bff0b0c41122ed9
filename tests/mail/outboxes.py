"""Outboxes with three readers, whose addresses are their ids too, and the mails that they hold."""

import datetime
import threading
from email.message import EmailMessage

import sqlalchemy as sa

from assets.mail.database.opened import Place, opened, transaction
from assets.mail.database.tables import readers
from assets.mail.intents import Mail, Row
from assets.mail.message import message
from assets.mail.outbox import Outbox
from assets.mail.transport import SmtpTransport

DAY = datetime.date(2025, 3, 2)
THEN = datetime.datetime(2025, 3, 1)
NEXT = datetime.date(2025, 3, 3)
READERS = ("ada@lab.example", "bob@lab.example", "cyd@lab.example")
ADA, BOB, CYD = READERS


class Holder:
    """Somebody who holds a database for so many seconds, or until it is set free."""

    def __init__(self, place: Place, seconds: float) -> None:
        self._place, self._seconds = place, seconds
        self._holding, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def hold(self) -> None:
        """Begin, once."""
        self._thread.start()
        assert self._holding.wait(30)

    def free(self) -> None:
        """End."""
        self._over.set()
        self._thread.join()

    def _hold(self) -> None:
        with transaction(opened(self._place)):
            self._holding.set()
            self._over.wait(self._seconds)


def compose(row: Row) -> EmailMessage:
    return message(
        sender="paperboy@lab.example",
        recipient=row.reader,
        subject="Papers",
        text="Text",
        html="<p>HTML</p>",
        message_id=row.message_id,
        date=datetime.datetime(2025, 3, 3, tzinfo=datetime.UTC),
    )


def key(recipient: str, day: datetime.date = DAY) -> str:
    return f"<{day:%m%d}{recipient}>"


def outbox(place: Place, names: tuple[str, ...] = READERS) -> Outbox:
    """An outbox in which the day's digest is written down for each reader, whose address is the id, too."""
    made = Outbox(place)
    subscribe(made, *names)
    made.enqueue(DAY, "e1", intents(*names))
    return made


def intents(*names: str, day: datetime.date = DAY, due_at: datetime.datetime = THEN) -> list[Mail]:
    """A mail of two papers to each reader, none of which another day has."""
    works = [(f"{day}a", ""), (f"{day}b", "you follow boats")]
    return [Mail(name, key(name, day), works, day, due_at) for name in names]


def subscribe(box: Outbox, *names: str) -> None:
    """Confirmed readers; who is one already stays so."""
    of_all = {"name": "", "state": "confirmed", "origin": "operator", "asked_at": THEN, "updated_at": THEN}
    rows = [{"id": name, "address": name, "key": name, "token": name, **of_all} for name in names]
    with transaction(box._engine) as connection:
        known = set(connection.execute(sa.select(readers.c.id)).scalars())
        for row in rows:
            if row["id"] not in known:
                connection.execute(sa.insert(readers).values(row))


def smtp(port: int) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, "none", timeout=10)


def states(box: Outbox) -> dict[str, str]:
    return {row.reader: row.state.value for row in box.rows(DAY)}
