"""Mails to addresses that a server refuses come back by a real Postfix, and are read where it delivers them."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from assets.mail.message import message
from assets.mail.readers.reader import Reader, State
from assets.mail.returned.inbox import MaildirInbox
from assets.mail.returned.reading import Kind
from assets.mail.transport import SmtpTransport, Undelivered
from tests.lab import CHECKOUT
from tests.mail.conftest import Server
from tests.mail.returned.mails import ADA, TODAY, YESTERDAY, House
from tests.postfix import Postfix, postfix

WEB = f"https://papers.{'department.' * 9}example/unsubscribe/{'x' * 32}"
REFUSED = {
    "gone": "550 5.1.1 <gone@reader.example>: Recipient address rejected: User unknown",
    "closed": "550 5.2.1 <closed@reader.example> is shut down",
    "full": "552 5.2.2 <full@reader.example> has too many mails",
    "spam": "554 5.7.1 <spam@reader.example> does not want it",
    "bare": "550 no",
}


class Picky(Server):
    """Refuses readers by their names."""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if answer := REFUSED.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 ok"


@pytest.fixture(scope="module")
def sink() -> Iterator[Server]:
    server = Picky(enable_SMTPUTF8=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def relay(sink: Server) -> Iterator[Postfix]:
    with postfix(sink.port) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, relay: Postfix) -> House:
    """A house whose mails come back into Postfix's Maildir, which is empty."""
    for folder in ("new", "cur"):
        for file in (relay.maildir / folder).iterdir():
            file.unlink()
    return House(tmp_path, MaildirInbox(relay.maildir))


@pytest.fixture
def send(house: House, relay: Postfix) -> Callable[..., None]:
    """Mails a day's digest to a reader, through Postfix."""

    def send(reader: Reader, day: date = TODAY) -> None:
        with SmtpTransport("127.0.0.1", relay.port, "none").session() as deliver:
            deliver(digest(house, reader, day))

    return send


def digest(house: House, reader: Reader, day: date = TODAY) -> EmailMessage:
    return message(
        sender="Paperboy <paperboy@lab.example>", recipient=reader.mailbox, subject="Papers", text="Text",
        html="<p>HTML</p>", message_id=f"<{reader.id}.{day}@lab.example>", date=datetime.now(UTC),
        unsubscribe=WEB, unsubscribe_to=house.addresses.to_leave(reader),
        return_to=house.addresses.of_mail(reader.id, day),
    )  # fmt: skip


def mail_to(address: str) -> EmailMessage:
    """What a reader's mail program sends."""
    return message(
        sender=ADA, recipient=address, subject="unsubscribe", text="", html="", message_id="<1@reader.example>",
        date=datetime.now(UTC),
    )  # fmt: skip


def test_an_address_that_does_not_exist_is_suppressed_after_two_editions(
    house: House, relay: Postfix, send: Callable[..., None]
) -> None:
    gone, fine = house.readers.add("gone@reader.example"), house.readers.add("ada@reader.example")
    for number, day in enumerate((YESTERDAY, TODAY), 1):
        for reader in (gone, fine):
            send(reader, day)
        relay.came_back(1)
        assert house.reading.read().mails == {Kind.HARD: 1}
        states = {reader.address: reader.state for reader in house.readers.every()}
        expected = State.SUPPRESSED if number == 2 else State.CONFIRMED
        assert states == {gone.address: expected, fine.address: State.CONFIRMED}
    assert [(row.reader, row.day, row.status) for row in house.book.rows()] == [
        (gone.id, YESTERDAY, "5.1.1"),
        (gone.id, TODAY, "5.1.1"),
    ]
    assert list((relay.maildir / "new").iterdir()) == []


def test_each_refusal_is_what_it_is(house: House, relay: Postfix, send: Callable[..., None]) -> None:
    sent = {name: house.readers.add(f"{name}@reader.example") for name in REFUSED}
    for reader in sent.values():
        send(reader)
    relay.came_back(len(sent))
    assert house.reading.read().mails == {Kind.HARD: 2, Kind.SOFT: 3}
    names = {reader.id: name for name, reader in sent.items()}
    assert {names[row.reader]: (row.status, row.hard) for row in house.book.rows()} == {
        "gone": ("5.1.1", True),
        "closed": ("5.2.1", True),
        "full": ("5.2.2", False),
        "spam": ("5.7.1", False),
        "bare": ("5.0.0", False),
    }


