"""Days as readers are told them."""

from collections.abc import Iterable
from datetime import date, timedelta

from assets.mail.words import Words


def short(day: date, beside: date, words: Words) -> str:
    """Without what a reader knows who reads it beside another day: 9 November; with its year if that is another."""
    return words.day_of_year(day) if day.year == beside.year else words.day(day)


def span(first: date, last: date, beside: date, words: Words) -> str:
    """From the first to the last day, without what a reader knows already."""
    return _span(first, last, short(last, beside, words), words)


def whole_span(first: date, last: date, words: Words) -> str:
    """From the first to the last day, with the year: 20 to 26 November 2026."""
    return _span(first, last, words.day(last), words)


def spans(days: Iterable[date], beside: date, words: Words) -> str:
    """Some days, those that follow one another together: 3 November, 8 to 9 November and 2 December."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    return words.listed([span(*run, beside, words) for run in runs])


def _span(first: date, last: date, said: str, words: Words) -> str:
    """`said` is the last day in words."""
    if first == last:
        return said
    if (first.year, first.month) == (last.year, last.month):
        return words.gettext("%(day_of_month)s to %(last)s", day_of_month=words.day_of_month(first), last=said)
    return words.gettext("%(first)s to %(last)s", first=short(first, last, words), last=said)
