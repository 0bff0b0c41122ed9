"""A reader's digest as one Internet message (RFC 5322, MIME).

Takes finished text and HTML: neither their rendering nor their sending belongs here.
"""

import datetime
import hashlib
import re
import unicodedata
from binascii import b2a_qp
from email.headerregistry import Address, Group, HeaderRegistry, UniqueAddressHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime
from functools import cache, lru_cache
from typing import Any

from email_validator import validate_email

BOUNDARY = "=_paperboy"
"""Between the parts: what is quoted-printable has no `=_`."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_PLAIN = re.compile(r"(?=.{,254}\Z)(?=.{,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
"""Most addresses, within the lengths of RFC 5321, 4.5.3.1; any other is looked at more closely."""


class _OneLine(UnstructuredHeader):
    """A header that stays as it is: one longer than a line would be encoded, which no mail program decodes in it."""

    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Nothing in it is looked at."""
        kwds |= {"parse_tree": None, "decoded": value}

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Plain(UniqueAddressHeader):
    """An address alone is not taken apart word by word, in which it would take as long as a paper."""

    name: str
    _parse_tree: Any

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """The address, or whatever else it is."""
        if _PLAIN.fullmatch(value) is None:
            super().parse(value, kwds)
        else:
            kwds |= {"parse_tree": None, "groups": [Group(None, [mailbox(value)])], "decoded": value}

    def fold(self, *, policy: Policy) -> str:
        if self._parse_tree is None:
            return f"{self.name}: {self}{policy.linesep}"
        return str(super().fold(policy=policy))  # type: ignore[misc]  # typeshed does not know it


class _Registry(HeaderRegistry):
    """Makes the class of a name once: the standard library makes another one for every header."""

    __getitem__ = cache(HeaderRegistry.__getitem__)


_HEADERS = _Registry()
for _name in (
    "message-id", "list-id", "list-archive", "list-unsubscribe", "list-unsubscribe-post", "feedback-id", "return-path",
):  # fmt: skip
    _HEADERS.map_to_type(_name, _OneLine)  # type: ignore[arg-type]  # typeshed asks for the base class
_HEADERS.map_to_type("to", _Plain)  # type: ignore[arg-type]
_POLICY = EmailPolicy(linesep="\r\n", cte_type="7bit", header_factory=_HEADERS)


def message(
    *,
    sender: str,
    recipient: str,
    subject: str,
    text: str | tuple[str, ...],
    html: str | tuple[str, ...],
    message_id: str,
    date: datetime.datetime,
    archive: str = "",
    unsubscribe: str = "",
    unsubscribe_to: str = "",
    return_to: str = "",
    feedback: str = "",
    language: str = "en",
) -> EmailMessage:
    """The digest as multipart/alternative, the text first, in short lines of ASCII that a relay leaves alone.

    `sender` and `recipient` are one address each, `ada@lab.example` or `Ada <ada@lab.example>`; `date` has a
    zone. A text may be given as blocks of its lines: one that is in many mails is encoded once. `archive` and
    `unsubscribe` are addresses of the web, the latter of one click (RFC 8058), or empty. A mail to `unsubscribe_to`
    does the same, and what cannot be delivered comes back to `return_to`; both may be empty, and so may `feedback`, see
    `feedback_id`. `language` is a code of ISO 639. Raises `ValueError` for what is not an address.
    """
    by = mailbox(sender)
    ways_out = [unsubscribe, unsubscribe_to and f"mailto:{unsubscribe_to}?subject=unsubscribe"]
    headers = {
        "From": str(by),
        "To": str(mailbox(recipient)),
        "Subject": subject,
        "Date": format_datetime(date),
        "Message-ID": message_id,
        "Content-Language": language,
        "List-Id": f"<paperboy.{by.domain}>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "List-Archive": archive and f"<{archive}>",
        "Return-Path": return_to and f"<{return_to}>",  # for the transport: it goes by the envelope
        "List-Unsubscribe": ", ".join(f"<{header_line(way)}>" for way in ways_out if way),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if unsubscribe else "",
        "Feedback-ID": feedback,
        "MIME-Version": "1.0",
    }
    mail = EmailMessage(policy=_POLICY)
    for name, value in headers.items():
        if line := header_line(value):
            mail[name] = _header(name, line)
    mail["Content-Type"] = _header("Content-Type", f'multipart/alternative; boundary="{BOUNDARY}"')
    mail.attach(_part(text, "plain"))
    mail.attach(_part(html, "html"))
    return mail


@lru_cache(maxsize=256)
def _header(name: str, value: str) -> Any:
    """A header as it is stored; most say the same in every mail, and to parse one takes long."""
    return _HEADERS(name, value)


def _part(text: str | tuple[str, ...], subtype: str) -> EmailMessage:
    """A text as quoted-printable: relays may break long lines and change control characters of anything else."""
    part = EmailMessage(policy=_POLICY)
    part["Content-Type"] = _header("Content-Type", f'text/{subtype}; charset="utf-8"')
    part["Content-Transfer-Encoding"] = _header("Content-Transfer-Encoding", "quoted-printable")
    blocks = _LINE_END.split(text) if isinstance(text, str) else text
    part.set_payload("\n".join(map(_quoted, blocks)))
    return part


@lru_cache(maxsize=16_384)
def _quoted(block: str) -> str:
    """Lines as quoted-printable; most stand in many mails, and to encode them takes longer than all else."""
    return b2a_qp(_LINE_END.sub("\n", block).encode(), istext=True).decode("ascii")


def message_id(day: datetime.date, reader: str, sender_domain: str) -> str:
    """The Message-ID of a reader's digest of a day, by the reader's id: always the same."""
    key = hashlib.sha256(f"{day.isoformat()} {reader}".encode()).hexdigest()[:32]
    return f"<{key}@{sender_domain.encode('idna').decode()}>"


def feedback_id(day: datetime.date, sender: str) -> str:
    """By which Gmail's Postmaster Tools tell the sender how many readers call a day's digest spam: never who does.

    The parts are the edition, the house, the kind of mail and, last, who sends all of these.
    """
    return f"{day}:{mailbox(sender).domain}:digest:paperboy"


def header_line(text: str) -> str:
    """Text on one line: a header must not begin another, whichever of Unicode's line breaks it holds."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


@lru_cache(maxsize=256)  # the sender's is the same in every mail
def mailbox(text: str) -> Address:
    """`ada@lab.example` or `Ada <ada@lab.example>` as an address; raises `ValueError` for what is none."""
    if _PLAIN.fullmatch(text):
        local, _, domain = text.rpartition("@")
        return Address("", local, _valid(domain))
    name, _, address = header_line(text).rpartition("<")
    valid = validate_email(address.removesuffix(">").strip(), check_deliverability=False)
    return Address(name.strip().strip('"'), valid.local_part, valid.ascii_domain)


@lru_cache(maxsize=256)  # a lab's readers share a few
def _valid(domain: str) -> str:
    return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain
