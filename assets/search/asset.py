"""The asset `search_index`."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.search.index import IndexUnusable
from assets.search.works import catch_up
from orchestration.step import by_day
from orchestration.warehouse import Warehouse

CHECK = dg.AssetCheckSpec(
    "up_to_date",
    asset="search_index",
    description="Whether the index could be written. Nothing rests on it; the next run makes up for what it lacks.",
)


@by_day(deps=["unique_papers", "tagged_papers"], check_specs=[CHECK], group_name="papers", kinds={"sqlite", "duckdb"})
def search_index(
    context: dg.AssetExecutionContext, warehouse: Warehouse, search_file: dg.ResourceParam[Path]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """All works by their words, for `paperboy search`: a file of its own, so that a search needs no warehouse.

    Each run brings every day up to date that was made since, not only its own. An index that cannot be written stops
    nothing: the check says so, and the day is not materialised.
    """
    try:
        done = catch_up(search_file, warehouse)
    except IndexUnusable as error:
        context.log.warning(str(error))
        yield dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, check_name=CHECK.name, description=str(error)
        )
        return
    yield dg.MaterializeResult(
        metadata={"works": done.works, "days_read": len(done.days), "path": dg.MetadataValue.path(str(search_file))},
        check_results=[dg.AssetCheckResult(passed=True, check_name=CHECK.name)],
    )
