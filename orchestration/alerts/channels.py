"""The ways to the operator: a mail of plain text, and webhooks.

A mail goes over the transport of the readers' mail and is else nothing like theirs: one address of `alerts.to`, no list
and nothing to unsubscribe from.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property

from pydantic import SecretStr

from assets.mail import webhook
from assets.mail.message import header_line, mailbox
from assets.mail.transport import DeliveryUnknown, Transport, Undelivered
from orchestration.alerts.book import Sending

_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class MailChannel:
    """Mail from `sender` to each address of `to`."""

    transport: Transport
    sender: str
    to: Sequence[str]

    @property
    def addresses(self) -> list[str]:
        """See `Channel`."""
        return [mailbox(text).addr_spec for text in self.to]

    @contextmanager
    def session(self) -> Iterator[Callable[[Sending], None]]:
        """See `Channel`."""
        with self.transport.session() as deliver:
            yield lambda sending: deliver(alert_mail(self.sender, sending))


@dataclass(frozen=True)
class WebhookChannel:
    """Targets of the library apprise. Their URLs hold tokens: the book names a target by a part of its digest."""

    urls: Sequence[SecretStr]

    @property
    def addresses(self) -> list[str]:
        """See `Channel`."""
        return list(self._by_address)

    @contextmanager
    def session(self) -> Iterator[Callable[[Sending], None]]:
        """See `Channel`. Raises `Undelivered` for whatever was not confirmed."""
        yield lambda sending: self._notify(self._by_address[sending.address], sending)

    def unusable(self) -> list[str]:
        """The targets that apprise cannot read, by their place in the setting."""
        urls = [url.get_secret_value() for url in self.urls]
        return [f"alerts.notify, number {place}" for place in webhook.unusable(urls)]

    def _notify(self, url: str, sending: Sending) -> None:
        try:
            webhook.post(url, lambda title, text: (sending.subject, sending.body))
        except DeliveryUnknown as error:  # the operator had rather hear of it twice than never
            raise Undelivered(str(error)) from None

    @cached_property
    def _by_address(self) -> dict[str, str]:
        urls = [url.get_secret_value() for url in self.urls]
        return {f"webhook {webhook.name(url)}": url for url in urls}


def alert_mail(sender: str, sending: Sending) -> EmailMessage:
    """The message as text/plain in ASCII; its Message-ID stays the same, so that a mailbox can tell a repetition."""
    by, to = mailbox(sender), mailbox(sending.address)
    key = hashlib.sha256(f"{sending.message} {sending.address}".encode()).hexdigest()[:32]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = by
    mail["To"] = to
    mail["Subject"] = header_line(sending.subject)
    mail["Date"] = sending.created_at.replace(tzinfo=UTC)
    mail["Message-ID"] = f"<{key}@{by.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(sending.body, cte="quoted-printable")
    return mail
