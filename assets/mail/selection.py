"""The best of a span of days as a page, rendered as an edition is: with what is known of each of its days.

Nothing is mailed here, and nothing stored: the page is made anew from the tables whenever it is asked for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from assets.mail import dates, phrases
from assets.mail.edition import (
    SUBJECT_TITLE_LENGTH,
    Entry,
    Section,
    Told,
    areas,
    dated,
    entries,
    formula,
    one_line,
    shortened,
)
from assets.mail.formula import formula_in
from assets.mail.lists import SourceList, day_state
from assets.mail.period import Period
from assets.mail.personal import formula_for_one
from assets.mail.reason import reason_in
from assets.mail.words import ENGLISH, N_, Words, words_of

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

DAYS_OF_A_WEEK = 7
MISSING, TO_COME = "missing", "to come"

TROUBLES: Mapping[str, Collection[str]] = {
    N_("Nothing was read of %(days)s: what was listed then is missing here."): (MISSING,),
    N_("The lists of %(days)s were read in part only."): ("failed", "incomplete"),
    N_("Not every list of %(days)s is there yet."): ("waiting",),
}
"""What a reader must know about days of these states, the worst first."""

MADE = "SELECT DISTINCT day FROM outcomes WHERE asset = 'unique_papers' AND outcome = 'published' AND day = ANY($days)"
LISTS = "SELECT day, source, state, fetched, expected FROM fetch_ledger WHERE day = ANY($days) ORDER BY day"
WORKS = "SELECT count(*) AS works FROM unique_papers WHERE day = ANY($days) AND revision IS NOT TRUE"


@dataclass(frozen=True)
class Selection(Told):
    """The best papers of a period, of so many `works` that were new in it, and the state of each of its `days`.

    A day's state is that of its lists (`lists.STATES`), `MISSING` if it was never made, or `TO_COME`. `left_out` is
    how many papers its reader has muted.
    """

    medium: ClassVar[str] = N_("page")

    period: Period
    sections: tuple[Section, ...]
    works: int
    days: Mapping[date, str]
    formula: str = ""
    left_out: int = 0
    language: str = ENGLISH.language

    @property
    def heading(self) -> str:
        """Which days it is the best of."""
        first, last, words = self.period.first, self.period.last, self.words
        if first == last:
            return words.gettext("Best of %(day)s", day=words.full(last))
        days = dates.whole_span(first, last, words)
        if self.period.decays:
            return words.gettext("Trending, %(days)s", days=days)
        if (last - first).days < DAYS_OF_A_WEEK:
            return words.gettext("Best of the week, %(days)s", days=days)
        return words.gettext("Best of %(month)s", month=words.month(last))

    @property
    def state(self) -> str:
        """`incomplete` if anything that was listed may be missing, `so far` if days are to come, else `complete`."""
        if self.alarms:
            return N_("incomplete")
        return N_("so far") if self._in(TO_COME) else N_("complete")

    @property
    def alarms(self) -> tuple[str, ...]:
        """A sentence about each kind of days of which papers are missing, the worst first."""
        found = ((sentence, self._in(*states)) for sentence, states in TROUBLES.items())
        return tuple(self.words.gettext(sentence, days=self._spans(days)) for sentence, days in found if days)

    @property
    def lead(self) -> str:
        """A few sentences on how much is shown of how much, and of which days."""
        words, quiet, to_come = self.words, self._in("quiet"), self._in(TO_COME)
        muted = words.ngettext("%(number)s paper", "%(number)s papers", self.left_out)
        sentences = (
            self._shown if self.works else phrases.nothing(self.state == "complete", words),
            words.gettext("Quiet, without a list: %(days)s.", days=self._spans(quiet)) if quiet else "",
            words.gettext("Still to come: %(days)s.", days=self._spans(to_come)) if to_come else "",
            words.gettext("Left out as muted: %(papers)s.", papers=muted) if self.left_out else "",
        )
        return " ".join(filter(None, sentences))

    @property
    def subject(self) -> str:
        """One line: the days and the top paper's title."""
        if not self.papers:
            return self.heading
        title = shortened(self.papers[0].title, SUBJECT_TITLE_LENGTH)
        return self.words.labelled(self.heading, phrases.headline(title, len(self.papers) - 1, self.words))

    @property
    def _shown(self) -> str:
        papers = phrases.shown_of_new(len(self.papers), self.works, self.words)
        if len(self.days) == 1:
            return f"{papers}."
        read = sum(state not in (MISSING, TO_COME, "quiet") for state in self.days.values())
        return self.words.ngettext(
            "%(papers)s, listed on %(number)s day.", "%(papers)s, listed on %(number)s days.", read, papers=papers
        )

    def _spans(self, days: Collection[date]) -> str:
        return dates.spans(days, self.period.last, self.words)

    def _in(self, *states: str) -> list[date]:
        return [day for day, state in self.days.items() if state in states]


def selection(
    warehouse: "Warehouse",
    period: Period,
    rows: pl.DataFrame,
    newest: date,
    *,
    left_out: int = 0,
    language: str = ENGLISH.language,
) -> Selection:
    """A page of `rows`, rows of `DIGEST` of one list in their order; `newest` is the last day that is over.

    In English, or in another of `words.LANGUAGES`.
    """
    days, words = period.days, words_of(language)
    told = formula_in(formula(rows), words)
    with warehouse.kept_open():
        made = warehouse.read(MADE, {"days": days})["day"].to_list()
        lists = warehouse.read(LISTS, {"days": days}).to_dicts()
        works = warehouse.read(WORKS, {"days": days})["works"].item()
    return Selection(
        period,
        tuple(areas(_entries(rows, period, words), words)),
        works,
        _states(days, made, lists, newest),
        formula_for_one(told, words) if "because" in rows.columns else told,
        left_out,
        language,
    )


def _entries(rows: pl.DataFrame, period: Period, words: Words) -> list[Entry]:
    """The rows, of which each says why its reader gets it and, unless all are of one day, when it was listed."""
    because = rows["because"] if "because" in rows.columns else pl.repeat("", rows.height, eager=True)
    found = []
    for entry, told in zip(entries(rows), because, strict=True):
        paper = replace(entry.paper, why=reason_in(one_line(told), entry.paper.why, words))
        if period.first != period.last:
            paper = dated(paper, entry.listed_on, period.last, words)
        found.append(replace(entry, paper=paper))
    return found


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
