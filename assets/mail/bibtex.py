"""A library of papers as BibTeX, which Zotero and its like export: texts that say what somebody likes."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from assets.mail.edition import one_line

LARGEST = 8 << 20
"""Octets of a file; a library of five thousand papers with their abstracts is as large."""

MOST = 500
"""Entries of a library that count: the newest by their year."""

LENGTHS = {"title": 500, "abstract": 2_000}
"""Characters that are kept; arXiv takes 1,920 of an abstract. TeX is read of no more, for that may take long."""

_MOST_SIGNS = 50_000
"""Each `@` may begin an entry, which takes memory however little is in it."""

_ONE_AT_A_TIME = Lock()
"""A usual file takes some seconds and 200 MB; the worst takes 20 s and 330 MB."""

Fields = Mapping[str, str]


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

    entries: tuple[Entry, ...] = ()
    older: int = 0
    unreadable: int = 0


def read(content: bytes) -> Library:
    """What a file in BibTeX holds. Raises `UnreadableLibrary` where that is no paper with a title."""
    text = _decoded(content)
    with _ONE_AT_A_TIME:
        found, unreadable = _fields(text)
        titled = [fields for fields in found if one_line(fields.get("title", ""))]
        if not titled:
            raise UnreadableLibrary("holds no entry with a title; export your library as BibTeX")
        kept = sorted(titled, key=_year)[-MOST:]
        return Library(tuple(map(_entry, kept)), len(titled) - len(kept), unreadable)


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise UnreadableLibrary(f"has more than {LARGEST >> 20} MB; export the newest of your papers only")
    if content.count(b"@") > _MOST_SIGNS:
        raise UnreadableLibrary(f"has more than {_MOST_SIGNS:,} @; export the newest of your papers only, as BibTeX")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableLibrary("is not text in UTF-8; export your library as BibTeX, in UTF-8") from error


def _fields(text: str) -> tuple[list[Fields], int]:
    """Each entry by the names of its fields in small letters, and how many cannot be read at all.

    Also those with the key of another, or with a field twice, are papers.
    """
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import Entry as Block

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it cannot read is counted
    parsed = parse_string(text)
    others = [block.ignore_error_block for block in parsed.failed_blocks]
    read = [block for block in others if isinstance(block, Block)]
    every = (*parsed.entries, *read)
    found: list[Fields] = [{field.key.lower(): str(field.value) for field in block.fields} for block in every]
    return found, len(others) - len(read)


def _year(fields: Fields) -> str:
    found = (re.search(r"\d{4}", fields.get(name, "")) for name in ("year", "date"))
    return next((year[0] for year in found if year), "")


def _entry(fields: Fields) -> Entry:
    title, abstract = (_text(fields.get(name, "")[:length]) for name, length in LENGTHS.items())
    return Entry(title, abstract)


def _text(tex: str) -> str:
    """TeX as text in one line, or as it stands where it cannot be read; a sign that begins no command is itself."""
    from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]
    from pylatexenc.latexwalker import LatexWalkerError  # type: ignore[import-untyped]

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
    escaped = re.sub(r"(?<!\\)([%&#])", r"\\\1", tex)
    try:
        text = one_line(LatexNodes2Text(math_mode="verbatim").latex_to_text(escaped))
    except (LatexWalkerError, RecursionError):
        text = ""
    return text or one_line(tex)
