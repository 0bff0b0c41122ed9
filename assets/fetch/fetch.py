"""Fetching days from all sources: the records, what the ledger says of each source and day, and what was popular.

A body is stored before it is parsed, so that a parser that fails loses nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from assets.fetch.bodies import BodyStore
from assets.fetch.source import Body, Source, SourceError, frame

LEDGER = pl.Schema(
    {
        "source": pl.String(),
        "day": pl.Date(),
        "state": pl.String(),
        "expected": pl.Int32(),
        "fetched": pl.Int32(),
        "attempts": pl.Int32(),
        "seconds": pl.Float64(),
        "reason": pl.String(),
        "recorded_at": pl.Datetime("us"),
    }
)
SNAPSHOT = pl.Schema(
    {
        "source": pl.String(),
        "source_id": pl.String(),
        "seen_at": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
    }
)


@dataclass(frozen=True)
class Feeds:
    """The sources of the settings, and where their bodies are kept."""

    sources: Sequence[Source]
    store: BodyStore


@dataclass
class Fetched:
    """What was fetched for some days; `failures` holds the days that a source could not give whole."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[date, str] = field(default_factory=dict)
    transient: bool = False

    @property
    def frame(self) -> pl.DataFrame:
        """The records, with the columns of `fetched_papers`."""
        return pl.concat([frame(()), *self.frames])

    @property
    def ledger_frame(self) -> pl.DataFrame:
        """A row for each source and day, with the columns of `fetch_ledger`."""
        return pl.DataFrame(self.ledger, schema=LEDGER, orient="row")

    def facts(self, stored: pl.DataFrame) -> pl.DataFrame:
        """What the gate must know of each day: (day, expected, vanished_lists).

        `expected` is how many records the ledger counts; a list has vanished if its source has rows in `stored`
        (day, source) and lists none now.
        """
        asked = self.ledger_frame.select("day", "source", pl.col("fetched").cast(pl.Int64))
        known = asked.join(stored.with_columns(known=True), on=["day", "source"], how="left")
        vanished = ((pl.col("fetched") == 0) & pl.col("known").fill_null(False)).cast(pl.Int64)
        return known.group_by("day").agg(expected=pl.sum("fetched"), vanished_lists=vanished.sum())


def fetch(feeds: Feeds, days: Sequence[date], attempt: int = 1) -> Fetched:
    """The lists of every source for these days; a source that fails for a day does not stop the others."""
    fetched = Fetched()
    for day in days:
        for source in feeds.sources:
            _fetch_one(feeds.store, source, day, attempt, fetched)
    return fetched


def _fetch_one(store: BodyStore, source: Source, day: date, attempt: int, fetched: Fetched) -> None:
    started = time.perf_counter()
    fetched_rows = 0
    state, reason = "failed", ""
    try:
        bodies = source.fetch(day)
        for body in bodies:
            store.put(body)
        records = _records(source, day, bodies)
        state, fetched_rows = "fresh" if records.height else "quiet", records.height
        fetched.frames.append(records)
    except SourceError as error:
        reason = str(error)
        fetched.failures[day] = "; ".join(filter(None, (fetched.failures.get(day), reason)))
        fetched.transient = fetched.transient or error.transient
    now = datetime.now(UTC).replace(tzinfo=None)
    fetched.ledger.append(
        {"source": source.name, "day": day, "state": state, "fetched": fetched_rows, "attempts": attempt,
         "seconds": time.perf_counter() - started, "reason": reason, "recorded_at": now}
    )  # fmt: skip


def _records(source: Source, day: date, bodies: list[Body]) -> pl.DataFrame:
    """The records of one list; a value that no column can hold is the source's fault, and must not stop another's."""
    rows = [{**row, "position": place} for place, row in enumerate(source.parse(day, bodies))]
    try:
        return frame(rows)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        where = ", ".join(body.url for body in bodies)
        raise SourceError(f"{source.name}: {where}: a value does not fit its column: {error}") from error


def snapshots(records: pl.DataFrame, latest: pl.DataFrame, seen_at: datetime) -> pl.DataFrame:
    """The records' votes and comments where they differ from the latest snapshot of each record."""
    seen = records.filter(pl.col("source_id").is_not_null() & pl.col("votes").is_not_null())
    seen = seen.unique(["source", "source_id"], keep="last", maintain_order=True)
    seen = seen.select("source", "source_id", pl.lit(seen_at).alias("seen_at"), "votes", "comments")
    known = ["source", "source_id", "votes", "comments"]
    return seen.join(latest.select(known), on=known, how="anti", nulls_equal=True).cast(SNAPSHOT)
