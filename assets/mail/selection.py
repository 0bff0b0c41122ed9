"""The best of a span of days as a page, rendered as an edition is: with what is known of each of its days.

Nothing is mailed here, and nothing stored: the page is made anew from the tables whenever it is asked for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from assets.mail import dates
from assets.mail.edition import SUBJECT_TITLE_LENGTH, Paper, Section, areas, counted, entries, formula, shortened
from assets.mail.lists import SourceList, day_state
from assets.mail.period import Period

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

DAYS_OF_A_WEEK = 7
MISSING, TO_COME = "missing", "to come"

TROUBLES: Mapping[str, Collection[str]] = {
    "Nothing was read of {days}: what was listed then is missing here.": (MISSING,),
    "The lists of {days} were read in part only.": ("failed", "incomplete"),
    "Not every list of {days} is there yet.": ("waiting",),
}
"""What a reader must know about days of these states, the worst first."""

MADE = "SELECT DISTINCT day FROM outcomes WHERE asset = 'unique_papers' AND outcome = 'published' AND day = ANY($days)"
LISTS = "SELECT day, source, state, fetched, expected FROM fetch_ledger WHERE day = ANY($days) ORDER BY day"
WORKS = "SELECT count(*) AS works FROM unique_papers WHERE day = ANY($days) AND revision IS NOT TRUE"


@dataclass(frozen=True)
class Selection:
    """The best papers of a period, of so many `works` that were new in it, and the state of each of its `days`.

    A day's state is that of its lists (`lists.STATES`), `MISSING` if it was never made, or `TO_COME`. `left_out` is
    how many papers its reader has muted.
    """

    made: ClassVar[str] = "Made"
    medium: ClassVar[str] = "page"

    period: Period
    sections: tuple[Section, ...]
    works: int
    days: Mapping[date, str]
    formula: str = ""
    left_out: int = 0

    @cached_property
    def papers(self) -> list[Paper]:
        """Its papers, by place."""
        return sorted((paper for section in self.sections for paper in section.papers), key=lambda paper: paper.place)

    @property
    def heading(self) -> str:
        """Which days it is the best of."""
        first, last = self.period.first, self.period.last
        if first == last:
            return f"Best of {dates.full(last)}"
        if self.period.decays:
            return f"Trending, {dates.span(first, last, last)} {last.year}"
        if (last - first).days < DAYS_OF_A_WEEK:
            return f"Best of the week, {dates.span(first, last, last)} {last.year}"
        return f"Best of {last:%B %Y}"

    @property
    def state(self) -> str:
        """`incomplete` if anything that was listed may be missing, `so far` if days are to come, else `complete`."""
        if self.alarms:
            return "incomplete"
        return "so far" if self._in(TO_COME) else "complete"

    @property
    def alarms(self) -> tuple[str, ...]:
        """A sentence about each kind of days of which papers are missing, the worst first."""
        found = ((sentence, self._in(*states)) for sentence, states in TROUBLES.items())
        return tuple(sentence.format(days=dates.spans(days, self.period.last)) for sentence, days in found if days)

    @property
    def lead(self) -> str:
        """A few sentences on how much is shown of how much, and of which days."""
        read = [day for day, state in self.days.items() if state not in (MISSING, TO_COME, "quiet")]
        nothing = "No new papers." if self.state == "complete" else "No papers yet."
        listed = f", listed on {counted(len(read), 'day')}" if len(self.days) > 1 else ""
        shown = f"{len(self.papers)} of {counted(self.works, 'new paper')}{listed}."
        quiet, to_come = self._in("quiet"), self._in(TO_COME)
        sentences = (
            shown if self.works else nothing,
            f"Quiet, without a list: {dates.spans(quiet, self.period.last)}." if quiet else "",
            f"Still to come: {dates.spans(to_come, self.period.last)}." if to_come else "",
            f"Left out as muted: {counted(self.left_out, 'paper')}." if self.left_out else "",
        )
        return " ".join(filter(None, sentences))

    @property
    def subject(self) -> str:
        """One line: the days and the top paper's title."""
        if not self.papers:
            return self.heading
        title = shortened(self.papers[0].title, SUBJECT_TITLE_LENGTH)
        more = f" and {len(self.papers) - 1} more" if len(self.papers) > 1 else ""
        return f"{self.heading}: {title}{more}"

    def _in(self, *states: str) -> list[date]:
        return [day for day, state in self.days.items() if state in states]


def selection(
    warehouse: "Warehouse", period: Period, rows: pl.DataFrame, newest: date, *, left_out: int = 0
) -> Selection:
    """A page of `rows`, rows of `DIGEST` of one list in their order; `newest` is the last day that is over."""
    days = period.days
    with warehouse.kept_open():
        made = warehouse.read(MADE, {"days": days})["day"].to_list()
        lists = warehouse.read(LISTS, {"days": days}).to_dicts()
        works = warehouse.read(WORKS, {"days": days})["works"].item()
    return Selection(
        period,
        tuple(areas(entries(_dated(rows, period)))),
        works,
        _states(days, made, lists, newest),
        formula(rows),
        left_out,
    )


def _dated(rows: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The rows, of which each says why its reader gets it and, unless all are of one day, when it was listed."""
    reasons = [pl.when(pl.col(name) != "").then(name) for name in ("because", "why") if name in rows.columns]
    why = pl.concat_str(reasons, separator=", ", ignore_nulls=True)
    if period.first != period.last:
        listed = pl.col("listed_on").map_elements(lambda day: dates.short(day, period.last), return_dtype=pl.String)
        why = pl.format("{}: {}", listed, why)
    return rows.with_columns(why=why)


def _states(
    days: Sequence[date], made: Collection[date], lists: Sequence[Mapping[str, Any]], newest: date
) -> dict[date, str]:
    """The state of each day; `lists` are rows of the ledger in the order of their days."""
    by_day = {
        day: day_state([SourceList(row["source"], row["state"], row["fetched"], row["expected"]) for row in found])
        for day, found in groupby(lists, key=lambda row: row["day"])
    }
    known = {day: by_day.get(day, MISSING) if day in made else MISSING for day in days if day <= newest}
    return {day: known.get(day, TO_COME) for day in days}
