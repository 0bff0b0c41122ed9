"""Rows in quarantine, and what the operator decides about them, over the tables of the record."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from orchestration.warehouse import Warehouse
from quality import suites
from quality.decisions import Decision, judged
from quality.entries import now
from quality.suites import SUITES

ROWS = """
    SELECT coalesce(quarantine.asset, decided.asset) AS "table", coalesce(quarantine.day, decided.day) AS day,
           coalesce(quarantine.key, decided.key) AS key,
           coalesce(quarantine.expectation, decided.expectation) AS expectation,
           coalesce(quarantine.value, decided.value) AS value,
           decision, why, decided_at, row AS record, run_id, recorded_at
    FROM quarantine FULL JOIN decided
      ON decided.asset = quarantine.asset AND decided.day = quarantine.day AND decided.key = quarantine.key
     AND decided.expectation = quarantine.expectation AND decided.value IS NOT DISTINCT FROM quarantine.value
    ORDER BY day, "table", key, expectation, value, record
"""
REQUIRED = "SELECT column_name FROM duckdb_columns() WHERE table_name = $table AND NOT is_nullable"

DECISION = pl.Schema(
    {
        "asset": pl.String(),
        "day": pl.Date(),
        "key": pl.String(),
        "expectation": pl.String(),
        "decision": pl.String(),
        "why": pl.String(),
        "decided_at": pl.Datetime("us"),
        "value": pl.String(),
    }
)
"""The columns of `quarantine_decisions`."""


class NotDecided(Exception):
    """Nothing was decided; the text says why, and what to do instead."""


@dataclass(frozen=True)
class Row:
    """A row that broke an expectation, with the last decision about it.

    `record`, the whole row as JSON, and the run that found it are None once it is not in quarantine any more.
    """

    table: str
    day: date
    key: str
    expectation: str
    value: str | None
    decision: Decision | None
    why: str | None
    decided_at: datetime | None
    record: str | None
    run_id: str | None
    recorded_at: datetime | None

    @property
    def inside(self) -> bool:
        """Whether the row is in quarantine now."""
        return self.record is not None

    @property
    def state(self) -> str:
        """What there is to do about it: `open`, `released, next run`, or nothing, `released` and `dropped`."""
        if self.decision == "released" and self.inside:
            return "released, next run"
        return self.decision or "open"

    @property
    def settled(self) -> bool:
        """Whether nobody has to look at it."""
        return self.decision == "dropped" or not self.inside


def rows(
    warehouse: Warehouse,
    first: date = date.min,
    last: date = date.max,
    *,
    tables: Collection[str] = tuple(SUITES),
    key: str | None = None,
) -> list[Row]:
    """The rows that are in quarantine or were decided about, of some days, tables and perhaps one key."""
    found = [Row(**row) for row in warehouse.read(ROWS).iter_rows(named=True)]
    return [row for row in found if first <= row.day <= last and row.table in tables and key in (None, row.key)]


def decide(
    warehouse: Warehouse, found: Sequence[Row], decision: Decision, why: str, expectation: str | None = None
) -> list[Row]:
    """Write down a decision about those of the rows of one key and day that it can be about; returns them.

    Raises `NotDecided` where it can be about none, or where a row that should be released cannot be taken.
    """
    chosen = [row for row in found if _concerned(row, decision) and expectation in (None, row.expectation)]
    if not chosen:
        raise NotDecided(_nothing(found, decision, expectation))
    if decision == "released":
        refusals = [refusal for row in chosen if (refusal := _refusal(warehouse, row))]
        if refusals:
            raise NotDecided("\n".join(refusals))
    written = {(row.table, row.day, row.key, row.expectation, decision, why, row.value) for row in chosen}
    lines = [(*line[:6], now(), line[6]) for line in sorted(written, key=repr)]
    frame = pl.DataFrame(lines, schema=DECISION, orient="row")
    warehouse.publish("quarantine", [], {}, {"quarantine_decisions": frame})
    return chosen


def _concerned(row: Row, decision: Decision) -> bool:
    """A row that is in quarantine can be released or dropped; one that was released and taken, dropped again."""
    return row.inside or (decision == "dropped" and row.decision == "released")


def _nothing(found: Sequence[Row], decision: Decision, expectation: str | None) -> str:
    inside = sorted({row.expectation for row in found if _concerned(row, decision)})
    if expectation and inside:
        return f"the row did not break {expectation}: {', '.join(inside)} is what it broke."
    told = "; ".join(f"{row.expectation}: {row.state}" for row in found)
    told = f" What was decided before: {told}." if told else ""
    return f"no such row is in quarantine.{told} paperboy quarantine list shows what is."


def _refusal(warehouse: Warehouse, row: Row) -> str | None:
    """Why a row cannot be taken, whatever is decided: the table, or the steps after it, cannot do without a value."""
    suite = suites.of(row.table)
    expectation = next((e for e in suite.expectations if e.name == row.expectation), None)
    if expectation is None:
        return f"{row.table} has no expectation {row.expectation} any more: {_made_again(row.day)} takes the row."
    record: Mapping[str, Any] = json.loads(str(row.record))
    required = warehouse.read(REQUIRED, {"table": row.table})["column_name"].to_list()
    without = [column for column in judged(suite, expectation, record) if record[column] is None]
    for column in without:
        if column in (*required, *suite.key):
            reason = "a row is told from the others by it" if column in suite.key else "the table requires it"
            return (
                f"{row.table} {row.key} of {row.day} cannot be released from {row.expectation}: it has no {column}, "
                f"and {reason}. Let the source, or a rule of ours, give it one and make the day again "
                f"({_made_again(row.day)}), or settle it: paperboy quarantine drop."
            )
    return None


def _made_again(day: date) -> str:
    return f"paperboy backfill {day} {day}"


def taken_by(row: Row) -> str:
    """The command that makes a decision happen."""
    return f"paperboy send {row.day}" if row.table == "deliveries" else _made_again(row.day)
