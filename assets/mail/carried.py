"""What an edition carries beside the new works of its day: works of earlier days that no edition has shown.

A work is `late` if its day was looked at, by the day's own edition or by a later one that carried works, before the
work was seen; it is `missed` if its day was never looked at, as after an outage. An edition looks at a day once:
what did not make its cut then is not carried later. Days before the first edition are not missed.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

NEW, LATE, MISSED = ARRIVALS = ("new", "late", "missed")
"""How a work came into an edition, in the order in which the edition shows them."""

DAYS_BACK = 31
"""How old the list of a carried work may be; after a longer outage, as old as the outage."""

EDITIONS = "SELECT day, work_id, arrival, frozen_at FROM editions WHERE day <= $day"

SEEN = """
    SELECT works.*, seen.seen_at
    FROM unique_papers AS works LEFT JOIN (
        SELECT listed.day, listed.work_id, min(fetched.seen_at) AS seen_at
        FROM (SELECT day, work_id, unnest(members) AS member FROM unique_papers WHERE day >= $first AND day < $day)
            AS listed
        JOIN fetched_papers AS fetched
            ON fetched.day = listed.day AND fetched.source = member.source AND fetched.source_id = member.source_id
        WHERE member.day = listed.day AND fetched.day >= $first AND fetched.day < $day GROUP BY ALL
    ) AS seen USING (day, work_id)
    WHERE works.day >= $first AND works.day < $day
"""
"""The works of earlier days, with when a record of their day was first fetched."""


def editions(warehouse: "Warehouse", day: date) -> pl.DataFrame:
    """What the editions up to and including `day` have shown: (day, work_id, arrival, frozen_at)."""
    return warehouse.read(EDITIONS, {"day": day})


def waiting(warehouse: "Warehouse", day: date) -> pl.DataFrame:
    """The works that wait for the edition of `day`, or waited when it was frozen, as `carried` has them."""
    shown = editions(warehouse, day)
    before = shown.filter(pl.col("day") < day)
    first = day if before.is_empty() else _first_day(before, day)
    return carried(warehouse.read(SEEN, {"first": first, "day": day}), shown, day)


def carried(works: pl.DataFrame, editions: pl.DataFrame, day: date) -> pl.DataFrame:
    """Which of `works`, rows of `unique_papers` with `seen_at`, wait for the edition of `day`, with their `arrival`.

    `editions` are (day, work_id, arrival, frozen_at), also of `day` itself: if it was mailed already, the answer is
    what waited then.
    """
    before = editions.filter(pl.col("day") < day)
    if before.is_empty():
        return works.clear().with_columns(arrival=pl.lit(None, pl.String))
    frozen_at = editions.filter(pl.col("day") == day)["frozen_at"].max()
    since_then = pl.lit(False) if frozen_at is None else (pl.col("seen_at") > frozen_at).fill_null(False)
    unlooked = pl.col("looked_at").is_null()
    return (
        _unshown(works, _shown(works, before))
        .filter(pl.col("day").is_between(_first_day(before, day), day, closed="left"), ~since_then)
        .join(_looked_at(works["day"], before), on="day", how="left")
        .filter(unlooked | (pl.col("seen_at") > pl.col("looked_at")))
        .with_columns(arrival=pl.when(unlooked).then(pl.lit(MISSED)).otherwise(pl.lit(LATE)))
        .drop("looked_at")
    )


def new(works: pl.DataFrame, editions: pl.DataFrame) -> pl.DataFrame:
    """The works that are new to their own day's edition, with their `arrival`: no edition before has shown them."""
    before = _shown(works, editions).filter(pl.col("edition") < pl.col("day"))
    return _unshown(works, before).with_columns(arrival=pl.lit(NEW))


def boarding(waiting: pl.DataFrame, new: int) -> pl.DataFrame:
    """Which of the waiting works go with an edition of so many new ones.

    Late works alone are no reason to mail on a quiet day: they wait for the next edition. Missed days are one.
    """
    mailed = new > 0 or MISSED in waiting["arrival"]
    return waiting if mailed else waiting.clear()


def _shown(works: pl.DataFrame, editions: pl.DataFrame) -> pl.DataFrame:
    """Which edition has shown which work, under any of its ids: (day, work_id, edition)."""
    ids = works.select("day", "work_id", shown_as=pl.col("members").list.eval(pl.element().struct.field("paper_id")))
    names = editions.select(shown_as="work_id", edition="day")
    return ids.explode("shown_as").join(names, on="shown_as").select("day", "work_id", "edition")


def _unshown(works: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """The works but those; never one of which only a new version was listed."""
    return works.filter(~pl.col("revision").fill_null(False)).join(shown, on=["day", "work_id"], how="anti")


def _first_day(before: pl.DataFrame, day: date) -> date:
    """The first day of which a work may wait: none of before the edition that was mailed first."""
    beginning: date
    latest: date
    beginning, latest = before.sort("frozen_at", "day").select(pl.first("day"), latest=pl.max("day")).row(0)
    return max(beginning, min(latest, day - timedelta(days=DAYS_BACK)))


def _looked_at(days: pl.Series, before: pl.DataFrame) -> pl.DataFrame:
    """Until when each day's works were looked at, as (day, looked_at), for the days that were."""
    carries = (pl.col("arrival") != NEW).any().alias("carries")
    editions = before.group_by(edition="day").agg(carries, pl.col("frozen_at").max())
    pairs = pl.DataFrame({"day": days.unique()}, schema={"day": pl.Date}).join(editions, how="cross")
    its_own, later = pl.col("edition") == pl.col("day"), pl.col("edition") > pl.col("day")
    looking = its_own | (pl.col("carries") & later)
    return pairs.filter(looking).group_by("day").agg(looked_at=pl.col("frozen_at").max())
