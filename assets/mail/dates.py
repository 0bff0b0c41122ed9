"""Days as readers are told them."""

from collections.abc import Iterable
from datetime import date, timedelta


def full(day: date) -> str:
    """As a masthead has it: Friday 20 November 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def short(day: date, beside: date) -> str:
    """Without what a reader knows who reads it beside another day: 9 November; with its year if that is another."""
    year = "" if day.year == beside.year else f" {day.year}"
    return f"{day.day} {day:%B}{year}"


def span(first: date, last: date, beside: date) -> str:
    """From the first to the last day, without what a reader knows already."""
    if first == last:
        return short(last, beside)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {short(last, beside)}"
    return f"{short(first, last)} to {short(last, beside)}"


def spans(days: Iterable[date], beside: date) -> str:
    """Some days, those that follow one another together: 3 November, 8 to 9 November and 2 December."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    *others, last = [span(*run, beside) for run in runs]
    return f"{', '.join(others)} and {last}" if others else last
