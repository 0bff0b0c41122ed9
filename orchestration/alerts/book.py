"""What the operator was told, in SQLite: each message as an intent, written down before it is sent.

As in the outbox of the readers' mail, with which it shares nothing, `sending` is committed before the first byte
leaves: after a crash such a message becomes `unknown` and is not sent again by itself, and one that was not begun is
sent. What a message says, and how it travels, does not belong here.
"""

import datetime
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from assets.mail.attempt import attempted
from assets.mail.transport import TransportError

TRIED_FOR = datetime.timedelta(days=7)
"""How long a message that is surely not accepted is tried again; news that are older help nobody."""


class State(StrEnum):
    """What is known of a message to one address."""

    PENDING = "pending"  # not tried yet
    SENDING = "sending"  # being handed over
    SENT = "sent"  # accepted
    RETRY = "retry"  # surely not accepted; tried again
    FAILED = "failed"  # refused for good, or given up
    UNKNOWN = "unknown"  # perhaps accepted; never sent again by itself


DUE = (State.PENDING, State.RETRY)

_metadata = sa.MetaData()
_messages = sa.Table(
    "messages",
    _metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("subject", sa.String, nullable=False),
    sa.Column("body", sa.String, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
)
_sendings = sa.Table(
    "sendings",
    _metadata,
    sa.Column("message", sa.String, sa.ForeignKey("messages.id"), primary_key=True),
    sa.Column("address", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)
_told = sa.Table(
    "told",
    _metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("message", sa.String, nullable=False),  # empty: there was nothing left to tell
    sa.Column("over", sa.Boolean, nullable=False),
    sa.Column("told_at", sa.DateTime, nullable=False),
)
_marks = sa.Table(
    "marks",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
)


class BookBusy(Exception):
    """Another process is telling; the text names the lock file."""


@dataclass(frozen=True)
class Told:
    """What a message told, by its key; `scope` is what ends it, `over` whether its end is settled too."""

    key: str
    scope: str
    message: str
    over: bool
    told_at: datetime.datetime


@dataclass(frozen=True)
class Sending:
    """A message to one address, with what is known of it; times are UTC without a zone."""

    message: str
    kind: str
    subject: str
    body: str
    created_at: datetime.datetime
    address: str
    state: State
    attempts: int
    reason: str
    updated_at: datetime.datetime


@dataclass
class News:
    """What is to be written down at once: a message, if there is one, what it tells and what it says is over."""

    kind: str = ""
    subject: str = ""
    body: str = ""
    tells: dict[str, str] = field(default_factory=dict)  # scopes by key
    ends: Collection[str] = ()


class Channel(Protocol):
    """A way to some addresses."""

    @property
    def addresses(self) -> Sequence[str]:
        """Whom it reaches, as the book names them."""
        ...

    def session(self) -> AbstractContextManager[Callable[[Sending], None]]:
        """A function that sends one message; raises as `assets.mail.transport.Transport` does."""
        ...


class Book:
    """The book in the SQLite file at `path`, made where it does not exist; one process tells at a time."""

    def __init__(self, path: Path, wait: float = 60) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock, self._wait = FileLock(f"{path}.lock"), wait
        # No connection outlives its transaction, so that there is nothing to close.
        self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool, connect_args={"timeout": 30})
        sa.event.listen(self._engine, "connect", _configure)
        # SQLite does not wait for another process that changes the journal mode too: it fails.
        with FileLock(f"{path}.setup"), self._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            _metadata.create_all(connection)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the only one who tells; so what is found in `sending` was left by one that crashed."""
        try:
            held = self._lock.acquire(timeout=self._wait)
        except Timeout as error:
            raise BookBusy(f"another process is telling the operator: it holds {self._lock.lock_file}") from error
        with held:
            self._move(sa.true(), (State.SENDING,), State.UNKNOWN, "the sender ended without noting the outcome")
            yield

    def write(self, news: News, addresses: Collection[str]) -> None:
        """Write down, all or nothing, a message to each address with what it tells, and what is over."""
        message, now = uuid.uuid4().hex if news.subject else "", _now()
        with self._engine.begin() as connection:
            if message:
                text = {"kind": news.kind, "subject": news.subject, "body": news.body, "created_at": now}
                connection.execute(sa.insert(_messages).values(id=message, **text))
                untried = {"message": message, "state": State.PENDING, "attempts": 0, "reason": "", "updated_at": now}
                connection.execute(sa.insert(_sendings), [{**untried, "address": address} for address in addresses])
            for key, scope in news.tells.items():
                row = {"key": key, "scope": scope, "message": message, "over": not message, "told_at": now}
                connection.execute(sa.insert(_told).values(row))
            over = sa.update(_told).where(_told.c.key.in_(list(news.ends)))
            connection.execute(over.values(over=True))

    def told(self) -> dict[str, Told]:
        """All that was told, by key."""
        with self._engine.connect() as connection:
            return {row["key"]: Told(**row) for row in connection.execute(sa.select(_told)).mappings()}

    def mark(self, name: str) -> datetime.datetime:
        """When the mark was set; it is set now where it is not."""
        first = insert(_marks).values(name=name, at=_now()).on_conflict_do_nothing()
        with self._engine.begin() as connection:
            connection.execute(first)
            at: datetime.datetime = connection.execute(sa.select(_marks.c.at).where(_marks.c.name == name)).scalar_one()
            return at

    def unmark(self, name: str) -> None:
        """Take the mark away, if it is set."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_marks).where(_marks.c.name == name))

    def marked(self, name: str) -> bool:
        """Whether the mark is set."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(_marks).where(_marks.c.name == name)).first() is not None

    def last(self, kind: str) -> datetime.datetime | None:
        """When the last message of a kind was written down."""
        with self._engine.connect() as connection:
            created = sa.select(sa.func.max(_messages.c.created_at)).where(_messages.c.kind == kind)
            newest: datetime.datetime | None = connection.execute(created).scalar_one()
            return newest

    def sendings(self, states: Collection[State] = tuple(State)) -> list[Sending]:
        """Every message to every address that is in one of the states, the oldest first."""
        query = sa.select(_messages, _sendings).join(_sendings, _sendings.c.message == _messages.c.id)
        query = query.where(_sendings.c.state.in_(list(states))).order_by(_messages.c.created_at, _sendings.c.address)
        with self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [Sending(**{**row, "state": State(row["state"])}) for row in rows if row.pop("id")]

    def deliver(self, channels: Sequence[Channel]) -> None:
        """Send what is due, while the book is `held`; the sendings tell afterwards what became of it.

        A `TransportError` ends a channel's turn and leaves all that is due there to the next delivery.
        """
        known = [address for channel in channels for address in channel.addresses]
        self._move(_sendings.c.address.not_in(known), DUE, State.FAILED, "the settings name this address no longer")
        long_ago = _sendings.c.message.in_(sa.select(_messages.c.id).where(_messages.c.created_at < _now() - TRIED_FOR))
        for channel in channels:
            here = _sendings.c.address.in_(list(channel.addresses))
            due = [sending for sending in self.sendings(DUE) if sending.address in channel.addresses]
            if not due:
                continue
            try:
                with channel.session() as send:
                    for sending in due:
                        self._attempt(sending, send)
            except TransportError as error:
                self._move(here, DUE, State.RETRY, str(error))
            self._move(sa.and_(here, long_ago), (State.RETRY,), State.FAILED, None)

    def _attempt(self, sending: Sending, send: Callable[[Sending], None]) -> None:
        this = sa.and_(_sendings.c.message == sending.message, _sendings.c.address == sending.address)
        self._move(this, DUE, State.SENDING, "", attempts=sending.attempts + 1)
        with attempted(lambda state, reason: self._move(this, (State.SENDING,), State(state), reason)):
            send(sending)

    def _move(
        self, which: sa.ColumnElement[bool], old: Sequence[State], new: State, reason: str | None, **values: Any
    ) -> None:
        """Compare and set, and commit; without a reason the old one stays."""
        if reason is not None:
            values["reason"] = reason
        change = sa.update(_sendings).where(which, _sendings.c.state.in_(old))
        with self._engine.begin() as connection:
            connection.execute(change.values(state=new, updated_at=_now(), **values))


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Else a power cut may take a committed `sending` back, and the message be sent again.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
