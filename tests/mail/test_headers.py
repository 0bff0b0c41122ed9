"""What a digest's headers are once a mail server has them, read with a parser, and what its bytes are."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from assets.mail.message import feedback_id, message
from tests.mail.conftest import Server
from tests.mail.outboxes import smtp
from tests.mail.test_message import DAY, DIGEST

LONG = ".".join(["department"] * 20 + ["example"])
WEB = "https://papers.lab.example"
LINKS = {"archive": f"{WEB}/", "unsubscribe": f"{WEB}/unsubscribe/{'x' * 43}"}

KINDS: dict[str, dict[str, Any]] = {
    "usual": {},
    "beyond ASCII": {
        "subject": "Größe 数学",
        "text": "Größe 数学",
        "html": "<p>数学</p>",
        "sender": "Käte <a@lab.example>",
    },
    "long": {"subject": "word " * 60, "text": "x" * 5000, "html": "<p>" + "字" * 5000, "sender": f"paperboy@{LONG}"},
    "a long way out": {"unsubscribe": f"https://{LONG}/unsubscribe/{'x' * 43}", "archive": f"https://{LONG}/"},
    "dots": {"text": ".\n..\n.x\n", "html": ".\n"},
}


def arrived(server: Server, **fields: Any) -> tuple[bytes, EmailMessage]:
    """A digest as the server got it: its bytes, and parsed."""
    digest = DIGEST | LINKS | fields
    with smtp(server.port).session() as send:
        send(message(**digest, feedback=feedback_id(DAY, digest["sender"])))
    content = server.envelopes[-1].content
    assert isinstance(content, bytes)
    return content, message_from_bytes(content, policy=policy.default)


@pytest.mark.parametrize("kind", KINDS)
def test_every_header_arrives_once_and_can_be_read(serve: Callable[..., Server], kind: str) -> None:
    digest = DIGEST | LINKS | KINDS[kind]
    _, mail = arrived(serve(), **KINDS[kind])
    domain = digest["sender"].strip(">").rpartition("@")[2]
    assert all(not part.defects for part in mail.walk())
    assert sorted(mail.keys()) == sorted(set(mail.keys()))
    assert mail["From"].addresses[0].domain == domain
    assert mail["To"].addresses[0].addr_spec == "ada@lab.example"
    assert mail["Subject"] == digest["subject"].strip()
    assert parsedate_to_datetime(mail["Date"]) == digest["date"]
    assert {name: str(value) for name, value in mail.items() if name not in ("From", "To", "Subject", "Date")} == {
        "Message-ID": "<1@lab.example>",
        "List-Id": f"<paperboy.{domain}>",
        "List-Archive": f"<{digest['archive']}>",
        "List-Unsubscribe": f"<{digest['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Content-Language": "en",
        "Feedback-ID": f"2025-03-02:{domain}:digest:paperboy",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_its_lines_are_short_and_of_seven_bits(serve: Callable[..., Server], kind: str) -> None:
    raw, _ = arrived(serve(), **KINDS[kind])
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) < 998
    assert raw.isascii()
    assert not any(re.search(rb"[\r\n\0]", line) for line in lines)


@pytest.mark.parametrize("kind", KINDS)
def test_one_click_stands_on_one_line(serve: Callable[..., Server], kind: str) -> None:
    raw, _ = arrived(serve(), **KINDS[kind])
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    way_out = (DIGEST | LINKS | KINDS[kind])["unsubscribe"]
    assert f"List-Unsubscribe: <{way_out}>".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head


def test_feedback_tells_nobody_by_name_and_has_four_parts() -> None:
    """Google reads the last part as the sender, of 5 to 15 characters."""
    *_, sender = parts = feedback_id(DAY, "Paperboy <paperboy@münchen.example>").split(":")
    assert parts == ["2025-03-02", "xn--mnchen-3ya.example", "digest", "paperboy"]
    assert 5 <= len(sender) <= 15
