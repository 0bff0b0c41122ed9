"""The outbox: every reader's digest of every day as an intent, written down before it is sent.

A row goes from `pending` through `sending` to what became of it. `sending` is committed before a message's last byte
leaves, without which no server delivers it. So after a crash no message is sent a second time: the row becomes
`unknown`, for the operator to judge. How a message is made or how it travels does not belong here.
"""

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tenacity
from filelock import FileLock, Timeout

from assets.mail.database.opened import now, opened, transaction
from assets.mail.database.tables import frozen, outbox, readers, shown
from assets.mail.material import Material, Works
from assets.mail.readers.reader import State as ReaderState
from assets.mail.transport import Deliver, DeliveryUnknown, Transport, TransportError, Undelivered

Compose = Callable[["Row"], EmailMessage | None]
"""From a row to its message; None if there is no such reader any more."""

Unusable = Callable[[str, str], None]
"""Is told the id of a reader whose address does not exist, and what the server said of it."""


Reason = str | sa.ColumnElement[str]
"""A text, or how it follows from the row."""


class State(StrEnum):
    """What is known of a reader's digest."""

    PENDING = "pending"  # not tried yet
    SENDING = "sending"  # its last byte is being handed over
    SENT = "sent"  # accepted
    RETRY = "retry"  # surely not accepted; to be tried again
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # perhaps accepted; never sent again by itself
    CANCELLED = "cancelled"  # not sent, and not to be: the reader left before it was


DUE = (State.PENDING, State.RETRY)

FIRST_PAUSE, LONGEST_PAUSE = datetime.timedelta(minutes=5), datetime.timedelta(hours=4)
"""Between attempts at a day's mails."""

AT_ONCE = 10_000
"""Papers that one statement asks for: SQLite takes 32,766 values as it comes, 250,000 as Debian builds it."""

NOTING_SECONDS = 300
"""How long the outcome of a mail is tried to be written down."""

_is_reader = outbox.c.reader.in_(sa.select(readers.c.id).where(readers.c.state == ReaderState.CONFIRMED))


def _unheard(reader: str, reason: str) -> None:
    """Nobody keeps a list of addresses that do not exist."""


class _NotDue(Exception):
    """The row is not to be sent after all."""


@dataclass
class Attempt:
    """What is known of a message that is being sent; by itself an attempt that is cut off leaves it in doubt."""

    state: State = State.UNKNOWN
    reason: str = "interrupted while sending"
    unusable: bool = False  # there is no such address


@contextmanager
def attempted(note: Callable[[State, str], object], attempt: Attempt | None = None) -> Iterator[Attempt]:
    """Note what became of the message that is sent within, and why, whatever happens.

    `attempt` is what stays true where a failure does not say how far the message came. Only a `TransportError`, and
    what is no failure of a delivery, goes on to the caller.
    """
    attempt = attempt or Attempt()
    try:
        yield attempt
        attempt.state, attempt.reason = State.SENT, ""
    except DeliveryUnknown as error:
        attempt.reason = str(error)
    except TransportError as error:
        attempt.state, attempt.reason = State.RETRY, str(error)
        raise
    except Undelivered as error:
        attempt.state, attempt.reason = State.FAILED if error.permanent else State.RETRY, str(error)
        attempt.unusable = error.unusable
    finally:
        note(attempt.state, attempt.reason)


class OutboxBusy(Exception):
    """Another process is sending; the text names the lock file."""


@dataclass(frozen=True)
class Mail:
    """What one reader is to get: papers of the days from `first_day` on, by `due_at`, UTC without a zone."""

    reader: str  # an id
    message_id: str
    works: Works
    first_day: datetime.date
    due_at: datetime.datetime


@dataclass(frozen=True)
class Last:
    """The newest edition of which a mail was written down for a reader, and when that was due, UTC without a zone."""

    day: datetime.date
    due_at: datetime.datetime


