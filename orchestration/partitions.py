"""DAYS, the one partitions definition: a day in the operator's time zone, from `first_day` to yesterday."""

import dagster as dg

from orchestration.settings import current

DAYS_A_RUN = 31
"""A window is made as one frame; longer ones win little and repeat more when a day of them fails."""

DAYS = dg.DailyPartitionsDefinition(start_date=current().first_day.isoformat(), timezone=current().schedule.time_zone)
WINDOWS = dg.BackfillPolicy.multi_run(DAYS_A_RUN)
