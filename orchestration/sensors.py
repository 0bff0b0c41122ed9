"""What the daemon does of itself: a window that failed is made again day by day, and each run is reported."""

from collections.abc import Iterator

import dagster as dg

from orchestration.jobs import backfill, report
from orchestration.partitions import DAYS
from orchestration.runs import BY_COMMAND, WINDOW_END, WINDOW_START


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
            tags={"paperboy/window": run.run_id},
        )


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
