"""The asset `tagged_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.tag.tag import facts, tag
from assets.tag.taxonomy import Taxonomy
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate


@step("tagged_papers", deps=["unique_papers"], group="papers", kinds={"polars", "duckdb"})
def tagged_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, taxonomy: dg.ResourceParam[Taxonomy]
) -> Iterator[gate.Event]:
    """Topics with the phrase that earned each, keywords and categories of every work."""
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        late = warehouse.stale("tagged_papers", "unique_papers", days)
        every_day = [*days, *late]
        tagged = tag(warehouse.rows("unique_papers", every_day), taxonomy)
        known = facts(every_day, tagged, taxonomy)
        yield from gate.publish(context, warehouse, days, tagged, touched=late, facts=known)
