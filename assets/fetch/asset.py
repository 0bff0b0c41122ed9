"""The asset `fetched_papers`."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.fetch.fetch import Feeds, Fetched, fetch, snapshots
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate, report

LATEST_SNAPSHOTS = """
    SELECT source, source_id, arg_max(votes, seen_at) AS votes, arg_max(comments, seen_at) AS comments
    FROM popularity WHERE list_contains($ids, source_id) GROUP BY ALL
"""

STORED = "SELECT DISTINCT day, source FROM fetched_papers WHERE day IN (SELECT unnest($days))"


@step(
    "fetched_papers",
    group="papers",
    kinds={"python", "duckdb"},
    retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
)
def fetched_papers(
    context: dg.AssetExecutionContext, warehouse: Warehouse, feeds: dg.ResourceParam[Feeds]
) -> Iterator[gate.Event]:
    """One row per source record listed for the day, with the raw body stored untouched beside it."""
    with gate.on_record(context, warehouse) as days:
        fetched = fetch(feeds, days, attempt=context.retry_number + 1)
        if fetched.failures:
            raise _failure(context, warehouse, fetched)
        ids = fetched.frame["source_id"].unique().to_list()
        latest = warehouse.read(LATEST_SNAPSHOTS, {"ids": ids})
        now = datetime.now(UTC).replace(tzinfo=None)
        yield from gate.publish(
            context, warehouse, days, fetched.frame,
            facts=fetched.facts(warehouse.read(STORED, {"days": days})),
            beside={"fetch_ledger": fetched.ledger_frame},
            append={"popularity": snapshots(fetched.frame, latest, now)},
        )  # fmt: skip


def _failure(context: dg.AssetExecutionContext, warehouse: Warehouse, fetched: Fetched) -> dg.Failure:
    """Put the failed days on record, and say what failed where; days that came whole are left to their own run."""
    days = sorted(fetched.failures)
    failed = report.failed_partitions(warehouse, "fetched_papers", fetched.failures, context.run.run_id)
    ledger = fetched.ledger_frame.filter(fetched.ledger_frame["day"].is_in(days))
    warehouse.publish("fetched_papers", days, {"partitions": failed, "fetch_ledger": ledger})
    reasons = "\n".join(f"fetched_papers {day} could not be fetched. {fetched.failures[day]}" for day in days)
    return dg.Failure(f"{reasons}\nNothing was written; what was there before stays.", allow_retries=fetched.transient)
