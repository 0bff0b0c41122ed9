"""The asset `tagged_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.tag.tag import tag
from assets.tag.taxonomy import Taxonomy
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate

MOVED = """
    SELECT DISTINCT day FROM (
        (SELECT work_id, day FROM unique_papers EXCEPT SELECT work_id, day FROM tagged_papers)
        UNION ALL
        (SELECT work_id, day FROM tagged_papers EXCEPT SELECT work_id, day FROM unique_papers)
    )
    WHERE NOT list_contains($days, day)
      AND day IN (SELECT day FROM partitions WHERE asset = 'tagged_papers' AND outcome = 'published')
    ORDER BY day
"""
"""Days tagged earlier whose works have since moved to or from another day, as a record of them came to light."""


@step("tagged_papers", deps=["unique_papers"], group="papers", kinds={"polars", "duckdb"})
def tagged_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, taxonomy: dg.ResourceParam[Taxonomy]
) -> Iterator[gate.Event]:
    """Topics with the phrase that earned each, keywords and categories of every work."""
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        moved = warehouse.read(MOVED, {"days": days})["day"].to_list()
        works = warehouse.rows("unique_papers", [*days, *moved])
        yield from gate.publish(context, warehouse, days, tag(works, taxonomy), touched=moved)
