"""The server refuses, goes away or falls silent at every step, and the day is run again; or the reader leaves then."""

import select
import smtplib
import threading
from collections.abc import Callable

import pytest

from assets.mail.database.opened import Place
from assets.mail.outbox import Outbox
from assets.mail.transport import SmtpTransport
from tests.faults.mail.judge import POSITIONS, judged
from tests.faults.mail.leaving import leave
from tests.faults.mail.script import Once, per_connection
from tests.faults.mail.sender import SlowTransport, run
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import key

Serve = Callable[[Script], Scripted]

STEPS = ("CONNECT", "EHLO", "RSET", "MAIL", "RCPT", "DATA", "BODY", "DOT", "QUIT")
SILENCE = 0.8
"""Seconds that the sender waits for an answer where there comes none; as the operator has it, 30."""

PATIENCE = 20


def slow(server: Scripted, step: str, pause: Callable[[smtplib.SMTP, bytes], object]) -> SmtpTransport:
    """A transport on which the server comes to act before the end of the message has gone."""
    many = per_connection(step)
    return SlowTransport("127.0.0.1", server.port, "none", timeout=PATIENCE, per_connection=many, pause=pause)


def heard(of: str) -> Callable[[smtplib.SMTP, bytes], object]:
    """Wait in a reader's message until the server has said something, or gone."""

    def pause(smtp: smtplib.SMTP, content: bytes) -> None:
        if f"To: {of}".encode() in content:
            assert smtp.sock
            assert select.select([smtp.sock], [], [], PATIENCE)[0]

    return pause


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("answer", ["451 not now", "550 no", "drop", "reset"])
@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_refuses_or_goes(
    scripted: Serve, place: Place, box: Outbox, step: str, answer: str, reader: str
) -> None:
    script = Once(step, reader, lambda: answer)
    server = scripted(script)
    transport = slow(server, step, heard(reader) if step == "BODY" else lambda smtp, content: None)
    run(box, transport)
    assert script.said == answer, "the server never came to that"
    in_doubt = step == "DOT" and answer in ("drop", "reset")
    refused = step in ("RCPT", "DATA", "DOT") and answer == "550 no"
    run(box, SmtpTransport("127.0.0.1", server.port, "none", timeout=PATIENCE))
    judged(box, server.accepted, doubtful=[reader] if in_doubt else [], refused=[reader] if refused else [])


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("answer", ["250 drop", "250 reset"])
def test_a_server_that_accepts_and_goes(scripted: Serve, place: Place, box: Outbox, answer: str, reader: str) -> None:
    server = scripted(Once("DOT", reader, lambda: answer))
    for _ in range(2):
        run(box, SmtpTransport("127.0.0.1", server.port, "none", timeout=PATIENCE))
    judged(box, server.accepted, doubtful=[reader])
    assert key(reader) in server.accepted


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("step", STEPS)
def test_a_server_that_falls_silent(scripted: Serve, place: Place, box: Outbox, step: str, reader: str) -> None:
    """What is silent from the message's beginning on may yet read its end, so that is a doubt as well."""
    over = threading.Event()

    def silent() -> str:
        over.wait(PATIENCE)
        return "drop"

    server = scripted(Once(step, reader, silent))
    try:
        impatient = SmtpTransport(
            "127.0.0.1", server.port, "none", timeout=SILENCE, per_connection=per_connection(step)
        )
        run(box, impatient)
    finally:
        over.set()
    run(box, SmtpTransport("127.0.0.1", server.port, "none", timeout=PATIENCE))
    judged(box, server.accepted, doubtful=[reader] if step in ("BODY", "DOT") else [])


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("step", STEPS)
def test_a_reader_who_leaves(scripted: Serve, place: Place, box: Outbox, step: str, reader: str) -> None:
    """Up to the moment before the message's end they are not mailed; after it they were."""
    left = threading.Event()

    def leaves() -> None:
        leave(place, reader)
        left.set()

    def pause(_: smtplib.SMTP, content: bytes) -> None:
        if step == "BODY" and f"To: {reader}".encode() in content:
            assert left.wait(PATIENCE)

    server = scripted(Once(step, reader, leaves))
    for _ in range(2):
        run(box, slow(server, step, pause))
    assert left.is_set()
    judged(box, server.accepted, left=[] if step in ("DOT", "QUIT") else [reader])
