"""What becomes of a verdict: check results and metadata for the UI, rows for the tables of the record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from quality.data_docs import Page
from quality.decisions import key_of, value_of
from quality.expectations import Expectation
from quality.verdict import SAMPLES, Finding, Verdict

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

PREVIEW_ROWS = 5
PREVIEW_COLUMNS: Mapping[str, Sequence[str]] = {
    "fetched_papers": ("source", "source_id", "title", "votes"),
    "clean_papers": ("paper_id", "title", "votes"),
    "unique_papers": ("work_id", "title", "version", "votes"),
    "tagged_papers": ("work_id", "topics"),
    "digest": ("place", "title", "topic", "score", "why"),
    "deliveries": ("reader", "state", "papers"),
    "models": ("name", "score", "floor", "replaced_score", "told"),
}
PREVIEW_LENGTH = 60
"""Characters of a cell; the UI shows Markdown of up to a thousand characters in place, and hides longer ones."""
STATED = "SELECT day, outcome, rows, reason FROM partitions WHERE asset = $asset AND list_contains($days, day)"
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
    context: dg.AssetExecutionContext, verdict: Verdict, page: Page | None
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    """One result an expectation, over all the days of the batch, with a link to it on the `page` of Data Docs.

    Dagster's own `AssetCheckResult` would aim at the day's last materialization, and the UI calls a result
    "not evaluated" unless it aims at the asset's last one: a good day that is rejected later would look unjudged.
    """
    partition = context.partition_key if context.has_partition_key else None
    asset = context.asset_key.to_user_string()
    for expectation in verdict.suite.expectations:
        findings = [finding for finding in verdict.findings if finding.expectation is expectation]
        name = check_name(asset, verdict.asset, expectation)
        yield dg.Output(None, output_name=f"{asset}_{name}")
        yield dg.AssetCheckEvaluation(
            check_name=name,
            asset_key=context.asset_key,
            passed=all(finding.passed for finding in findings),
            severity=dg.AssetCheckSeverity[expectation.severity],
            description=f"{_observed(findings)}. {expectation.why}",
            metadata=_figures(verdict, findings) | link(page, expectation.name),
            partition=partition,
        )


def check_name(asset: str, table: str, expectation: Expectation) -> str:
    """What a check of an asset is called; one about a book beside it says so."""
    return expectation.name if table == asset else f"{table}_{expectation.name}"


def _figures(verdict: Verdict, findings: Sequence[Finding]) -> dict[str, Any]:
    expectation = findings[0].expectation
    unexpected = sum(len(finding.unexpected) for finding in findings)
    rows = sum(finding.rows for finding in findings)
    keys = [key for finding in findings for key in verdict.keys(finding)][:SAMPLES]
    figures: dict[str, Any] = {
        "observed": _observed(findings),
        "threshold": expectation.threshold,
        "unexpected_count": unexpected,
        "unexpected_percent": round(100 * unexpected / rows, 2) if rows else 0.0,
    }
    if len(findings) == 1 and findings[0].figure is not None:
        figures["figure"] = findings[0].figure
    if keys:
        figures["sample_keys"] = ", ".join(keys)
    return figures


def link(page: Page | None, expectation: str | None = None) -> dict[str, dg.MetadataValue[str]]:
    """The address of a page of Data Docs, or of one expectation on it, as the UI shows it; nothing without a page."""
    if page is None:
        return {}
    return {"data_docs": dg.MetadataValue.url(page.at(expectation) if expectation else page.url)}


def told(page: Page | None) -> str:
    """A line that says where the page is; nothing without one."""
    return f"Data Docs: {page.file}\n" if page else ""


def _observed(findings: Sequence[Finding]) -> str:
    """What was seen, with its day: on the days that failed, or over all of a window where none did."""
    failed = [finding for finding in findings if not finding.passed]
    if failed or len(findings) == 1:
        return "; ".join(f"{finding.day}: {finding.observed}" for finding in failed or findings)
    unexpected = sum(len(finding.unexpected) for finding in findings)
    rows = sum(finding.rows for finding in findings)
    return f"{findings[0].day} to {findings[-1].day}: {unexpected} of {rows} unexpected"


def quality_results(verdicts: Sequence[Verdict], run_id: str) -> pl.DataFrame:
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
            for verdict in verdicts
            for finding in verdict.findings
        ]
    )


def partitions(asset: str, rows: pl.DataFrame, days: Sequence[date], run_id: str) -> pl.DataFrame:
    """A row for each published day, for `partitions`."""
    counts = _counts(rows)
    return _partitions([(asset, day, "published", counts.get(day, 0), "", run_id, now()) for day in days])


def rejected_partitions(warehouse: "Warehouse", asset: str, reasons: Mapping[date, str], run_id: str) -> pl.DataFrame:
    """A row for each rejected day, for `partitions`, with the count of the rows that stay."""
    return _unpublished(warehouse, asset, "rejected", reasons, run_id)


def failed_partitions(warehouse: "Warehouse", asset: str, reasons: Mapping[date, str], run_id: str) -> pl.DataFrame:
    """A row for each day that could not be made at all, for `partitions`, with the count of the rows that stay."""
    return _unpublished(warehouse, asset, "failed", reasons, run_id)


def _unpublished(
    warehouse: "Warehouse", asset: str, outcome: str, reasons: Mapping[date, str], run_id: str
) -> pl.DataFrame:
    counts = dict(warehouse.counts(asset, list(reasons)).iter_rows())
    return _partitions(
        [(asset, day, outcome, counts.get(day, 0), reason, run_id, now()) for day, reason in reasons.items()]
    )


def _partitions(rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PARTITIONS, orient="row")


def quarantine(verdict: Verdict, days: Sequence[date], run_id: str) -> pl.DataFrame:
    """A row for each tolerated or settled failure of a published day, for `quarantine`."""
    rows = []
    for place, findings in verdict.quarantined.items():
        row = verdict.frame.row(place, named=True)
        for finding in (finding for finding in findings if finding.day in days):
            value = value_of(verdict.suite, finding.expectation, row)
            record = json.dumps(row, default=str, ensure_ascii=False)
            rows.append((verdict.asset, finding.day, verdict.key(place), finding.expectation.name, value, record,
                         run_id, now()))  # fmt: skip
    return pl.DataFrame(rows, schema=QUARANTINE, orient="row")


def keys(verdict: Verdict, days: Sequence[date], gone: pl.DataFrame) -> pl.DataFrame:
    """The rows of an amendment, those that come and those that go, as (asset, day, key) of `quarantine`."""
    columns = ["day", *verdict.suite.key]
    rows = pl.concat([verdict.frame.filter(pl.col("day").is_in(list(days))).select(columns), gone.select(columns)])
    found = [(verdict.asset, row["day"], key_of(verdict.suite.key, row)) for row in rows.iter_rows(named=True)]
    return pl.DataFrame(found, schema={name: QUARANTINE[name] for name in ("asset", "day", "key")}, orient="row")


@dataclass(frozen=True)
class Written:
    """What was written of a day: how many rows it holds now, those that are worth showing, how many wait in quarantine.

    Of a day of which single rows were replaced, what waits is not known.
    """

    rows: int
    shown: pl.DataFrame
    quarantined: int | None = None


def restated(
    warehouse: "Warehouse", asset: str, days: Sequence[date], come: pl.DataFrame, gone: pl.DataFrame, run_id: str
) -> tuple[pl.DataFrame, dict[date, Written]]:
    """Rows for `partitions` of days of which some rows were replaced, the outcome as it was; and what they hold now."""
    stated = warehouse.read(STATED, {"asset": asset, "days": list(days)})
    counts, arrived, left = dict(stated.select("day", "rows").iter_rows()), _counts(come), _counts(gone)
    written = {
        day: Written(rows + arrived.get(day, 0) - left.get(day, 0), come.filter(pl.col("day") == day))
        for day, rows in counts.items()
    }
    listed = [
        (asset, day, outcome, written[day].rows, reason, run_id, now())
        for day, outcome, reason in stated.select("day", "outcome", "reason").iter_rows()
    ]
    return _partitions(listed), written


def materializations(
    context: dg.AssetExecutionContext,
    schema: pl.Schema,
    written: Mapping[date, Written],
    days: Sequence[date],
    seconds: float,
    page: Page | None,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]:
    """The step's materialisation, with figures for each of its days; further days get one of their own."""
    further = {day: found for day, found in written.items() if day not in days}
    yield from further_materializations(context, further, page)
    for day in days:
        about = _about(context, written[day], page)
        context.add_asset_metadata(about, asset_key=context.asset_key, partition_key=str(day))
    whole: dict[str, Any] = {"dagster/column_schema": column_schema(schema), "seconds": round(seconds, 3)}
    yield dg.MaterializeResult(metadata=whole)


