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

from quality import books, decisions, entries, evidence, findings, suites
from quality.data_docs import DataDocs, Page
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
    written in the same transaction (`Warehouse.publish`); `recorded` ones also for a day that is blocked. Those of
    them that have a suite (`suites.BOOKS`) are judged too.
    Raises `dagster.Failure` when a day is blocked: nothing is written then but the results and the reason, and
    `ValueError` where a table with a suite stands where it is not judged.
    """
    books.refuse_unjudged(suites.SUITES, beside, recorded, append, remove)
    books.refuse_unjudged(suites.BOOKS, beside, remove)
    asset = context.asset_key.to_user_string()
    every_day = [*days, *touched]
    shares = (beside or {}).get("field_shares")
    with warehouse.kept_open():
        verdict, figures = audit(warehouse, asset, every_day, frame, facts, amendment, shares)
        offered = books.offered(every_day, entries.now().date(), recorded, append)
        beside_it = [audit(warehouse, *book)[0] for book in offered]
    page = _documented(context, verdict)
    yield from entries.check_results(context, verdict, page)
    for book in beside_it:
        yield from entries.check_results(context, book, None)
    stopped = verdict.blocked.union(*(books.blocked(book, every_day) for book in beside_it))
    results = entries.quality_results([verdict, *beside_it], context.run.run_id)
    if blocked := sorted(stopped.intersection(days)):
        reasons = {day: books.reason(verdict, beside_it, day) for day in blocked}
        rejected = entries.rejected_partitions(warehouse, asset, reasons, context.run.run_id)
        on_record = {"partitions": rejected, **_of(blocked, recorded)}
        warehouse.publish(asset, blocked, on_record, {"quality_results": results})
        reason = "\n".join(f"{asset} {day} was rejected. {why}" for day, why in reasons.items())
        raise dg.Failure(
            f"{reason}\n{entries.told(page)}Nothing was written; what was there before stays.",
            metadata=entries.link(page),
            allow_retries=False,
        )
    published = [day for day in every_day if day not in stopped]
    tables = {**_of(published, beside), **_of(published, recorded), **_of(published, figures)}
    append = {"quality_results": results, **books.kept(beside_it, append)}
    written = _write(context, warehouse, verdict, published, tables, append, remove or {}, amendment)
    seconds = time.perf_counter() - STARTED.get()
    yield from entries.materializations(context, frame.schema, written, days, seconds, page)


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
    books.refuse_unjudged(suites.EVERY, append, remove)
    verdict, figures = audit(warehouse, context.asset_key.to_user_string(), days, frame, None, amendment)
    published = [day for day in days if day not in verdict.blocked]
    append = {"quality_results": entries.quality_results([verdict], context.run.run_id), **append}
    written = _write(context, warehouse, verdict, published, _of(published, figures), append, remove, amendment)
    yield from entries.further_materializations(context, written, _documented(context, verdict))


def _documented(context: dg.AssetExecutionContext, verdict: Verdict) -> Page | None:
    """The judgement's page of Data Docs, where they are wanted; one that cannot be made is told in the log only."""
    docs: DataDocs = context.resources.data_docs
    if not docs.days:
        return None
    try:
        gx = _great_expectations() if verdict.results else None
        return docs.write(gx, verdict, context.run.run_id, context.run.job_name)
    except Exception as error:
        unwritten = f"The Data Docs of {verdict.asset} could not be written: {error}. The verdict stands without them."
        context.log.warning(unwritten, exc_info=not isinstance(error, OSError))
        return None


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
    if amendment:
        amended = [day for day in amendment.days if day not in verdict.blocked]
        come, gone = verdict.publishable(amended), amendment.gone.filter(pl.col("day").is_in(amended))
        followed = [day for day in amendment.restated if day in amended]
        partitions, restated = entries.restated(warehouse, asset, followed, come, gone, run_id)
        settled = entries.keys(verdict, amended, gone)
        held = entries.quarantine(verdict, amended, run_id)
        append = {**append, asset: come, "partitions": partitions, "quarantine": held}
        remove = {asset: gone, "partitions": partitions.select("asset", "day"), "quarantine": settled, **remove}
        written |= restated
    warehouse.publish(asset, days, replace, append, remove)
    return written


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
    found, results = found_by(suite, figures, counted, frame, decided, marks)
    return Verdict(asset, suite, frame, found, time.perf_counter() - started, results)


def found_by(
    suite: Suite,
    figures: pl.DataFrame,
    counted: pl.DataFrame,
    frame: pl.DataFrame,
    decided: Decisions,
    marks: pl.DataFrame | None,
) -> tuple[tuple[Finding, ...], tuple[Any, ...]]:
    """What each expectation says of each day, and the results of Great Expectations that it rests on.

    `counted` are the rows of each day, also of days in part.
    """
    scalars = findings.scalars(frame, suite.derived)
    rows = scalars if marks is None else scalars.hstack(marks)
    row_results = validate(rows, [e for e in suite.expectations if e.of == "row"])
    day_results = validate(figures, [e for e in suite.expectations if e.of == "day"])
    found = (
        *findings.row_findings(suite, counted, frame, places(row_results), decided),
        *findings.day_findings(suite, figures, places(day_results)),
    )
    return found, (*row_results, *day_results)


def specs(asset: str, beside: Sequence[str] = ()) -> list[dg.AssetCheckSpec]:
    """The checks that an asset declares: one an expectation, so that each has its name in the UI.

    Those of the books `beside` it are the asset's too, as the asset is what can be made again.
    """
    return [
        dg.AssetCheckSpec(
            entries.check_name(asset, table, expectation),
            asset=asset,
            description=expectation.why,
            blocking=expectation.severity == "ERROR",
            metadata={"severity": expectation.severity, "threshold": expectation.threshold},
        )
        for table in (asset, *beside)
        for expectation in suites.of(table).expectations
    ]


def validate(batch: pl.DataFrame, expectations: Sequence[Expectation]) -> list[Any]:
    """The result of Great Expectations for each expectation; there is none on a batch without rows."""
    if batch.is_empty() or not expectations:
        return []
    for expectation in expectations:
        if missing := sorted(set(expectation.columns) - set(batch.columns)):
            raise RuntimeError(f"the expectation {expectation.name!r} could not be evaluated: no {', '.join(missing)}")
    looked_at = batch.select(list(dict.fromkeys(name for e in expectations for name in e.columns)))
    asked = tuple((e.name, e.kind, json.dumps(dict(e.arguments))) for e in expectations)
    return _planned(asked).results(looked_at.to_pandas())


def places(results: Sequence[Any]) -> dict[str, list[int]]:
    """For each expectation's name the places of the rows that broke it."""
    return {
        result.expectation_config.meta["name"]: sorted(result.result["unexpected_index_list"] or [])
        for result in results
    }


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
