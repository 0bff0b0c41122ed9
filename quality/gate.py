"""Write, audit, publish: the one way a batch becomes rows of a table.

The batch is judged before anything is written. A day that breaks an ERROR expectation leaves no rows and no
materialisation, its earlier rows stay, and the step fails with every result recorded. Only this module imports
Great Expectations, and only where it is used: importing it takes seconds.
"""

import copy
import gc
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from quality import decisions, entries, evidence, findings, suites
from quality.decisions import Decisions
from quality.expectations import Expectation, Suite
from quality.verdict import Finding, Verdict

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

STARTED: ContextVar[float] = ContextVar("started")
"""When the step that is running began, on the clock of `time.perf_counter`."""

RUNTIME = {"result_format": {"result_format": "COMPLETE", "return_unexpected_index_query": False}}
"""What Great Expectations is to say of each expectation: which rows broke it."""

Event = dg.Output[None] | dg.AssetCheckEvaluation | dg.MaterializeResult[None] | dg.AssetMaterialization


@dataclass(frozen=True)
class Amendment:
    """Single rows of days whose other rows stay: the batch holds those that come, `gone` has `day` and key of those
    that go. `restated` are the days that say something else since, so that the steps after this one follow.
    """

    days: Sequence[date]
    gone: pl.DataFrame
    restated: Sequence[date]


def publish(
    context: dg.AssetExecutionContext,
    warehouse: "Warehouse",
    days: Sequence[date],
    frame: pl.DataFrame,
    *,
    touched: Sequence[date] = (),
    amendment: Amendment | None = None,
    facts: pl.DataFrame | None = None,
    beside: Mapping[str, pl.DataFrame] | None = None,
    recorded: Mapping[str, pl.DataFrame] | None = None,
    append: Mapping[str, pl.DataFrame] | None = None,
    remove: Mapping[str, pl.DataFrame] | None = None,
) -> Iterator[Event]:
    """Judge `frame` and, if no day of `days` is blocked, replace these days' rows; yields the step's events.

    `touched` are further days whose rows `frame` holds because they follow from other rows now, `amendment` says of
    which days it holds some rows only; one of either that is blocked keeps its earlier rows and stops nothing. `facts`
    are figures a day that the suite speaks of; `beside`, `recorded`, `append` and `remove` are other tables' rows,
    written in the same transaction (`Warehouse.publish`); `recorded` ones also for a day that is blocked.
    Raises `dagster.Failure` when a day is blocked: nothing is written then but the results and the reason, and
    `ValueError` where a table with a suite of its own stands beside.
    """
    _refuse_unjudged(beside, recorded, append, remove)
    asset = context.asset_key.to_user_string()
    every_day = [*days, *touched]
    shares = (beside or {}).get("field_shares")
    verdict, figures = audit(warehouse, asset, every_day, frame, facts, amendment, shares)
    yield from entries.check_results(context, verdict)
    if blocked := sorted(verdict.blocked.intersection(days)):
        rejected = entries.rejected_partitions(warehouse, verdict, blocked, context.run.run_id)
        results = entries.quality_results(verdict, context.run.run_id)
        on_record = {"partitions": rejected, **_of(blocked, recorded)}
        warehouse.publish(asset, blocked, on_record, {"quality_results": results})
        reasons = "\n".join(f"{asset} {day} was rejected. {verdict.reason(day)}" for day in blocked)
        raise dg.Failure(f"{reasons}\nNothing was written; what was there before stays.", allow_retries=False)
    published = [day for day in every_day if day not in verdict.blocked]
    tables = {**_of(published, beside), **_of(published, recorded), **_of(published, figures)}
    written = _write(context, warehouse, verdict, published, tables, append or {}, remove or {}, amendment)
    yield from entries.materializations(context, frame.schema, written, days, time.perf_counter() - STARTED.get())


def republish(
    context: dg.AssetExecutionContext,
    warehouse: "Warehouse",
    days: Sequence[date],
    frame: pl.DataFrame,
    *,
    amendment: Amendment,
    append: Mapping[str, pl.DataFrame],
    remove: Mapping[str, pl.DataFrame],
) -> Iterator[dg.AssetMaterialization]:
    """Judge `frame` and replace the rows of these days, none of which is the run's own; yields their materialisations.

    A day that is blocked keeps its earlier rows. The step's checks speak of its own days, so what is found here is in
    `quality_results` only.
    """
    _refuse_unjudged(append, remove)
    verdict, figures = audit(warehouse, context.asset_key.to_user_string(), days, frame, None, amendment)
    published = [day for day in days if day not in verdict.blocked]
    written = _write(context, warehouse, verdict, published, _of(published, figures), append, remove, amendment)
    yield from entries.further_materializations(context, written)


