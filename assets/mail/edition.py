"""An edition: a day's digest as the reader gets it, with its state, and nothing about how it is shown.

Editions are values: the same digest and counts always give the same edition, subject and hash. HTML and
plain text are `render`'s business, headers and delivery that of `message` and `outbox`.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

import polars as pl

NOTES: Mapping[str, str] = {
    "fresh": "",
    "quiet": "The sources published no list for this day, as on weekends and holidays.",
    "waiting": "A source has not published its list yet; its papers follow in a later edition.",
    "incomplete": "A source could not be read in full; the missing papers follow in a later edition.",
    "failed": "A source could not be read; its papers follow in a later edition.",
}
"""The states of a day, and what a reader should know about each."""

SUBJECT_TITLE_LENGTH = 90
"""Characters of a title that a subject quotes; an inbox shows fewer."""


@dataclass(frozen=True)
class Counts:
    """How many papers were fetched, how many works they are, and how many of these the digest shows."""

    fetched: int
    unique: int
    digest: int


@dataclass(frozen=True)
class Paper:
    """One paper of an edition; every text is one line, without control characters.

    `topics` are those beside its section's.
    """

    place: int
    work_id: str
    title: str
    summary: str
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    links: tuple[str, ...]
    url: str
    why: str
    withdrawn: bool


@dataclass(frozen=True)
class Section:
    """The papers of one topic, by place."""

    label: str
    papers: tuple[Paper, ...]


@dataclass(frozen=True)
class Edition:
    """What is mailed for a day."""

    day: date
    state: str
    sections: tuple[Section, ...]
    counts: Counts
    note: str

    @property
    def day_in_words(self) -> str:
        """The day as a masthead has it: Friday 20 November 2026."""
        return f"{self.day:%A} {self.day.day} {self.day:%B %Y}"

    @property
    def lead(self) -> str:
        """One sentence on how much was read for how much is shown."""
        if not self.counts.unique:
            return self._nothing + "."
        papers = f"{self.counts.digest} of {_counted(self.counts.unique, 'new paper')}"
        return f"{papers}; {_counted(self.counts.fetched, 'record')} fetched."

    @property
    def subject(self) -> str:
        """One line: the day, its state unless fresh, and the top paper's title or that there is none."""
        state = "" if self.state == "fresh" else f" ({self.state})"
        return f"{self.day.day} {self.day:%B %Y}{state}: {self._headline}"

    @property
    def content_hash(self) -> str:
        """SHA-256 of the edition as canonical JSON, in hexadecimal."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), default=date.isoformat)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def _nothing(self) -> str:
        """Only a day that was read in full may claim that there is nothing new."""
        return "No new papers" if self.state in ("fresh", "quiet") else "No papers yet"

    @property
    def _headline(self) -> str:
        papers = [paper for section in self.sections for paper in section.papers]
        if not papers:
            return self._nothing
        title = shortened(min(papers, key=lambda paper: paper.place).title, SUBJECT_TITLE_LENGTH)
        return f"{title} and {len(papers) - 1} more" if len(papers) > 1 else title


def edition(day: date, state: str, digest: pl.DataFrame, counts: Counts) -> Edition:
    """The edition of a day from its rows of `digest`, in sections by topic.

    A section stands where its best paper would. Raises `ValueError` for a state that is not in `NOTES`.
    """
    if state not in NOTES:
        raise ValueError(f"the state of {day} is {state!r}, not one of {', '.join(NOTES)}")
    rows = digest.filter(pl.col("day") == day).sort(pl.col("place").min().over("topic"), "place").to_dicts()
    sections = (
        Section(one_line(topic), tuple(map(_paper, members)))
        for topic, members in groupby(rows, key=lambda row: str(row["topic"]))
    )
    return Edition(day, state, tuple(sections), counts, NOTES[state])


def one_line(text: str | None) -> str:
    """A text without line breaks, control characters and overrides of the direction of writing.

    They forge headers and lines, and an override turns round what is printed after it.
    """
    visible = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text or "")
    return " ".join(re.sub("[\u202a-\u202e\u2066-\u2069]", "", visible).split())


def shortened(text: str, length: int) -> str:
    """A text of at most `length` characters and an ellipsis, cut between words where it can be."""
    if len(text) <= length:
        return text
    return text[: length + 1].rsplit(" ", 1)[0][:length].rstrip(" ,;:") + " …"


def _paper(row: Mapping[str, Any]) -> Paper:
    return Paper(
        place=row["place"],
        work_id=one_line(row["work_id"]),
        title=one_line(row["title"]),
        summary=one_line(row["summary"]),
        authors=_lines(row["authors"]),
        topics=tuple(topic for topic in _lines(row["topics"]) if topic != one_line(row["topic"])),
        links=_lines(row["links"]),
        url=one_line(row["url"]),
        why=one_line(row["why"]),
        withdrawn=row["withdrawn"],
    )


def _lines(texts: list[str | None] | None) -> tuple[str, ...]:
    return tuple(line for line in map(one_line, texts or ()) if line)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
