"""The asset `unique_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.dedupe.neighbours import resolve
from orchestration.partitions import DAYS, WINDOWS
from orchestration.warehouse import Warehouse
from quality import gate


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=WINDOWS,
    deps=["clean_papers"],
    check_specs=gate.specs("unique_papers"),
    output_required=False,
    group_name="papers",
    kinds={"python", "duckdb"},
    metadata={"dagster/table_name": "warehouse.unique_papers"},
)
def unique_papers(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
    """One row per work, on the first day that any source listed it, with its members and the reason of each link.

    A work whose first listing comes to light later, or goes away, moves to its new first day in the same transaction.
    """
    with gate.on_record(context, warehouse) as days:
        resolved = resolve(warehouse, days)
        yield from gate.publish(context, warehouse, days, resolved.frame, touched=resolved.touched)
