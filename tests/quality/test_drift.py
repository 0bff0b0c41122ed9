"""A day beside its own weekdays: what is usual passes, what begins is told once, too short a past judges nothing."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.fetch import drift as fields
from assets.fetch.archive import ArchiveSource
from assets.fetch.source import frame
from quality import drift
from quality.suites import SUITES

SUITE = SUITES["fetched_papers"]
FIRST = date(2025, 3, 3)
WEEKDAYS = [FIRST + timedelta(days=day) for day in range(7 * 20) if day % 7 < 5]


def figures(of: Mapping[str, Callable[[int], float]], days: list[date] = WEEKDAYS) -> pl.DataFrame:
    """Each figure's value by the number of the day, with twenty rows of one source a day unless said otherwise."""
    told = {"rows": lambda _: 20.0, "rows.sample": lambda _: 20.0, **of}
    rows = [(day, name, value(place)) for place, day in enumerate(days) for name, value in told.items()]
    return pl.DataFrame(rows, schema=["day", "figure", "value"], orient="row")


def alarms(found: pl.DataFrame, family: str) -> list[date]:
    return found.filter(pl.col(f"{family}_drifted") > 0)["day"].to_list()


def judged(known: pl.DataFrame, days: list[date] = WEEKDAYS) -> pl.DataFrame:
    """The days as one batch."""
    return drift.judged(SUITE, days, known, known.clear())


def noisy(around: float, spread: float) -> Callable[[int], float]:
    return lambda place: around + spread * (place * 7919 % 101 / 50 - 1)


def test_what_is_as_ever_is_not_told() -> None:
    found = judged(figures({"rows.sample": noisy(20, 8), "votes": noisy(6, 3), "abstract_length": noisy(1300, 150)}))
    assert [alarms(found, family) for family in drift.families(SUITE)] == [[] for _ in drift.families(SUITE)]


def test_a_fall_for_weeks_is_told_on_the_day_that_it_begins() -> None:
    share = lambda place: 1.0 if place < 70 else 0.4  # noqa: E731
    found = judged(figures({"present.sample.paper.ai_summary": share}))
    assert alarms(found, "present") == [WEEKDAYS[70]]
    told = found.filter(pl.col("day") == WEEKDAYS[70])["present_drifted_told"].item()
    assert told.startswith("present.sample.paper.ai_summary 0.4, usually 0.")
    assert told.endswith(f"to 1.0 on 12 Mondays since {WEEKDAYS[70] - timedelta(weeks=12)}")


def test_it_is_told_again_when_it_happens_again() -> None:
    share = lambda place: 0.3 if place in (70, 71, 85, 86) else 1.0  # noqa: E731
    found = judged(figures({"present.sample.paper.ai_summary": share}))
    assert alarms(found, "present") == [WEEKDAYS[70], WEEKDAYS[85]]


def test_a_day_alone_is_judged_like_in_a_window() -> None:
    known = figures({"abstract_length": lambda place: 1300.0 if place < 60 else 500.0})
    window = judged(known)
    for day in (WEEKDAYS[59], WEEKDAYS[60], WEEKDAYS[61]):
        mine, before = known.filter(pl.col("day") == day), known.filter(pl.col("day") < day)
        alone = drift.judged(SUITE, [day], mine, before)
        assert alone.equals(window.filter(pl.col("day") == day))


def test_too_little_history_judges_nothing_and_says_so() -> None:
    found = judged(figures({"votes": lambda place: 6.0 if place < 24 else 600.0}, WEEKDAYS[:25]), WEEKDAYS[:25])
    assert alarms(found, "votes") == []
    assert set(found["votes_drifted_told"]) == {"not judged: fewer than 6 lists of the weekday"}


def test_a_source_that_falls_silent_beside_another_is_told() -> None:
    known = figures({"rows.other": lambda place: 30.0 if place < 70 else 0.0})
    known = known.filter((pl.col("figure") != "rows.other") | (pl.col("value") > 0))
    found = judged(known)
    assert alarms(found, "rows") == [WEEKDAYS[70]]
    assert "rows.other 0.0" in found.filter(pl.col("day") == WEEKDAYS[70])["rows_drifted_told"].item()


def test_a_list_of_ten_times_the_size_has_its_figure() -> None:
    found = judged(figures({"rows.sample": lambda place: 20.0 if place < 70 else 240.0}))
    assert found.filter(pl.col("day") == WEEKDAYS[70]).select("times_usual", "times_usual_told").row(0) == (
        12.0, "sample: 240 rows",
    )  # fmt: skip


def test_days_without_papers_are_no_part_of_a_window() -> None:
    days = [day for place, day in enumerate(WEEKDAYS) if place % 5 or place > 40]
    known = figures({"votes": lambda _: 6.0}, days)
    assert judged(known, WEEKDAYS)["votes_drifted"].sum() == 0


@pytest.fixture(scope="module")
def real_days() -> pl.DataFrame:
    """The figures of all real recorded days."""
    from tests.lab import DAILY_PAPERS

    if not DAILY_PAPERS.is_dir():
        pytest.skip(f"the real days are not here: {DAILY_PAPERS}")
    source = ArchiveSource(DAILY_PAPERS)
    days = sorted(date.fromisoformat(Path(file).name[:10]) for file in DAILY_PAPERS.iterdir())
    rows = [
        {**row, "position": place}
        for day in days
        for place, row in enumerate(source.parse(day, source.fetch(day).bodies))
    ]
    fetched = frame(rows)
    return drift.measured("fetched_papers", SUITE, fetched, fields.shares(fetched)).drop("asset")


def test_real_days_hardly_ever_alarm_and_real_drifts_do(real_days: pl.DataFrame) -> None:
    days = real_days["day"].unique().sort().to_list()
    found = judged(real_days, days)
    told = {family: alarms(found, family) for family in drift.families(SUITE)}
    # The summaries and keywords were missing from most papers in each of these weeks.
    assert {date(2025, 7, 3), date(2025, 10, 15), date(2025, 10, 30), date(2025, 12, 25)} <= set(told["present"])
    assert len(told.pop("present")) <= 8
    assert sum(len(alarmed) for alarmed in told.values()) <= 0.02 * len(days)
    assert found.filter(pl.col("times_usual") > 6).is_empty()
