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
from assets.mail.edition import Counts, Edition, Entry, ending, entries, formula, sections
from assets.mail.lists import SourceList, alarms, day_state
from assets.mail.selection import Selection

Works = Sequence[tuple[str, str]]
"""The papers of one mail in their order: the id of each, and why this reader gets it; empty as all others do."""


@dataclass(frozen=True)
class Combined(Selection):
    """The mail of several days, for who is not mailed every day."""

    made: ClassVar[str] = "Sent"
    medium: ClassVar[str] = "mail"

    @property
    def heading(self) -> str:
        """Its days: 20 to 26 November 2026."""
        first, last = self.period.first, self.period.last
        return f"{dates.span(first, last, last)} {last.year}"

    @property
    def lead(self) -> str:
        """As of a page, and what would be found only at the end."""
        return " ".join(filter(None, (super().lead, ending(self.sections))))

    def holding(self, papers: Sequence[Entry]) -> "Combined":
        """With these papers, by place, of which each says on which day it was listed."""
        last = self.period.last
        return replace(self, sections=sections([_dated(entry, last) for entry in papers], last, {}))


Frame = TypeVar("Frame", Edition, Combined)


@dataclass(frozen=True)
class Material(Generic[Frame]):
    """The frame of the mails, without papers, and the papers by their place in the published ranking."""

    frame: Frame
    entries: tuple[Entry, ...]

    @property
    def whole(self) -> Frame:
        """A mail of all its papers."""
        return self.of([(entry.paper.work_id, "") for entry in self.entries])

    def of(self, works: Works) -> Frame:
        """A mail of some of its papers, in their order. Raises `KeyError` for one that it lacks."""
        return self.frame.holding([self._placed(*one) for one in enumerate(works, 1)])

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
    def _placed(self) -> Callable[[int, tuple[str, str]], Entry]:
        """A paper by its place in a mail, its id, and why a reader gets it; the same for many readers."""

        @cache
        def placed(place: int, work: tuple[str, str]) -> Entry:
            name, because = work
            entry = self._by_id[name]
            return entry.placed(place, ", ".join(filter(None, (because, entry.paper.why))))

        return placed

    @cached_property
    def _by_id(self) -> dict[str, Entry]:
        return {entry.paper.work_id: entry for entry in self.entries}


def daily(day: date, lists: Sequence[SourceList], digest: pl.DataFrame, counts: Counts) -> Material[Edition]:
    """What the mails of a day are made of, from its rows of `digest`."""
    rows = digest.filter(pl.col("day") == day).sort("place")
    frame = Edition(day, day_state(lists), (), counts, alarms(lists), formula(rows))
    return Material(frame, tuple(entries(rows)))


def _dated(entry: Entry, last: date) -> Entry:
    """A new paper with its day; one that came otherwise is given it by its section."""
    if entry.arrival != NEW:
        return entry
    return entry.placed(entry.paper.place, f"{dates.short(entry.listed_on, last)}: {entry.paper.why}")


_AS_JSON: TypeAdapter[Any] = TypeAdapter(Material[Edition] | Material[Combined])
