"""Who asked for the digest on the web: written down in the time of the request, and looked at only after it.

So the answer, and the time it takes, is the same for an address that is a reader's and one that is not. A row goes
from `pending` through `sending` to what became of the mail, as in the outbox: after a crash in between it is
`unknown`, and no second mail goes out by itself. How a mail looks does not belong here.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from assets.mail.attempt import DUE, Attempt, NotDue, State, attempted, changed, noted, pause
from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import asked
from assets.mail.database.turn import Busy, Turn, turn
from assets.mail.readers.reader import Reader, key
from assets.mail.readers.reader import State as ReaderState
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.transport import Deliver, Transport, TransportError
from assets.mail.web.limits import Limits, use
from assets.mail.web.pages import LOG

BATCH = 50
"""Rows that are taken up at once."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""Between attempts; each is twice as long as the one before."""

KEPT = timedelta(days=7)
"""How long a row stays once it is over; it holds no address then."""

Compose = Callable[[Reader, str], EmailMessage]
"""From a reader, pending or confirmed, and an id of the mail to the mail."""


@dataclass(frozen=True)
class Row:
    """One request, without its address; times are UTC without a zone."""

    id: str
    reader: str  # an id, once there is one
    state: State
    attempts: int
    reason: str


class Asked:
    """The requests in the database at `place`, made where it does not exist; `given_up` after so many hours."""

    def __init__(self, place: Place, secret: Secret, limits: Limits, given_up: int) -> None:
        self._engine, self._secret = opened(place), secret
        self._limits, self._given_up = limits, timedelta(hours=given_up)

    def ask(self, address: str, visitor: str) -> None:
        """Write down that a visitor asks for the digest at a valid address, in one transaction.

        Where the address was mailed as often as it may be, the row says so, and takes as long. Raises `TooMany`.
        """
        hashes = self._secret.hash(key(address)), self._secret.hash(visitor)
        with transaction(self._engine) as connection:
            values = {"address": address, "state": State.PENDING, "reason": ""}
            if not use(connection, self._limits, *hashes):
                values = {"address": "", "state": State.CANCELLED, "reason": "mailed as often as it may be"}
            row = sa.insert(asked).values(id=secrets.token_hex(16), reader="", attempts=0, **values)
            connection.execute(row.values(asked_at=now(), due_at=now()))

    def work(self, readers: Readers, transport: Transport, compose: Compose) -> None:
        """Make readers, pending, of those who asked, and send what is due; nothing while another process does."""
        with suppress(Busy), turn(self._engine, "asked.lock", wait=0) as held:
            self._tidy(held)
            self._take_over(readers)
            if rows := self._due():
                self._send(rows, readers, transport, compose, held)

    def rows(self) -> list[Row]:
        """All requests, the oldest first."""
        return self._rows(sa.true())

    def _tidy(self, held: Turn) -> None:
        """What is found in `sending` was left by a process that crashed; nothing is tried for ever, or kept."""
        doubtful = asked.c.state == State.SENDING
        if count := self._move(doubtful, State.UNKNOWN, "the service ended without noting the outcome", held):
            LOG.error("%s mails that ask for confirmation may have been sent or not", count)
        too_old = sa.and_(asked.c.state.in_(DUE), asked.c.asked_at < now() - self._given_up)
        if count := self._move(too_old, State.FAILED, "given up: it could not be sent in time", held, address=""):
            LOG.error("%s mails that ask for confirmation are given up: they could not be sent in time", count)
        over = sa.and_(asked.c.state.not_in(DUE), asked.c.asked_at < now() - KEPT)
        with transaction(self._engine) as connection:
            connection.execute(sa.delete(asked).where(over))

    def _take_over(self, readers: Readers) -> None:
        """From here on the address is in one place only: the reader's."""
        new = sa.select(asked.c.id, asked.c.address).where(asked.c.reader == "", asked.c.state == State.PENDING)
        with self._engine.connect() as connection:
            found = connection.execute(new.order_by(asked.c.asked_at).limit(BATCH)).all()
        if found:
            readers.forget_unanswered(now() - self._given_up)
        for identity, address in found:
            reader = readers.ask(address)
            values = {"reader": reader.id} if reader else {"state": State.CANCELLED, "reason": "no mail can go there"}
            with transaction(self._engine) as connection:
                connection.execute(sa.update(asked).where(asked.c.id == identity).values(address="", **values))

    def _due(self) -> list[Row]:
        return self._rows(sa.and_(asked.c.reader != "", asked.c.state.in_(DUE), asked.c.due_at <= now()))[:BATCH]

    def _rows(self, which: sa.ColumnElement[bool]) -> list[Row]:
        columns = (asked.c.id, asked.c.reader, asked.c.state, asked.c.attempts, asked.c.reason)
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(*columns).where(which).order_by(asked.c.asked_at, asked.c.id))
            return [Row(**{**row, "state": State(row["state"])}) for row in found.mappings()]

    def _send(self, rows: Sequence[Row], readers: Readers, transport: Transport, compose: Compose, held: Turn) -> None:
        try:
            with transport.session() as send:
                for row in rows:
                    self._attempt(row, readers, send, compose, held)
        except TransportError as error:
            LOG.error("mails that ask for confirmation wait: %s", error)
            for row in rows:
                due = sa.and_(asked.c.id == row.id, asked.c.state.in_(DUE))
                self._move(due, State.RETRY, str(error), held, **_tried(row))

    def _attempt(self, row: Row, readers: Readers, send: Deliver, compose: Compose, held: Turn) -> None:
        tried = _tried(row)
        due = sa.and_(asked.c.id == row.id, asked.c.state == row.state)
        # Who lost the turn does not touch what the next process claimed.
        claimed = sa.and_(asked.c.id == row.id, asked.c.state == State.SENDING, asked.c.due_at == tried["due_at"])
        reader = readers.of(row.reader)
        if reader is None or reader.state not in (ReaderState.PENDING, ReaderState.CONFIRMED):
            self._move(due, State.CANCELLED, "the reader left before it was sent", held)
            return
        mail, attempt = compose(reader, row.id), Attempt(row.state, row.reason)

        def claim() -> None:
            if not self._move(due, State.SENDING, "", held, **tried):
                raise NotDue
            attempt.state, attempt.reason = Attempt.state, Attempt.reason

        def note(state: State, reason: str) -> None:
            ended = sa.update(asked).where(sa.or_(due, claimed))
            noted(self._engine, ended.values(state=state, reason=reason, **tried), held)

        with suppress(NotDue), attempted(note, attempt):
            send(mail, claim)

    def _move(self, which: sa.ColumnElement[bool], state: State, reason: str, held: Turn, **values: Any) -> int:
        """Move rows, and commit; how many."""
        return changed(self._engine, sa.update(asked).where(which).values(state=state, reason=reason, **values), held)


def _tried(row: Row) -> dict[str, Any]:
    """A row as it is after another attempt."""
    return {"attempts": row.attempts + 1, "due_at": now() + pause(row.attempts, FIRST_PAUSE, LONGEST_PAUSE)}
