"""The asset `fetched_papers`."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from assets.fetch.fetch import Feeds
from assets.fetch.round import Round, late_days
from orchestration.step import may_mail, step
from orchestration.warehouse import Warehouse
from quality import entries, gate


class Fetching(dg.Config):
    """What the caller of a fetch decides; `from_store` parses the stored bodies again and asks no source."""

    from_store: bool = False


@step(
    "fetched_papers",
    group="papers",
    kinds={"python", "duckdb"},
    books=["fetch_ledger", "popularity"],
    retry_policy=dg.RetryPolicy(max_retries=1, delay=10, jitter=dg.Jitter.PLUS_MINUS),
)
def fetched_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, feeds: dg.ResourceParam[Feeds], config: Fetching
) -> Iterator[gate.Event]:
    """One row per source record listed for the day, with the raw body stored untouched beside it.

    The run that makes the daily edition also asks again for the lists of the last days: what they name only now
    comes late, and is published with its own day.
    """
    with gate.on_record(context, warehouse) as days:
        late = late_days(warehouse, days, feeds.late_days) if may_mail(context) else []
        made = Round.of(warehouse, feeds.stored() if config.from_store else feeds, days, late)
        if made.failures:
            raise _failure(warehouse, made, context.run.run_id, asked=not config.from_store)
        yield from gate.publish(
            context, warehouse, days, made.rows,
            touched=made.changed, facts=made.facts,
            recorded={"fetch_ledger": made.ledger}, beside={"field_shares": made.shares},
            append={"popularity": made.snapshots},
        )  # fmt: skip


def _failure(warehouse: Warehouse, made: Round, run_id: str, *, asked: bool) -> dg.Failure:
    """Put the failed days on record, and say what failed where; days that came are left to their own run."""
    days = sorted(made.failures)
    failed = entries.failed_partitions(warehouse, "fetched_papers", made.failures, run_id)
    ledger = made.fetched.ledger_frame.filter(pl.col("day").is_in(days))
    warehouse.publish("fetched_papers", days, {"partitions": failed} | ({"fetch_ledger": ledger} if asked else {}))
    reasons = "\n".join(f"fetched_papers {day} could not be fetched. {made.failures[day]}" for day in days)
    return dg.Failure(f"{reasons}\nNothing was written; what was there stays.", allow_retries=made.fetched.transient)
