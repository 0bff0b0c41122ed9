"""The asset `clean_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.clean.clean import clean
from orchestration.partitions import DAYS, WINDOWS
from orchestration.warehouse import Warehouse
from quality import gate


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=WINDOWS,
    deps=["fetched_papers"],
    check_specs=gate.specs("clean_papers"),
    output_required=False,
    group_name="papers",
    kinds={"polars", "duckdb"},
    metadata={"dagster/table_name": "warehouse.clean_papers"},
)
def clean_papers(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
    """Every fetched record as one uniform row of readable text."""
    with gate.on_record(context, warehouse) as days:
        yield from gate.publish(context, warehouse, days, clean(warehouse.rows("fetched_papers", days)))
