"""What becomes of fetched records beside those stored from before: nothing is lost, nothing is listed twice.

A record keeps its first figures: votes, comments and stars move in `popularity` only. A record that a list no longer
names stays. What the text of a record says is the list's of now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.fetch import drift
from assets.fetch.arxiv.joined import JOINED
from assets.fetch.fetch import Fetched
from assets.fetch.source import RECORD, frame

SNAPSHOT = pl.Schema(
    {
        "source": pl.String(),
        "source_id": pl.String(),
        "seen_at": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "stars": pl.Int32(),
    }
)
FIGURES = ("votes", "comments", "stars")
FIRST_SEEN = (*FIGURES, "position", "seen_at")
"""What a record keeps from the first time it was seen."""

PROVENANCE = ("body", "record")
"""Where a record was read; new figures alone make a new body, and no news."""

MISSING = ("failed", "waiting", "incomplete")


@dataclass(frozen=True)
class Batch:
    """Rows of `fetched_papers`, and what is written and told beside them, all for the same days."""

    rows: pl.DataFrame
    ledger: pl.DataFrame
    shares: pl.DataFrame
    facts: pl.DataFrame


def batch(
    fetched: Fetched,
    stored: pl.DataFrame,
    history: pl.DataFrame,
    now: datetime,
    *,
    deliver_incomplete: bool = False,
) -> Batch:
    """The fetched records of some days merged into the `stored` ones.

    `history` are the rows of `field_shares` before and between the days. `facts` are what the gate must know of
    each day: (day, expected, vanished_lists, forgotten, shortfall, sources_missing, fields_changed, and what to tell
    of the last three, `…_told`).
    """
    listed = fetched.frame
    rows = merged(listed, stored, now)
    shares = drift.shares(listed)
    facts = (
        _counts(fetched.ledger_frame, listed, stored)
        .join(gaps(fetched.ledger, rows, deliver_incomplete), on="day")
        .join(drift.changes(shares, history), on="day", how="left")
        .with_columns(pl.col("fields_changed").fill_null(0))
    )
    return Batch(rows, fetched.ledger_frame, shares, facts)


def merged(listed: pl.DataFrame, stored: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The rows of a list as seen `now`, and of what was stored before, as rows of `fetched_papers`.

    Ids that `listed` names twice stay twice: that is for the gate to see.
    """
    if stored.is_empty():
        return listed.with_columns(pl.lit(now, pl.Datetime("us")).alias("seen_at"))
    known = {_key(row): row for row in stored.select(RECORD.names()).iter_rows(named=True)}
    now_listed = [_settled(row, known.get(_key(row)), now) for row in listed.iter_rows(named=True)]
    gone = known.keys() - {_key(row) for row in now_listed}
    return frame([*now_listed, *(row for key, row in known.items() if key in gone)])


def _settled(row: dict[str, Any], before: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    if before is None:
        return {**row, "seen_at": now}
    # What is joined from another place is not gone because that place did not answer this time.
    row = {**row, **{column: before[column] for column in JOINED if not row[column]}}
    passing = (*FIRST_SEEN, *PROVENANCE)
    if all(row[column] == before[column] for column in RECORD if column not in passing):
        return before
    return {**row, **{column: before[column] for column in FIRST_SEEN}}


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["day"], row["source"], row["source_id"]


def changed_days(rows: pl.DataFrame, stored: pl.DataFrame) -> set[date]:
    """The days on which the rows are not those that are stored."""
    ours, theirs = _by_day(rows), _by_day(stored)
    return {day for day in ours.keys() | theirs.keys() if ours.get(day) != theirs.get(day)}


def _by_day(rows: pl.DataFrame) -> dict[date, list[str]]:
    found: dict[date, list[str]] = {}
    for row in rows.select(RECORD.names()).iter_rows(named=True):
        found.setdefault(row["day"], []).append(repr(row))
    return {day: sorted(texts) for day, texts in found.items()}


def snapshots(records: pl.DataFrame, latest: pl.DataFrame, seen_at: datetime) -> pl.DataFrame:
    """The records' figures where they differ from the latest snapshot of each record, as rows of `popularity`."""
    seen = records.filter(pl.col("source_id").is_not_null() & pl.any_horizontal(pl.col(FIGURES).is_not_null()))
    seen = seen.unique(["source", "source_id"], keep="last", maintain_order=True)
    seen = seen.select("source", "source_id", pl.lit(seen_at).alias("seen_at"), *FIGURES)
    known = ["source", "source_id", *FIGURES]
    return seen.join(latest.select(known), on=known, how="anti", nulls_equal=True).cast(SNAPSHOT)


def _counts(ledger: pl.DataFrame, listed: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """How many rows each day must have, and what stored rows the lists of now leave out."""
    keys = ["day", "source", "source_id"]
    unlisted = stored.select(keys).join(listed.select(keys), on=keys, how="anti", nulls_equal=True)
    kept = unlisted.group_by("day", "source").agg(kept=pl.len())
    asked = ledger.select("day", "source", "state", pl.col("fetched").cast(pl.Int64))
    # Rows of a source that the settings no longer name stay too.
    known = asked.join(kept, on=["day", "source"], how="full", coalesce=True).with_columns(
        pl.col("state").fill_null("failed"), pl.col("fetched", "kept").fill_null(0).cast(pl.Int64)
    )
    answered, nothing = pl.col("state") != "failed", pl.col("fetched") == 0
    return known.group_by("day").agg(
        expected=pl.sum("fetched") + pl.sum("kept"),
        vanished_lists=(answered & nothing & (pl.col("kept") > 0)).sum().cast(pl.Int64),
        forgotten=pl.when(pl.col("state") == "fresh").then("kept").otherwise(0).sum(),
    )


def gaps(ledger: Sequence[dict[str, Any]], rows: pl.DataFrame, deliver_incomplete: bool) -> pl.DataFrame:
    """What is missing of each day: how many sources, and by how much the lists that came in part fall short.

    Where nothing at all is known of a day, every source that is missing is a shortfall.
    """
    having = set(rows["day"])
    found = []
    for day in sorted({row["day"] for row in ledger}):
        missing = [row for row in ledger if row["day"] == day and row["state"] in MISSING]
        if day not in having:
            short = missing
        else:
            short = [] if deliver_incomplete else [row for row in missing if row["fetched"] or row["expected"]]
        told = "; ".join(f"{row['source']} {row['state']}: {row['reason']}" for row in missing)
        lost = sum(max((row["expected"] or 0) - row["fetched"], 1) for row in short)
        found.append((day, len(missing), told, lost, "; ".join(_figures(row) for row in short)))
    columns = {"day": pl.Date, "sources_missing": pl.Int64, "sources_missing_told": pl.String,
               "shortfall": pl.Int64, "shortfall_told": pl.String}  # fmt: skip
    return pl.DataFrame(found, schema=columns, orient="row")


def _figures(row: dict[str, Any]) -> str:
    expected = "an unknown number" if row["expected"] is None else row["expected"]
    return f"{row['source']} {row['fetched']} of {expected}: {row['reason']}"
