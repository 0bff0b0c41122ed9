"""An edition: a day's digest as the reader gets it, with its state, and nothing about how it is shown.

Editions are values: the same digest, lists and counts always give the same edition, subject and hash. HTML and
plain text are `render`'s business, headers and delivery that of `message` and `outbox`, the sources' lists `lists`'.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from assets.mail import dates, phrases
from assets.mail.carried import ARRIVALS, LATE, MISSED, NEW
from assets.mail.formula import formula_in, in_words
from assets.mail.lists import alarm_in
from assets.mail.words import ENGLISH, N_, Words, words_of

QUIET = N_("The sources published no list for this day, as on weekends and holidays.")
"""What a reader should know about a day without lists."""

NO_AREA = N_("Other")
"""The section of papers without a topic, as `rank` calls it."""

SUBJECT_TITLE_LENGTH = 90
"""Characters of a title that a subject quotes; an inbox shows fewer."""


@dataclass(frozen=True)
class Waiting:
    """How many works of earlier days waited for an edition, the earliest listed on `first`, the latest on `last`."""

    works: int
    first: date
    last: date


@dataclass(frozen=True)
class Counts:
    """How many papers were fetched of the day, how many new works they are, and how many the digest shows.

    `waiting` are the works of earlier days, by their arrival.
    """

    fetched: int
    unique: int
    digest: int
    waiting: Mapping[str, Waiting] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """An address and what is there: `code`, `data`, `demo` or `project`."""

    url: str
    kind: str


@dataclass(frozen=True)
class Paper:
    """One paper of an edition; every text is one line, without control characters.

    `topics` are those beside its section's, `affiliations` the institutions of its authors. `line` was written by the
    language model `line_by`; both may be empty.
    """

    place: int
    work_id: str
    title: str
    summary: str
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    links: tuple[Link, ...]
    url: str
    why: str
    withdrawn: bool
    affiliations: tuple[str, ...] = ()
    line: str = ""
    line_by: str = ""

    @cached_property
    def anywhere(self) -> "Paper":
        """The same without its place, and the reason for it, which are another in each reader's mail."""
        return replace(self, place=0, why="")


@dataclass(frozen=True)
class Section:
    """The new papers of one area, or those of earlier days that arrived in one way, by place."""

    label: str
    papers: tuple[Paper, ...]
    arrival: str = NEW

    @property
    def is_new(self) -> bool:
        """Whether its papers are new, and its label is their area."""
        return self.arrival == NEW


@dataclass(frozen=True)
class Entry:
    """A paper as the ranking has it, before a reader's mail gives it its place.

    Its `topics` are all it has, `area` is the best one's, and `listed_on` the day of its list.
    """

    paper: Paper
    area: str
    arrival: str
    listed_on: date

    @cached_property
    def in_its_area(self) -> Paper:
        """As a section of its area shows it, whose label says one of its topics."""
        return replace(self.paper, topics=tuple(topic for topic in self.paper.topics if topic != self.area))

    def placed(self, place: int, why: str) -> "Entry":
        """The same at another place, for another reason."""
        return replace(self, paper=replace(self.paper, place=place, why=why))


class Told:
    """What a mail and a page have in common, of a day or of several: papers in sections, told in a language."""

    sections: tuple[Section, ...]
    language: str

    @property
    def words(self) -> Words:
        """Those of its language."""
        return words_of(self.language)

    @cached_property
    def papers(self) -> list[Paper]:
        """Its papers, by place."""
        return sorted((paper for section in self.sections for paper in section.papers), key=lambda paper: paper.place)


