"""What becomes of a verdict: check results and metadata for the UI, rows for the tables of the record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from quality.verdict import SAMPLES, Finding, Verdict

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

PREVIEW_ROWS = 5
PREVIEW_COLUMNS = (
    "place",
    "source",
    "source_id",
    "work_id",
    "title",
    "recipient",
    "state",
    "score",
    "topics",
    "votes",
)
PARTITIONS = pl.Schema(
    {
        "asset": pl.String(),
        "day": pl.Date(),
        "outcome": pl.String(),
        "rows": pl.Int32(),
        "reason": pl.String(),
        "run_id": pl.String(),
        "recorded_at": pl.Datetime("us"),
    }
)
QUARANTINE = pl.Schema(
    {
        "asset": pl.String(),
        "day": pl.Date(),
        "key": pl.String(),
        "expectation": pl.String(),
        "value": pl.String(),
        "row": pl.String(),
        "run_id": pl.String(),
        "recorded_at": pl.Datetime("us"),
    }
)


def now() -> datetime:
    """The time as the warehouse stores it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def check_results(
    context: dg.AssetExecutionContext, verdict: Verdict
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    """One result an expectation, over all the days of the batch.

    Dagster's own `AssetCheckResult` would aim at the day's last materialization, and the UI calls a result
    "not evaluated" unless it aims at the asset's last one: a good day that is rejected later would look unjudged.
    """
    partition = context.partition_key if context.has_partition_key else None
    for expectation in verdict.suite.expectations:
        findings = [finding for finding in verdict.findings if finding.expectation is expectation]
        yield dg.Output(None, output_name=f"{verdict.asset}_{expectation.name}")
        yield dg.AssetCheckEvaluation(
            check_name=expectation.name,
            asset_key=context.asset_key,
            passed=all(finding.passed for finding in findings),
            severity=dg.AssetCheckSeverity[expectation.severity],
            description=expectation.why,
            metadata=_figures(verdict, findings),
            partition=partition,
        )


def _figures(verdict: Verdict, findings: Sequence[Finding]) -> dict[str, Any]:
    expectation = findings[0].expectation
    unexpected = sum(len(finding.unexpected) for finding in findings)
    rows = sum(finding.rows for finding in findings)
    keys = [key for finding in findings for key in verdict.keys(finding)][:SAMPLES]
    figures: dict[str, Any] = {
        "observed": findings[0].observed if len(findings) == 1 else f"{unexpected} of {rows} unexpected",
        "threshold": expectation.threshold,
        "unexpected_count": unexpected,
        "unexpected_percent": round(100 * unexpected / rows, 2) if rows else 0.0,
    }
    failed = [finding for finding in findings if not finding.passed]
    if failed:
        figures["failed_days"] = "\n".join(f"{finding.day}: {finding.observed}" for finding in failed)
    if keys:
        figures["sample_keys"] = dg.MetadataValue.md("\n".join(f"- `{key}`" for key in keys))
    return figures


def quality_results(verdict: Verdict, run_id: str) -> pl.DataFrame:
    """A row for each expectation and day, for `quality_results`."""
    return pl.DataFrame(
        [
            {
                "asset": verdict.asset,
                "day": finding.day,
                "expectation": finding.expectation.name,
                "severity": finding.expectation.severity,
                "passed": finding.passed,
                "observed": finding.observed,
                "threshold": finding.expectation.threshold,
                "rows": finding.rows,
                "unexpected": len(finding.unexpected),
                "seconds": verdict.seconds,
                "run_id": run_id,
                "recorded_at": now(),
            }
            for finding in verdict.findings
        ]
    )


def partitions(asset: str, rows: pl.DataFrame, days: Sequence[date], run_id: str) -> pl.DataFrame:
    """A row for each published day, for `partitions`."""
    counts = _counts(rows)
    return _partitions([(asset, day, "published", counts.get(day, 0), "", run_id, now()) for day in days])


def rejected_partitions(warehouse: "Warehouse", verdict: Verdict, days: Sequence[date], run_id: str) -> pl.DataFrame:
    """A row for each rejected day, for `partitions`, with the count of the rows that stay."""
    counts = dict(warehouse.counts(verdict.asset, days).iter_rows())
    return _partitions(
        [(verdict.asset, day, "rejected", counts.get(day, 0), verdict.reason(day), run_id, now()) for day in days]
    )


def failed_partitions(warehouse: "Warehouse", asset: str, reasons: Mapping[date, str], run_id: str) -> pl.DataFrame:
    """A row for each day that could not be made at all, for `partitions`, with the count of the rows that stay."""
    counts = dict(warehouse.counts(asset, list(reasons)).iter_rows())
    return _partitions(
        [(asset, day, "failed", counts.get(day, 0), reason, run_id, now()) for day, reason in reasons.items()]
    )


def _partitions(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PARTITIONS, orient="row")


def quarantine(verdict: Verdict, days: Sequence[date], run_id: str) -> pl.DataFrame:
    """A row for each tolerated failure of a published day, for `quarantine`."""
    rows = []
    for place, findings in verdict.quarantined.items():
        row = verdict.frame.row(place, named=True)
        for finding in (finding for finding in findings if finding.day in days):
            column = finding.expectation.arguments.get("column", "").removesuffix("_count")
            value = None if row.get(column) is None else str(row[column])
            record = json.dumps(row, default=str, ensure_ascii=False)
            rows.append((verdict.asset, finding.day, verdict.key(place), finding.expectation.name, value, record,
                         run_id, now()))  # fmt: skip
    return pl.DataFrame(rows, schema=QUARANTINE, orient="row")


def materializations(
    context: dg.AssetExecutionContext,
    rows: pl.DataFrame,
    days: Sequence[date],
    touched: Sequence[date],
    seconds: float,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]:
    """The step's materialisation, with figures for each of its days; `touched` days get one of their own."""
    counts = _counts(rows)
    asset = context.asset_key
    for day in touched:
        yield dg.AssetMaterialization(asset, partition=str(day), metadata=_about(rows, day, counts))
    for day in days:
        context.add_asset_metadata(_about(rows, day, counts), asset_key=asset, partition_key=str(day))
    about: dict[str, Any] = {"dagster/column_schema": column_schema(rows.schema), "gate_seconds": round(seconds, 3)}
    yield dg.MaterializeResult(metadata=about)


def _about(rows: pl.DataFrame, day: date, counts: Mapping[date, int]) -> dict[str, Any]:
    shown = rows.filter(pl.col("day") == day).head(PREVIEW_ROWS)
    return {
        "dagster/partition_row_count": counts.get(day, 0),
        "preview": dg.MetadataValue.md(markdown(shown)),
    }


def column_schema(schema: pl.Schema) -> dg.TableSchema:
    """A frame's columns as the UI shows them."""
    return dg.TableSchema([dg.TableColumn(name, str(kind)) for name, kind in schema.items()])


def markdown(rows: pl.DataFrame) -> str:
    """A few rows as a Markdown table, the columns that a person looks at first."""
    columns = [column for column in PREVIEW_COLUMNS if column in rows.columns]
    lines = [
        columns,
        ["---"] * len(columns),
        *([_cell(value) for value in row] for row in rows.select(columns).rows()),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(str(item.get("label", item)) if isinstance(item, dict) else str(item) for item in value)
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")[:80]


def _counts(rows: pl.DataFrame) -> dict[date, int]:
    return dict(rows.group_by("day").len().iter_rows())
