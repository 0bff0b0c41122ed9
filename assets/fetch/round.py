"""One round of fetching over the warehouse: what is stored, what the sources give now, what is published of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from assets.fetch.batch import MISSING, batch, changed_days, snapshots
from assets.fetch.fetch import Feeds, Fetched, fetch
from assets.fetch.sample import SampleSource

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

MADE = """
    SELECT day FROM partitions LEFT JOIN redecided USING (asset, day)
    WHERE asset = 'fetched_papers' AND outcome = 'published'
      AND (day >= $first OR decided_at > greatest(recorded_at, $first))
"""
HISTORY = "SELECT * FROM field_shares WHERE day < $last"
LATEST_SNAPSHOTS = """
    SELECT source, source_id, arg_max(votes, seen_at) AS votes, arg_max(comments, seen_at) AS comments,
           arg_max(stars, seen_at) AS stars
    FROM popularity WHERE list_contains($ids, source_id) GROUP BY ALL
"""


def late_days(warehouse: "Warehouse", days: Sequence[date], back: int) -> list[date]:
    """The published days up to `back` days before the newest day, if that is the one that is being made.

    An older day of which the operator released a row in that time, and which was not made since, is one of them.
    """
    (day,) = days
    made = warehouse.read(MADE, {"first": day - timedelta(days=back)}).sort("day")
    newer = made.filter(pl.col("day") > day)
    return made.filter(pl.col("day") < day)["day"].to_list() if newer.is_empty() else []


@dataclass(frozen=True)
class Round:
    """What was fetched for `days`, and for the late days: `changed` are those whose stored rows are no longer right."""

    days: Sequence[date]
    changed: list[date]
    fetched: Fetched
    rows: pl.DataFrame  # of fetched_papers, and below of the tables beside it: of the days that are published
    ledger: pl.DataFrame
    shares: pl.DataFrame
    facts: pl.DataFrame  # figures a day for the gate
    snapshots: pl.DataFrame

    @classmethod
    def of(cls, warehouse: "Warehouse", feeds: Feeds, days: Sequence[date], late: Sequence[date]) -> "Round":
        """Ask the sources for all these days, and put what they say beside what is stored."""
        every_day = [*late, *days]
        before = warehouse.rows("fetch_ledger", every_day)
        asked = {(source, day): count for source, day, count in before.select("source", "day", "attempts").iter_rows()}
        fetched = fetch(feeds, every_day, asked)
        with warehouse.kept_open():
            stored = _real(warehouse.rows("fetched_papers", every_day), feeds)
            history = warehouse.read(HISTORY, {"last": max(every_day)})
            ids = fetched.frame["source_id"].unique().to_list()
            latest = warehouse.read(LATEST_SNAPSHOTS, {"ids": ids})
        now = datetime.now(UTC).replace(tzinfo=None)
        made = batch(fetched, stored, history, now, deliver_incomplete=feeds.deliver_incomplete)
        changed = changed_days(*(_of(late, side) for side in (made.rows, stored))) | _mended(before, made.ledger)
        # A late list that came in part is asked for again tomorrow; its day is not red again for it.
        changed -= set(made.facts.filter(pl.col("shortfall") > 0)["day"])
        changed &= set(late)
        published = [*days, *sorted(changed)]
        tables = (made.rows, _kept(before, made.ledger, late), made.shares, made.facts)
        rows, ledger, shares, facts = (_of(published, table) for table in tables)
        news = snapshots(fetched.frame, latest, now)
        return cls(days, sorted(changed), fetched, rows, ledger, shares, facts, news)

    @property
    def published(self) -> list[date]:
        """The days whose rows the round writes."""
        return [*self.days, *self.changed]

    @property
    def failures(self) -> dict[date, str]:
        """The days for which no source gave anything; a late day is simply asked for again tomorrow."""
        return self.fetched.failures(self.days)


def _of(days: Sequence[date], frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("day").is_in(list(days)))


def _real(stored: pl.DataFrame, feeds: Feeds) -> pl.DataFrame:
    """The stored rows, but for invented papers once the operator has gone live: they go when their day is made."""
    invented = SampleSource.name
    return (
        stored if invented in {source.name for source in feeds.sources} else stored.filter(pl.col("source") != invented)
    )


def _mended(before: pl.DataFrame, now: pl.DataFrame) -> set[date]:
    """The days for which a source that was missing has answered."""
    missing = before.filter(pl.col("state").is_in(MISSING)).select("source", "day")
    answered = now.filter(~pl.col("state").is_in(MISSING))
    return set(missing.join(answered, on=["source", "day"])["day"])


def _kept(before: pl.DataFrame, now: pl.DataFrame, late: Sequence[date]) -> pl.DataFrame:
    """The ledger of now; a list that was whole once is not called missing because asking again was in vain.

    Of the days that were asked for by name, one that came in part this time is.
    """
    in_vain = (pl.col("state") == "failed") | (pl.col("state").is_in(MISSING) & pl.col("day").is_in(list(late)))
    whole = before.filter(~pl.col("state").is_in(MISSING))
    stays = whole.join(now.filter(in_vain).select("source", "day"), on=["source", "day"], how="semi")
    return pl.concat([now.join(stays, on=["source", "day"], how="anti"), stays.select(now.columns)])
