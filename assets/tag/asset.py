"""The assets `tagged_papers` and `models`."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.tag.learn import papers, trained
from assets.tag.learned import in_use
from assets.tag.tag import facts, tag
from assets.tag.taxonomy import Taxonomy
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate


@step("tagged_papers", deps=["unique_papers"], group="papers", kinds={"polars", "duckdb"})
def tagged_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, taxonomy: dg.ResourceParam[Taxonomy]
) -> Iterator[gate.Event]:
    """Topics with the phrase that earned each, keywords and categories of every work, and a prior of its votes.

    Each day uses what was learned before it (`models`), never what came later, so that a past day stays as it was.
    """
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        late = warehouse.stale("tagged_papers", "unique_papers", days)
        every_day = [*days, *late]
        tagged = pl.concat(
            tag(warehouse.rows("unique_papers", asked), taxonomy, learned)
            for asked, learned in in_use(warehouse, every_day)
        )
        known = facts(every_day, tagged, taxonomy)
        yield from gate.publish(context, warehouse, days, tagged, touched=late, facts=known)


@step("models", deps=["unique_papers"], group="learning", kinds={"scikitlearn", "duckdb"})
def models(
    context: dg.AssetExecutionContext, warehouse: Warehouse, taxonomy: dg.ResourceParam[Taxonomy]
) -> Iterator[gate.Event]:
    """What the stored papers up to a day teach: categories, a prior of votes, and which phrases are keywords.

    It is used for later days, once the gate has let it through; else the last one that was let through stays in use.
    What has too few papers is off, and its row says why.
    """
    with gate.on_record(context, warehouse) as days:
        made = [
            trained(day, papers(warehouse, day), taxonomy, used) for day in days for _, used in in_use(warehouse, [day])
        ]
        yield from gate.publish(context, warehouse, days, pl.concat(made))
