"""The rows of `digest` for some days, over the warehouse: new works, works of earlier days, editions mailed already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.mail.carried import boarding, editions, new, waiting
from assets.mail.known import Morning, known
from assets.mail.rank import DIGEST, Ranking, entries, rank

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse


@dataclass(frozen=True)
class Digest:
    """Rows of `DIGEST`; which of their days were `mailed`, and so stay as they are; and what the gate is told.

    `facts` are (day, edition_size, unwritten_lines): how many rows a day ought to have, and how many lack a line.
    """

    rows: pl.DataFrame
    mailed: Collection[date]
    facts: pl.DataFrame


def digests(
    warehouse: "Warehouse", days: Sequence[date], current: Collection[date], ranking: Ranking, morning: Morning
) -> Digest:
    """The digests of these days, of what was known by the `morning` after each.

    A day that was mailed keeps its rows as they are; of the others, only those in `current` carry works of earlier
    days.
    """
    shown = editions(warehouse, max(days))
    mailed = set(shown["day"]).intersection(days)
    kept = warehouse.rows("digest", list(mailed)).select(DIGEST.names()).cast(DIGEST)
    made = [day for day in days if day not in mailed]
    works = known(warehouse, _works(warehouse, made, current, shown), made, morning)
    tags = warehouse.rows("tagged_papers", works["listed_on"].unique().to_list())
    room = pl.len().clip(upper_bound=ranking.size).cast(pl.Int64)
    sizes = works.group_by("day", "arrival").agg(edition_size=room).select("day", "edition_size")
    standing = kept.group_by("day").agg(edition_size=pl.len().cast(pl.Int64))
    expected = pl.concat([sizes, standing]).group_by("day").agg(pl.sum("edition_size"))
    every_day = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
    return Digest(
        rows=pl.concat([rank(works, tags, ranking), kept]),
        mailed=mailed,
        facts=every_day.join(expected, on="day", how="left").with_columns(
            pl.col("edition_size").fill_null(0), unwritten_lines=pl.lit(0, pl.Int64)
        ),
    )


def _works(
    warehouse: "Warehouse", days: Sequence[date], current: Collection[date], shown: pl.DataFrame
) -> pl.DataFrame:
    """What is ranked for these days: their new works, and for the current editions those that they carry."""
    works = new(warehouse.rows("unique_papers", days), shown)
    found = [entries(works)]
    for day in set(current).intersection(days):
        carried = boarding(waiting(warehouse, day), works.filter(pl.col("day") == day).height)
        found.append(entries(carried, day).select(found[0].columns))
    return pl.concat(found)
