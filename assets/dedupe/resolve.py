"""The works of some days, beside all that is stored: only what may have changed is looked at again.

A paper is affected if a record of it comes or goes, if the operator's mind about it changed, or if a block that it is
in fills up or empties. Edges depend on two papers alone, so only those of affected papers can change; a work is made
of connected papers, so only the works of papers connected with them can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.dedupe import candidates, fingerprint, profiles
from assets.dedupe.components import components
from assets.dedupe.decisions import Decisions
from assets.dedupe.identity import works
from assets.dedupe.neighbours import Neighbours
from assets.dedupe.verify import judged

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

FINGERPRINT = pl.Schema({"day": pl.Date(), "algorithm": pl.Int32(), "records": pl.Int32()})
"""The columns of `fingerprints`."""

STORED_EDGE = pl.Schema(
    {
        "paper_id": pl.String(),
        "other_id": pl.String(),
        "strong": pl.Boolean(),
        "score": pl.Float64(),
        "reason": pl.String(),
    }
)
"""The columns of `edges`: each pair both ways round."""

ENDS = ["paper_id", "other_id"]
PLACE = ["day", "work_id"]
MARKS = ("whole", "as_read")
Place = tuple[date, str]


@dataclass(frozen=True)
class Resolved:
    """The works of the days that were asked for, and single works of other days that changed with them.

    `frame` holds both; `gone` has the `day` and `work_id` of the works of other days that it replaces, or that are no
    more. `restated` are those of the other days of which a work comes, goes or reads otherwise, rather than being
    listed once more. `remove` and `append` are rows of the tables that identity rests on.
    """

    frame: pl.DataFrame
    gone: pl.DataFrame
    touched: list[date]
    restated: list[date]
    remove: dict[str, pl.DataFrame]
    append: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class _Affected:
    """Papers whose edges may have changed, and every complete block that they are in now."""

    papers: set[str]
    blocks: pl.DataFrame


def resolve(warehouse: "Warehouse", days: Sequence[date], decisions: Decisions) -> Resolved:
    """The works of these days, and of earlier or later days that a record of these days has changed."""
    beside = Neighbours(warehouse, days)
    own = warehouse.rows("clean_papers", days).select(profiles.READ.names())
    blocks, gone = fingerprint.blocks(own), beside.own_blocks()
    decided = _changes(beside.decisions(), decisions.frame)
    papers = {*own["paper_id"], *gone["paper_id"], *decided.gone["paper_id"], *decided.come["paper_id"]}
    affected = _affected(beside, papers, blocks, gone)

    compared = candidates.pairs(affected.blocks, pl.Series(sorted(affected.papers), dtype=pl.String))
    sides = affected.papers.union(compared["left"], compared["right"])
    known = beside.records(sides)
    edges = _changes(
        _both_ways(beside.edges(affected.papers)),
        _both_ways(_stored(judged(compared, pl.concat([own, known])))),
    )
    ends = affected.papers.union(edges.gone["paper_id"], edges.come["paper_id"])
    by_decision = pl.concat([decided.gone, decisions.frame]).select(ENDS).rows()
    connected, stored = beside.connected(ends, by_decision)
    standing = pl.concat([stored.join(edges.gone, on=ENDS, how="anti"), edges.come])
    records = pl.concat([own, _of(connected, known), beside.records(connected - sides)])

    new = grouped(records, standing.filter(pl.col("paper_id") < pl.col("other_id")), decisions)
    old = beside.works(connected)
    changed, restated = (changed_works(old.select(*PLACE, mark), new.select(*PLACE, mark), days) for mark in MARKS)
    marks, kept = _marks(days, own), profiles.profiles(own, beside.last_number())
    came = {
        "blocks": profiles.numbered(blocks, kept),
        "profiles": kept,
        "fingerprints": marks,
        "edges": edges.come,
        "decisions": decided.come,
    }
    went = {
        **dict.fromkeys(("blocks", "profiles", "fingerprints"), marks.select("day")),
        "edges": edges.gone.select(ENDS),
        "decisions": decided.gone,
    }
    return Resolved(
        new.filter(pl.col("day").is_in(days) | _named(changed, new)),
        old.filter(~pl.col("day").is_in(days) & _named(changed, old)).select(PLACE),
        _days(changed),
        _days(restated),
        went,
        came,
    )


def grouped(records: pl.DataFrame, edges: pl.DataFrame, decisions: Decisions) -> pl.DataFrame:
    """The works of these records, rows of `clean_papers`, by edges between their papers, each pair once."""
    present = set(records["paper_id"])
    told = present.union(*decisions.same)
    by_paper = edges.rename({"paper_id": "left", "other_id": "right"})
    groups = components(told, by_paper, decisions.same, decisions.different)
    return works(records, [group & present for group in groups], by_paper, decisions)


def changed_works(old: pl.DataFrame, new: pl.DataFrame, days: Sequence[date]) -> set[Place]:
    """The day and id of each work outside `days` that appears, disappears or is another row than before."""
    before, after = (
        {(row["day"], row["work_id"]): row for row in works.filter(~pl.col("day").is_in(days)).iter_rows(named=True)}
        for works in (old, new)
    )
    return {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}


def _of(papers: set[str], records: pl.DataFrame) -> pl.DataFrame:
    return records.filter(pl.col("paper_id").is_in(list(papers)))


def _named(places: set[Place], works: pl.DataFrame) -> pl.Series:
    return pl.Series([place in places for place in works.select("day", "work_id").iter_rows()], dtype=pl.Boolean)


def _days(places: set[Place]) -> list[date]:
    return sorted({day for day, _ in places})


def _affected(beside: Neighbours, papers: set[str], blocks: pl.DataFrame, gone: pl.DataFrame) -> _Affected:
    others = fingerprint.blocks(beside.records(papers))
    keys = pl.concat([frame["key"] for frame in (blocks, gone, others)])
    sharing = beside.sharing(keys)
    tipped = _tipped(sharing, gone, blocks) - papers
    if tipped:
        return _affected(beside, papers | tipped, blocks, gone)
    return _Affected(papers, pl.concat([sharing, blocks.select(sharing.columns)]))


def _tipped(sharing: pl.DataFrame, gone: pl.DataFrame, blocks: pl.DataFrame) -> set[str]:
    """The papers of blocks that become too full to say anything, or were and no longer are."""
    standing = sharing.select("key", "paper_id")
    before, after = (_full(pl.concat([standing, rows.select("key", "paper_id")])) for rows in (gone, blocks))
    return set(standing.filter(pl.col("key").is_in(list(before ^ after)))["paper_id"])


def _full(blocks: pl.DataFrame) -> set[int]:
    papers = blocks.group_by("key").agg(pl.col("paper_id").n_unique())
    return set(papers.filter(pl.col("paper_id") > candidates.MOST)["key"])


@dataclass(frozen=True)
class _Changes:
    """Which rows of a table go and which come."""

    gone: pl.DataFrame
    come: pl.DataFrame


def _changes(old: pl.DataFrame, new: pl.DataFrame) -> _Changes:
    return _Changes(old.join(new, on=old.columns, how="anti"), new.join(old, on=old.columns, how="anti"))


def _stored(edges: pl.DataFrame) -> pl.DataFrame:
    return edges.rename({"left": "paper_id", "right": "other_id"}).select(STORED_EDGE.names())


def _both_ways(edges: pl.DataFrame) -> pl.DataFrame:
    turned = edges.rename({"paper_id": "other_id", "other_id": "paper_id"})
    return pl.concat([edges, turned.select(edges.columns)]).unique()


def _marks(days: Sequence[date], records: pl.DataFrame) -> pl.DataFrame:
    counted = records.group_by("day").agg(records=pl.len().cast(pl.Int32))
    marks = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date}).join(counted, on="day", how="left")
    algorithm = pl.lit(fingerprint.ALGORITHM, pl.Int32).alias("algorithm")
    return marks.with_columns(algorithm, pl.col("records").fill_null(0)).select(FINGERPRINT.names())