def audit(
    warehouse: "Warehouse",
    asset: str,
    days: Sequence[date],
    frame: pl.DataFrame,
    facts: pl.DataFrame | None = None,
    amendment: Amendment | None = None,
    shares: pl.DataFrame | None = None,
) -> tuple[Verdict, dict[str, pl.DataFrame]]:
    """What the gate finds in a batch beside what is stored, and the figures to be kept of its days; writes nothing.

    `shares` are the rows of `field_shares` that go with the batch; the rest is as in `publish`.
    """
    gone = amendment.gone if amendment else None
    found = evidence.gathered(warehouse, asset, suites.of(asset), days, frame, facts=facts, gone=gone, shares=shares)
    in_part = amendment.days if amendment else ()
    decided = Decisions.of(warehouse, asset, [*days, *in_part])
    verdict = judge(asset, days, found.frame, found.upstream_rows, found.facts, in_part, decided, found.marks)
    return verdict, {"day_figures": found.figures}


def _write(
    context: dg.AssetExecutionContext,
    warehouse: "Warehouse",
    verdict: Verdict,
    days: Sequence[date],
    tables: Mapping[str, pl.DataFrame],
    append: Mapping[str, pl.DataFrame],
    remove: Mapping[str, pl.DataFrame],
    amendment: Amendment | None,
) -> dict[date, entries.Written]:
    """Replace the rows of these days, and amend others, by what the verdict lets through.

    Returns what was written of each of these days, and of those that are restated.
    """
    run_id, asset, rows = context.run.run_id, verdict.asset, verdict.publishable(days)
    written = {
        day: entries.Written(found.height, found, verdict.waiting(day))
        for day in days
        for found in [rows.filter(pl.col("day") == day)]
    }
    replace = {
        asset: rows,
        "quarantine": entries.quarantine(verdict, days, run_id),
        "partitions": entries.partitions(asset, rows, days, run_id),
        **tables,
    }
    append = {"quality_results": entries.quality_results(verdict, run_id), **append}
    if amendment:
        amended = [day for day in amendment.days if day not in verdict.blocked]
        come, gone = verdict.publishable(amended), amendment.gone.filter(pl.col("day").is_in(amended))
        followed = [day for day in amendment.restated if day in amended]
        partitions, restated = entries.restated(warehouse, asset, followed, come, gone, run_id)
        settled = entries.keys(verdict, amended, gone)
        append |= {asset: come, "partitions": partitions, "quarantine": entries.quarantine(verdict, amended, run_id)}
        remove = {asset: gone, "partitions": partitions.select("asset", "day"), "quarantine": settled, **remove}
        written |= restated
    warehouse.publish(asset, days, replace, append, remove)
    return written


def _refuse_unjudged(*beside: Mapping[str, pl.DataFrame] | None) -> None:
    """Raise `ValueError` where rows of a table with a suite would be written beside those that are judged."""
    if unjudged := sorted({table for tables in beside for table in tables or {}} & suites.SUITES.keys()):
        raise ValueError(f"{', '.join(unjudged)}: rows of a table with a suite are published by its own step only")


def _of(days: Sequence[date], tables: Mapping[str, pl.DataFrame] | None) -> dict[str, pl.DataFrame]:
    return {table: frame.filter(pl.col("day").is_in(list(days))) for table, frame in (tables or {}).items()}


@contextmanager
def on_record(context: dg.AssetExecutionContext, warehouse: "Warehouse") -> Iterator[list[date]]:
    """The days of the run; whatever breaks while they are made is put on record before it goes on.

    A rejected batch, or a failure that the step tells itself, is on record already.
    """
    days = [date.fromisoformat(key) for key in context.partition_keys]
    STARTED.set(time.perf_counter())
    try:
        yield days
    except dg.Failure:
        raise
    except Exception as error:
        reasons = dict.fromkeys(days, f"{type(error).__name__}: {error}")
        asset = context.asset_key.to_user_string()
        # A warehouse that cannot be written is told by the error itself.
        with suppress(Exception):
            failed = entries.failed_partitions(warehouse, asset, reasons, context.run.run_id)
            warehouse.publish(asset, days, {"partitions": failed})
        raise


def judge(
    asset: str,
    days: Sequence[date],
    frame: pl.DataFrame,
    upstream_rows: pl.DataFrame | None = None,
    facts: pl.DataFrame | None = None,
    in_part: Sequence[date] = (),
    decided: Decisions = decisions.NONE,
    marks: pl.DataFrame | None = None,
) -> Verdict:
    """Every expectation of the asset's suite on every day; reads and writes nothing.

    `upstream_rows` are counts as (day, rows), `facts` any further figures a day. Of the days `in_part`, `frame` holds
    some rows only, and only what is expected of a row is judged. `decided` is what the operator said about single rows,
    `marks` are further columns of the rows.
    Raises `RuntimeError` when an expectation itself breaks: a bug must not look like bad data.
    """
    started = time.perf_counter()
    suite = suites.of(asset)
    figures = findings.figures_of(suite, days, frame, upstream_rows, facts)
    counted = figures.select("day", "rows")
    if in_part:
        counted = pl.concat([counted, findings.figures_of(Suite((), ()), in_part, frame, None, None)])
    found = found_by(suite, figures, counted, frame, decided, marks)
    return Verdict(asset, suite, frame, found, time.perf_counter() - started)


