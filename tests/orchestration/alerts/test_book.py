"""The book: each message written down before it is sent, and never sent twice by itself, whenever a process dies."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from assets.mail.transport import MaildirTransport, SmtpTransport
from orchestration.alerts.book import Book, BookBusy, News, Sending, State
from orchestration.alerts.channels import MailChannel
from tests.lab import CHECKOUT
from tests.mail.conftest import Script, Scripted, scripted
from tests.orchestration.alerts.conftest import OPERATOR, Mailroom

__all__ = ["scripted"]

SECOND = "second@lab.example"
NEWS = News("alert", "Paperboy: trouble", "It is so.\n", {"incident/x": "incident/x"})

KILLED = """
import os, signal, sys
from pathlib import Path
from assets.mail.transport import SmtpTransport
from orchestration.alerts.book import Book, News
from orchestration.alerts.channels import MailChannel

class Deadly(MailChannel):
    "A channel whose process is killed once it has sent a message, before that is noted."
    def session(self):
        class Session:
            def __enter__(session):
                session.inner = super(Deadly, self).session()
                session.send = session.inner.__enter__()
                return session.deadly
            def __exit__(session, *_):
                return None
            def deadly(session, sending):
                session.send(sending)
                os.kill(os.getpid(), signal.SIGKILL)
        return Session()

book = Book(Path(sys.argv[1]))
with book.held():
    news = News("alert", "Paperboy: trouble", "It is so.\\n", {"incident/x": "incident/x"})
    book.write(news, ["operator@lab.example"])
    if sys.argv[3] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    transport = SmtpTransport("127.0.0.1", int(sys.argv[2]), "none")
    book.deliver([Deadly(transport, "paperboy@lab.example", ["operator@lab.example"])])
"""
"""A sender that is killed between intent and sending, or between sending and its note."""

NewScripted = Callable[[Script], Scripted]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the book is."""
    return tmp_path / "alerts.sqlite"


def by_mail(port: int, *to: str) -> MailChannel:
    """Mail over a server on loopback."""
    return MailChannel(SmtpTransport("127.0.0.1", port, "none"), "paperboy@lab.example", to or (OPERATOR,))


def delivered(book: Book, channel: MailChannel) -> list[Sending]:
    """The book after a delivery."""
    with book.held():
        book.deliver([channel])
    return book.sendings()


def killed(file: Path, port: int, when: str) -> None:
    """Run the sender that is killed."""
    command = [sys.executable, "-c", KILLED, str(file), str(port), when]
    assert subprocess.run(command, cwd=CHECKOUT, env=os.environ, check=False).returncode == -signal.SIGKILL


def test_a_message_reaches_every_address_once(file: Path, mailroom: Mailroom) -> None:
    book, channel = Book(file), by_mail(mailroom.port, OPERATOR, f"Second <{SECOND}>")
    book.write(NEWS, channel.addresses)
    for _ in range(2):
        assert {(sending.address, sending.state) for sending in delivered(book, channel)} == {
            (OPERATOR, State.SENT),
            (SECOND, State.SENT),
        }
    assert len(mailroom.to(OPERATOR)) == len(mailroom.to(SECOND)) == 1
    assert mailroom.to(OPERATOR)[0]["Message-ID"] != mailroom.to(SECOND)[0]["Message-ID"]


def test_one_address_that_is_refused_keeps_no_other_from_its_message(file: Path, mailroom: Mailroom) -> None:
    mailroom.refused.add(OPERATOR)
    book, channel = Book(file), by_mail(mailroom.port, OPERATOR, SECOND)
    book.write(NEWS, channel.addresses)
    states = {sending.address: sending.state for sending in delivered(book, channel)}
    assert states == {OPERATOR: State.FAILED, SECOND: State.SENT}


def test_nothing_is_told_twice(file: Path) -> None:
    book = Book(file)
    book.write(NEWS, [OPERATOR])
    with pytest.raises(IntegrityError):
        book.write(NEWS, [OPERATOR])
    assert len(book.sendings()) == 1


def test_a_sender_killed_after_the_intent_leaves_a_message_that_is_sent(file: Path, mailroom: Mailroom) -> None:
    killed(file, mailroom.port, "before")
    assert mailroom.accepted == []
    book = Book(file)
    assert [sending.state for sending in book.sendings()] == [State.PENDING]
    assert [sending.state for sending in delivered(book, by_mail(mailroom.port))] == [State.SENT]
    assert len(mailroom.to(OPERATOR)) == 1


def test_a_sender_killed_after_sending_leaves_a_message_that_is_not_sent_again(file: Path, mailroom: Mailroom) -> None:
    killed(file, mailroom.port, "after")
    assert len(mailroom.to(OPERATOR)) == 1
    book = Book(file)
    assert [sending.state for sending in book.sendings()] == [State.SENDING]
    for _ in range(2):
        (sending,) = delivered(book, by_mail(mailroom.port))
        assert (sending.state, sending.attempts) == (State.UNKNOWN, 1)
        assert sending.reason == "the sender ended without noting the outcome"
    assert len(mailroom.to(OPERATOR)) == 1


def test_a_message_whose_answer_is_lost_is_not_sent_again(file: Path, scripted: NewScripted) -> None:
    server = scripted(lambda step, _: "250 drop" if step == "DOT" else None)
    book = Book(file)
    book.write(NEWS, [OPERATOR])
    for _ in range(2):
        (sending,) = delivered(book, by_mail(server.port))
        assert sending.state == State.UNKNOWN
    assert len(server.accepted) == 1


def test_a_message_that_is_not_wanted_now_is_tried_again_and_given_up_after_a_week(
    file: Path, scripted: NewScripted
) -> None:
    server = scripted(lambda step, _: "451 later" if step == "RCPT" else None)
    book = Book(file)
    book.write(NEWS, [OPERATOR])
    for attempt in (1, 2):
        (sending,) = delivered(book, by_mail(server.port))
        assert (sending.state, sending.attempts, sending.reason) == (State.RETRY, attempt, "451 later")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE messages SET created_at = datetime(created_at, '-8 days')")
    (sending,) = delivered(book, by_mail(server.port))
    assert (sending.state, sending.reason) == (State.FAILED, "451 later")


def test_an_address_that_is_named_no_longer_gets_nothing(file: Path, mailroom: Mailroom) -> None:
    book = Book(file)
    book.write(NEWS, ["gone@lab.example"])
    (sending,) = delivered(book, by_mail(mailroom.port))
    assert (sending.state, sending.reason) == (State.FAILED, "the settings name this address no longer")
    assert mailroom.accepted == []


def test_one_process_tells_at_a_time(file: Path) -> None:
    with Book(file).held(), pytest.raises(BookBusy, match=r"alerts\.sqlite\.lock"), Book(file, wait=0).held():
        pass


def test_a_maildir_is_a_way_too(tmp_path: Path, file: Path) -> None:
    book = Book(file)
    book.write(NEWS, [OPERATOR])
    channel = MailChannel(MaildirTransport(tmp_path / "maildir"), "paperboy@lab.example", [OPERATOR])
    assert [sending.state for sending in delivered(book, channel)] == [State.SENT]
    assert len(list((tmp_path / "maildir/new").iterdir())) == 1


def test_what_ends_is_over(file: Path) -> None:
    book = Book(file)
    book.write(NEWS, [OPERATOR])
    assert not book.told()["incident/x"].over
    book.write(News("recovery", "Paperboy: recovered", "Over.\n", ends=["incident/x"]), [OPERATOR])
    assert book.told()["incident/x"].over
    assert [sending.kind for sending in book.sendings()] == ["alert", "recovery"]
