"""What the operator should hear of, read off the warehouse: incidents, and warnings that no later look has lifted.

An incident is a row of the view `incidents`: attempts at a day of a table that failed one after the other. Who is told
of it, when and in which words does not belong here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from quality import suites

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

PERSONAL = "reader"
"""A table whose rows are told apart by it has people's addresses in the reasons of its outcomes."""

INCIDENTS = """
    SELECT asset, day, number, opened_at, last_at, attempts, outcome, reason, run_id, ended_at, ended_by
    FROM incidents
    WHERE last_at >= $since OR list_contains($told, concat_ws('/', asset, day, number))
    ORDER BY last_at, asset, day
"""
FAILED = """
    SELECT asset, day, run_id, expectation, observed, threshold FROM quality_results
    WHERE severity = 'ERROR' AND NOT passed AND list_contains($runs, run_id) ORDER BY recorded_at, expectation
"""
ON_RECORD = "SELECT DISTINCT run_id FROM outcomes WHERE outcome <> 'published' AND list_contains($runs, run_id)"
WARNINGS = """
    SELECT asset, expectation, day, arg_max(observed, recorded_at) AS observed,
           arg_max(threshold, recorded_at) AS threshold
    FROM quality_results WHERE severity = 'WARN' AND recorded_at >= $since
    GROUP BY asset, expectation, day HAVING NOT arg_max(passed, recorded_at)
    ORDER BY asset, expectation, day
"""


@dataclass(frozen=True)
class Incident:
    """Attempts at a day of a table that failed; all times are UTC without a zone.

    `outcome`, `reason` and `run_id` are those of the last attempt; `ended_at` and `ended_by` are the time and the run
    of the one that was published, or None. `reason` holds no reader's address.
    """

    asset: str
    day: date
    number: int
    opened_at: datetime
    last_at: datetime
    attempts: int
    outcome: str
    reason: str
    run_id: str
    ended_at: datetime | None
    ended_by: str | None

    @property
    def key(self) -> str:
        """What tells it from every other incident."""
        return f"{self.asset}/{self.day}/{self.number}"


@dataclass(frozen=True)
class Warned:
    """A WARN expectation that the last look at a day of a table found broken."""

    asset: str
    expectation: str
    day: date
    observed: str
    threshold: str

    @property
    def name(self) -> str:
        """The expectation with its table."""
        return f"{self.asset}: {self.expectation}"

    @property
    def key(self) -> str:
        """What tells it from every other warning."""
        return f"{self.asset}/{self.expectation}/{self.day}"

    @property
    def why(self) -> str:
        """The reason of the expectation and what to do; empty where no suite has it any more."""
        return suites.why(self.asset, self.expectation)


def incidents(warehouse: "Warehouse", since: datetime, told: Collection[str]) -> list[Incident]:
    """The incidents with an attempt since then, and those of the keys `told`, in the order of their last attempts."""
    with warehouse.kept_open():
        found = warehouse.read(INCIDENTS, {"since": since, "told": list(told)})
        runs = [row["run_id"] for row in found.to_dicts() if _personal(row["asset"])]
        failed = warehouse.read(FAILED, {"runs": runs})
    return [Incident(**{**row, "reason": _reason(row, failed)}) for row in found.to_dicts()]


def on_record(warehouse: "Warehouse", runs: Collection[str]) -> set[str]:
    """Which of these runs left an outcome that is not `published`, and so are part of an incident."""
    return set(warehouse.read(ON_RECORD, {"runs": list(runs)})["run_id"])


def warnings(warehouse: "Warehouse", since: datetime) -> list[Warned]:
    """The WARN expectations broken since then, by table, expectation and day, but for those that passed later."""
    return [Warned(**row) for row in warehouse.read(WARNINGS, {"since": since}).to_dicts()]


def _personal(asset: str) -> bool:
    return asset in suites.SUITES and PERSONAL in suites.SUITES[asset].key


def _reason(row: dict[str, object], failed: pl.DataFrame) -> str:
    """The reason of the last attempt; of a table whose keys are people's, the figures without the keys."""
    if row["outcome"] != "rejected" or not _personal(str(row["asset"])):
        return str(row["reason"])
    same = [pl.col(column) == row[column] for column in ("asset", "day", "run_id")]
    return " ".join(
        f"{name}: {observed} ({threshold}). {suites.why(str(row['asset']), name)}"
        for name, observed, threshold in failed.filter(same).select("expectation", "observed", "threshold").iter_rows()
    )
