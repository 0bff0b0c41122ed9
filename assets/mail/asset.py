"""The assets `digest` and `deliveries`."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from assets.mail.desk import Desk, day_edition
from assets.mail.policy import Request, refusal
from assets.mail.rank import rank
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate

RETAGGED = """
    SELECT digest.day FROM partitions AS digest JOIN partitions AS tagged USING (day)
    WHERE digest.asset = 'digest' AND tagged.asset = 'tagged_papers' AND tagged.outcome = 'published'
      AND tagged.recorded_at > digest.recorded_at AND NOT list_contains($days, day)
    ORDER BY day
"""
"""Days whose works were tagged again after their digest was made, because works moved to or from them."""

NEWER = "SELECT max(day) AS day FROM digest WHERE day > $day"


class Delivery(dg.Config):
    """What the caller of a delivery knows or decides; both are days, or empty.

    `newest_day`: the newest day that the sources list, when they were asked. `confirmed_day`: the past day
    that the operator wants mailed, by its date.
    """

    newest_day: str = ""
    confirmed_day: str = ""


@step("digest", deps=["unique_papers", "tagged_papers"], group="mail", kinds={"polars", "duckdb"})
def digest(
    context: dg.AssetExecutionContext, warehouse: Warehouse, desk: dg.ResourceParam[Desk]
) -> Iterator[gate.Event]:
    """The day's ranked edition, with the parts of each score."""
    with gate.on_record(context, warehouse) as days, warehouse.kept_open():
        retagged = warehouse.read(RETAGGED, {"days": days})["day"].to_list()
        works = warehouse.rows("unique_papers", [*days, *retagged])
        known_by_then = (pl.col("withdrawn_on") <= pl.col("day")).fill_null(False).alias("withdrawn")
        tags = warehouse.rows("tagged_papers", [*days, *retagged])
        edition = rank(works.with_columns(known_by_then), tags, desk.size)
        room = pl.len().clip(upper_bound=desk.size).cast(pl.Int64).alias("edition_size")
        sizes = pl.DataFrame({"day": [*days, *retagged]}, schema={"day": pl.Date})
        sizes = sizes.join(works.group_by("day").agg(room), on="day", how="left").fill_null(0)
        yield from gate.publish(context, warehouse, days, edition, touched=retagged, facts=sizes)


@step("deliveries", deps=["digest"], group="mail", kinds={"email", "sqlite", "duckdb"})
def deliveries(
    context: dg.AssetExecutionContext, warehouse: Warehouse, desk: dg.ResourceParam[Desk], config: Delivery
) -> Iterator[gate.Event]:
    """What was mailed to whom: the outbox, in which every mail is an intent before it is sent, as a table.

    Only the current day is mailed, once; a past day only when the operator names it, a backfill never: days that
    were only backfilled have no deliveries.
    """
    with gate.on_record(context, warehouse) as days:
        for day in days:
            request = _request(context, warehouse, desk, config, day)
            if reason := refusal(request):
                context.log.info(f"{day} is not mailed: {reason}; paperboy send {day} --confirm would mail it")
            else:
                desk.mail(day_edition(warehouse, day))
        yield from gate.publish(context, warehouse, days, desk.delivered(days))


def _request(
    context: dg.AssetExecutionContext, warehouse: Warehouse, desk: Desk, config: Delivery, day: date
) -> Request:
    return Request(
        day=day,
        today=desk.today(),
        current_days=desk.current_days,
        newer=warehouse.read(NEWER, {"day": day})["day"].item(),
        newest=date.fromisoformat(config.newest_day) if config.newest_day else None,
        confirmed=date.fromisoformat(config.confirmed_day) if config.confirmed_day else None,
        backfill=len(context.partition_keys) > 1 or "dagster/backfill" in context.run.tags,
    )
