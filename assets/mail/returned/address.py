"""The addresses that mails come back to: each names a reader and an edition, and is signed by the key of the house.

They are plus addresses of one mailbox, `bounces+TOKEN@lab.example`. Servers on the way may fold the case of a local
part, so a token is small letters and digits; what it says stands in it and is no secret.
"""

import base64
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import Message

from assets.mail.readers.reader import Reader
from assets.mail.readers.secret import Secret

LASTS = timedelta(days=30)
"""For how long after its edition's day a mail may come back."""

RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
"""The headers that may say which address a mail was sent to."""

LEAVING = "unsubscribe-"
SIGNED_BYTES = 10
LONGEST_MAILBOX = 64 - len("+" + LEAVING) - len("r0123456789ab") - SIGNED_BYTES * 8 // 5
"""What is left of a local part's 64 characters (RFC 5321) for that of the mailbox itself."""

_BOUNCED = re.compile(r"\+(r[0-9a-f]{12})(\d{8})([a-z2-7]{16})@", re.IGNORECASE)
_LEFT = re.compile(rf"\+{LEAVING}(r[0-9a-f]{{12}})([a-z2-7]{{16}})@", re.IGNORECASE)


@dataclass(frozen=True)
class Addresses:
    """The plus addresses of a `mailbox`, whose local part has at most `LONGEST_MAILBOX` characters."""

    mailbox: str
    secret: Secret

    def of_mail(self, reader: str, day: date) -> str:
        """Where the mail of a day's edition to a reader, by id, comes back to."""
        return self._plus(f"{reader}{day:%Y%m%d}{self._signed('bounce', reader, f'{day:%Y%m%d}')}")

    def to_leave(self, reader: Reader) -> str:
        """Where a mail unsubscribes a reader, for as long as their links do."""
        return self._plus(f"{LEAVING}{reader.id}{self._signed('leave', reader.id, reader.token)}")

    def bounced(self, mail: Message) -> tuple[str, date] | None:
        """Whose mail of which edition came back, if a mail was sent to an address of ours that is still good."""
        for reader, day, signature in _found(_BOUNCED, mail):
            if self._is(signature, "bounce", reader, day):
                edition = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
                return (reader, edition) if datetime.now(UTC).date() - edition <= LASTS else None
        return None

    def leaving(self, mail: Message, of: Callable[[str], Reader | None]) -> Reader | None:
        """Who is to be unsubscribed by a mail, if it was sent to an address of ours; `of` finds a reader by the id."""
        for identity, signature in _found(_LEFT, mail):
            if (reader := of(identity)) and self._is(signature, "leave", reader.id, reader.token):
                return reader
        return None

    def _plus(self, token: str) -> str:
        local, _, domain = self.mailbox.rpartition("@")
        return f"{local}+{token}@{domain}"

    def _is(self, signature: str, *signed: str) -> bool:
        return hmac.compare_digest(signature, self._signed(*signed))

    def _signed(self, *words: str) -> str:
        hashed = bytes.fromhex(self.secret.hash(" ".join(words)))
        return base64.b32encode(hashed[:SIGNED_BYTES]).decode().lower()


def _found(token: re.Pattern[str], mail: Message) -> Iterator[tuple[str, ...]]:
    for name in RECIPIENTS:
        for value in mail.get_all(name, ()):
            for match in token.finditer(str(value)):
                yield tuple(group.lower() for group in match.groups())
