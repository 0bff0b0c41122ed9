"""When a source lists papers: what tells an empty Tuesday from an empty Sunday. The dates are `calendar.toml`'s."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Calendar:
    """A source's announcements: one on each of `weekdays` (0 is Monday) but for `holidays`, at the hour `announced`.

    The list that is announced bears the date `days_later` days after that evening. A list that is not there at
    `due`, on its own date, is missing. All hours are in `zone`.
    """

    zone: ZoneInfo
    weekdays: frozenset[int]
    holidays: frozenset[date]
    announced: time
    days_later: int
    due: timedelta

    def lists(self, day: date) -> bool:
        """Whether there is a list for the day."""
        return self.lists_on_weekday(day) and day - timedelta(days=self.days_later) not in self.holidays

    def lists_on_weekday(self, day: date) -> bool:
        """Whether there is a list for the day if nobody has a holiday."""
        return (day - timedelta(days=self.days_later)).weekday() in self.weekdays

    def announced_at(self, day: date) -> datetime:
        """When the day's list appears."""
        return datetime.combine(day - timedelta(days=self.days_later), self.announced, self.zone)

    def due_at(self, day: date) -> datetime:
        """When a list that has not appeared is missing."""
        return datetime.combine(day, time(), self.zone) + self.due

    def next_list(self, day: date) -> date:
        """The first day from `day` on, `day` included, for which there is a list."""
        while not self.lists(day):
            day += timedelta(days=1)
        return day


def load(source: str, holidays: Collection[date] = ()) -> Calendar:
    """The calendar of a source, with further `holidays` that the operator knows of.

    Raises `KeyError` for a source without one.
    """
    kept = _calendars()[source]
    return Calendar(
        zone=ZoneInfo(kept["zone"]),
        weekdays=frozenset(kept["weekdays"]),
        holidays=frozenset([*kept["holidays"], *holidays]),
        announced=kept["announced"],
        days_later=kept["days_later"],
        due=timedelta(hours=kept["due_hours"]),
    )


@cache
def _calendars() -> dict[str, Any]:
    return tomllib.loads((files("assets.fetch") / "calendar.toml").read_text(encoding="utf-8"))