@dataclass(frozen=True)
class Edition(Told):
    """What is mailed for a day; `alarms` are what a reader must know before all else, a sentence each.

    `formula` is the ranking's in words, empty where it was not kept. All that Paperboy itself says in it is in
    `language`, one of `words.LANGUAGES`. Stored, hashed and compared is the English one.
    """

    medium: ClassVar[str] = N_("mail")

    day: date
    state: str
    sections: tuple[Section, ...]
    counts: Counts
    alarms: tuple[str, ...] = ()
    formula: str = ""
    language: str = ENGLISH.language

    @property
    def heading(self) -> str:
        """The day as a masthead has it: Friday 20 November 2026."""
        return self.words.full(self.day)

    @cached_property
    def lead(self) -> str:
        """A few sentences on how much was read for how much is shown."""
        read = self._read if self.counts.unique else self._nothing
        quiet = self.words.gettext(QUIET) if self.state == "quiet" else ""
        return " ".join(filter(None, (read, quiet, ending(self.sections, self.words))))

    @cached_property
    def subject(self) -> str:
        """One line: the day, its state unless fresh, and the top paper's title or that there is none."""
        day = self.words.day(self.day)
        if self.state != "fresh":
            day = f"{day} ({self.words.gettext(self.state)})"
        return self.words.labelled(day, self._headline)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the edition as canonical JSON, in hexadecimal."""
        said = asdict(self, dict_factory=_said)
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), default=date.isoformat)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def holding(self, papers: Sequence[Entry]) -> "Edition":
        """With these papers, by place."""
        counts = replace(self.counts, digest=sum(entry.arrival == NEW for entry in papers))
        return replace(self, sections=sections(papers, self.day, counts.waiting, self.words), counts=counts)

    def in_language(self, language: str) -> "Edition":
        """A frame without papers, said in another language than in English."""
        words = words_of(language)
        alarms = tuple(alarm_in(sentence, words) for sentence in self.alarms)
        return replace(self, alarms=alarms, formula=formula_in(self.formula, words), language=language)

    @property
    def _read(self) -> str:
        shown, unique, fetched = self.counts.digest, self.counts.unique, self.counts.fetched
        return self.words.gettext(
            "%(papers)s; %(records)s.",
            papers=phrases.shown_of_new(shown, unique, self.words),
            records=self.words.ngettext("%(number)s record fetched", "%(number)s records fetched", fetched),
        )

    @property
    def _nothing(self) -> str:
        """Only a day that was read in full may claim that there is nothing new."""
        return phrases.nothing(self.state in ("fresh", "quiet"), self.words)

    @property
    def _headline(self) -> str:
        if not self.papers:
            return self._nothing.rstrip(".")
        title = shortened(self.papers[0].title, SUBJECT_TITLE_LENGTH)
        first = phrases.headline(title, len(self.papers) - 1, self.words)
        return first if self.counts.digest else self.words.labelled(self.words.gettext("Catch-up"), first)


def ending(sections: Sequence[Section], words: Words) -> str:
    """What a reader would find only at the end of these sections; empty where there is nothing."""
    papers = {section.arrival: len(section.papers) for section in sections}
    return phrases.ending(papers.get(LATE, 0), papers.get(MISSED, 0), words)


def entries(rows: pl.DataFrame) -> list[Entry]:
    """Rows of `DIGEST`, in their order."""
    return [Entry(_paper(row), one_line(row["topic"]), row["arrival"], row["listed_on"]) for row in rows.to_dicts()]


def sections(
    papers: Sequence[Entry], day: date, waiting: Mapping[str, Waiting], words: Words = ENGLISH
) -> tuple[Section, ...]:
    """Papers, by place, in sections: new ones by area, then what came late, then what was missed.

    `waiting` is how much waited for the edition, by arrival; what is not told was all that is shown.
    """
    found = {arrival: [one for one in papers if one.arrival == arrival] for arrival in ARRIVALS}
    earlier = (_earlier(arrival, found[arrival], day, waiting, words) for arrival in (LATE, MISSED) if found[arrival])
    return (*areas(found[NEW], words), *earlier)


def _said(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of a part of an edition; those that parts did not always have only where they say something."""
    later = ("affiliations", "line", "line_by")
    return {name: value for name, value in fields if name != "language" and (value or name not in later)}


def areas(papers: Sequence[Entry], words: Words = ENGLISH) -> Iterator[Section]:
    """Papers, by place, in sections by area; an area stands where its best paper would."""
    by_area: dict[str, list[Paper]] = {}
    for one in papers:
        by_area.setdefault(one.area, []).append(one.in_its_area)
    of_none = words.gettext(NO_AREA)
    yield from (Section(of_none if area == NO_AREA else area, tuple(members)) for area, members in by_area.items())


def formula(rows: pl.DataFrame) -> str:
    """The ranking's formula in words, from rows of `DIGEST`; empty where it was not kept."""
    weights = rows["weights"].drop_nulls()
    return in_words(weights[0]) if weights.len() else ""


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


def dated(paper: Paper, listed_on: date, beside: date, words: Words) -> Paper:
    """A paper that says on which day it was listed."""
    return replace(paper, why=words.labelled(dates.short(listed_on, beside, words), paper.why))


def _earlier(arrival: str, papers: Sequence[Entry], day: date, waiting: Mapping[str, Waiting], words: Words) -> Section:
    """The papers of earlier days that arrived in one way, each with its day."""
    members = tuple(dated(one.paper, one.listed_on, day, words) for one in papers)
    listed = [one.listed_on for one in papers]
    waited = waiting.get(arrival, Waiting(len(papers), min(listed), max(listed)))
    found = phrases.shown_of(len(papers), waited.works, words)
    days = dates.span(waited.first, waited.last, day, words)
    if arrival == LATE:
        label = words.gettext(
            "Late arrivals: %(papers)s listed on earlier days, after their edition was mailed", papers=found
        )
    elif waited.first == waited.last:
        label = words.gettext("Catch-up: %(papers)s from %(days)s, a day without an edition", papers=found, days=days)
    else:
        label = words.gettext("Catch-up: %(papers)s from %(days)s, days without an edition", papers=found, days=days)
    return Section(label, members, arrival)


def _paper(row: Mapping[str, Any]) -> Paper:
    return Paper(
        place=row["place"],
        work_id=one_line(row["work_id"]),
        title=one_line(row["title"]),
        summary=one_line(row["summary"]),
        authors=_lines(row["authors"]),
        topics=_lines(row["topics"]),
        links=tuple(Link(one_line(link["url"]), one_line(link["kind"])) for link in row["links"] or ()),
        url=one_line(row["url"]),
        why=one_line(row["why"]),
        withdrawn=row["withdrawn"],
        affiliations=_lines(row["affiliations"]),
        line=one_line(row["line"]),
        line_by=one_line(row["line_by"]),
    )


def _lines(texts: list[str | None] | None) -> tuple[str, ...]:
    return tuple(line for line in map(one_line, texts or ()) if line)
