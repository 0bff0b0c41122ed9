"""The best works of a span of days by the formula of the daily edition: of a week, of a month, or those that trend."""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from assets.mail.carried import NEW
from assets.mail.known import A_DAY, Morning, known
from assets.mail.rank import Ranking, entries, rank

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

NEVER = math.inf


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`; what is older counts less if `decays`, as in the list of what trends."""

    first: date
    last: date
    decays: bool

    @classmethod
    def week(cls, day: date) -> "Period":
        """The week of a day, Monday to Sunday."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + timedelta(days=6), decays=False)

    @classmethod
    def month(cls, day: date) -> "Period":
        """The calendar month of a day."""
        first = day.replace(day=1)
        return cls(first, (first + timedelta(days=31)).replace(day=1) - A_DAY, decays=False)

    @classmethod
    def trailing(cls, day: date, days: int) -> "Period":
        """So many days up to a day, which is the last of them."""
        return cls(day - timedelta(days=days - 1), day, decays=True)

    @property
    def days(self) -> list[date]:
        """All of its days, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def best(warehouse: "Warehouse", period: Period, ranking: Ranking, morning: Morning) -> pl.DataFrame:
    """The best works first listed in the period, as rows of `DIGEST` of its last day, of what was known after it.

    Every work counts as of one list: within a week no paper is behind for having come on Monday.
    """
    if not period.decays:
        ranking = replace(ranking, weights=replace(ranking.weights, half_life=NEVER))
    with warehouse.kept_open():
        works = warehouse.rows("unique_papers", period.days).filter(~pl.col("revision").fill_null(False))
        listed = entries(works.with_columns(arrival=pl.lit(NEW)), period.last)
        seen = known(warehouse, listed, [period.last], morning)
        return rank(seen, warehouse.rows("tagged_papers", period.days), ranking)
