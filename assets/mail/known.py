"""What was known of a work's votes at an edition's time: of the snapshots in `popularity` none that came after it.

An edition's time is the schedule's on the morning after its day or, if the day was fetched first after that, as in a
backfill, when it was. So the ranking of any past day comes out again as it was, whenever it is made. The first figures
of a work are those of the list that brought it; a snapshot counts if it is later than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

FIGURES = ("votes", "comments")
OF_A_WORK = ("day", "listed_on", "work_id")
A_DAY = timedelta(days=1)

FETCHED = "SELECT day, source, source_id, seen_at FROM fetched_papers WHERE day IN (SELECT unnest($days))"
SNAPSHOTS = """
    SELECT source, source_id, seen_at, votes, comments FROM popularity
    WHERE source_id IN (SELECT unnest($ids))
"""


@dataclass(frozen=True)
class Morning:
    """When the schedule makes the edition of the day before."""

    at: time
    time_zone: str

    def after(self, day: date) -> datetime:
        """The moment, in UTC and without a time zone, as the tables have it."""
        local = datetime.combine(day + A_DAY, self.at, ZoneInfo(self.time_zone))
        return local.astimezone(UTC).replace(tzinfo=None)


def known(warehouse: "Warehouse", works: pl.DataFrame, days: Sequence[date], morning: Morning) -> pl.DataFrame:
    """`works`, entries of the editions of `days`, with the votes and comments of then and the votes `gained`.

    `gained` are the votes of the last 24 hours before, null for a work that was not known so early.
    """
    listed_on = works["listed_on"].unique().to_list()
    fetched = warehouse.read(FETCHED, {"days": [*{*days, *listed_on}]})
    ids = works["members"].explode().struct.field("source_id").unique().to_list()
    snapshots = warehouse.read(SNAPSHOTS, {"ids": ids})
    return as_of(works, fetched, snapshots, times(days, fetched, morning))


def times(days: Sequence[date], fetched: pl.DataFrame, morning: Morning) -> pl.DataFrame:
    """The time of each day's edition, as (day, at)."""
    scheduled = pl.DataFrame(
        {"day": days, "scheduled": [morning.after(day) for day in days]},
        schema={"day": pl.Date, "scheduled": pl.Datetime("us")},
    )
    first = fetched.group_by("day").agg(fetched_at=pl.min("seen_at"))
    return scheduled.join(first, on="day", how="left").select("day", at=pl.max_horizontal("scheduled", "fetched_at"))


def as_of(works: pl.DataFrame, fetched: pl.DataFrame, snapshots: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """What `known` says, of (day, source, source_id, seen_at) as records were fetched, and of rows of `popularity`."""
    records = _records(works)
    first = fetched.rename({"day": "listed_on", "seen_at": "began"})
    began = records.join(first, on=["listed_on", "source", "source_id"]).group_by(OF_A_WORK).agg(pl.min("began"))
    seen = (
        records.join(snapshots, on=["source", "source_id"])
        .join(began, on=OF_A_WORK, how="left")
        .join(times, on="day")
        .filter((pl.col("seen_at") > pl.col("began")).fill_null(True), pl.col("seen_at") <= pl.col("at"))
        .sort("seen_at")
    )
    a_day_before = pl.col("at") - A_DAY
    first_votes = pl.when(pl.col("began") <= a_day_before).then("votes")
    return (
        works.join(times, on="day")
        .join(began, on=OF_A_WORK, how="left")
        .join(_figures(seen, "then"), on=OF_A_WORK, how="left")
        .join(_figures(seen.filter(pl.col("seen_at") <= a_day_before), "before"), on=OF_A_WORK, how="left")
        .with_columns(before=pl.coalesce("votes_before", first_votes))
        .with_columns(pl.coalesce(f"{name}_then", name).alias(name) for name in FIGURES)
        .with_columns(gained=(pl.col("votes") - pl.col("before")).clip(lower_bound=0))
        .select(*works.columns, "gained")
    )


def _records(works: pl.DataFrame) -> pl.DataFrame:
    """The records of each work."""
    members = works.select(*OF_A_WORK, member="members").explode("member").unnest("member", separator="_")
    return members.select(*OF_A_WORK, source="member_source", source_id="member_source_id").unique()


def _figures(seen: pl.DataFrame, when: str) -> pl.DataFrame:
    """The latest figures of each record, and of a work's records the largest: `votes_<when>` and `comments_<when>`."""
    latest = seen.group_by(*OF_A_WORK, "source", "source_id", maintain_order=True).agg(pl.last(*FIGURES))
    return latest.group_by(OF_A_WORK).agg(pl.max(name).alias(f"{name}_{when}") for name in FIGURES)
