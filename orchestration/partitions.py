"""DAYS, the one partitions definition: a day in the operator's time zone, from `first_day` to yesterday."""

import dagster as dg

from orchestration.settings import current

DAYS_A_RUN = 31
"""A window of the daemon's, made as one frame: where it fails, each of its days becomes a run, in its own process."""

DAYS = dg.DailyPartitionsDefinition(start_date=current().first_day.isoformat(), timezone=current().schedule.time_zone)
WINDOWS = dg.BackfillPolicy.multi_run(DAYS_A_RUN)
