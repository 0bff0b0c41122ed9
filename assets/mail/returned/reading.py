"""Reading the mails that came back, and what follows: readers who leave, and addresses that are of no use.

A mail counts only by its address, which is signed. What it causes is committed before it is marked as read, and is
the same however often it is read: a crash in between costs nothing.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from email.message import Message
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from assets.mail.readers.reader import State
from assets.mail.readers.store import Readers
from assets.mail.returned.address import Addresses
from assets.mail.returned.book import Book
from assets.mail.returned.inbox import Inbox, Mail, Unreachable
from assets.mail.returned.report import failures, head, is_automatic

MOST = 500
"""Mails with consequences that are taken at once; the rest is taken the next time."""


class Kind(StrEnum):
    """What a mail turned out to be."""

    HARD = "for good"
    SOFT = "for another reason, or late"
    LEFT = "to unsubscribe"
    KNOWN = "with nothing new"
    OTHER = "not recognised, left as they are"


@dataclass(frozen=True)
class Found:
    """What was read: how many mails of each kind, and how many readers were suppressed."""

    mails: Counter[Kind]
    suppressed: int

    def __str__(self) -> str:
        counted = ", ".join(f"{self.mails[kind]} {kind}" for kind in Kind if self.mails[kind])
        told = f"; {self.suppressed} reader(s) suppressed" if self.suppressed else ""
        return f"mails that came back: {counted or 'none'}{told}"


@dataclass(frozen=True)
class Reading:
    """Reads the `inbox` for one process at a time; suppresses a reader after so many `hard_bounces`."""

    inbox: Inbox
    addresses: Addresses
    readers: Readers
    book: Book
    hard_bounces: int
    lock: Path

    def read(self) -> Found:
        """Read what is unread. Raises `Unreachable`, also where another process reads."""
        try:
            lock = FileLock(self.lock, timeout=0).acquire()
        except Timeout as error:
            raise Unreachable(f"another process is reading the mails: it holds {self.lock}") from error
        mails: Counter[Kind] = Counter()
        suppressed = 0
        with lock, self.inbox.unread() as unread:
            for mail in unread:
                kind, gone = self._take(mail)
                mails[kind] += 1
                suppressed += gone
                if kind is not Kind.OTHER:
                    mail.done()
                if mails.total() - mails[Kind.OTHER] >= MOST:
                    break
        return Found(mails, suppressed)

    def _take(self, mail: Mail) -> tuple[Kind, bool]:
        """What a mail is, once what it causes is committed; and whether it made a reader suppressed."""
        headers = head(mail.head)
        if bounced := self.addresses.bounced(headers):
            return self._bounced(*bounced, mail)
        return self._leaving(headers), False

    def _leaving(self, headers: Message) -> Kind:
        reader = self.addresses.leaving(headers, self.readers.of)
        if reader is None or is_automatic(headers):
            return Kind.OTHER
        left = self.readers.unsubscribe(reader.token)
        return Kind.LEFT if left and left.state is not reader.state else Kind.KNOWN

    def _bounced(self, reader: str, day: date, mail: Mail) -> tuple[Kind, bool]:
        found = failures(mail.content())
        if found is None:
            return Kind.OTHER, False
        if not found or self.readers.of(reader) is None:
            return Kind.KNOWN, False
        worst = max(found, key=lambda failure: failure.hard)
        new = self.book.note(reader, day, worst)
        kind = Kind.HARD if worst.hard else Kind.SOFT
        return kind if new else Kind.KNOWN, worst.hard and self._suppress(reader, worst.status)

    def _suppress(self, reader: str, status: str) -> bool:
        found = self.readers.of(reader)
        if found is None or found.state is not State.CONFIRMED or self.book.hard(reader) < self.hard_bounces:
            return False
        self.readers.suppress(reader, f"its mails came back ({status})")
        return True
