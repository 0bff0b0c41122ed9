"""Fields that come and go, in lists of our own and in the real ones."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.fetch.archive import ArchiveSource
from assets.fetch.drift import SHARE, changes, shares
from assets.fetch.source import frame
from orchestration.runs import days_between

MONDAY = date(2025, 3, 10)


def listed(day: date, *records: dict[str, Any]) -> pl.DataFrame:
    return frame(
        {"day": day, "source": "feed", "source_id": str(place), "record": json.dumps(record)}
        for place, record in enumerate(records)
    )


def history(*fields: str, days: int = 3, rows: int = 4) -> pl.DataFrame:
    found = [
        ("feed", MONDAY - timedelta(days=back), field, rows, rows) for back in range(1, days + 1) for field in fields
    ]
    return pl.DataFrame(found, schema=SHARE, orient="row")


def told(now: pl.DataFrame, before: pl.DataFrame) -> str:
    found = changes(shares(now), before)
    assert found["day"].to_list() == [MONDAY]
    told: str = found["fields_changed_told"].item()
    assert found["fields_changed"].item() == len(told.split("; ")) * bool(told)
    return told


def test_a_field_counts_where_it_holds_something() -> None:
    found = shares(
        listed(MONDAY, {"a": 0, "b": None, "c": {"d": "x", "e": {"f": 1}}}, {"a": 1, "b": "", "c": {"d": []}})
    )
    assert found.schema == SHARE
    assert sorted(found.select("field", "present", "rows").rows()) == [
        ("a", 2, 2), ("c", 2, 2), ("c.d", 1, 2), ("c.e", 1, 2),
    ]  # fmt: skip


def test_a_field_that_vanishes_and_one_that_appears_are_told_with_their_share() -> None:
    now = listed(MONDAY, *[{"id": 1, "new": place or None} for place in range(5)])
    assert told(now, history("id", "old")) == (
        "feed new appeared (80% of the records); feed old vanished (100% of the records before)"
    ) or told(now, history("id", "old")) == (
        "feed old vanished (100% of the records before); feed new appeared (80% of the records)"
    )


def test_a_field_that_stays_away_is_told_once() -> None:
    now, before = listed(MONDAY, *[{"id": 1}] * 5), history("id", "old").filter(pl.col("day") < MONDAY - timedelta(1))
    assert told(now, before) == "feed old vanished (100% of the records before)"
    without = pl.DataFrame([("feed", MONDAY - timedelta(days=1), "id", 4, 4)], SHARE, orient="row")
    assert told(now, before.vstack(without)) == ""


def test_a_list_like_those_before_is_no_news() -> None:
    assert told(listed(MONDAY, *[{"id": 1}] * 5), history("id")) == ""


def test_a_field_that_few_records_ever_had_is_not_missed() -> None:
    rare = history("id").vstack(pl.DataFrame([("feed", MONDAY - timedelta(days=1), "rare", 1, 4)], SHARE, orient="row"))
    assert told(listed(MONDAY, *[{"id": 1}] * 5), rare) == ""


def test_a_short_list_and_the_first_list_say_nothing() -> None:
    assert told(listed(MONDAY, {"id": 1}), history("id", "old")) == ""
    assert told(listed(MONDAY, *[{"id": 1}] * 5), history().clear()) == ""


def test_a_day_is_not_compared_with_itself_nor_with_later_ones() -> None:
    later = history("id", "old").with_columns(day=pl.lit(MONDAY + timedelta(days=1)))
    itself = history("id", "old").with_columns(day=pl.lit(MONDAY))
    assert told(listed(MONDAY, *[{"id": 1}] * 5), pl.concat([later, itself])) == ""


def test_the_fields_that_really_came_are_found(daily_papers: Path) -> None:
    source = ArchiveSource(daily_papers)
    days = days_between(date(2025, 1, 2), date(2025, 12, 31))
    rows = frame(row for day in days for row in source.parse(day, source.fetch(day).bodies))
    found = changes(shares(rows), pl.DataFrame(schema=SHARE)).filter(pl.col("fields_changed") > 0)
    appeared = {
        change.split()[1]
        for line in found["fields_changed_told"]
        for change in line.split("; ")
        if "appeared" in change
    }
    assert {"paper.ai_summary", "paper.ai_keywords", "paper.githubRepo", "paper.submittedOnDailyAt"} <= appeared
    assert found.height < 40, "a warning every other day is no warning"
