"""A library of papers as BibTeX, which Zotero and its like export: texts that say what somebody likes."""

import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bibtexparser.library import Library as Parsed
    from bibtexparser.model import Entry as Block

MOST = 500
"""Entries of a library that count: the newest by their year."""

LONGEST = 4_000
"""Characters of a title or an abstract that are kept; arXiv takes 1,920."""

_TEXTS = ("title", "abstract")


class UnreadableLibrary(Exception):
    """A file is no library; the text says why, and what to do."""


@dataclass(frozen=True)
class Entry:
    """One paper of a library; the abstract may be empty."""

    title: str
    abstract: str


@dataclass(frozen=True)
class Library:
    """The entries that count, the oldest year first; how many more there are, and how many could not be read."""

    entries: tuple[Entry, ...]
    older: int = 0
    unreadable: int = 0


def read(content: bytes) -> Library:
    """What a file in BibTeX holds. Raises `UnreadableLibrary` where that is no paper with a title."""
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.library import Library as Parsed
    from bibtexparser.middlewares import LatexDecodingMiddleware

    parsed = parse_string(_decoded(content))
    found, unreadable = _blocks(parsed)
    titled = [block for block in found if "title" in block and str(block["title"]).strip()]
    if not titled:
        raise UnreadableLibrary("holds no entry with a title; export your library as BibTeX")
    kept = sorted(titled, key=_year)[-MOST:]
    # TeX costs some milliseconds an entry, so it is read of what is kept alone.
    blocks, _ = _blocks(LatexDecodingMiddleware().transform(Parsed(list(map(_needed, kept, count())))))
    return Library(tuple(map(_entry, blocks)), len(titled) - len(kept), unreadable)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableLibrary("is not text in UTF-8; export your library as BibTeX, in UTF-8") from error


def _blocks(parsed: "Parsed") -> "tuple[list[Block], int]":
    """The entries, also those with the key of another or with a field twice; and how many cannot be read at all."""
    from bibtexparser.model import Entry

    others = [block.ignore_error_block for block in parsed.failed_blocks]
    read = [block for block in others if isinstance(block, Entry)]
    return [*parsed.entries, *read], len(others) - len(read)


def _needed(block: "Block", number: int) -> "Block":
    """What is needed of an entry, under a key that no other has."""
    from bibtexparser.model import Entry, Field

    return Entry(block.entry_type, str(number), [Field(name, str(block[name])) for name in _TEXTS if name in block])


def _year(block: "Block") -> str:
    found = (re.search(r"\d{4}", str(block[name])) for name in ("year", "date") if name in block)
    return next((year[0] for year in found if year), "")


def _entry(block: "Block") -> Entry:
    texts = (str(block[name]) if name in block else "" for name in _TEXTS)
    return Entry(*(" ".join(text.split())[:LONGEST] for text in texts))
