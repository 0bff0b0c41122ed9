"""The outbox: every reader's digest of every day as an intent, written down before it is sent.

A row goes from `pending` through `sending` to what became of it. `sending` is committed before a message's last byte
leaves, without which no server delivers it. So after a crash no message is sent a second time: the row becomes
`unknown`, for the operator to judge. How a message is made or how it travels does not belong here.
"""

import datetime
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

import sqlalchemy as sa

from assets.mail.attempt import DUE, Attempt, NotDue, State, States, attempted, changed, noted, pause
from assets.mail.database.opened import Place, now
from assets.mail.database.tables import outbox
from assets.mail.database.turn import Busy, Turn, turn
from assets.mail.intents import Intents, Row, is_reader
from assets.mail.transport import Deliver, Transport, TransportError

Compose = Callable[[Row], EmailMessage | None]
"""From a row to its message; None if there is no such reader any more."""

Unusable = Callable[[str, str], None]
"""Is told the id of a reader whose address does not exist, and what the server said of it."""

FIRST_PAUSE, LONGEST_PAUSE = datetime.timedelta(minutes=5), datetime.timedelta(hours=4)
"""Between attempts at a day's mails."""

PATIENCE = datetime.timedelta(days=1)
"""For how long a mail of a past edition is tried, from when it was to leave; untouched for as long, it is given up."""

BATCH = 1_000
"""Mails that are read at a time."""

_THIS = sa.and_(outbox.c.day == sa.bindparam("the_day"), outbox.c.reader == sa.bindparam("the_reader"))
_AS_IT_WAS = outbox.c.state == sa.bindparam("was")
_OURS = sa.and_(outbox.c.state == State.SENDING, outbox.c.updated_at == sa.bindparam("claimed_at"))
"""Who lost the turn does not touch what the next sender claimed."""

# Made once: two of them are executed for each mail.
_CLAIM = (
    sa.update(outbox)
    .where(_THIS, _AS_IT_WAS, is_reader)
    .values(state=State.SENDING, reason="", updated_at=sa.bindparam("claimed_at"))
)
_NOTE = (
    sa.update(outbox)
    .where(_THIS, sa.or_(_AS_IT_WAS, _OURS))
    .values(
        state=sa.bindparam("is"), reason=sa.bindparam("because"), attempts=sa.bindparam("tried"),
        due_at=sa.bindparam("again_at"), updated_at=sa.bindparam("noted_at"),
    )
)  # fmt: skip


def _unheard(reader: str, reason: str) -> None:
    """Nobody keeps a list of addresses that do not exist."""


class OutboxBusy(Exception):
    """Another process is sending; the text names the lock that it holds."""


