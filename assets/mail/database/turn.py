"""What one process at a time does, over all machines that share the database: sending.

Beside a file of SQLite a lock file says whose turn it is. PostgreSQL knows locks of a session: they end with it,
however it ends. So what must be done by nobody else is done in that session itself, and fails once it is lost.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa
from filelock import FileLock, Timeout

from assets.mail.database.opened import advisory, shown, transaction

POLL_SECONDS = 0.1


class Busy(Exception):
    """It is another process's turn; the text names what it holds."""


class TurnLost(Exception):
    """The connection was lost, and with it the turn; the text names the database."""


@dataclass(frozen=True)
class Turn:
    """The turn of this process; on PostgreSQL it is the `session`'s.

    With SQLite the session is a connection like any other, but one for all that is done: closing the last one writes
    the whole log back.
    """

    engine: sa.Engine
    session: sa.Connection

    @property
    def lost(self) -> bool:
        """Whether the session was lost; another process may have the turn then."""
        return self.session.invalidated

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction that can be committed by who has the turn only. Raises `TurnLost`."""
        if self.lost:  # SQLAlchemy would connect anew in silence
            raise self._no_more()
        try:
            with transaction(self.session) as connection:
                yield connection
        except sa.exc.OperationalError as error:
            if self.lost:
                raise self._no_more() from error
            raise

    def _no_more(self) -> TurnLost:
        return TurnLost(f"{shown(self.engine.url)}: the connection was lost, and another process may be at it")


@contextmanager
def turn(engine: sa.Engine, name: str, wait: float) -> Iterator[Turn]:
    """The turn at what has this name, once it is free, for which it waits so many seconds. Raises `Busy`."""
    if engine.dialect.name == "sqlite":
        with _file(f"{engine.url.database}.{name}", wait), engine.connect() as session:
            yield Turn(engine, session)
    else:
        with engine.connect() as session, _session(session, name, wait):
            yield Turn(engine, session)


@contextmanager
def _file(lock: str, wait: float) -> Iterator[None]:
    try:
        held = FileLock(lock, timeout=wait).acquire()
    except Timeout as error:
        raise Busy(lock) from error
    with held:
        yield


@contextmanager
def _session(session: sa.Connection, name: str, wait: float) -> Iterator[None]:
    until = time.monotonic() + wait
    while not _told(session, sa.func.pg_try_advisory_lock(advisory(name))):
        if time.monotonic() >= until:
            raise Busy(f"the advisory lock {advisory(name)} of {shown(session.engine.url)}")
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        # The end of the session would do, but who waits for no time is to have the next turn at once.
        with suppress(sa.exc.OperationalError):
            if not session.invalidated:
                _told(session, sa.func.pg_advisory_unlock(advisory(name)))


def _told(session: sa.Connection, function: sa.Function[bool]) -> bool:
    """What a function says, asked in a transaction of its own: the session holds none while it waits."""
    with session.begin():
        return bool(session.execute(sa.select(function)).scalar())
