"""The report as one page of HTML that loads nothing: its words are in `templates`, its pictures inline.

A pure function of the facts. Titles, reasons and keys were written by strangers: Jinja2 escapes them.
"""

import re
from calendar import Calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby

import polars as pl
from jinja2 import Environment

from quality.pages import escaping
from quality.report import words
from quality.report.facts import Day, Facts
from quality.report.tables import views
from quality.suites import why

SHOWN = 30
"""So many entries of a list stand open; the rest is behind one click."""

LONGEST = 1_200
"""Characters of a reason: an exception may quote whole bodies."""

SHORT = 220
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Month:
    """A month of the calendar: weeks from Monday, a day that is not of the report or the month is None."""

    name: str
    weeks: Sequence[Sequence[Day | None]]


def render(facts: Facts, made_at: datetime) -> str:
    """The page; `made_at` is in UTC."""
    found = facts.expectations.to_dicts()
    needing = words.spells(facts.needing)
    return (
        _environment()
        .get_template("report.html")
        .render(
            facts=facts,
            made_at=made_at,
            summary=words.summary(facts),
            months=list(months(facts.days)),
            spells=needing,
            anchors=_anchors(needing),
            incidents=facts.incidents.to_dicts(),
            open_incidents=facts.incidents.filter(pl.col("ended_at").is_null()).height,
            errors=[one for one in found if one["severity"] == "ERROR"],
            warnings=[one for one in found if one["severity"] == "WARN"],
            gaps=facts.gaps.to_dicts(),
            quarantine=facts.quarantine.to_dicts(),
            elsewhere=facts.elsewhere.row(0, named=True),
            tables=views(facts),
        )
    )


def months(days: Sequence[Day]) -> Iterator[Month]:
    """The months that the days are in."""
    for (year, month), of_month in groupby(days, key=lambda day: (day.day.year, day.day.month)):
        known = {day.day: day for day in of_month}
        weeks = Calendar().monthdatescalendar(year, month)
        shown = [[known.get(day) for day in week] for week in weeks]
        yield Month(f"{date(year, month, 1):%B %Y}", [week for week in shown if any(week)])


def _anchors(spells: Sequence[words.Spell]) -> Mapping[date, str]:
    """Where the page tells of each day that needs attention."""
    return {date.fromordinal(spell.first.toordinal() + number): spell.anchor
            for spell in spells for number in range(spell.days)}  # fmt: skip


def _short(text: str, length: int = SHORT) -> str:
    """A text in one line of at most `length` characters, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length].rsplit(' ', 1)[0]} …"


def _slug(state: str) -> str:
    return re.sub(r"\W+", "-", state)


@cache
def _environment() -> Environment:
    environment = escaping("quality.report")
    filters = {"short": _short, "slug": _slug, "day_words": words.day_words, "moment": words.moment}
    environment.filters |= {**filters, "listed": words.listed}
    environment.globals |= {
        "advice": why, "meanings": words.MEANINGS, "plural": words.plural, "span": words.span,
        "weekdays": WEEKDAYS, "shown": SHOWN, "longest": LONGEST,
    }  # fmt: skip
    return environment
