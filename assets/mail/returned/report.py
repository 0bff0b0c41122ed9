"""What a mail that came back says: a delivery status notification (RFC 3464), read as a stranger's text.

Of its words only the status code is kept (RFC 3463), for the others like to repeat the reader's address.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser, Parser
from email.policy import compat32

HARD = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"))
"""There is no such address, or domain, or it is written wrongly, has moved, takes no mail at all, or is shut down."""

REPORTS = ("message/delivery-status", "message/global-delivery-status")
MOST_PARTS = 20
"""Of a mail's parts so many are looked at; the report is the second."""

MOST_BLOCKS = 100
"""Of a report's blocks, one a recipient, so many are looked at; our mails have one recipient."""

LONGEST_KIND = 1_000
"""Characters of a Content-Type."""

_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ANSWERED = re.compile(r"\s*auto-(replied|notified)\b", re.IGNORECASE)
_REPLY = re.compile(r"\b5\d\d[ -](5\.\d{1,3}\.\d{1,3})(?![\d.])")


@dataclass(frozen=True)
class Failure:
    """That a mail could not be delivered, or not yet; `hard` where that is because of the address itself."""

    status: str
    hard: bool


def head(raw: bytes) -> Message:
    """The headers of a mail, however broken it is."""
    return BytesParser(policy=compat32).parsebytes(raw, headersonly=True)


def failures(raw: bytes) -> list[Failure] | None:
    """What a report says of those whom a mail did not reach; None if the mail is no report that can be read.

    `raw` may end in the midst of the mail: the report comes before the mail that is returned.
    """
    try:
        blocks = [block for part in _parts(head(raw)) if part.get_content_type() in REPORTS for block in _blocks(part)]
        outcomes = [outcome for block in blocks if (outcome := _outcome(block))]
    except Exception:  # noqa: BLE001 - whatever a stranger's mail makes the parser raise, it is no report
        return None
    return [failure for action, failure in outcomes if action in ("failed", "delayed")] if outcomes else None


def is_automatic(mail: Message) -> bool:
    """Whether a mail answers another of itself, as a report or a note of absence does (RFC 3834)."""
    returned = str(mail.get("Return-Path", "")).strip() == "<>" or mail.get_content_type() == "multipart/report"
    return returned or _ANSWERED.match(str(mail.get("Auto-Submitted", ""))) is not None


def _parts(mail: Message) -> Iterator[Message]:
    """The parts of a report, each with its headers parsed alone.

    The library's own parser goes into every part, whose depth, number and headers a stranger can choose so that it
    takes minutes.
    """
    kind = str(mail.get("Content-Type", ""))
    if mail.get_content_type() != "multipart/report" or len(kind) > LONGEST_KIND or not mail.get_boundary():
        return
    line = rf"^--{re.escape(str(mail.get_boundary()))}(?:--)?[ \t]*(?:\r?\n|\Z)"
    for part in re.split(line, str(mail.get_payload()), maxsplit=MOST_PARTS, flags=re.MULTILINE)[1:]:
        yield _headers(part)


def _blocks(report: Message) -> Iterator[Message]:
    """The blocks of a report: about the mail, then about each recipient."""
    text = report.get_payload(decode=True)
    assert isinstance(text, bytes)  # noqa: S101 - what the parser makes of a part that it does not go into
    for block in re.split(r"(?:\r?\n){2,}", text.decode("utf-8", "replace").strip(), maxsplit=MOST_BLOCKS):
        yield _headers(block)


def _headers(text: str) -> Message:
    return Parser(policy=compat32).parsestr(text, headersonly=True)


def _outcome(block: Message) -> tuple[str, Failure] | None:
    """The action and what it means, of a block about a recipient."""
    action = str(block.get("Action", "")).strip().lower()
    status = _STATUS.match(str(block.get("Status", "")))
    if not action or status is None:
        return None
    code = status[1]
    # Some servers only ever say 5.0.0, and beside it what the next server answered.
    if code == "5.0.0" and (answer := _REPLY.search(str(block.get("Diagnostic-Code", "")))):
        code = answer[1]
    return action, Failure(code, action == "failed" and code in HARD)
