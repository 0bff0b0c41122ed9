"""What an edition's mails are made of: a frame that all readers share, and the papers of which each gets their own.

Kept with the outbox from when the first mail was written down, so that a mail that waits for its hour, or for the mail
server, is made of what was known then, whatever the tables become.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from typing import Any, ClassVar, Generic, TypeVar

import polars as pl
from pydantic import TypeAdapter

from assets.mail import dates
from assets.mail.carried import NEW
from assets.mail.edition import Counts, Edition, Entry, dated, ending, entries, formula, sections
from assets.mail.formula import formula_in
from assets.mail.lists import SourceList, alarms, day_state
from assets.mail.personal import formula_for_one
from assets.mail.reason import reason_in
from assets.mail.selection import Selection
from assets.mail.words import ENGLISH, N_, Words, words_of

Works = Sequence[tuple[str, str]]
"""The papers of one mail in their order: the id of each, and why this reader gets it; empty as all others do."""


@dataclass(frozen=True)
class Combined(Selection):
    """The mail of several days, for who is not mailed every day."""

    medium: ClassVar[str] = N_("mail")

    @property
    def heading(self) -> str:
        """Its days: 20 to 26 November 2026."""
        return dates.whole_span(self.period.first, self.period.last, self.words)

    @property
    def lead(self) -> str:
        """As of a page, and what would be found only at the end."""
        return " ".join(filter(None, (super().lead, ending(self.sections, self.words))))

    def holding(self, papers: Sequence[Entry]) -> "Combined":
        """With these papers, by place, of which each says on which day it was listed."""
        last = self.period.last
        these = [_dated(entry, last, self.words) for entry in papers]
        return replace(self, sections=sections(these, last, {}, self.words))

    def in_language(self, language: str) -> "Combined":
        """A frame without papers, said in another language than in English."""
        return replace(self, formula=formula_in(self.formula, words_of(language)), language=language)


Frame = TypeVar("Frame", Edition, Combined)


@dataclass(frozen=True)
class Material(Generic[Frame]):
    """The frame of the mails, without papers, and the papers by their place in the published ranking."""

    frame: Frame
    entries: tuple[Entry, ...]

    @property
    def whole(self) -> Frame:
        """A mail of all its papers, in English."""
        return self.whole_in(ENGLISH.language)

    def whole_in(self, language: str) -> Frame:
        """A mail of all its papers in a language."""
        return self.of([(entry.paper.work_id, "") for entry in self.entries], language)

    def of(self, works: Works, language: str = ENGLISH.language) -> Frame:
        """A mail of some of its papers, in their order and in a language. Raises `KeyError` for one that it lacks."""
        frame = self._frame(language, any(because for _, because in works))
        return frame.holding([self._placed(*one, language) for one in enumerate(works, 1)])

    def joined(self, other: "Material[Frame]") -> "Material[Frame]":
        """With the papers of another that it lacks."""
        return replace(
            self, entries=(*self.entries, *(one for one in other.entries if one.paper.work_id not in self._by_id))
        )

    def stored(self) -> str:
        """As the database holds it."""
        return _AS_JSON.dump_json(self).decode()

    @classmethod
    def read(cls, text: str) -> "Material[Any]":
        """What `stored` wrote."""
        made: Material[Any] = _AS_JSON.validate_json(text)
        return made

    @cached_property
    def _frame(self) -> Callable[[str, bool], Frame]:
        """The frame in a language, and whether it says what counts for one reader; the same for many."""

        @cache
        def frame(language: str, personal: bool) -> Frame:
            made = self.frame if language == self.frame.language else self.frame.in_language(language)
            return replace(made, formula=formula_for_one(made.formula, words_of(language))) if personal else made

        return frame

    @cached_property
    def _placed(self) -> Callable[[int, tuple[str, str], str], Entry]:
        """A paper by its place in a mail, its id with why a reader gets it, and a language; the same for many."""

        @cache
        def placed(place: int, work: tuple[str, str], language: str) -> Entry:
            name, because = work
            entry = self._by_id[name]
            return entry.placed(place, reason_in(because, entry.paper.why, words_of(language)))

        return placed

    @cached_property
    def _by_id(self) -> dict[str, Entry]:
        return {entry.paper.work_id: entry for entry in self.entries}


def daily(day: date, lists: Sequence[SourceList], digest: pl.DataFrame, counts: Counts) -> Material[Edition]:
    """What the mails of a day are made of, from its rows of `digest`."""
    rows = digest.filter(pl.col("day") == day).sort("place")
    frame = Edition(day, day_state(lists), (), counts, alarms(lists), formula(rows))
    return Material(frame, tuple(entries(rows)))


def _dated(entry: Entry, last: date, words: Words) -> Entry:
    """A new paper with its day; one that came otherwise is given it by its section."""
    if entry.arrival != NEW:
        return entry
    return replace(entry, paper=dated(entry.paper, entry.listed_on, last, words))


_AS_JSON: TypeAdapter[Any] = TypeAdapter(Material[Edition] | Material[Combined])
