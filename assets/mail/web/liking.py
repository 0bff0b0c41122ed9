"""What a reader likes as a form: the papers of their last mails and those that they marked before, to be ticked."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from assets.mail.bibtex import Library, read
from assets.mail.intents import Intents
from assets.mail.readers.likes import Like, Liked, Likes
from assets.mail.readers.reader import Origin, Reader
from assets.mail.tasting import MOST

MAILS = 7
"""Mails of which the form shows the papers, the newest first; one that is sent may know as many older ones."""


@dataclass(frozen=True)
class Sent:
    """What the form brought back: the ids of the papers that it showed, and that are ticked; and of the library.

    `file` is a library's content, None where none was chosen; `forget` asks that there be none any more.
    """

    shown: Collection[str] = ()
    ticked: Collection[str] = ()
    file: bytes | None = None
    forget: bool = False


@dataclass(frozen=True)
class Mailed:
    """The papers of one mail, and of which days it told."""

    heading: str
    papers: Sequence[Like]


@dataclass(frozen=True)
class Liking:
    """What a reader likes, beside the papers of their last mails."""

    liked: Liked
    mails: Sequence[Mailed]

    @cached_property
    def ticked(self) -> Collection[str]:
        """The ids of what they like."""
        return {one.paper for one in self.liked.papers}

    @property
    def earlier(self) -> Sequence[Like]:
        """What they like and no mail here shows, the newest first: all that counts."""
        here = {one.paper for mail in self.mails for one in mail.papers}
        return [one for one in self.liked.papers[::-1] if one.paper not in here][:MOST]


@dataclass(frozen=True)
class Marking:
    """Where likes are kept, and what was mailed."""

    likes: Likes
    outbox: Intents

    def form(self, reader: Reader) -> Liking:
        """What a reader likes, with their last mails."""
        return Liking(self.likes.of(reader), list(self._mailed(reader, MAILS)))

    def save(self, reader: Reader, sent: Sent) -> Library | None:
        """Note what a reader likes now; the library that was read, if there was one.

        Of the library nothing is noted, and of the papers neither, where it cannot be read: `UnreadableLibrary`.
        """
        found = read(sent.file) if sent.file is not None else None
        known = {one.paper: one for mail in self._mailed(reader, 2 * MAILS) for one in mail.papers}
        more = [known[paper] for paper in sent.ticked if paper in known]
        given = found or (Library() if sent.forget else None)
        less = set(sent.shown) - set(sent.ticked)
        self.likes.note(reader, Origin.READER, more, less, given.entries if given else None)
        return found

    def _mailed(self, reader: Reader, most: int) -> Iterator[Mailed]:
        """The last mails; none of those that were written down before mails kept their papers."""
        for row in self.outbox.sent(reader.id, most):
            if row.works and (material := self.outbox.material(row.day, row.first_day)):
                told = material.of(row.works)
                papers = (paper for section in told.sections for paper in section.papers)
                yield Mailed(told.heading, [Like(paper.work_id, paper.title) for paper in papers])
