"""The mailbox that mails come back to, read by IMAP (RFC 3501) over TLS.

No word of the server or of imaplib goes on: either may hold the password, or an address.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from assets.mail.returned.inbox import MOST_OF_HEAD, MOST_OF_MAIL, Mail, Unreachable

PORT = 993
AT_ONCE = 100
"""Mails whose headers are asked for together."""

_UID = re.compile(rb"\bUID (\d+)\b")
_FAILURES = (imaplib.IMAP4.error, OSError, UnicodeError)


@dataclass(frozen=True)
class ImapInbox:
    """A mailbox at `imaps://user@host:port/mailbox`; the certificate is verified. What was read is marked Seen.

    `timeout` is in seconds, for each answer of the server.
    """

    url: str
    password: str | None = field(default=None, repr=False)
    timeout: float = 15

    @contextmanager
    def unread(self) -> Iterator[Iterator[Mail]]:
        """See `Inbox`."""
        with self._opened() as server:
            yield self._mails(server)

    def check(self) -> str:
        """See `Inbox`."""
        with self._opened() as server:
            return f"{self._place}, {len(self._unseen(server))} unread"

    @property
    def _place(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or PORT}{unquote(parts.path)}"

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4_SSL]:
        parts = urlsplit(self.url)
        if not self.password:
            raise Unreachable(f"{self._place}: there is no password; set PAPERBOY_BOUNCES__PASSWORD")
        with self._told("cannot be reached"):
            server = imaplib.IMAP4_SSL(
                parts.hostname or "", parts.port or PORT, ssl_context=ssl.create_default_context(), timeout=self.timeout
            )
        try:
            with self._told("the login was refused"):
                server.login(unquote(parts.username or ""), self.password)
            with self._told("the mailbox cannot be opened for reading and marking"):
                _ok(server.select(f'"{unquote(parts.path).lstrip("/")}"'))
            yield server
        finally:
            with suppress(*_FAILURES):
                server.logout()

    def _mails(self, server: imaplib.IMAP4_SSL) -> Iterator[Mail]:
        unseen = self._unseen(server)
        for start in range(0, len(unseen), AT_ONCE):
            for uid, head in self._fetched(server, b",".join(unseen[start : start + AT_ONCE]), "HEADER", MOST_OF_HEAD):
                yield self._mail(server, uid, head)

    def _mail(self, server: imaplib.IMAP4_SSL, uid: str, head: bytes) -> Mail:
        def content() -> bytes:
            return next((found for _, found in self._fetched(server, uid.encode(), "", MOST_OF_MAIL)), b"")

        def done() -> None:
            with self._told("a mail cannot be marked as read"):
                _ok(server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))

        return Mail(head, content, done)

    def _unseen(self, server: imaplib.IMAP4_SSL) -> list[bytes]:
        with self._told("the unread mails cannot be listed"):
            return sorted(_ok(server.uid("SEARCH", "UNSEEN"))[0].split(), key=int)

    def _fetched(self, server: imaplib.IMAP4_SSL, uids: bytes, section: str, most: int) -> Iterator[tuple[str, bytes]]:
        """The first bytes of a section of mails, with their UIDs; reading them marks nothing."""
        with self._told("mails cannot be fetched"):
            answer = _ok(server.uid("FETCH", uids.decode(), f"(UID BODY.PEEK[{section}]<0.{most}>)"))
        # The text comes as a pair, and a server may tell the UID before it or after it.
        for one, after in zip(answer, [*answer[1:], b""], strict=True):
            if isinstance(one, tuple) and (uid := _UID.search(one[0] + (after if isinstance(after, bytes) else b""))):
                yield uid[1].decode(), one[1]

    @contextmanager
    def _told(self, trouble: str) -> Iterator[None]:
        try:
            yield
        except ssl.SSLError as error:
            raise Unreachable(f"{self._place}: {trouble}: {error.reason or 'TLS failed'}") from None
        except OSError as error:
            raise Unreachable(f"{self._place}: {trouble}: {error.strerror or type(error).__name__}") from None
        except _FAILURES as error:
            raise Unreachable(f"{self._place}: {trouble} ({type(error).__name__})") from None


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(answer[0])
    return answer[1]
