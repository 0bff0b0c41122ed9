"""What is known of a message that is sent, step by step; the same for mails, confirmations and posts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import tenacity

from assets.mail.database.opened import now, transaction
from assets.mail.database.turn import Turn, TurnLost
from assets.mail.transport import DeliveryUnknown, TransportError, Undelivered


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

NOTING_SECONDS = 300
"""How long the outcome of a mail is tried to be written down."""

Reason = str | sa.ColumnElement[str]
"""A text, or how it follows from the row."""


@dataclass(frozen=True)
class States:
    """The rows of a table that have a state, the reason for it, and when they changed."""

    engine: sa.Engine
    table: sa.Table

    def move(
        self,
        which: sa.ColumnElement[bool],
        old: Sequence[State],
        new: State,
        reason: Reason,
        held: Turn | None = None,
        **values: Any,
    ) -> int:
        """Compare and set, and commit; how many rows were in an old state and so are now in the new one."""
        change = sa.update(self.table).where(which, self.table.c.state.in_(old))
        moving = change.values({"state": new, "reason": reason, "updated_at": now(), **values})
        return changed(self.engine, moving, held)


def changed(
    engine: sa.Engine, statement: sa.Update, held: Turn | None = None, values: Mapping[str, Any] | None = None
) -> int:
    """Execute a statement, with these values for its parameters, and commit; how many rows it changed."""
    with held.transaction() if held else transaction(engine) as connection:
        return int(connection.execute(statement, values).rowcount)


@tenacity.retry(
    retry=tenacity.retry_if_exception_type((sa.exc.OperationalError, TurnLost)),
    stop=tenacity.stop_after_delay(NOTING_SECONDS),
    wait=tenacity.wait_fixed(0.5),
    reraise=True,
)
def noted(engine: sa.Engine, statement: sa.Update, held: Turn, values: Mapping[str, Any] | None = None) -> None:
    """Write down what became of a message, tried for minutes while the database cannot be written.

    A full disk or a lock must not turn one that was sent into a doubt. Nor must a lost connection: what is known is
    noted over a new one.
    """
    changed(engine, statement, None if held.lost else held, values)


def pause(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long is waited after so many attempts more than one: twice as long each time, up to the longest."""
    return min(first * (1 << min(attempts, 10)), longest)


class NotDue(Exception):
    """A row is not to be sent after all."""


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
