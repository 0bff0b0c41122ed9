"""The mailbox that mails come back to: those that nobody has read yet, and the mark that they were.

No mail is ever removed, or marked unless the caller says so.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

MOST_OF_HEAD = 64 << 10
MOST_OF_MAIL = 256 << 10
"""Bytes that are read of a mail: a report stands near its beginning, before what is returned."""


class Unreachable(Exception):
    """The mailbox cannot be read; the text names it, and says what to do."""


@dataclass(frozen=True)
class Mail:
    """An unread mail: how it begins, with all its headers, a way to read more of it, and one to mark it as read."""

    head: bytes
    content: Callable[[], bytes]
    done: Callable[[], None]


class Inbox(Protocol):
    """A mailbox."""

    def unread(self) -> AbstractContextManager[Iterator[Mail]]:
        """The mails that nobody has read, the oldest first; they can be read within. Raises `Unreachable`."""
        ...

    def check(self) -> str:
        """The mailbox in one line, and how many mails are unread; raises `Unreachable`. Changes nothing."""
        ...


@dataclass(frozen=True)
class MaildirInbox:
    """A Maildir that the mail server delivers into. What was read is moved to `cur`, with the flag S."""

    folder: Path

    @contextmanager
    def unread(self) -> Iterator[Iterator[Mail]]:
        """See `Inbox`."""
        yield map(self._mail, self._files())

    def check(self) -> str:
        """See `Inbox`."""
        return f"Maildir {self.folder}, {len(self._files())} unread"

    def _files(self) -> list[Path]:
        """Another program may have moved a mail from `new` to `cur` and yet nobody read it."""
        try:
            files = [Path(found) for name in ("new", "cur") for found in os.scandir(self.folder / name)]
        except OSError as error:
            raise Unreachable(f"{self.folder}: not a Maildir that can be read ({error.strerror})") from error
        if not all(os.access(self.folder / name, os.W_OK | os.X_OK) for name in ("new", "cur")):
            raise Unreachable(f"{self.folder}: mails cannot be marked as read; let Paperboy's user write there")
        unread = [file for file in files if "S" not in _flags(file) and not file.name.startswith(".")]
        return sorted(unread, key=lambda file: file.name)

    def _mail(self, file: Path) -> Mail:
        return Mail(_beginning(file, MOST_OF_HEAD), lambda: _beginning(file, MOST_OF_MAIL), lambda: self._done(file))

    def _done(self, file: Path) -> None:
        name, _, flags = file.name.partition(":2,")
        try:
            file.rename(self.folder / "cur" / f"{name}:2,{''.join(sorted({*flags, 'S'}))}")
        except FileNotFoundError:
            return  # another program moved or removed it meanwhile
        except OSError as error:
            raise Unreachable(f"{self.folder}: a mail cannot be marked as read ({error.strerror})") from error


def _flags(file: Path) -> str:
    return file.name.partition(":2,")[2]


def _beginning(file: Path, most: int) -> bytes:
    """So much of a file; nothing of one that is gone, or is no file, or may not be read: it is left alone."""
    try:
        with open(file, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as opened:
            return opened.read(most) or b""
    except OSError:
        return b""
