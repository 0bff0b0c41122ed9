"""What the daemon does of itself: a window that failed is made again day by day, so that only its bad days fail; mails
that could not leave are tried again, and those that came back are read; the operator is told what failed, and when it
is over; each run is reported."""

from collections.abc import Iterator

import dagster as dg

from assets.mail.database.opened import now
from assets.mail.desk import Desk
from assets.mail.returned.inbox import Unreachable
from assets.mail.returned.reading import Reading
from orchestration.alerts.announce import Alarm, Occasion
from orchestration.jobs import backfill, report, send
from orchestration.partitions import DAYS
from orchestration.runs import BY_COMMAND, WINDOW, WINDOW_END, WINDOW_START, send_config
from orchestration.schedules import CAUGHT_UP


@dg.run_failure_sensor(
    request_job=backfill,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Asks for each day of a failed window in a run of its own, so that only its bad days fail; the "
    "backfill itself stays marked as failed. Never mails: the deliveries of these days are not made.",
)
def day_by_day(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run a day for the steps of a failed window; the command line does the same for its own windows."""
    run = context.dagster_run
    first, last = run.tags.get(WINDOW_START), run.tags.get(WINDOW_END)
    if first is None or last is None or first == last or BY_COMMAND.items() <= run.tags.items():
        yield dg.SkipReason("not a window of the daemon's")
        return
    steps = [key for key in sorted(run.asset_selection or ()) if key.path != ["deliveries"]]
    if run.asset_selection and not steps:
        yield dg.SkipReason("nothing but mail, which is never sent again by itself")
        return
    for day in DAYS.get_partition_keys_in_range(dg.PartitionKeyRange(first, last)):
        yield dg.RunRequest(
            run_key=f"{run.run_id}/{day}",
            partition_key=day,
            asset_selection=steps or None,
            tags={WINDOW: run.run_id},
        )


@dg.run_failure_sensor(
    monitor_all_code_locations=True,  # a run of the command has none
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Tells the operator of a day that was rejected, or of a run that failed otherwise: one message an "
    "incident, however often it is tried again. Silent unless alerts.to or alerts.notify names somebody.",
)
def alert_on_failure(context: dg.RunFailureSensorContext, alarm: dg.ResourceParam[Alarm]) -> None:
    """What fails stays told: the message is written down before it is sent."""
    _announce(context, alarm, _of_the_day(context.dagster_run))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitor_all_code_locations=True,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Tells the operator what a good run has ended, and after the daily run, at most once a day, of the "
    "warnings that are new. Silent unless alerts.to or alerts.notify names somebody.",
)
def alert_on_success(context: dg.RunStatusSensorContext, alarm: dg.ResourceParam[Alarm]) -> None:
    """The same look as after a failure: which of the two comes first does not matter."""
    _announce(context, alarm, _of_the_day(context.dagster_run))


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=600,
    description="Tells the operator what had to wait: for the mail server, for the warehouse, or for the other runs "
    "that it is told together with.",
)
def alerts_that_wait(context: dg.SensorEvaluationContext, alarm: dg.ResourceParam[Alarm]) -> dg.SkipReason:
    """Looks into the alerts' own small book, and further only where something waits."""
    if not alarm.waiting():
        return dg.SkipReason("nothing waits" if alarm.on else "alerts are off: alerts.to names nobody")
    _announce(context, alarm, daily=False)
    return dg.SkipReason("looked again")


@dg.sensor(
    job=send,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Asks for the mails and chat posts that could not leave, or that a run which was ended did not come "
    "to: after five minutes, then after ever longer pauses, until the edition is mail.current_days old.",
)
def mails_that_wait(
    context: dg.SensorEvaluationContext, desk: dg.ResourceParam[Desk]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A run a day whose mails or posts are due again; it sends what was written down, and to nobody else.

    A run that fails before it comes to the mails is asked for again within the hour, and not each minute. A day of
    which mails were given up has a run too, which sends none of them and fails: while a mail waits for its hour, its
    day may be green.
    """
    mails, posts = desk.give_up()
    if given_up := sum(mails.values()) + posts:
        context.log.error(
            f"{given_up} mails and posts of past editions are given up: paperboy outbox list --state failed"
        )
    days = dict.fromkeys(mails, now()) | desk.waiting()
    if not days:
        yield dg.SkipReason("no mail or post waits for another attempt")
    for day, changed in days.items():
        yield dg.RunRequest(
            run_key=f"{day}/{changed.isoformat()}/{now():%Y-%m-%dT%H}",
            partition_key=day.isoformat(),
            run_config=send_config(day, again=True),
        )


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=3600,
    description="Reads the mails that came back, every hour: those that say that an address is of no use, and those "
    "that unsubscribe. Idle unless bounces.address names the mailbox.",
)
def mails_that_came_back(
    context: dg.SensorEvaluationContext, returned: dg.ResourceParam[Reading | None]
) -> dg.SkipReason:
    """What cannot be read now is read in an hour: nothing is lost in a mailbox."""
    if returned is None:
        return dg.SkipReason("nobody reads mails that come back: bounces.address names no mailbox")
    try:
        return dg.SkipReason(str(returned.read()))
    except Unreachable as error:
        context.log.error(f"mails that came back could not be read: {error}")
        return dg.SkipReason("to be read in an hour")


def _announce(context: dg.RunStatusSensorContext | dg.SensorEvaluationContext, alarm: Alarm, daily: bool) -> None:
    for sending in alarm.announce(context.instance, Occasion(daily=daily)):
        context.log.warning(f"{sending.subject}: {sending.state} to {sending.address}: {sending.reason}")


def _of_the_day(run: dg.DagsterRun) -> bool:
    """Whether it is the run of a day's edition, and none that catches up or backfills."""
    return run.job_name == "daily_digest" and not {CAUGHT_UP, "dagster/backfill"}.intersection(run.tags)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    request_job=report,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Asks for the report on quality after each run that succeeded.",
)
def report_after_success(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
    """One report a run."""
    return _report(context.dagster_run)


@dg.run_failure_sensor(
    request_job=report,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Asks for the report on quality after each run that failed, which is when it is read.",
)
def report_after_failure(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
    """One report a run."""
    return _report(context.dagster_run)


def _report(run: dg.DagsterRun) -> dg.RunRequest | dg.SkipReason:
    """The report after a run of any other job, also one that the UI or the command made."""
    if run.job_name == report.name:
        return dg.SkipReason("a report is not reported")
    return dg.RunRequest(run_key=run.run_id, tags={"paperboy/reports": run.run_id})
