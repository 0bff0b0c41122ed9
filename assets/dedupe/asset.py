"""The asset `unique_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.dedupe.neighbours import resolve
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate


@step("unique_papers", deps=["clean_papers"], group="papers", kinds={"python", "duckdb"})
def unique_papers(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
    """One row per work, on the first day that any source listed it, with its members and the reason of each link.

    A work whose first listing comes to light later, or goes away, moves to its new first day in the same transaction.
    """
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        late = warehouse.stale("unique_papers", "clean_papers", days)
        resolved = resolve(warehouse, [*days, *late])
        yield from gate.publish(context, warehouse, days, resolved.frame, touched=[*late, *resolved.touched])
