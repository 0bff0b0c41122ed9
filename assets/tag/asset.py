"""The asset `tagged_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.tag.tag import tag
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
        works = warehouse.rows("unique_papers", [*days, *late])
        yield from gate.publish(context, warehouse, days, tag(works, taxonomy), touched=late)
