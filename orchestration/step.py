"""What every asset of the pipeline is: a day or a window of days, behind the gate. No step forgets a part of it."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg
from dagster_shared.utils.warnings import BetaWarning

from orchestration.partitions import DAYS, WINDOWS
from orchestration.resources import expectations
from orchestration.settings import current
from quality import gate, suites

# The operator's expectations are checks like ours, and checks are declared with their asset.
suites.adopt(expectations(current()))


def step(
    table: str,
    *,
    group: str,
    kinds: set[str],
    deps: Sequence[str] = (),
    retry_policy: dg.RetryPolicy | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset that fills `table` from the tables `deps`, with the table's expectations as its checks.

    The function computes the rows of its days and passes them to `gate.publish`; a rejected batch has no output.
    """
    with warnings.catch_warnings():
        # A year's backfill rests on backfill policies; that they are beta need not be said at every start.
        warnings.simplefilter("ignore", BetaWarning)
        return dg.asset(
            name=table,
            deps=list(deps),
            partitions_def=DAYS,
            backfill_policy=WINDOWS,
            check_specs=gate.specs(table),
            output_required=False,
            retry_policy=retry_policy,
            group_name=group,
            kinds=kinds,
            metadata={"dagster/table_name": f"warehouse.{table}"},
        )


def may_mail(context: dg.AssetExecutionContext) -> bool:
    """Whether the run makes an edition to be mailed: a single day with its deliveries, asked for by no backfill."""
    backfill = len(context.partition_keys) > 1 or "dagster/backfill" in context.run.tags
    return not backfill and dg.AssetKey("deliveries") in context.job_def.asset_layer.executable_asset_keys
