"""The sender is killed at every step of the protocol and at every commit, and the day is run again."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import wait

import pytest

from assets.mail.attempt import State
from assets.mail.database.opened import Place
from assets.mail.outbox import Outbox
from assets.mail.transport import SmtpTransport
from tests.faults.mail.judge import FIRST, MIDDLE, POSITIONS, judged
from tests.faults.mail.leaving import leave
from tests.faults.mail.script import Once, per_connection
from tests.faults.mail.sender import ENDS_WITHIN, Death, SlowTransport, Stalled, ended, run, started
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import key, smtp

Serve = Callable[[Script], Scripted]
KILLED = -signal.SIGKILL


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize(
    ("step", "answer"),
    [
        *((step, None) for step in ("CONNECT", "EHLO", "RSET", "MAIL", "RCPT", "DATA", "BODY", "DOT", "QUIT")),
        ("DOT", "drop"),
    ],
)
def test_killed_at_a_step(
    scripted: Serve, place: Place, box: Outbox, step: str, answer: str | None, reader: str
) -> None:
    ready = threading.Event()

    def kill() -> str | None:
        assert ready.wait(ENDS_WITHIN)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        wait([process.sentinel], ENDS_WITHIN)
        return answer

    server = scripted(Once(step, reader, kill))
    many = per_connection(step)
    if step == "BODY":
        transport: SmtpTransport = SlowTransport("127.0.0.1", server.port, "none", pause=Stalled(reader))
    else:
        transport = SmtpTransport("127.0.0.1", server.port, "none", timeout=10, per_connection=many)
    process = started(place, transport)
    ready.set()
    assert ended(process) == KILLED
    for _ in range(2):
        run(box, smtp(server.port))
    judged(box, server.accepted, doubtful=[reader] if step == "DOT" else [])
    assert (key(reader) in server.accepted) == (answer is None), "what was accepted before the kill, or sent after it"


def deaths(*states: State) -> list[Death]:
    """Before and after the commit of each state, of each of three readers."""
    return [Death(state, before, reader) for state in states for before in (True, False) for reader in POSITIONS]


@pytest.mark.parametrize("death", deaths(State.SENDING, State.SENT), ids=str)
def test_killed_at_the_commit_of_a_mail_that_is_sent(scripted: Serve, place: Place, box: Outbox, death: Death) -> None:
    """From the commit of `sending` to that of `sent` nobody can know; the server had it if it was asked for it."""
    server = scripted(lambda step, recipient: None)
    assert ended(started(place, smtp(server.port), death)) == KILLED
    for _ in range(2):
        run(box, smtp(server.port))
    doubtful = (death.state, death.before) in ((State.SENDING, False), (State.SENT, True))
    judged(box, server.accepted, doubtful=[death.reader] if doubtful else [])
    assert (key(death.reader) in server.accepted) == ((death.state, death.before) != (State.SENDING, False))


@pytest.mark.parametrize("death", deaths(State.RETRY, State.FAILED, State.UNKNOWN), ids=str)
def test_killed_at_the_commit_of_what_went_wrong(scripted: Serve, place: Place, box: Outbox, death: Death) -> None:
    steps = {State.RETRY: ("RCPT", "450 busy"), State.FAILED: ("RCPT", "550 no"), State.UNKNOWN: ("DOT", "250 drop")}
    at, answer = steps[State(death.state)]
    asked: list[str] = []

    def script(step: str, recipient: str) -> str | None:
        if (step, recipient) != (at, death.reader) or (asked and death.state == State.RETRY):
            return None
        asked.append(recipient)
        return answer

    server = scripted(script)
    assert ended(started(place, smtp(server.port), death)) == KILLED
    for _ in range(2):
        run(box, smtp(server.port))
    refused = [death.reader] if death.state == State.FAILED else []
    judged(box, server.accepted, doubtful=[death.reader] if death.state == State.UNKNOWN else [], refused=refused)


@pytest.mark.parametrize("death", deaths(State.CANCELLED), ids=str)
def test_killed_at_the_commit_of_a_mail_to_who_left(scripted: Serve, place: Place, box: Outbox, death: Death) -> None:
    server = scripted(Once("DATA", death.reader, lambda: leave(place, death.reader)))
    assert ended(started(place, smtp(server.port), death)) == KILLED
    for _ in range(2):
        run(box, smtp(server.port))
    judged(box, server.accepted, left=[death.reader])


@pytest.mark.parametrize("before", [True, False])
def test_killed_at_the_commit_of_the_mails_to_all(scripted: Serve, place: Place, box: Outbox, before: bool) -> None:
    server = scripted(lambda step, recipient: None)
    assert ended(started(place, smtp(server.port), Death(State.PENDING, before))) == KILLED
    assert len(box.rows()) == (0 if before else 5)
    assert server.connections == 0
    run(box, smtp(server.port))
    judged(box, server.accepted)


@pytest.mark.parametrize("before", [True, False])
def test_killed_at_the_commit_that_all_mails_wait(scripted: Serve, place: Place, box: Outbox, before: bool) -> None:
    """A server that takes nobody's mail puts all that is due to `retry`."""
    server = scripted(Once("CONNECT", FIRST, lambda: "421 closed"))
    assert ended(started(place, smtp(server.port), Death(State.RETRY, before, ""))) == KILLED
    run(box, smtp(server.port))
    judged(box, server.accepted)


@pytest.mark.parametrize("before", [True, False])
def test_killed_again_at_the_commit_of_the_doubt(scripted: Serve, place: Place, box: Outbox, before: bool) -> None:
    server = scripted(lambda step, recipient: None)
    assert ended(started(place, smtp(server.port), Death(State.SENDING, False, MIDDLE))) == KILLED
    assert ended(started(place, smtp(server.port), Death(State.UNKNOWN, before))) == KILLED
    run(box, smtp(server.port))
    judged(box, server.accepted, doubtful=[MIDDLE])


@pytest.mark.parametrize("before", [True, False])
def test_killed_at_the_commit_that_nobody_is_left(scripted: Serve, place: Place, box: Outbox, before: bool) -> None:
    """Who left between the writing down and the sending."""
    server = scripted(lambda step, recipient: None)
    assert ended(started(place, smtp(server.port), Death(State.PENDING, False))) == KILLED
    for reader in POSITIONS:
        leave(place, reader)
    assert ended(started(place, smtp(server.port), Death(State.CANCELLED, before))) == KILLED
    run(box, smtp(server.port))
    judged(box, server.accepted, left=POSITIONS)
