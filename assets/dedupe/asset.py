"""The asset `unique_papers`."""

from collections.abc import Iterator

import dagster as dg

from assets.dedupe.decisions import Decisions
from assets.dedupe.neighbours import outdated
from assets.dedupe.resolve import Resolved, resolve
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate

DAYS_AT_ONCE = 31
"""So many days are fingerprinted anew in one transaction; a run that is killed goes on with the next."""


@step("unique_papers", deps=["clean_papers"], group="papers", kinds={"polars", "duckdb"})
def unique_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, decisions: dg.ResourceParam[Decisions]
) -> Iterator[gate.Event]:
    """One row per work, on the first day that any source listed it, with its members and the reason of each link.

    A work whose first listing comes to light later, or goes away, moves to its new first day in the same transaction.
    Days whose blocking keys an older algorithm made are resolved anew before.
    """
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        while waiting := outdated(warehouse, days)[:DAYS_AT_ONCE]:
            again = resolve(warehouse, waiting, decisions)
            yield from gate.republish(
                context, warehouse, waiting, again.frame,
                amendment=_amendment(again), remove=again.remove, append=again.append,
            )  # fmt: skip
        late = warehouse.stale("unique_papers", "clean_papers", days)
        resolved = resolve(warehouse, [*days, *late], decisions)
        yield from gate.publish(
            context, warehouse, days, resolved.frame, touched=late,
            amendment=_amendment(resolved), remove=resolved.remove, append=resolved.append,
        )  # fmt: skip


def _amendment(resolved: Resolved) -> gate.Amendment:
    return gate.Amendment(resolved.touched, resolved.gone, resolved.restated)
