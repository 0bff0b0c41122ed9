"""What a reader likes, by the operator's hand: `paperboy readers likes`."""

from collections.abc import Sequence
from pathlib import Path

from assets.clean.ids import named
from assets.mail import library
from assets.mail.library import MOST, UnreadableLibrary
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
    shelf = f"a library of {papers(len(liked.library), ENGLISH)}" if liked.library else ""
    found = " and ".join(part for part in (ticked, shelf) if part)
    return [f"likes {found}"] if found else []


def like(likes: Likes, reader: Reader, more: Sequence[str], less: Sequence[str], tables: Warehouse) -> None:
    """Note papers that a reader likes, and such that they like no more, by ids in any spelling. Raises `NotLiked`."""
    wanted, unwanted = [list(dict.fromkeys(map(named, ids))) for ids in (more, less)]
    stored = found(tables, set(wanted)) if wanted else {}
    if unknown := [one for one in wanted if one not in stored]:
        raise NotLiked(f"no day has listed {', '.join(unknown)}; look at the ids, or add such papers by --library")
    liked = {one.paper for one in likes.of(reader).papers}
    if never := [one for one in unwanted if one not in liked]:
        raise NotLiked(f"{', '.join(never)} is not among what they like; paperboy readers likes ADDRESS lists that")
    likes.mark(reader, [Like(one, stored[one][0]) for one in wanted], unwanted, Origin.OPERATOR)


def shelve(likes: Likes, reader: Reader, file: Path | None) -> list[str]:
    """Note a BibTeX file as the reader's library, or that there is none; what is to be said of it, a line each.

    Raises `UnreadableLibrary`.
    """
    try:
        read = library.read(file.read_bytes()) if file else library.Library(())
    except UnreadableLibrary as error:
        raise UnreadableLibrary(f"{file} {error}") from error
    likes.shelve(reader, read.entries, Origin.OPERATOR)
    older = f"Left out, for the newest {MOST} by year count: {read.older:,}." if read.older else ""
    unreadable = f"Entries that could not be read: {read.unreadable:,}." if read.unreadable else ""
    return [line for line in (older, unreadable) if line]