@dataclass(frozen=True)
class Row:
    """One reader's digest of one day."""

    day: datetime.date
    reader: str  # an id
    state: State
    message_id: str
    edition: str  # SHA-256 of the frozen edition
    papers: int
    attempts: int
    reason: str  # why the state is not `sent`; empty where there is nothing to say
    updated_at: datetime.datetime  # UTC, without a zone
    due_at: datetime.datetime  # the same
    first_day: datetime.date
    works: Works

    @property
    def is_due(self) -> bool:
        """Whether it was not tried yet, and its time has come."""
        return self.state is State.PENDING and self.due_at <= now()


class Outbox:
    """The outbox in the SQLite file at `path`, made where it does not exist.

    Any number of processes may use it; one of them sends, and another waits `wait` seconds for its turn.
    """

    def __init__(self, path: Path, wait: float = 60) -> None:
        self._lock, self._wait = Path(f"{path}.lock"), wait
        self._engine = opened(path)

    def enqueue(
        self,
        day: datetime.date,
        edition_hash: str,
        mails: Sequence[Mail],
        materials: Mapping[datetime.date, Material[Any]] | None = None,
    ) -> None:
        """Write down, all or nothing, what each reader is to get of a day's edition, and what the mails are made of.

        `materials` are by the first of their days. Whoever has a row for the day keeps it as it is: a changed edition
        is not mailed again. Only what was cancelled is due anew to who is a reader again: it was surely not sent.
        Raises SQLAlchemy's `IntegrityError` if two mails share a Message-ID, or a reader was shown a paper before.
        """
        untried = {"state": State.PENDING, "attempts": 0, "reason": "", "updated_at": now()}
        back = sa.and_(outbox.c.day == day, outbox.c.state == State.CANCELLED, _is_reader)
        with transaction(self._engine) as connection:
            before = set(connection.execute(sa.select(outbox.c.reader).where(outbox.c.day == day)).scalars())
            new = [mail for mail in mails if mail.reader not in before]
            edition = {"day": day, "edition": edition_hash, **untried}
            _insert(connection, outbox, [edition | _columns(mail) for mail in new])
            works = [{"reader": mail.reader, "work": work, "day": day} for mail in new for work, _ in mail.works]
            _insert(connection, shown, works)
            for first_day, material in (materials or {}).items():
                _freeze(connection, day, first_day, material)
            connection.execute(sa.update(outbox).where(back).values(untried | {"due_at": now()}))

    def material(self, day: datetime.date, first_day: datetime.date) -> Material[Any] | None:
        """What the mails of an edition are made of that tell of the days from a first one on, if any were."""
        with self._engine.connect() as connection:
            return _frozen(connection, day, first_day)

    def written(self, day: datetime.date) -> set[str]:
        """The readers of whom a mail of the day was written down."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(outbox.c.reader).where(outbox.c.day == day)).scalars())

    def last(self, since: datetime.date, before: datetime.date) -> dict[str, Last]:
        """The newest mail of each reader, of the editions from a day on and before another."""
        newest = sa.func.max(outbox.c.day), sa.func.max(outbox.c.due_at)
        query = sa.select(outbox.c.reader, *newest).where(outbox.c.day >= since, outbox.c.day < before)
        with self._engine.connect() as connection:
            return {reader: Last(*row) for reader, *row in connection.execute(query.group_by(outbox.c.reader))}

    def shown(self, works: Collection[str]) -> dict[str, set[str]]:
        """Which of these papers, by their ids, each reader was to get before."""
        every, query = list(works), sa.select(shown.c.reader, shown.c.work)
        found: dict[str, set[str]] = defaultdict(set)
        with self._engine.connect() as connection:
            for start in range(0, len(every), AT_ONCE):
                these = shown.c.work.in_(every[start : start + AT_ONCE])
                for reader, work in connection.execute(query.where(these)):
                    found[reader].add(work)
        return found

    def deliver(
        self, day: datetime.date, transport: Transport, compose: Compose, unusable: Unusable = _unheard
    ) -> None:
        """Send what is due of the day; the rows tell afterwards what became of it.

        A `TransportError` ends the delivery and puts all that is due to `retry`. Raises `OutboxBusy`, and
        whatever `compose` raises: its row and those after it are then as they were.
        """
        with self._sending():
            self._cancel(outbox.c.day == day)
            due = [row for row in self.rows(day) if row.state is State.RETRY or row.is_due]
            if not due:
                return
            try:
                with transport.session() as send:
                    for row in due:
                        self._attempt(row, send, compose, unusable)
            except TransportError as error:
                attempts = 1 + max(row.attempts for row in due)
                these = sa.and_(outbox.c.day == day, outbox.c.due_at <= now())
                self._move(these, DUE, State.RETRY, str(error), due_at=now() + _pause(attempts, due[0].message_id))

    def resolve(self, day: datetime.date, reader: str, *, sent: bool) -> bool:
        """Whether a mail was `unknown`; now it is sent, or due, as the operator found in the mail server's log."""
        this = sa.and_(outbox.c.day == day, outbox.c.reader == reader)
        state, reason = (State.SENT, "") if sent else (State.RETRY, "not sent, the operator says")
        return self._move(this, (State.UNKNOWN,), state, reason, due_at=now()) > 0

    def again(self, day: datetime.date, reader: str | None = None) -> int:
        """Make due what the server refused of a day, or of one reader's; how many mails that are."""
        who = sa.true() if reader is None else outbox.c.reader == reader
        return self._move(
            sa.and_(outbox.c.day == day, who), (State.FAILED,), State.RETRY, "to be tried again", due_at=now()
        )

    def waiting(self, since: datetime.date, at: datetime.datetime) -> dict[datetime.date, datetime.datetime]:
        """The days from `since` on of which mails are due at `at`, UTC without a zone, and when each changed.

        A mail that could not be sent is due again after five minutes, and twice as long after each attempt, up to four
        hours. One that is sent at once is no business of the caller's for five minutes.
        """
        query = sa.select(outbox.c.day, sa.func.max(outbox.c.updated_at)).where(
            outbox.c.day >= since, outbox.c.state.in_(DUE), outbox.c.due_at <= at,
            outbox.c.updated_at <= at - FIRST_PAUSE,
        )  # fmt: skip
        with self._engine.connect() as connection:
            return {day: at for day, at in connection.execute(query.group_by(outbox.c.day).order_by(outbox.c.day))}

    def give_up(self, before: datetime.date, untouched: datetime.datetime) -> int:
        """Note as failed what is due of the days before that one and was not touched since a time; how many mails.

        So what the operator asks for of a past day can be tried.
        """
        reason = sa.literal("given up, for the edition is past. ") + outbox.c.reason
        past = sa.and_(outbox.c.day < before, outbox.c.updated_at < untouched, outbox.c.due_at < untouched)
        return self._move(past, DUE, State.FAILED, reason)

    def rows(self, day: datetime.date | None = None) -> list[Row]:
        """The rows of a day, or of all days, by day and reader."""
        query = sa.select(outbox).order_by(outbox.c.day, outbox.c.reader)
        if day is not None:
            query = query.where(outbox.c.day == day)
        with self._engine.connect() as connection:
            found = connection.execute(query).mappings()
            return [Row(**{**row, "state": State(row["state"]), "works": _works(row["works"])}) for row in found]

    def states(self, first: datetime.date, last: datetime.date) -> dict[datetime.date, dict[State, int]]:
        """How many rows are in each state, for each day from first to last, both included, that has any."""
        day, state = outbox.c.day, outbox.c.state
        query = sa.select(day, state, sa.func.count()).where(day.between(first, last)).group_by(day, state)
        counts: dict[datetime.date, dict[State, int]] = defaultdict(dict)
        with self._engine.connect() as connection:
            for a_day, a_state, count in connection.execute(query):
                counts[a_day][State(a_state)] = count
        return dict(counts)

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Be the only sender; so what is found in `sending`, of any day, was left by one that crashed."""
        try:
            lock = FileLock(self._lock, timeout=self._wait).acquire()
        except Timeout as error:
            raise OutboxBusy(f"another process is sending: it holds {self._lock}") from error
        with lock:
            self._move(sa.true(), (State.SENDING,), State.UNKNOWN, "the sender ended without noting the outcome")
            yield

    def _attempt(self, row: Row, send: Deliver, compose: Compose, unusable: Unusable) -> None:
        this = sa.and_(outbox.c.day == row.day, outbox.c.reader == row.reader)
        message = compose(row)
        if message is None:
            return
        attempt = Attempt(row.state, row.reason)

        def claim() -> None:
            # Who left since the batch was begun is asked for once more, in the transaction that claims the row.
            if not self._move(sa.and_(this, _is_reader), (row.state,), State.SENDING, ""):
                self._cancel(this)
                raise _NotDue
            attempt.state, attempt.reason = Attempt.state, Attempt.reason

        def note(state: State, reason: str) -> None:
            attempts = row.attempts + 1
            again = {"due_at": now() + _pause(attempts, row.message_id)} if state is State.RETRY else {}
            self._note(this, (row.state, State.SENDING), state, reason, attempts=attempts, **again)

        with suppress(_NotDue), attempted(note, attempt):
            send(message, claim)
        if attempt.unusable:
            unusable(row.reader, attempt.reason)

    def _cancel(self, which: sa.ColumnElement[bool]) -> None:
        """What is due to somebody who is no reader any more is not sent."""
        self._move(sa.and_(which, sa.not_(_is_reader)), DUE, State.CANCELLED, "no longer a reader")

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(sa.exc.OperationalError),
        stop=tenacity.stop_after_delay(NOTING_SECONDS),
        wait=tenacity.wait_fixed(0.5),
        reraise=True,
    )
    def _note(self, *arguments: Any, **values: Any) -> None:
        """Move a row to what became of it; a full disk or a lock must not turn a mail that was sent into a doubt."""
        self._move(*arguments, **values)

    def _move(
        self, which: sa.ColumnElement[bool], old: Sequence[State], new: State, reason: Reason, **values: Any
    ) -> int:
        """Compare and set, and commit; how many rows were in an old state and so are now in the new one."""
        change = sa.update(outbox).where(which, outbox.c.state.in_(old))
        with self._engine.begin() as connection:
            moved = connection.execute(change.values(state=new, reason=reason, updated_at=now(), **values))
        return int(moved.rowcount)


def _columns(mail: Mail) -> dict[str, Any]:
    """A mail as columns of the outbox."""
    return {
        "reader": mail.reader, "message_id": mail.message_id, "papers": len(mail.works), "due_at": mail.due_at,
        "first_day": mail.first_day, "works": json.dumps(mail.works, ensure_ascii=False),
    }  # fmt: skip


def _works(stored: str) -> Works:
    return [(work, because) for work, because in json.loads(stored or "[]")]


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _frozen(connection: sa.Connection, day: datetime.date, first_day: datetime.date) -> Material[Any] | None:
    these = sa.select(frozen.c.content).where(frozen.c.day == day, frozen.c.first_day == first_day)
    content = connection.execute(these).scalar()
    return Material.read(content) if content else None


def _freeze(connection: sa.Connection, day: datetime.date, first_day: datetime.date, material: Material[Any]) -> None:
    """Keep what mails are made of; what is kept already stays as it is, beside what it lacks."""
    before = _frozen(connection, day, first_day)
    content = (before.joined(material) if before else material).stored()
    connection.execute(sa.delete(frozen).where(frozen.c.day == day, frozen.c.first_day == first_day))
    connection.execute(sa.insert(frozen).values(day=day, first_day=first_day, content=content))


def _pause(attempts: int, salt: str) -> datetime.timedelta:
    """Up to a quarter longer by chance, always the same for a text: not all who wait are to come back at once."""
    chance = hashlib.sha256(salt.encode()).digest()[0] / 255
    doubled = FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 10))
    return min(doubled, LONGEST_PAUSE) * (1 + chance / 4)
