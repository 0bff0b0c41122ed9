"""Scripts in which one thing happens at one step of one reader's mail."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.mail.judge import READERS

EACH_CONNECTION = ("CONNECT", "EHLO", "QUIT")
"""The steps of a connection: each reader has them where each mail has a connection of its own."""


@dataclass
class Once:
    """A script that calls `then` when the step of the reader's mail is reached for the first time; its word is said.

    RSET comes before a mail if the one before it was refused half-way, so that is; the first one's is the second's.
    """

    step: str
    reader: str
    then: Callable[[], str | None]
    seen: Counter[str] = field(default_factory=Counter)
    said: str | None = None

    def __call__(self, step: str, _: str) -> str | None:
        if step == "HELO":  # what a client tries that was refused at EHLO
            return self.said
        self.seen[step] += 1
        if step == self.step and self.seen[step] == self._number:
            self.said = self.then()
            return self.said
        return "450 busy" if self.step == "RSET" and step == "RCPT" and self.seen[step] == self._after else None

    @property
    def _after(self) -> int:
        """The number of the mail before the reader's."""
        return max(READERS.index(self.reader), 1)

    @property
    def _number(self) -> int:
        return 1 if self.step == "RSET" else READERS.index(self.reader) + 1


def per_connection(step: str) -> int:
    """How many mails a connection is to carry, so that each reader's has the step."""
    return 1 if step in EACH_CONNECTION else 100
