"""The mailbox read by IMAP from a real server, Dovecot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.mail.readers.reader import State
from assets.mail.returned import imap
from assets.mail.returned.imap import ImapInbox
from assets.mail.returned.inbox import Unreachable
from assets.mail.returned.reading import Kind
from tests.browser.stage import free_port
from tests.dovecot import PASSWORD, Dovecot, dovecot
from tests.mail.returned.mails import ADA, LEAVING, TODAY, YESTERDAY, House, written


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[Dovecot]:
    with dovecot(certificate) as running:
        yield running


@pytest.fixture
def mailbox(server: Dovecot, trusted: None) -> Dovecot:
    """The server, its mailbox empty."""
    for folder in ("new", "cur"):
        for file in (server.maildir / folder).iterdir():
            file.unlink()
    return server


@pytest.fixture
def house(tmp_path: Path, mailbox: Dovecot) -> House:
    return House(tmp_path, ImapInbox(mailbox.url, PASSWORD))


def test_what_came_back_is_read_and_marked_and_the_rest_is_left_unread(house: House, mailbox: Dovecot) -> None:
    ada, ben = house.readers.add(ADA), house.readers.add("ben@reader.example")
    mailbox.put("1", house.bounce(ada, YESTERDAY))
    mailbox.put("2", b"Subject: Buy!\n\nNow.\n")
    mailbox.put("3", b"")
    mailbox.put("4", house.bounce(ada, TODAY, returned="x" * 2_000_000))
    mailbox.put("5", written(LEAVING, house.addresses.to_leave(ben)))
    assert house.reading.inbox.check() == f"127.0.0.1:{mailbox.port}/INBOX, 5 unread"
    found = house.reading.read()
    assert found.mails == {Kind.HARD: 2, Kind.LEFT: 1, Kind.OTHER: 2}
    assert mailbox.flags() == {"1": "S", "2": "", "3": "", "4": "S", "5": "S"}
    states = {reader.address: reader.state for reader in house.readers.every()}
    assert states == {ada.address: State.SUPPRESSED, ben.address: State.UNSUBSCRIBED}
    assert house.reading.read().mails == {Kind.OTHER: 2}


def test_mails_are_asked_for_in_batches(house: House, mailbox: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "AT_ONCE", 3)
    ada = house.readers.add(ADA)
    for number in range(8):
        mailbox.put(f"{number}", house.bounce(ada, TODAY) if number % 2 else b"Subject: Buy!\n\nNow.\n")
    assert house.reading.read().mails == {Kind.HARD: 1, Kind.KNOWN: 3, Kind.OTHER: 4}


def test_a_crash_before_a_mail_was_marked_counts_it_once(house: House, mailbox: Dovecot) -> None:
    ada = house.readers.add(ADA)
    mailbox.put("1", house.bounce(ada, TODAY))
    with house.reading.inbox.unread() as unread:
        (mail,) = unread
        assert house.reading._take(mail) == (Kind.HARD, False)
    assert mailbox.flags() == {"1": ""}
    assert house.reading.read().mails == {Kind.KNOWN: 1}
    assert (mailbox.flags(), len(house.book.rows())) == ({"1": "S"}, 1)


def told(inbox: ImapInbox) -> str:
    with pytest.raises(Unreachable) as error, inbox.unread() as unread:
        list(unread)
    assert error.value.__context__ is None or error.value.__suppress_context__, "what a traceback shows"
    return str(error.value)


def test_a_server_that_is_not_there_is_told(mailbox: Dovecot) -> None:
    port = free_port()
    text = told(ImapInbox(f"imaps://ada@127.0.0.1:{port}/INBOX", PASSWORD))
    assert text == f"127.0.0.1:{port}/INBOX: cannot be reached: Connection refused"


def test_a_wrong_password_is_told_and_not_repeated(mailbox: Dovecot) -> None:
    for password in ("wrong horse", "größer", 'a "b" \\c'):
        text = told(ImapInbox(mailbox.url, password))
        assert text.startswith(f"127.0.0.1:{mailbox.port}/INBOX: the login was refused")
        assert password not in text
        assert "bounces@" not in text
        assert password not in repr(ImapInbox(mailbox.url, password))


def test_no_password_is_told(mailbox: Dovecot) -> None:
    assert "set PAPERBOY_BOUNCES__PASSWORD" in told(ImapInbox(mailbox.url))


def test_a_mailbox_that_is_not_there_is_told(mailbox: Dovecot) -> None:
    text = told(ImapInbox(mailbox.url.replace("INBOX", "No%20such"), PASSWORD))
    assert "/No such: the mailbox cannot be opened" in text


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Dovecot) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in told(ImapInbox(server.url, PASSWORD))


def test_a_server_that_falls_silent_in_between_is_told(mailbox: Dovecot) -> None:
    mailbox.put("1", b"Subject: Buy!\n\nNow.\n")
    inbox = ImapInbox(mailbox.url, PASSWORD)
    with inbox._opened() as connection:
        connection.shutdown()
        with pytest.raises(Unreachable, match="the unread mails cannot be listed"):
            list(inbox._mails(connection))
