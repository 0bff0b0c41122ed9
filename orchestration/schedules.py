"""When: every day at the operator's time, for the day before and, without mail, for every day that was missed.

On Sundays, when few lists come, also what is learned from all days so far.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.jobs import daily_digest, learn
from orchestration.partitions import DAYS_A_RUN
from orchestration.runs import days_between
from orchestration.settings import current
from orchestration.status import STEPS

CAUGHT_UP = "paperboy/caught-up"


@dg.schedule(
    job=daily_digest,
    name="daily",
    cron_schedule=f"{current().schedule.time.minute} {current().schedule.time.hour} * * *",
    execution_timezone=current().schedule.time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes and mails the digest of the day before. First, oldest first, it makes every day of the last "
    "week that has no digest, and after a longer outage every day since the last that has one; none of these is "
    "mailed, their papers go into the day's own edition.",
)
def daily(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """A run for each missing day, all but the mail, then the newest day's. Dagster evaluates only the last of several
    ticks that were missed, so one tick must ask for everything."""
    tick = context.scheduled_execution_time
    newest = day_before(tick)
    made = {date.fromisoformat(key) for key in context.instance.get_materialized_partitions(dg.AssetKey("digest"))}
    asked = f"the tick of {tick:%Y-%m-%d %H:%M}"
    for day in missing(made, newest, current().first_day, current().fetch.catch_up_days):
        context.log.info(f"{day} has no digest: {asked} asks for it")
        yield dg.RunRequest(
            run_key=f"{tick.isoformat()}/{day}",
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey(step) for step in STEPS],
            tags={CAUGHT_UP: f"{day} had no digest; asked for by {asked}"},
        )
    yield dg.RunRequest(run_key=f"{tick.isoformat()}/{newest}", partition_key=newest.isoformat())


@dg.schedule(
    job=learn,
    name="weekly",
    cron_schedule=f"{current().schedule.time.minute} {current().schedule.time.hour} * * 0",
    execution_timezone=current().schedule.time_zone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Learns anew, every Sunday, from all papers up to the day before.",
)
def weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """A training on the papers up to the day before."""
    tick = context.scheduled_execution_time
    return dg.RunRequest(run_key=tick.isoformat(), partition_key=day_before(tick).isoformat())


def day_before(tick: datetime) -> date:
    """The newest day that is over when a schedule ticks, in the operator's time zone."""
    return tick.astimezone(ZoneInfo(current().schedule.time_zone)).date() - timedelta(days=1)


def missing(made: set[date], newest: date, first_day: date, back: int) -> list[date]:
    """The days before `newest` that are not in `made`, oldest first.

    Those of the last `back` days, and all since the last day made; at most a window's, and none before `first_day`.
    """
    last_made = max((day for day in made if day < newest), default=newest)
    start = min(newest - timedelta(days=back), last_made + timedelta(days=1))
    start = max(start, newest - timedelta(days=DAYS_A_RUN), first_day)
    return [day for day in days_between(start, newest - timedelta(days=1)) if day not in made]
