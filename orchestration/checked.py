"""What stands in the tables, put before the suites once more: what `paperboy check` finds. Nothing is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.fetch.batch import gaps
from orchestration.warehouse import Warehouse
from quality import evidence, stored, suites
from quality.decisions import Decisions

DAYS_AT_ONCE = 366
"""So many days are one validation: a year."""

STANDING = """
    SELECT DISTINCT day FROM (
        SELECT day FROM partitions WHERE asset = $asset AND outcome = 'published' UNION ALL SELECT day FROM {rows}
    ) WHERE day BETWEEN $first AND $last ORDER BY day
"""
LEFT_OUT = "SELECT DISTINCT row FROM quarantine WHERE asset = $table AND list_contains($days, day)"
EXPECTED = """
    WITH standing AS (
        SELECT day, source FROM fetched_papers UNION ALL
        SELECT day, json_extract_string(row, '$.source') FROM quarantine WHERE asset = 'fetched_papers'
        GROUP BY day, key, row
    ),
    counted AS (SELECT day, source, count(*) AS rows FROM standing GROUP BY day, source)
    SELECT day, sum(greatest(fetched, rows))::BIGINT AS expected FROM fetch_ledger FULL JOIN counted USING (day, source)
    WHERE list_contains($days, day) GROUP BY day HAVING bool_or(fetched IS NOT NULL)
"""
"""At least as many as the ledger counts of each source; how many records of former lists were kept beside, it does
not say."""


@dataclass(frozen=True)
class Failure:
    """An expectation that fails on what stands of a day, with up to ten keys of rows."""

    table: str
    day: date
    severity: str
    expectation: str
    observed: str
    threshold: str
    why: str
    rows: int
    unexpected: int
    keys: Sequence[str]


@dataclass(frozen=True)
class Checked:
    """A table over some days: what fails, and of each expectation by name the days on which it cannot be judged."""

    table: str
    days: Sequence[date]
    rows: int
    failures: Sequence[Failure]
    unjudged: Mapping[str, Sequence[date]]

    @property
    def broken(self) -> bool:
        """Whether an ERROR fails."""
        return any(failure.severity == "ERROR" for failure in self.failures)


def checked(
    warehouse: Warehouse, tables: Collection[str], first: date, last: date, *, deliver_incomplete: bool
) -> Iterator[Checked]:
    """Each of the tables over the days that stand in it, in as few validations as memory allows.

    `deliver_incomplete`: whether lists that came in part are published (`fetch.deliver_incomplete`).
    """
    for table in tables:
        with warehouse.kept_open():
            suite = suites.of(table)
            asset = table if suite.dated_by else suite.beside or table
            query = STANDING.format(rows=suite.rows_of(table))
            standing = warehouse.read(query, {"asset": asset, "first": first, "last": last})
        days = standing["day"].to_list()
        parts = [days[start : start + DAYS_AT_ONCE] for start in range(0, len(days), DAYS_AT_ONCE)]
        found = [_checked(warehouse, table, part, deliver_incomplete) for part in parts]
        yield Checked(
            table,
            days,
            sum(part.rows for part in found),
            [failure for part in found for failure in part.failures],
            _together(found),
        )


def _together(found: Sequence[Checked]) -> dict[str, list[date]]:
    names = {name: None for part in found for name in part.unjudged}
    return {name: [day for part in found for day in part.unjudged.get(name, ())] for name in names}


def _checked(warehouse: Warehouse, table: str, days: Sequence[date], deliver_incomplete: bool) -> Checked:
    verdict, unjudged = stored.judge(_stored(warehouse, table, days, deliver_incomplete))
    failures = [
        Failure(
            table, finding.day, finding.expectation.severity, finding.expectation.name, finding.observed,
            finding.expectation.threshold, finding.expectation.why, finding.rows, len(finding.unexpected),
            verdict.keys(finding),
        )
        for finding in sorted(verdict.findings, key=lambda finding: finding.day)
        if not finding.passed
    ]  # fmt: skip
    return Checked(table, days, verdict.frame.height, failures, unjudged)


def _stored(warehouse: Warehouse, table: str, days: Sequence[date], deliver_incomplete: bool) -> stored.Stored:
    rows_of = f"SELECT * FROM {suites.of(table).rows_of(table)} WHERE list_contains($days, day)"  # noqa: S608
    with warehouse.kept_open():
        rows = warehouse.read(rows_of, {"days": list(days)})
        left_out = _written(warehouse.read(LEFT_OUT, {"table": table, "days": list(days)})["row"], rows.schema)
        found = evidence.gathered(
            warehouse, table, suites.of(table), days, pl.concat([rows, left_out]),
            facts=_ledger(warehouse, rows, days, deliver_incomplete) if table == "fetched_papers" else None,
            shares=warehouse.rows("field_shares", days) if table == "fetched_papers" else None,
        )  # fmt: skip
        decided = Decisions.of(warehouse, table, days)
    counted = left_out.group_by("day").agg(rows=pl.len().cast(pl.Int64))
    marks = found.marks.head(rows.height)
    return stored.Stored(table, days, rows, marks, counted, found.upstream_rows, found.facts, decided)


def _written(rows: pl.Series, schema: pl.Schema) -> pl.DataFrame:
    """The rows that a quarantine keeps as JSON."""
    return rows.str.json_decode(pl.Struct(schema)).struct.unnest()


def _ledger(warehouse: Warehouse, rows: pl.DataFrame, days: Sequence[date], deliver_incomplete: bool) -> pl.DataFrame:
    """What the ledger knows of days as the gate asks for it."""
    expected = warehouse.read(EXPECTED, {"days": list(days)})
    ledger = warehouse.rows("fetch_ledger", days).to_dicts()
    return expected.join(gaps(ledger, rows, deliver_incomplete), on="day", how="full", coalesce=True)
