"""What a fault is, and what it is given: a real day as it was recorded, and the recorded days around it.

Which faults there are stands in `data_faults`; what becomes of them is tried in `trials`.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Literal

import orjson
import polars as pl

from assets.fetch.source import Listing

Papers = list[dict[str, Any]]
Severity = Literal["ERROR", "WARN"]


def recorded_days(folder: Path) -> list[date]:
    """The days of a folder of recorded lists, in order."""
    return sorted(date.fromisoformat(file.name.split(".")[0]) for file in folder.glob("*.json.gz"))


@dataclass(frozen=True)
class Given:
    """A recorded day, and dice of its own for what is left to chance."""

    folder: Path
    day: date
    dice: Random

    @property
    def papers(self) -> Papers:
        """The day's list, parsed anew each time, to be harmed in place."""
        return self._list(self.day)

    def before(self, days: int) -> Papers:
        """The newest list that is at least so many days older."""
        return self._list(max(day for day in recorded_days(self.folder) if (self.day - day).days >= days))

    def after(self, days: int) -> Papers:
        """The next list that is at least so many days younger."""
        return self._list(min(day for day in recorded_days(self.folder) if (day - self.day).days >= days))

    def spans(self, before: int, after: int) -> bool:
        """Whether lists so many days before and after it are recorded."""
        days = recorded_days(self.folder)
        return (self.day - days[0]).days >= before and (days[-1] - self.day).days >= after

    def some(self, papers: Papers, share: float) -> Iterator[dict[str, Any]]:
        """At least one of the papers, as many as the share says, at random; each as its inner object."""
        count = max(1, round(share * len(papers)))
        return (item["paper"] for item in self.dice.sample(papers, count))

    def _list(self, day: date) -> Papers:
        papers: Papers = orjson.loads(gzip.decompress((self.folder / f"{day}.json.gz").read_bytes()))
        return papers


Harm = Callable[[Given], Papers | bytes | Listing]
"""From a day to what the source sends in its place."""

FrameHarm = Callable[[pl.DataFrame, Given], pl.DataFrame]
"""From the frame that a step hands to the gate to a broken one."""


def at_least(rows: int) -> Callable[[Given], bool]:
    """Whether the day has so many papers that the fault can be seen."""
    return lambda given: len(given.papers) >= rows


@dataclass(frozen=True)
class Fault:
    """A kind of fault: in what a source sends (`harm`), or in what the step of `table` hands to the gate (`spoil`).

    `table` is the asset whose input is harmed. A fault of `severity` ERROR must be blocked, one of WARN told of:
    by a warning, by rows in quarantine, or not at all where cleaning has undone it. `shows` says on which days there
    is anything to see. `missed` is why nothing can be seen, where that is so.
    """

    name: str
    table: str
    severity: Severity
    harm: Harm | None = None
    spoil: FrameHarm | None = None
    shows: Callable[[Given], bool] = field(default=at_least(1))
    missed: str = ""
