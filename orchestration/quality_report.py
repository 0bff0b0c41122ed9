"""The report on quality: made of a span of days for the command, and as the asset `quality_report` of the last 30.

What the report tells is `quality.report`; here it is given the states of the days, and its place.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from assets.mail.outbox import Outbox
from orchestration.settings import Settings
from orchestration.status import statuses
from orchestration.warehouse import Warehouse
from quality.data_docs import index, replace
from quality.report.facts import Day, Facts, read
from quality.report.page import render
from quality.report.words import summary

DAYS_REPORTED = 30
LAST_DAYS = f"last-{DAYS_REPORTED}-days.html"
"""The file of the asset: one place, made anew each time, so that a bookmark stays right."""


class ReportError(Exception):
    """The report cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Reports:
    """Where reports lie, and what they are about beside the warehouse."""

    settings: Settings
    outbox: Outbox

    def first_of(self, last: date) -> date:
        """The first of the 30 days to the last, which is not before the first day of the settings."""
        return max(self.settings.first_day, last - timedelta(days=DAYS_REPORTED - 1))

    def write(self, warehouse: Warehouse, first: date, last: date, file: Path) -> Facts:
        """Write the report of these days, both included, into `file`; returns what it tells.

        Raises `ReportError` where there is no warehouse yet, or the file cannot be written: what was there stays.
        """
        if not Path(warehouse.path).exists():
            raise ReportError(f"there is no warehouse yet at {warehouse.path}: run paperboy digest first")
        days = [Day(found.day, found.state, found.reason) for found in statuses(warehouse, self.outbox, first, last)]
        facts = read(warehouse, days)
        # Matplotlib keeps a list of the machine's fonts; like all state it lies below home.
        os.environ.setdefault("MPLCONFIGDIR", str(self.settings.home / "matplotlib"))
        _put(file, render(facts, datetime.now(UTC).replace(tzinfo=None)))
        # The report is there; a folder whose index cannot be written has that told by the next run.
        with suppress(OSError):
            index(self.settings.reports)
        return facts


def _links(file: Path, url: str) -> Mapping[str, Any]:
    """Where the report can be opened: its path, and its address where the folder is served."""
    return {"report": dg.MetadataValue.url(f"{url}/{file.name}"), "path": dg.MetadataValue.path(str(file))}


@dg.asset(group_name="quality", kinds={"html", "duckdb"})
def quality_report(warehouse: Warehouse, reports: dg.ResourceParam[Reports]) -> dg.MaterializeResult[None]:
    """The report of the last 30 days: their states, incidents, expectations, quarantine and tables over time.

    Made anew after each run of another job, above all after one that failed. `paperboy report` makes it of any days.
    """
    last = reports.settings.yesterday()
    file = reports.settings.reports / LAST_DAYS
    facts = reports.write(warehouse, reports.first_of(last), last, file)
    return dg.MaterializeResult(metadata={**_counts(facts), **_links(file, reports.settings.quality.url)})


def _counts(facts: Facts) -> dict[str, Any]:
    """The figures that plot themselves in the UI, and the report's own summary."""
    return {
        "summary": str(summary(facts)),
        "days": len(facts.days),
        "days_needing_attention": len(facts.needing),
        "open_incidents": facts.incidents.filter(pl.col("ended_at").is_null()).height,
        "incidents": facts.incidents.height,
        "expectations_failed": facts.expectations.filter(pl.col("severity") == "ERROR").height,
        "warnings": facts.expectations.filter(pl.col("severity") == "WARN").height,
        "missing_lists": facts.gaps.height,
        "rows_in_quarantine": int(facts.quarantine["rows"].sum()),
    }


def _put(file: Path, page: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace(file, page)
    except OSError as error:
        raise ReportError(f"{file} cannot be written: {error.strerror}; choose another with --output") from error