def found_by(
    suite: Suite,
    figures: pl.DataFrame,
    counted: pl.DataFrame,
    frame: pl.DataFrame,
    decided: Decisions,
    marks: pl.DataFrame | None,
) -> tuple[Finding, ...]:
    """What each expectation says of each day; `counted` are the rows of each, also of days in part."""
    rows = (
        findings.scalars(frame, suite.derived)
        if marks is None
        else findings.scalars(frame, suite.derived).hstack(marks)
    )
    row_failures = validate(rows, [e for e in suite.expectations if e.of == "row"])
    day_failures = validate(figures, [e for e in suite.expectations if e.of == "day"])
    return (
        *findings.row_findings(suite, counted, frame, row_failures, decided),
        *findings.day_findings(suite, figures, day_failures),
    )


def specs(asset: str) -> list[dg.AssetCheckSpec]:
    """The checks that an asset declares: one an expectation, so that each has its name in the UI."""
    return [
        dg.AssetCheckSpec(
            expectation.name,
            asset=asset,
            description=expectation.why,
            blocking=expectation.severity == "ERROR",
            metadata={"severity": expectation.severity, "threshold": expectation.threshold},
        )
        for expectation in suites.of(asset).expectations
    ]


def validate(batch: pl.DataFrame, expectations: Sequence[Expectation]) -> dict[str, list[int]]:
    """For each expectation's name the places of the rows that broke it."""
    if batch.is_empty() or not expectations:
        return {expectation.name: [] for expectation in expectations}
    for expectation in expectations:
        if missing := sorted(set(expectation.columns) - set(batch.columns)):
            raise RuntimeError(f"the expectation {expectation.name!r} could not be evaluated: no {', '.join(missing)}")
    looked_at = batch.select(list(dict.fromkeys(name for e in expectations for name in e.columns)))
    asked = tuple((e.name, e.kind, json.dumps(dict(e.arguments))) for e in expectations)
    return dict(_places(result) for result in _planned(asked).results(looked_at.to_pandas()))


def _places(result: Any) -> tuple[str, list[int]]:
    return result.expectation_config.meta["name"], sorted(result.result["unexpected_index_list"] or [])


@cache
def _great_expectations() -> Any:
    """The package, imported with the garbage collector at rest: what an import makes stays, and looking takes time."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    gc.disable()
    try:
        import great_expectations
        import great_expectations.expectations
    finally:
        gc.enable()
    return great_expectations


@dataclass(frozen=True)
class _Asked:
    """An expectation of Great Expectations, with the metrics that it needs by name, and how it is to answer."""

    expectation: Any
    metrics: Mapping[str, Any]
    runtime: Mapping[str, Any]

    def result(self, found: Mapping[Any, Any], engine: Any) -> Any:
        """Its own result. Raises `RuntimeError` where it cannot be evaluated."""
        try:
            needed = {name: found[metric.id] for name, metric in self.metrics.items()}
            answer = self.expectation._validate(needed, copy.deepcopy(self.runtime), engine)
            return self.expectation._build_evr(answer)
        except Exception as error:
            name = self.expectation.meta["name"]
            raise RuntimeError(f"the expectation {name!r} could not be evaluated: {error!r}") from error


@dataclass(frozen=True)
class _Plan:
    """What Great Expectations is asked, and all the metrics that it takes.

    To work out the metrics takes it longer than to compute them, and they do not depend on the batch.
    """

    asked: Sequence[_Asked]
    metrics: Sequence[Any]

    def results(self, batch: Any) -> list[Any]:
        """The result of each expectation on a batch."""
        engine = _engine(batch)
        found, _ = _graph(engine, list(self.metrics)).resolve(copy.deepcopy(RUNTIME), show_progress_bars=False)
        return [one.result(found, engine) for one in self.asked]


@cache
def _planned(expectations: tuple[tuple[str, str, str], ...]) -> _Plan:
    """The plan for expectations, each by its name, kind and arguments in JSON; made once a process."""
    gx = _great_expectations()
    engine = _engine(pl.DataFrame().to_pandas())
    graph, asked = _graph(engine, []), []
    for name, kind, arguments in expectations:
        expectation = getattr(gx.expectations, kind)(**json.loads(arguments), meta={"name": name})
        needed = expectation.get_validation_dependencies(engine, copy.deepcopy(RUNTIME))
        for metric in needed.get_metric_configurations():
            graph.build_metric_dependency_graph(metric, RUNTIME)
        runtime = {"result_format": needed.result_format}
        asked.append(_Asked(expectation, needed.metric_configurations, runtime))
    return _Plan(asked, graph.edges)


def _engine(batch: Any) -> Any:
    _great_expectations()
    from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine

    return PandasExecutionEngine(batch_data_dict={"batch": batch})


def _graph(engine: Any, metrics: list[Any]) -> Any:
    from great_expectations.validator.validation_graph import ValidationGraph

    return ValidationGraph(engine, metrics)