def further_materializations(
    context: dg.AssetExecutionContext, written: Mapping[date, Written], page: Page | None
) -> Iterator[dg.AssetMaterialization]:
    """A materialisation of each day that was written beside the run's own."""
    for day, found in written.items():
        yield dg.AssetMaterialization(context.asset_key, partition=str(day), metadata=_about(context, found, page))


def _about(context: dg.AssetExecutionContext, written: Written, page: Page | None) -> dict[str, Any]:
    preview = dg.MetadataValue.md(markdown(context.asset_key.to_user_string(), written.shown.head(PREVIEW_ROWS)))
    waiting = {} if written.quarantined is None else {"quarantined": written.quarantined}
    return {"dagster/partition_row_count": written.rows, **waiting, "preview": preview, **link(page)}


def column_schema(schema: pl.Schema) -> dg.TableSchema:
    """A frame's columns as the UI shows them."""
    return dg.TableSchema([dg.TableColumn(name, str(kind)) for name, kind in schema.items()])


def markdown(table: str, rows: pl.DataFrame) -> str:
    """A few rows of a table as a Markdown table, the columns that a person looks at first."""
    columns = PREVIEW_COLUMNS[table]
    cells = [[_cell(value) for value in row] for row in rows.select(columns).rows()]
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *cells))


def _cell(value: object) -> str:
    text = " ".join(_words(value).split())
    text = text if len(text) <= PREVIEW_LENGTH else f"{text[:PREVIEW_LENGTH]} …"
    return text.replace("|", "\\|").replace("<", "&lt;")


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    if isinstance(value, dict):
        return f"{value['label']} ({value['phrase']})"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _counts(rows: pl.DataFrame) -> dict[date, int]:
    return dict(rows.group_by("day").len().iter_rows())
