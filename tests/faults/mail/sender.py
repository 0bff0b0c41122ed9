"""A sender in a process of its own, which can be told to die right before or after any commit.

The processes are forks of one that is warm and has no threads, so that each of them costs milliseconds.
"""

import multiprocessing
import os
import signal
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from typing import Any

import sqlalchemy as sa

from assets.mail.database.opened import Place
from assets.mail.outbox import Compose, Outbox
from assets.mail.transport import SmtpTransport
from tests.faults.mail.judge import READERS
from tests.mail.outboxes import DAY, compose, intents

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__, "assets.mail.database.server", "smtplib", "encodings.idna"])

ENDS_WITHIN = 60


def die() -> None:
    """As by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Death:
    """By its own hand, `before` or after the commit that brings a row, the `reader`'s if given, into a state."""

    state: str
    before: bool
    reader: str = ""

    def __str__(self) -> str:
        return f"{'before' if self.before else 'after'} {self.state} {self.reader.partition('@')[0]}".strip()

    def of(self, engine: sa.Engine, die: Callable[[], object] = die) -> None:
        """Let this process die so, or what else is given, once it uses that engine."""
        near: list[bool] = []

        def executed(_: Any, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
            for values in getattr(context, "compiled_parameters", None) or ():
                # An outcome is noted by a statement that is made once, whose new state has a name of its own.
                if (
                    values.get("is", values.get("state")) == self.state
                    and self.reader in ("", *values.values())
                    and cursor.rowcount
                ):
                    near.append(True)

        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            struck = bool(near)
            near.clear()
            if struck and self.before:
                die()
            commit(connection)
            if struck and not self.before:
                die()

        sa.event.listen(engine, "after_cursor_execute", executed)
        engine.dialect.do_commit = do_commit  # type: ignore[assignment]


@dataclass(frozen=True)
class SlowTransport(SmtpTransport):
    """A way that takes its time: `pause` is called when all of a message but its end has gone, and given that."""

    pause: Callable[[smtplib.SMTP, bytes], object] = lambda smtp, content: None

    def connect(self) -> smtplib.SMTP:
        """See `SmtpTransport`."""
        smtp = super().connect()
        send = smtp.send

        def slowly(data: Any) -> None:
            send(data)
            if isinstance(data, bytes) and data != b".\r\n":
                self.pause(smtp, data)

        smtp.send = slowly  # type: ignore[assignment]
        return smtp


@dataclass(frozen=True)
class Stalled:
    """A pause in the message to one reader, for longer than the process lives."""

    reader: str

    def __call__(self, _: smtplib.SMTP, content: bytes) -> None:
        if f"To: {self.reader}".encode() in content:
            time.sleep(ENDS_WITHIN)


def run(box: Outbox, transport: SmtpTransport, composed: Compose = compose) -> None:
    """What a run of the day does: write the mails down, then send what is due."""
    box.enqueue(DAY, "e1", intents(*READERS))
    box.deliver(DAY, transport, composed)


def _live(place: Place, transport: SmtpTransport, death: Death | None) -> None:
    box = Outbox(place)
    if death:
        death.of(box._engine)
    run(box, transport)


def started(place: Place, transport: SmtpTransport, death: Death | None = None) -> ForkServerProcess:
    """A process that does `run`."""
    process = processes.Process(target=_live, args=(place, transport, death))
    process.start()
    return process


def ended(process: ForkServerProcess) -> int | None:
    """Its exit code, once it has ended: minus the signal that ended it."""
    assert wait([process.sentinel], ENDS_WITHIN), "the sender does not end"
    process.join()
    return process.exitcode
