"""The ways to the operator: what a mail looks like whatever it says, and webhooks over real HTTP."""

import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from orchestration.alerts.book import Book, News, Sending, State
from orchestration.alerts.channels import WebhookChannel, alert_mail
from tests.hook import Hook
from tests.lab import CHECKOUT

NOW = datetime(2026, 11, 27, 7, 31, tzinfo=UTC).replace(tzinfo=None)
LINE_BREAKS = ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"]


def sending(subject: str = "Paperboy: trouble", body: str = "It is so.\n") -> Sending:
    """A message to the operator."""
    return Sending("abc", "alert", subject, body, NOW, "operator@lab.example", State.PENDING, 0, "", NOW)


@pytest.mark.parametrize("line_break", LINE_BREAKS)
def test_no_subject_begins_another_header(line_break: str) -> None:
    told = alert_mail("paperboy@lab.example", sending(f"Paperboy:{line_break}Bcc: eve@lab.example{line_break * 2}x"))
    assert message_from_bytes(told.as_bytes(), policy=policy.default).keys() == told.keys()
    assert told["Bcc"] is None
    assert "Bcc: eve" in told["Subject"]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_arrives_in_short_lines_of_ascii(text: str) -> None:
    raw = alert_mail("Paperboy <paperboy@lab.example>", sending(text, text + "\n")).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    arrived = message_from_bytes(raw, policy=policy.default)
    assert arrived.get_content_type() == "text/plain"
    assert arrived["To"] == "operator@lab.example"


def test_a_message_keeps_its_message_id_and_shares_it_with_no_other() -> None:
    mail, again = (alert_mail("paperboy@lab.example", sending(subject)) for subject in ("one", "two"))
    assert mail["Message-ID"] == again["Message-ID"]
    assert mail["Message-ID"].endswith("@lab.example>")
    assert mail["Date"].datetime == NOW.replace(tzinfo=UTC)


def test_a_webhook_is_told_once_and_tried_again_where_it_did_not_confirm(tmp_path: Path, hook: Hook) -> None:
    book, channel = Book(tmp_path / "alerts.sqlite"), WebhookChannel([SecretStr(hook.url)])
    hook.answers = [500]
    book.write(News("alert", "Paperboy: trouble", "A line.\nAnother & <b>one</b>.\n"), channel.addresses)
    states = []
    for _ in range(3):
        with book.held():
            book.deliver([channel])
        states += [(found.state, found.attempts) for found in book.sendings()]
    assert states == [(State.RETRY, 1), (State.SENT, 2), (State.SENT, 2)]
    (told,) = hook.told
    assert told["title"] == "Paperboy: trouble"
    assert told["message"].splitlines() == ["A line.", "Another & <b>one</b>."]


def test_the_book_never_holds_a_webhooks_url(tmp_path: Path, hook: Hook) -> None:
    book, channel = Book(tmp_path / "alerts.sqlite"), WebhookChannel([SecretStr(hook.url)])
    hook.answers = [404]
    book.write(News("alert", "Paperboy: trouble", "It is so.\n"), channel.addresses)
    with book.held():
        book.deliver([channel])
    (found,) = book.sendings()
    assert found.state == State.RETRY
    assert found.reason.startswith("not confirmed: ")
    assert "hunter2" not in str(found)
    assert "hunter2" not in repr(channel)


def test_a_url_that_is_none_is_given_up(tmp_path: Path) -> None:
    book, channel = Book(tmp_path / "alerts.sqlite"), WebhookChannel([SecretStr("nowhere://hunter2")])
    assert channel.unusable() == ["alerts.notify, number 1"]
    book.write(News("alert", "Paperboy: trouble", "It is so.\n"), channel.addresses)
    with book.held():
        book.deliver([channel])
    (found,) = book.sendings()
    assert (found.state, found.reason) == (State.FAILED, "apprise cannot read the URL: paperboy doctor says which")


def test_apprise_is_imported_only_where_a_webhook_is_used() -> None:
    script = (
        "import sys; from orchestration.alerts.channels import WebhookChannel; import orchestration.definitions;"
        "WebhookChannel([]).unusable(); print('apprise' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
