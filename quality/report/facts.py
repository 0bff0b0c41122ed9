"""What the report tells, read from the tables of the record: read-only SQL, a frame a section.

The states of the days are handed in, because quality knows no step. No chart and no HTML belongs here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from quality.suites import SUITES

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

TABLES = tuple(table for table in SUITES if table != "models")
"""The tables that every day has rows of; what is learned weekly is told of where it was rejected."""

FALLEN = ("failed", "incomplete", "partial")
"""States that somebody must look at, the worst first."""

FIRST_MADE = "SELECT min(day) AS day FROM partitions"
VOLUMES = """
    SELECT asset, day, outcome, rows, coalesce(quarantined, 0)::INTEGER AS quarantined,
           coalesce(rejected, 0)::INTEGER AS rejected, coalesce(failed, 0)::INTEGER AS failed
    FROM partitions
    LEFT JOIN (SELECT asset, day, count(DISTINCT key) AS quarantined FROM quarantine GROUP BY asset, day)
        USING (asset, day)
    LEFT JOIN (SELECT asset, day, count(*) FILTER (outcome = 'rejected') AS rejected,
                      count(*) FILTER (outcome = 'failed') AS failed
               FROM outcomes GROUP BY asset, day)
        USING (asset, day)
    WHERE day BETWEEN $first AND $last ORDER BY asset, day
"""
# A field that a list's records do not have any more has no row in field_shares: its share is zero there.
DRIFT = """
    WITH lists AS (
        SELECT source, day, max(rows) AS rows FROM field_shares
        WHERE day BETWEEN $first AND $last GROUP BY source, day
    ),
    fields AS (SELECT DISTINCT source, field FROM field_shares WHERE day BETWEEN $first AND $last)
    SELECT asset, figure, day, value FROM day_figures
    WHERE day BETWEEN $first AND $last AND figure <> 'rows' AND NOT starts_with(figure, 'present.')
    UNION ALL
    SELECT 'fetched_papers', 'present.' || source || '.' || field, day,
           coalesce(field_shares.present, 0) / lists.rows
    FROM lists JOIN fields USING (source) LEFT JOIN field_shares USING (source, day, field)
    WHERE lists.rows > 0
    ORDER BY ALL
"""
EXPECTATIONS = """
    WITH judged AS (
        SELECT *, recorded_at = max(recorded_at) OVER (PARTITION BY asset, day, expectation) AS latest
        FROM quality_results WHERE day BETWEEN $first AND $last
    )
    SELECT asset, expectation, arg_max(severity, recorded_at) AS severity,
           arg_max(threshold, recorded_at) AS threshold, count(*)::INTEGER AS failures,
           count(DISTINCT day)::INTEGER AS days, count(DISTINCT day) FILTER (latest)::INTEGER AS standing,
           max(day) AS last_day, max(recorded_at) AS last_seen, arg_max(observed, (recorded_at, day)) AS observed
    FROM judged WHERE NOT passed GROUP BY asset, expectation
    ORDER BY standing DESC, days DESC, failures DESC, last_seen DESC, asset, expectation
"""
INCIDENTS = """
    SELECT * FROM incidents WHERE day BETWEEN $first AND $last
    ORDER BY ended_at IS NOT NULL, day DESC, opened_at DESC, asset
"""
ELSEWHERE = """
    SELECT count(DISTINCT day)::INTEGER AS days, min(day) AS first, max(day) AS last FROM incidents
    WHERE ended_at IS NULL AND NOT day BETWEEN $first AND $last
"""
GAPS = """
    SELECT source, day, state, expected, fetched, attempts, reason, recorded_at FROM fetch_ledger
    WHERE day BETWEEN $first AND $last AND state IN ('waiting', 'incomplete', 'failed') ORDER BY day DESC, source
"""
QUARANTINED = """
    WITH held AS (
        SELECT quarantine.*, decision FROM quarantine LEFT JOIN decided
          ON decided.asset = quarantine.asset AND decided.day = quarantine.day AND decided.key = quarantine.key
         AND decided.expectation = quarantine.expectation AND decided.value IS NOT DISTINCT FROM quarantine.value
    )
    SELECT asset, expectation, count(DISTINCT (day, key))::INTEGER AS rows, count(DISTINCT day)::INTEGER AS days,
           max(day) AS last_day, (list(DISTINCT key ORDER BY key))[1:$samples] AS keys,
           count(DISTINCT (day, key)) FILTER (decision IS NOT NULL)::INTEGER AS decided
    FROM held WHERE day BETWEEN $first AND $last GROUP BY asset, expectation ORDER BY rows DESC, asset, expectation
"""
SAMPLES = 5
"""Keys of rows in quarantine that are named; their number is always whole."""


@dataclass(frozen=True)
class Day:
    """A day with its state as `paperboy status` has it, and the reason where there is one."""

    day: date
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """All that the report of `first` to `last`, both included, tells.

    `volumes`: a row a table and day that was tried: asset, day, outcome, rows (that stand), quarantined (rows),
    rejected, failed (attempts). `drift`: asset, figure, day, value. `expectations`: those that failed, the worst first.
    `incidents` as the view has them, open ones first. `gaps`: the ledger's lists that are missing or not whole.
    `quarantine`: rows by table and expectation. `elsewhere`: open incidents of other days, in one row.
    """

    first: date
    last: date
    days: Sequence[Day]
    first_made: date | None
    volumes: pl.DataFrame
    drift: pl.DataFrame
    expectations: pl.DataFrame
    incidents: pl.DataFrame
    gaps: pl.DataFrame
    quarantine: pl.DataFrame
    elsewhere: pl.DataFrame

    @cached_property
    def states(self) -> Mapping[str, int]:
        """How many days are in each state."""
        states = [day.state for day in self.days]
        return {state: states.count(state) for state in dict.fromkeys(states)}

    @cached_property
    def needing(self) -> list[Day]:
        """The days that need somebody's attention, newest first: fallen, or left out since the first day made."""
        return [day for day in reversed(self.days) if day.state in FALLEN or self._left_out(day)]

    def _left_out(self, day: Day) -> bool:
        return day.state == "not run" and self.first_made is not None and day.day > self.first_made


def read(warehouse: "Warehouse", days: Sequence[Day]) -> Facts:
    """The facts of these days, which follow one another without a gap; writes nothing."""
    first, last = days[0].day, days[-1].day
    if last - first != timedelta(days=len(days) - 1):
        raise ValueError(f"the days from {first} to {last} are {len(days)}: a report is of days without a gap")
    between = {"first": first, "last": last}
    with warehouse.kept_open():
        return Facts(
            first=first,
            last=last,
            days=days,
            first_made=warehouse.read(FIRST_MADE)["day"].item(),
            volumes=warehouse.read(VOLUMES, between),
            drift=warehouse.read(DRIFT, between),
            expectations=warehouse.read(EXPECTATIONS, between),
            incidents=warehouse.read(INCIDENTS, between),
            gaps=warehouse.read(GAPS, between),
            quarantine=warehouse.read(QUARANTINED, {**between, "samples": SAMPLES}),
            elsewhere=warehouse.read(ELSEWHERE, between),
        )
