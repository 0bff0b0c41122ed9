"""A row of the outbox as the mail that it stands for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

from assets.mail import render
from assets.mail.edition import Edition
from assets.mail.intents import Row
from assets.mail.material import Combined, Material
from assets.mail.message import feedback_id, message
from assets.mail.outbox import Outbox
from assets.mail.readers.change import token
from assets.mail.readers.reader import Reader
from assets.mail.returned.address import Addresses
from assets.mail.words import ENGLISH

KEPT = 16
"""Mails for several readers that are kept at a time; most get the same one."""


@dataclass(frozen=True)
class Written:
    """A mail but for whom it goes to: where the reader's token is to be stands what no paper can hold."""

    subject: str
    text: render.Blocks
    html: render.Blocks


@dataclass(frozen=True)
class Composer:
    """Makes the mails of a day to whom `reader` finds by an id; `made` is for mails of which nothing else is known.

    Links lead to the web service at `url`; empty, there are none. Mails come back to the addresses of `returns`. Who
    chose no language is mailed in `language`.
    """

    outbox: Outbox
    reader: Callable[[str], Reader | None]
    sender: str
    url: str
    made: Material[Edition]
    returns: Addresses | None = None
    language: str = ENGLISH.language
    _stand_in: str = field(default_factory=token)
    _materials: dict[date, Material[Any]] = field(default_factory=dict)
    _kept: dict[str, Written] = field(default_factory=dict)

    def compose(self, row: Row) -> EmailMessage | None:
        """The mail of a row; None if there is no such reader any more."""
        if (to := self.reader(row.reader)) is None:
            return None
        language = to.preferences.spoken(self.language)
        written = self._written(row, language)
        leave = self.url and f"{self.url}/unsubscribe/{to.token}"
        return message(
            sender=self.sender, recipient=to.mailbox, subject=written.subject,
            text=tuple(block.replace(self._stand_in, to.token) for block in written.text),
            html=tuple(block.replace(self._stand_in, to.token) for block in written.html),
            message_id=row.message_id, date=datetime.now(UTC),
            archive=self.url and f"{self.url}/", unsubscribe=leave,
            unsubscribe_to=self.returns.to_leave(to) if self.returns else "",
            return_to=self.returns.of_mail(row.reader, row.day) if self.returns else "",
            feedback=feedback_id(row.day, self.sender), language=language,
        )  # fmt: skip

    def edition(self, row: Row, language: str) -> Edition | Combined:
        """What a row's mail tells, in a language."""
        if not row.works:
            return self.made.whole_in(language)  # written down by a Paperboy that mailed the same to all
        if row.first_day not in self._materials:
            kept = self.outbox.material(row.day, row.first_day)
            assert kept is not None  # noqa: S101 - written down together with the row
            self._materials[row.first_day] = kept
        made: Edition | Combined = self._materials[row.first_day].of(row.works, language)
        return made

    def links(self, edition: Edition | Combined, token: str) -> render.Links:
        """Where a mail to the reader with a token leads; the web has editions of one day."""
        if not self.url:
            return render.NO_LINKS
        page = f"{self.url}/editions/{edition.day}" if isinstance(edition, Edition) else ""
        return render.Links(page, *(f"{self.url}/{what}/{token}" for what in ("likes", "preferences", "unsubscribe")))

    def _written(self, row: Row, language: str) -> Written:
        """The same for the same papers in the same language, as of all who wish nothing: made once."""
        key = f"{language} {row.first_day} {row.works}"
        if key not in self._kept:
            edition = self.edition(row, language)
            links = self.links(edition, self._stand_in)
            if len(self._kept) == KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = Written(
                edition.subject, render.text_blocks(edition, links), render.html_blocks(edition, links)
            )
        return self._kept[key]
