"""What was known of a work's votes at an edition's time: from the snapshots in `popularity`, and from none after it.

An edition's time is the schedule's on the morning after its day or, if the day was fetched first after that, as in a
backfill, when it was. So the ranking of any past day comes out again as it was, whenever it is made. A record that was
first seen after the edition's time has the figures of its first snapshot: there are none from before.
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
A_DAY = timedelta(days=1)

FIRST_FETCHED = "SELECT day, min(seen_at) AS at FROM fetched_papers WHERE day IN (SELECT unnest($days)) GROUP BY day"
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


def times(warehouse: "Warehouse", days: Sequence[date], morning: Morning) -> pl.DataFrame:
    """The time of each day's edition: (day, at)."""
    scheduled = pl.DataFrame(
        {"day": days, "scheduled": [morning.after(day) for day in days]},
        schema={"day": pl.Date, "scheduled": pl.Datetime("us")},
    )
    fetched = warehouse.read(FIRST_FETCHED, {"days": list(days)}).cast({"day": pl.Date, "at": pl.Datetime("us")})
    return scheduled.join(fetched, on="day", how="left").select("day", at=pl.max_horizontal("scheduled", "at"))


def known(warehouse: "Warehouse", works: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """`works`, entries of the editions of `times`, with the votes and comments of then and the votes `gained`.

    `gained` are the votes of the last 24 hours before, null for a work that no snapshot shows so early.
    """
    ids = works["members"].explode().struct.field("source_id").unique().to_list()
    return as_of(works, warehouse.read(SNAPSHOTS, {"ids": ids}), times)


def as_of(works: pl.DataFrame, snapshots: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """What `known` says, of snapshots as rows of `popularity`. A work without any keeps the figures that it has."""
    of_a_work = ["day", "listed_on", "work_id"]
    seen = (
        works.select(*of_a_work, member="members")
        .explode("member")
        .unnest("member", separator="_")
        .select(*of_a_work, source="member_source", source_id="member_source_id")
        .unique()
        .join(snapshots, on=["source", "source_id"])
        .join(times, on="day")
        .sort("seen_at")
    )
    of_a_record = [*of_a_work, "source", "source_id"]
    first = pl.col("seen_at") == pl.col("seen_at").min().over(of_a_record)
    then = _figures(seen.filter(first | (pl.col("seen_at") <= pl.col("at"))), of_a_work)
    before = _figures(seen.filter(pl.col("seen_at") <= pl.col("at") - A_DAY), of_a_work)
    gained = (pl.col("votes_then") - pl.col("votes_then_before")).clip(lower_bound=0)
    return (
        works.join(then, on=of_a_work, how="left")
        .join(before, on=of_a_work, how="left", suffix="_before")
        .with_columns(pl.coalesce(f"{name}_then", name).alias(name) for name in FIGURES)
        .with_columns(gained=gained)
        .select(*works.columns, "gained")
    )


def _figures(seen: pl.DataFrame, of_a_work: list[str]) -> pl.DataFrame:
    """The latest figures of each record, and of a work's records the largest: `votes_then` and `comments_then`."""
    latest = seen.group_by(*of_a_work, "source", "source_id", maintain_order=True).agg(pl.last(*FIGURES))
    return latest.group_by(of_a_work).agg(pl.max(name).alias(f"{name}_then") for name in FIGURES)