class Outbox(Intents):
    """The outbox in the database at `place`, made where it does not exist.

    Any number of processes may use it; one of them sends, and another waits `wait` seconds for its turn.
    """

    def __init__(self, place: Place, wait: float = 60) -> None:
        super().__init__(place)
        self._states, self._wait = States(self._engine, outbox), wait

    def deliver(
        self, day: datetime.date, transport: Transport, compose: Compose, unusable: Unusable = _unheard
    ) -> None:
        """Send what is due of the day; the rows tell afterwards what became of it.

        A `TransportError` ends the delivery and puts all that is due to `retry`. Raises `OutboxBusy`, `TurnLost`
        where the connection to the database was, and whatever `compose` raises: its row and those after it are then
        as they were.
        """
        with self._sending() as held:
            self._cancel(outbox.c.day == day)
            for due in self._batches(day):
                try:
                    with transport.session() as send:
                        for row in due:
                            self._attempt(row, send, compose, unusable, held)
                except TransportError as error:
                    attempts = 1 + max(row.attempts for row in due)
                    these = sa.and_(outbox.c.day == day, outbox.c.due_at <= now())
                    again = now() + _pause(attempts, due[0].message_id)
                    self._states.move(these, DUE, State.RETRY, str(error), due_at=again)
                    return

    def resolve(self, day: datetime.date, reader: str, *, sent: bool) -> bool:
        """Whether a mail was `unknown`; now it is sent, or due, as the operator found in the mail server's log."""
        this = sa.and_(outbox.c.day == day, outbox.c.reader == reader)
        state, reason = (State.SENT, "") if sent else (State.RETRY, "not sent, the operator says")
        return self._states.move(this, (State.UNKNOWN,), state, reason, due_at=now()) > 0

    def again(self, day: datetime.date, reader: str | None = None) -> int:
        """Make due what the server refused of a day, or of one reader's; how many mails that are."""
        who = sa.true() if reader is None else outbox.c.reader == reader
        return self._states.move(
            sa.and_(outbox.c.day == day, who), (State.FAILED,), State.RETRY, "to be tried again", due_at=now()
        )

    def waiting(self, since: datetime.date, at: datetime.datetime) -> dict[datetime.date, datetime.datetime]:
        """The days of which mails are due at `at`, UTC without a zone, and when the last of these changed or came due.

        A mail that could not be sent is due again after five minutes, and twice as long after each attempt, up to four
        hours. One that is sent at once is no business of the caller's for five minutes. Days before `since` are past;
        of these only what was to leave within the last day is due: it waited for its reader's hour, say.
        """
        lately = outbox.c.planned_at >= at - PATIENCE
        query = sa.select(outbox.c.day, sa.func.max(outbox.c.updated_at), sa.func.max(outbox.c.due_at)).where(
            sa.or_(outbox.c.day >= since, lately), outbox.c.state.in_(DUE), outbox.c.due_at <= at,
            outbox.c.updated_at <= at - FIRST_PAUSE,
        )  # fmt: skip
        with self._engine.connect() as connection:
            found = connection.execute(query.group_by(outbox.c.day).order_by(outbox.c.day))
            return {day: max(changed, due) for day, changed, due in found}

    def give_up(self, before: datetime.date, at: datetime.datetime) -> dict[datetime.date, int]:
        """Note as failed what is due of the days before that one and was not touched for a day; how many mails of each.

        So what the operator asks for of a past day can be tried.
        """
        reason, untouched = sa.literal("given up, for the edition is past. ") + outbox.c.reason, at - PATIENCE
        past = sa.and_(outbox.c.day < before, outbox.c.updated_at < untouched, outbox.c.due_at < untouched)
        query = sa.select(outbox.c.day).distinct().where(past, outbox.c.state.in_(DUE))
        with self._engine.connect() as connection:
            days = list(connection.execute(query).scalars())
        return {day: self._states.move(sa.and_(past, outbox.c.day == day), DUE, State.FAILED, reason) for day in days}

    def _batches(self, day: datetime.date) -> Iterator[list[Row]]:
        """What is due of the day, some of it at a time, each row once.

        Also what comes due in the meantime: the run that sends it is the one that says what became of the day.
        """
        tried: set[str] = set()
        new = True
        while new:
            new, after = False, ""
            while rows := self._due(day, after):
                after = rows[-1].reader
                if batch := [row for row in rows if row.reader not in tried]:
                    new = True
                    tried.update(row.reader for row in batch)
                    yield batch

    def _due(self, day: datetime.date, after: str) -> list[Row]:
        """The first of the rows that are due of the day, by reader, of those after one."""
        came = sa.and_(outbox.c.state == State.PENDING, outbox.c.due_at <= now())
        due = sa.and_(outbox.c.day == day, outbox.c.reader > after, sa.or_(outbox.c.state == State.RETRY, came))
        return self._read(due, BATCH)

    @contextmanager
    def _sending(self) -> Iterator[Turn]:
        """Be the only sender; so what is found in `sending`, of any day, was left by one that crashed."""
        try:
            with turn(self._engine, "lock", self._wait) as held:
                ended = "the sender ended without noting the outcome"
                self._states.move(sa.true(), (State.SENDING,), State.UNKNOWN, ended, held)
                yield held
        except Busy as error:
            raise OutboxBusy(f"another process is sending: it holds {error}") from error

    def _attempt(self, row: Row, send: Deliver, compose: Compose, unusable: Unusable, held: Turn) -> None:
        message = compose(row)
        if message is None:
            return
        attempt = Attempt(row.state, row.reason)
        this = {"the_day": row.day, "the_reader": row.reader, "was": row.state, "claimed_at": now()}

        def claim() -> None:
            # Who left since the batch was begun is asked for once more, in the transaction that claims the row.
            if not changed(self._engine, _CLAIM, held, this):
                self._cancel(sa.and_(outbox.c.day == row.day, outbox.c.reader == row.reader))
                raise NotDue
            attempt.state, attempt.reason = Attempt.state, Attempt.reason

        def note(state: State, reason: str) -> None:
            attempts = row.attempts + 1
            due_at = now() + _pause(attempts, row.message_id) if state is State.RETRY else row.due_at
            came = {"is": state, "because": reason, "tried": attempts, "again_at": due_at, "noted_at": now()}
            noted(self._engine, _NOTE, held, this | came)

        with suppress(NotDue), attempted(note, attempt):
            send(message, claim)
        if attempt.unusable:
            unusable(row.reader, attempt.reason)

    def _cancel(self, which: sa.ColumnElement[bool]) -> None:
        """What is due to somebody who is no reader any more is not sent."""
        self._states.move(sa.and_(which, sa.not_(is_reader)), DUE, State.CANCELLED, "no longer a reader")


def _pause(attempts: int, salt: str) -> datetime.timedelta:
    """Up to a quarter longer by chance, always the same for a text: not all who wait are to come back at once."""
    chance = hashlib.sha256(salt.encode()).digest()[0] / 255
    return pause(max(attempts - 1, 0), FIRST_PAUSE, LONGEST_PAUSE) * (1 + chance / 4)
