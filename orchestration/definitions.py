"""The table of contents: what Dagster loads. No logic belongs here, and nothing imports this module."""

import dagster as dg

from assets.clean.asset import clean_papers
from assets.dedupe.asset import unique_papers
from assets.fetch.asset import fetched_papers
from assets.mail.asset import deliveries, digest
from assets.search.asset import search_index
from assets.tag.asset import models, tagged_papers
from orchestration.jobs import backfill, daily_digest, learn, report, send
from orchestration.quality_report import quality_report
from orchestration.resources import resources
from orchestration.schedules import daily, weekly
from orchestration.sensors import (
    alert_on_failure,
    alert_on_success,
    alerts_that_wait,
    day_by_day,
    mails_that_came_back,
    mails_that_wait,
    report_after_failure,
    report_after_success,
)
from orchestration.settings import current

defs = dg.Definitions(
    assets=[
        fetched_papers,
        clean_papers,
        unique_papers,
        tagged_papers,
        digest,
        deliveries,
        models,
        search_index,
        quality_report,
    ],
    jobs=[daily_digest, backfill, send, learn, report],
    schedules=[daily, weekly],
    sensors=[
        day_by_day,
        alert_on_failure,
        alert_on_success,
        alerts_that_wait,
        mails_that_wait,
        mails_that_came_back,
        report_after_success,
        report_after_failure,
    ],
    resources=resources(current()),
    executor=dg.in_process_executor,
)
