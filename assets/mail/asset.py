"""The assets `digest` and `deliveries`."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.mail.desk import Desk, day_material
from assets.mail.digest import Digest, digests
from assets.mail.policy import Request, refusal
from orchestration.step import may_mail, step
from orchestration.warehouse import Warehouse
from quality import gate

NEWER = "SELECT max(day) AS day FROM digest WHERE day > $day"


class Delivery(dg.Config):
    """What the caller of an edition knows or decides; both are days, or empty.

    `newest_day`: the newest day that the sources list, when they were asked. `confirmed_day`: the past day
    that the operator wants mailed, by its date; or, if `again`, one of which mails were written down and are due.
    """

    newest_day: str = ""
    confirmed_day: str = ""
    again: bool = False


@step("digest", deps=["unique_papers", "tagged_papers"], group="mail", kinds={"polars", "duckdb"})
def digest(
    context: dg.AssetExecutionContext, warehouse: Warehouse, desk: dg.ResourceParam[Desk], config: Delivery
) -> Iterator[gate.Event]:
    """The day's ranked edition, with the parts of each score.

    In a run that mails it, the current edition also carries works of earlier days that no edition has shown. Once an
    edition was mailed, its rows stay as they are: papers that come later go into a later one.

    Where the operator names a language model (`[summary]`), papers have a line by it; what it does not write in time is
    missing.
    """
    with gate.on_record(context, warehouse) as days:

        def made() -> Digest:
            desk.settle(warehouse)
            current = [day for day in days if not refusal(_request(context, warehouse, desk, config, day))]
            retagged = warehouse.stale("digest", "tagged_papers", days)
            return digests(warehouse, [*days, *retagged], current, desk.ranking, desk.morning)

        troubles = desk.writer.write(warehouse, made) if desk.writer else {}
        with warehouse.kept_open():
            # Anew, where a model was waited for: another process may have mailed a day meanwhile.
            found = desk.writer.lined(warehouse, made(), troubles) if desk.writer else made()
            retagged = [day for day in found.facts["day"] if day not in days]
            yield from gate.publish(context, warehouse, days, found.rows, touched=retagged, facts=found.facts)


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
                made = day_material(warehouse, day)
                pools = desk.pools(warehouse, made)
                desk.mail(made, pools, again=config.again, confirmed=config.confirmed_day == f"{day}")
                for trouble in desk.chat.troubles(day, day):
                    context.log.error(trouble)
                for trouble in desk.readers.troubles():
                    context.log.warning(f"{trouble}: theirs is {desk.morning.time_zone} meanwhile")
        desk.settle(warehouse)
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
        backfill=not may_mail(context),
    )
