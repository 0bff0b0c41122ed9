"""What a reader likes, by the operator's hand: `paperboy readers likes`."""

from collections.abc import Sequence
from pathlib import Path

from assets.clean.ids import named
from assets.mail import bibtex
from assets.mail.bibtex import MOST, Library, UnreadableLibrary
from assets.mail.phrases import papers
from assets.mail.readers.likes import Like, Liked, Likes
from assets.mail.readers.reader import Origin, Reader
from assets.mail.tasting import found
from assets.mail.words import ENGLISH
from orchestration.warehouse import Warehouse


class NotLiked(Exception):
    """A paper cannot be liked, or is not; the text names it and says what to do."""


def in_words(liked: Liked) -> list[str]:
    """How much a reader likes, in a line; none where that is nothing."""
    ticked = f"{papers(len(liked.papers), ENGLISH)} that they ticked" if liked.papers else ""
    shelf = f"a library of {papers(len(liked.shelf), ENGLISH)}" if liked.shelf else ""
    found = " and ".join(part for part in (ticked, shelf) if part)
    return [f"likes {found}"] if found else []


def like(
    likes: Likes, reader: Reader, tables: Warehouse, more: Sequence[str], less: Sequence[str], library: Library | None
) -> None:
    """Note papers that a reader likes, and such that they like no more, by ids in any spelling, and their library.

    All of it or nothing. Raises `NotLiked`.
    """
    wanted, unwanted = [set(map(named, ids)) for ids in (more, less)]
    stored = found(tables, wanted | unwanted) if wanted | unwanted else {}
    if unknown := sorted(wanted - stored.keys()):
        raise NotLiked(f"no day has listed {', '.join(unknown)}; look at the ids, or add such papers by --library")
    liked = {one.paper for one in likes.of(reader).papers}
    gone = {one: {one, stored[one].work_id} if one in stored else {one} for one in unwanted}
    if never := [one for one, ids in sorted(gone.items()) if liked.isdisjoint(ids)]:
        raise NotLiked(f"{', '.join(never)} is not among what they like; paperboy readers likes ADDRESS lists that")
    papers = [Like(stored[one].work_id, stored[one].title) for one in sorted(wanted)]
    likes.note(reader, Origin.OPERATOR, papers, set().union(*gone.values()), library.entries if library else None)


def read(file: Path) -> Library:
    """A BibTeX file. Raises `UnreadableLibrary`, which names it."""
    try:
        return bibtex.read(file.read_bytes())
    except UnreadableLibrary as error:
        raise UnreadableLibrary(f"{file} {error}") from error


def left_out(library: Library) -> list[str]:
    """What is to be said of a library that was read, a line each."""
    older = f"Left out: {library.older:,}; only the newest {MOST}, by year, count." if library.older else ""
    unreadable = f"Entries that could not be read: {library.unreadable:,}." if library.unreadable else ""
    return [line for line in (older, unreadable) if line]
