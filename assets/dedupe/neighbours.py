"""What is stored already and may be touched by the records of some days: deduplication's history, read in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.dedupe.identity import works

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

RECORDS = """
    WITH known AS (
        SELECT * FROM clean_papers WHERE list_contains($days, day)
            OR day IN (SELECT day FROM partitions WHERE asset = 'unique_papers' AND outcome = 'published')
    ),
    fresh AS (SELECT * FROM known WHERE list_contains($days, day)),
    kin AS (
        SELECT day, source, source_id FROM known
        WHERE paper_id IN (SELECT paper_id FROM fresh) OR doi IN (SELECT doi FROM fresh)
           OR title_key IN (SELECT title_key FROM fresh)
    ),
    members AS (SELECT work_id, unnest(members, recursive := true) FROM unique_papers),
    affected AS (
        SELECT DISTINCT work_id FROM members
        WHERE list_contains($days, day) OR (day, source, source_id) IN (SELECT (day, source, source_id) FROM kin)
    ),
    wanted AS (
        SELECT day, source, source_id FROM kin
        UNION
        SELECT day, source, source_id FROM members WHERE work_id IN (SELECT work_id FROM affected)
    )
    SELECT * FROM known WHERE (day, source, source_id) IN (SELECT (day, source, source_id) FROM wanted)
"""
"""The records of the days, the stored ones that share a key with them, and the other members of all their works.

A link depends on two records alone, so a stored record outside this set cannot be linked to one inside it.
A day that was cleaned and never resolved waits for its own run: it would be made in part here.
"""

OLD_WORKS = """
    SELECT * FROM unique_papers WHERE list_contains($days, day)
       OR list_has_any([member.day FOR member IN members], $days)
       OR list_has_any([member.paper_id FOR member IN members], $paper_ids)
"""


@dataclass(frozen=True)
class Resolved:
    """Whole days of works: `frame` holds every row of the days asked for and of `touched`, which changed with them."""

    frame: pl.DataFrame
    touched: list[date]


def resolve(warehouse: "Warehouse", days: Sequence[date]) -> Resolved:
    """The works of these days, and of earlier or later days that a record of these days has changed."""
    records = warehouse.read(RECORDS, {"days": list(days)})
    new = works(records)
    paper_ids = records["paper_id"].unique().to_list()
    old = warehouse.read(OLD_WORKS, {"days": list(days), "paper_ids": paper_ids})
    touched = changed_days(old, new, days)
    standing = warehouse.rows("unique_papers", touched)
    settled = pl.concat([old["work_id"], new["work_id"]]).unique()
    unaffected = standing.filter(~pl.col("work_id").is_in(settled.implode()))
    rewritten = new.filter(pl.col("day").is_in([*days, *touched]))
    return Resolved(pl.concat([rewritten, unaffected.select(new.columns)]), touched)


def changed_days(old: pl.DataFrame, new: pl.DataFrame, days: Sequence[date]) -> list[date]:
    """The days outside `days` on which a work appears, disappears or reads otherwise than before."""
    before = {row["work_id"]: row for row in old.iter_rows(named=True)}
    after = {row["work_id"]: row for row in new.iter_rows(named=True)}
    differing = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    changed = {works[name]["day"] for works in (before, after) for name in differing if name in works}
    return sorted(changed.difference(days))
