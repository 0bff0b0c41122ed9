"""Mails that come back, over a whole Paperboy: from its digest through a real Postfix to the sensor and the command."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.mail.readers.reader import State
from assets.mail.returned.address import Addresses
from orchestration.resources import outbox, readers, returned, returns
from orchestration.sensors import mails_that_came_back
from orchestration.settings import Settings
from tests.browser.stage import free_port
from tests.conftest import NewLab
from tests.mail.returned.mails import LEAVING, POSTFIX, TODAY, written
from tests.mail.returned.test_postfix import Picky
from tests.orchestration.terminal import NewTerminal, Terminal
from tests.orchestration.test_doctor import findings
from tests.orchestration.test_mail_policy import NEWEST
from tests.postfix import Postfix, postfix

ADA, GONE = "ada@reader.example", "gone@reader.example"
ADDRESS = "bounces@lab.example"


@pytest.fixture
def sink() -> Iterator[Picky]:
    server = Picky()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def relay(sink: Picky) -> Iterator[Postfix]:
    with postfix(sink.port) as running:
        yield running


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("tmp", "new", "cur"):
        (tmp_path / "returned" / name).mkdir(parents=True)
    return tmp_path / "returned"


@pytest.fixture
def paperboy(terminal: NewTerminal, maildir: Path) -> Terminal:
    return terminal(MAIL__RECIPIENTS=ADA, BOUNCES__ADDRESS=ADDRESS, BOUNCES__INBOX=str(maildir))


class Kept(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


def tick(settings: Settings) -> tuple[str | None, list[str]]:
    """What the sensor says when it looks, and what it logs."""
    kept = Kept()
    with dg.build_sensor_context(resources={"returned": returned(settings)}) as context:
        context.log.addHandler(kept)
        found = mails_that_came_back.evaluate_tick(context)
    assert not found.run_requests
    return found.skip_message, kept.lines


def test_a_reader_whose_digest_came_back_twice_gets_no_third(new_lab: NewLab, relay: Postfix, sink: Picky) -> None:
    variables = {
        "MAIL__TRANSPORT": "smtp", "MAIL__HOST": "127.0.0.1", "MAIL__PORT": str(relay.port), "MAIL__SECURITY": "none",
        "MAIL__RECIPIENTS": f"{ADA}, {GONE}", "BOUNCES__ADDRESS": ADDRESS, "BOUNCES__INBOX": str(relay.maildir),
    }  # fmt: skip
    with new_lab(**variables) as made:
        assert all(outcome.success for outcome in made.backfill(NEWEST - timedelta(days=6), NEWEST))
        week = (NEWEST - timedelta(days=back) for back in range(7))
        first, second, third = [day for day in week if made.rows("digest", day)][:3]
        said = []
        for day in (first, second):
            assert made.send(day).success
            relay.came_back(1)
            said.append(tick(made.settings))
        assert made.send(third).success
        relay.until(lambda: len(sink.accepted) == 3)
        assert said == [
            ("mails that came back: 1 for good", []),
            ("mails that came back: 1 for good; 1 reader(s) suppressed", []),
        ]
        store = readers(made.settings)
        gone = store.find(GONE)
        assert [event.event for event in store.events(gone.id)] == ["added", "bounced", "bounced", "suppressed"]
        sent = {(row.day, str(row.state)) for row in outbox(made.settings).rows() if row.reader == gone.id}
        assert sent == {(first, "sent"), (second, "sent")}
        assert {str(mail["To"]) for mail in sink.accepted} == {ADA}
        addresses, ada = signed(made.settings), store.find(ADA)
        by_mail = f"<mailto:{addresses.to_leave(ada)}?subject=unsubscribe>"
        assert {str(mail["List-Unsubscribe"]) for mail in sink.accepted} == {by_mail}
        returned_to = {addresses.of_mail(ada.id, day) for day in (first, second, third)}
        assert {envelope.mail_from for envelope in sink.envelopes} == returned_to


def test_by_itself_nothing_is_read_and_nothing_said_of_it(terminal: NewTerminal) -> None:
    paperboy = terminal()
    assert tick(paperboy.settings) == ("nobody reads mails that come back: bounces.address names no mailbox", [])
    result = paperboy("bounces", "read")
    assert result.exit_code == 2
    assert "bounces.address names no mailbox" in result.output
    assert paperboy("bounces", "list").output == "No mail came back.\n"
    assert "bounces" not in findings(paperboy("doctor"))


def signed(settings: Settings) -> Addresses:
    """The addresses that mails come back to."""
    found = returns(settings)
    assert found is not None
    return found


def arrives(maildir: Path, *mails: bytes) -> None:
    for number, content in enumerate(mails):
        (maildir / "new" / f"{number}").write_bytes(content)


def test_the_command_reads_and_lists_what_came_back(paperboy: Terminal, maildir: Path) -> None:
    (ada,) = readers(paperboy.settings).due([ADA])
    ben = readers(paperboy.settings).add("ben@reader.example")
    addresses, yesterday = signed(paperboy.settings), TODAY - timedelta(days=1)
    arrives(
        maildir,
        written(POSTFIX, addresses.of_mail(ada.id, yesterday)),
        written(POSTFIX, addresses.of_mail(ada.id, TODAY), "5.2.2"),
        written(LEAVING, addresses.to_leave(ben)),
        written(POSTFIX, ADDRESS),
    )
    assert findings(paperboy("doctor"))["bounces"] == ("ok", f"Maildir {maildir}, 4 unread")
    result = paperboy("bounces", "read")
    assert (result.exit_code, result.output) == (
        0,
        "mails that came back: 1 for good, 1 for another reason, or late, 1 to unsubscribe, "
        "1 not recognised, left as they are\n",
    )
    assert tick(paperboy.settings) == ("mails that came back: 1 not recognised, left as they are", [])
    lines = [line.split() for line in paperboy("bounces", "list").output.splitlines()]
    assert lines[0] == ["day", "reader", "status", "for", "good", "read"]
    assert [line[:4] for line in lines[1:]] == [[str(yesterday), ADA, "5.1.1", "yes"], [str(TODAY), ADA, "5.2.2", "no"]]
    found = json.loads(paperboy("bounces", "list", "--json").output)
    assert [(row["reader"], row["address"], row["hard"]) for row in found] == [
        (ada.id, ADA, True),
        (ada.id, ADA, False),
    ]
    assert "bounced by mail server" in paperboy("readers", "show", ADA).output


def test_a_mailbox_that_cannot_be_read_is_told_in_one_line_and_tried_again(
    terminal: NewTerminal, maildir: Path
) -> None:
    port = free_port()
    paperboy = terminal(
        BOUNCES__ADDRESS=ADDRESS, BOUNCES__INBOX=f"imaps://ada@127.0.0.1:{port}/INBOX", BOUNCES__PASSWORD="hunter2"
    )
    told = f"127.0.0.1:{port}/INBOX: cannot be reached: Connection refused"
    assert tick(paperboy.settings) == (
        "to be read in an hour",
        [f"ERROR mails that came back could not be read: {told}"],
    )
    result = paperboy("bounces", "read")
    assert (result.exit_code, result.output) == (1, f"Error: {told}\n")
    result = paperboy("doctor")
    assert findings(result)["bounces"] == ("FAIL", told)
    assert "hunter2" not in result.output


def test_no_address_of_a_reader_is_logged(paperboy: Terminal, maildir: Path) -> None:
    (ada,) = readers(paperboy.settings).due([ADA])
    addresses = signed(paperboy.settings)
    days = [TODAY - timedelta(days=back) for back in range(3)]
    arrives(maildir, *(written(POSTFIX, addresses.of_mail(ada.id, day)) for day in days), written(POSTFIX, ADDRESS))
    said, logged = tick(paperboy.settings)
    assert readers(paperboy.settings).find(ADA).state is State.SUPPRESSED
    assert "reader.example" not in f"{said} {logged}"


def test_the_sensor_runs_of_itself_every_hour() -> None:
    assert mails_that_came_back.default_status == dg.DefaultSensorStatus.RUNNING
    assert mails_that_came_back.minimum_interval_seconds == 3600
