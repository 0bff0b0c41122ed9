"""What the daemon does of itself: a window that failed is made again day by day, so that only its bad days fail."""

from collections.abc import Iterator

import dagster as dg

from orchestration.jobs import backfill
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
