"""Outboxes with three readers, whose addresses are their ids too, and the mails that they hold."""

import datetime
from email.message import EmailMessage

from assets.mail.database.opened import Place, insert, transaction
from assets.mail.database.tables import readers
from assets.mail.message import message
from assets.mail.outbox import Outbox
from assets.mail.transport import SmtpTransport

DAY = datetime.date(2025, 3, 2)
THEN = datetime.datetime(2025, 3, 1)
NEXT = datetime.date(2025, 3, 3)
READERS = ("ada@lab.example", "bob@lab.example", "cyd@lab.example")
ADA, BOB, CYD = READERS


def compose(recipient: str, message_id: str) -> EmailMessage:
    return message(
        sender="paperboy@lab.example",
        recipient=recipient,
        subject="Papers",
        text="Text",
        html="<p>HTML</p>",
        message_id=message_id,
        date=datetime.datetime(2025, 3, 3, tzinfo=datetime.UTC),
    )


def key(recipient: str, day: datetime.date = DAY) -> str:
    return f"<{day:%m%d}{recipient}>"


def outbox(place: Place, names: tuple[str, ...] = READERS) -> Outbox:
    """An outbox in which the day's digest is written down for each reader, whose address is the id, too."""
    made = Outbox(place)
    subscribe(made, *names)
    made.enqueue(DAY, "e1", 20, names, [key(name) for name in names])
    return made


def subscribe(box: Outbox, *names: str) -> None:
    """Confirmed readers; who is one already stays so."""
    of_all = {"name": "", "state": "confirmed", "origin": "operator", "asked_at": THEN, "updated_at": THEN}
    rows = [{"id": name, "address": name, "key": name, "token": name, **of_all} for name in names]
    with transaction(box._engine) as connection:
        for row in rows:
            connection.execute(insert(connection, readers).values(row).on_conflict_do_nothing())


def smtp(port: int) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, "none", timeout=10)


def states(box: Outbox) -> dict[str, str]:
    return {row.reader: row.state.value for row in box.rows(DAY)}
