"""A Paperboy with an operator, on an archive of invented days, with a real mail server that tells mailboxes apart."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from orchestration.alerts.announce import Alarm, Occasion
from orchestration.alerts.book import Sending
from orchestration.resources import alarm
from tests.lab import Lab, lab
from tests.mail.conftest import Server
from tests.orchestration.terminal import MONDAY, body

OPERATOR, READER = "operator@lab.example", "canary@reader.example"
REJECTED = f"Paperboy: fetched_papers {MONDAY} was rejected"
RECOVERED = f"Paperboy: recovered: fetched_papers {MONDAY}"
READERS = f"Quill Canary <{READER}>"


class Mailroom(Server):
    """A mail server that refuses some addresses, and tells the reason with the address and the name in it."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, _server: SMTP, _: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 <{address}> Quill Canary has moved to {address}.invalid"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """What came for an address."""
        return [
            mail for mail, envelope in zip(self.accepted, self.envelopes, strict=True) if address in envelope.rcpt_tos
        ]


@dataclass
class House:
    """A lab, its archive, and the mail server."""

    lab: Lab
    archive: Path
    mailroom: Mailroom
    alarm: Alarm = field(init=False)

    def __post_init__(self) -> None:
        self.alarm = alarm(self.lab.settings)

    def good(self, *days: date) -> None:
        """The archive has these days, whole."""
        for day in days:
            self._store(day, body(day))

    def bad(self, *days: date) -> None:
        """The archive has these days, and half of the titles are gone: the gate rejects them."""
        for day in days:
            listed = json.loads(body(day))
            for entry in listed[:6]:
                entry["paper"]["title"] = None
            self._store(day, json.dumps(listed))

    def broken(self, *days: date) -> None:
        """The archive has an error page for these days: they fail."""
        for day in days:
            self._store(day, "<html><title>502 Bad Gateway</title></html>")

    def empty(self, *days: date) -> None:
        """The archive has a list without papers for these days: a warning on a weekday."""
        for day in days:
            self._store(day, "[]")

    def _store(self, day: date, text: str) -> None:
        self.archive.mkdir(exist_ok=True)
        (self.archive / f"{day}.json").write_text(text)

    def announce(self, *, daily: bool = True, command: bool = False, trouble: str = "") -> list[Sending]:
        """One look at what is untold."""
        return self.alarm.announce(self.lab.instance, Occasion(daily, command, trouble))

    @property
    def alerts(self) -> list[EmailMessage]:
        """The operator's mailbox."""
        return self.mailroom.to(OPERATOR)

    @property
    def subjects(self) -> list[str]:
        """The subjects in the operator's mailbox."""
        return [str(mail["Subject"]) for mail in self.alerts]

    def text(self, place: int = -1) -> str:
        """The text of an alert, on one line."""
        return " ".join(str(self.alerts[place].get_content()).split())

    def everything_said(self) -> str:
        """Whatever an alert says anywhere, with all headers."""
        return "\n".join(f"{mail.items()}\n{mail.get_content()}" for mail in self.alerts)


NewHouse = Callable[..., AbstractContextManager[House]]


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    """A mail server."""
    server = Mailroom()
    server.start()
    yield server
    if not server.loop.is_closed():  # a test may have stopped it
        server.stop()


@pytest.fixture
def new_house(tmp_path: Path, mailroom: Mailroom) -> NewHouse:
    """Makes houses, with settings as environment variables without their prefix."""

    @contextmanager
    def make(**environment: Any) -> Iterator[House]:
        archive = tmp_path / "archive"
        archive.mkdir(exist_ok=True)
        with lab(tmp_path / "home", **settings(archive, mailroom.port), **environment) as made:
            yield House(made, archive, mailroom)

    return make


@pytest.fixture
def house(new_house: NewHouse) -> Iterator[House]:
    """A house whose operator gets mail."""
    with ExitStack() as stack:
        yield stack.enter_context(new_house(ALERTS__TO=OPERATOR))


def settings(archive: Path, port: int) -> dict[str, str]:
    """An archive as the only source, and a mail server on loopback."""
    return {
        "SOURCES": "archive",
        "ARCHIVE__FOLDER": str(archive),
        "MAIL__TRANSPORT": "smtp",
        "MAIL__HOST": "127.0.0.1",
        "MAIL__PORT": str(port),
        "MAIL__SECURITY": "none",
        "MAIL__RECIPIENTS": READERS,
        "LOCK_WAIT_SECONDS": "1",
    }
