"""The asset `clean_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.clean.clean import clean
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate


@step("clean_papers", deps=["fetched_papers"], group="papers", kinds={"polars", "duckdb"})
def clean_papers(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
    """Every fetched record as one uniform row of readable text."""
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        late = warehouse.stale("clean_papers", "fetched_papers", days)
        records = clean(warehouse.rows("fetched_papers", [*days, *late]))
        yield from gate.publish(context, warehouse, days, records, touched=late)
