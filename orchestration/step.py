"""What every asset of the pipeline is: a day or a window of days, behind the gate. No step forgets a part of it."""

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import dagster as dg
from dagster_shared.utils.warnings import BetaWarning

from orchestration.partitions import DAYS, WINDOWS
from orchestration.resources import expectations
from orchestration.settings import current
from quality import gate, suites
from quality.data_docs import DataDocs

# The operator's expectations are checks like ours, and checks are declared with their asset.
suites.adopt(expectations(current()))


def step(
    table: str,
    *,
    group: str,
    kinds: set[str],
    deps: Sequence[str] = (),
    books: Sequence[str] = (),
    retry_policy: dg.RetryPolicy | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset that fills `table` from the tables `deps`, with the table's expectations as its checks.

    Those of `books`, which it writes beside its table, are checks of it too.

    The function computes the rows of its days and passes them to `gate.publish`; a rejected batch has no output.
    """

    def made(function: Callable[..., Iterator[gate.Event]]) -> dg.AssetsDefinition:
        definition: dg.AssetsDefinition = asset(_with_data_docs(function))
        return definition

    asset = by_day(
        name=table,
        deps=list(deps),
        check_specs=gate.specs(table, books),
        retry_policy=retry_policy,
        group_name=group,
        kinds=kinds,
        metadata={"dagster/table_name": f"warehouse.{table}"},
    )
    return made


def by_day(**described: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset made by day and backfilled in windows, which may end without output; described as for `dg.asset`."""
    with warnings.catch_warnings():
        # A year's backfill rests on backfill policies; that they are beta need not be said at every start.
        warnings.simplefilter("ignore", BetaWarning)
        made: Callable[[Callable[..., Any]], dg.AssetsDefinition]
        made = dg.asset(partitions_def=DAYS, backfill_policy=WINDOWS, output_required=False, **described)
    return made


def _with_data_docs(function: Callable[..., Iterator[gate.Event]]) -> Callable[..., Iterator[gate.Event]]:
    """The step's function, requiring also the resource `data_docs`, which the gate reads from the context.

    Dagster takes resources from a function's arguments or from its decorator, and refuses both at once.
    """

    @wraps(function)
    def step(*arguments: Any, data_docs: DataDocs, **named: Any) -> Iterator[gate.Event]:
        yield from function(*arguments, **named)

    own = inspect.signature(function)
    docs = inspect.Parameter("data_docs", inspect.Parameter.KEYWORD_ONLY, annotation=dg.ResourceParam[DataDocs])
    step.__signature__ = own.replace(parameters=[*own.parameters.values(), docs])  # type: ignore[attr-defined]
    step.__annotations__ = {**function.__annotations__, "data_docs": docs.annotation}
    return step


def may_mail(context: dg.AssetExecutionContext) -> bool:
    """Whether the run makes an edition to be mailed: a single day with its deliveries, asked for by no backfill."""
    backfill = len(context.partition_keys) > 1 or "dagster/backfill" in context.run.tags
    return not backfill and dg.AssetKey("deliveries") in context.job_def.asset_layer.executable_asset_keys