def test_a_report_about_an_address_beyond_ascii_is_read(
    house: House, relay: Postfix, send: Callable[..., None]
) -> None:
    REFUSED["größe"] = "550 5.1.1 <größe@reader.example> unknown"
    send(house.readers.add("größe@reader.example"))
    (raw,) = (file.read_bytes() for file in relay.came_back(1))
    assert b"message/global-delivery-status" in raw
    assert house.reading.read().mails == {Kind.HARD: 1}


def test_the_headers_arrive_as_they_must(house: House, relay: Postfix, sink: Server, send: Callable[..., None]) -> None:
    """In the raw bytes behind a real relay: one click on one line, and the sender in the envelope alone."""
    ada = house.readers.add("ada@reader.example")
    before = len(sink.envelopes)
    send(ada)
    relay.until(lambda: len(sink.envelopes) > before)
    envelope = sink.envelopes[-1]
    assert envelope.mail_from == house.addresses.of_mail(ada.id, TODAY)
    assert isinstance(envelope.content, bytes)
    lines = envelope.content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    way_out = f"List-Unsubscribe: <{WEB}>, <mailto:{house.addresses.to_leave(ada)}?subject=unsubscribe>".encode()
    assert way_out in lines
    assert len(way_out) < 998
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert not any(line.lower().startswith(b"return-path") for line in lines)
    assert envelope.content.count(b"bounces+r") == 0


def test_the_way_out_by_mail_works_through_the_relay(house: House, relay: Postfix, send: Callable[..., None]) -> None:
    ada = house.readers.add("ada@reader.example")
    found = re.search(r"<mailto:([^?]+)\?subject=unsubscribe>", digest(house, ada)["List-Unsubscribe"])
    assert found is not None
    with SmtpTransport("127.0.0.1", relay.port, "none").session() as deliver:
        deliver(mail_to(found[1]))
    relay.came_back(1)
    assert house.reading.read().mails == {Kind.LEFT: 1}
    assert [reader.state for reader in house.readers.every()] == [State.UNSUBSCRIBED]


SETUP = re.compile(r"^postconf -e '(\w+) = (.*)'$", re.MULTILINE)


def test_the_documented_set_up_works(tmp_path: Path, sink: Server) -> None:
    """The domain's other mail is local, as on a machine that is a lab's mail server already."""
    documented = dict(SETUP.findall((CHECKOUT / "docs/bounces.md").read_text(encoding="utf-8")))
    assert set(documented) == {"recipient_delimiter", "transport_maps", "virtual_mailbox_base", "virtual_mailbox_maps"}
    maps = {name: value for name, value in documented.items() if name != "virtual_mailbox_base"}
    local = {
        "mydestination": "lab.example", "virtual_mailbox_domains": "", "local_recipient_maps": "$alias_maps",
        "alias_maps": "inline:{ { bounces = paperboy } }",
    }  # fmt: skip
    with postfix(sink.port, "returned", **local, **maps) as relay:
        house = House(tmp_path, MaildirInbox(relay.maildir))
        ada, gone = house.readers.add(ADA), house.readers.add("gone@reader.example")
        with SmtpTransport("127.0.0.1", relay.port, "none").session() as deliver:
            deliver(digest(house, gone))
            deliver(mail_to(house.addresses.to_leave(ada)))
            with pytest.raises(Undelivered, match=r"5\.1\.1") as refused:
                deliver(mail_to("nobody@lab.example"))
        assert refused.value.unusable
        relay.came_back(2)
        assert house.reading.read().mails == {Kind.HARD: 1, Kind.LEFT: 1}


def test_mails_without_an_address_of_ours_keep_their_sender(relay: Postfix, house: House, sink: Server) -> None:
    before = len(sink.envelopes)
    mail = message(
        sender="Paperboy <paperboy@lab.example>", recipient="ada@reader.example", subject="Papers", text="", html="",
        message_id="<2@lab.example>", date=datetime.now(UTC),
    )  # fmt: skip
    with SmtpTransport("127.0.0.1", relay.port, "none").session() as deliver:
        deliver(mail)
    relay.until(lambda: len(sink.envelopes) > before)
    assert sink.envelopes[-1].mail_from == "paperboy@lab.example"
