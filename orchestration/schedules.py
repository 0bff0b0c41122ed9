"""When: every day at the operator's time, for the day before."""

import dagster as dg

from orchestration.jobs import daily_digest
from orchestration.settings import current

daily = dg.build_schedule_from_partitioned_job(
    daily_digest,
    name="daily",
    hour_of_day=current().schedule.time.hour,
    minute_of_hour=current().schedule.time.minute,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes and mails the digest of the day before.",
)
