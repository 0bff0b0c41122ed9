"""The rule for past days, against the clock of New York and against real lists."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.fetch.arxiv.lists import counts_from, listed_on, window
from tests.fetch.arxiv_lab import CALENDAR, RECORDED

SECOND = timedelta(seconds=1)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        ("2025-03-11 13:59:59", date(2025, 3, 12)),  # Tuesday before the cutoff: Wednesday's list
        ("2025-03-11 14:00:00", date(2025, 3, 13)),
        ("2025-03-13 13:59:59", date(2025, 3, 14)),  # Thursday before it: Friday's list
        ("2025-03-13 14:00:00", date(2025, 3, 17)),  # after it: announced on Sunday
        ("2025-03-14 13:59:59", date(2025, 3, 17)),
        ("2025-03-14 14:00:00", date(2025, 3, 18)),  # Friday afternoon to Monday: Tuesday's list
        ("2025-03-16 23:00:00", date(2025, 3, 18)),
        ("2025-03-17 13:59:59", date(2025, 3, 18)),
        ("2025-03-17 14:00:00", date(2025, 3, 19)),
        # A holiday on Thursday evening leaves its papers to Sunday.
        ("2024-07-03 13:59:59", date(2024, 7, 4)),
        ("2024-07-03 14:00:00", date(2024, 7, 8)),
        ("2024-07-05 13:59:59", date(2024, 7, 8)),
        # One on Monday evening, to Tuesday.
        ("2025-01-17 14:00:00", date(2025, 1, 22)),
        ("2025-01-20 14:30:00", date(2025, 1, 22)),
        # Over Christmas 2024: no announcement on the evenings of the 25th and 26th.
        ("2024-12-24 14:00:00", date(2024, 12, 30)),
    ],
)
def test_the_rule(submitted: str, listed: date) -> None:
    assert listed_on(new_york(submitted), CALENDAR) == listed


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        ("2025-03-07T18:59:59", date(2025, 3, 10)),  # 14:00 is 19:00 UTC on the Friday before the clocks change
        ("2025-03-07T19:00:00", date(2025, 3, 11)),
        ("2025-03-10T17:59:59", date(2025, 3, 11)),  # and 18:00 UTC on the Monday after
        ("2025-03-10T18:00:00", date(2025, 3, 12)),
        ("2025-10-31T17:59:59", date(2025, 11, 3)),
        ("2025-10-31T18:00:00", date(2025, 11, 4)),
        ("2025-11-03T18:59:59", date(2025, 11, 4)),
        ("2025-11-03T19:00:00", date(2025, 11, 5)),
    ],
)
def test_the_cutoff_follows_new_yorks_clocks(submitted: str, listed: date) -> None:
    assert listed_on(datetime.fromisoformat(submitted).replace(tzinfo=UTC), CALENDAR) == listed


MOMENTS = st.datetimes(datetime(2023, 1, 2), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(moment=MOMENTS)
def test_each_moment_is_in_the_window_of_its_list_and_no_other(moment: datetime) -> None:
    day = listed_on(moment, CALENDAR)
    assert CALENDAR.lists(day)
    start, end = window(day, CALENDAR)
    assert start <= moment < end
    assert listed_on(start, CALENDAR) == listed_on(end - SECOND, CALENDAR) == day
    assert listed_on(end, CALENDAR) > day


@given(moment=MOMENTS, later=st.timedeltas(timedelta(), timedelta(days=20)))
def test_who_comes_later_is_never_listed_before(moment: datetime, later: timedelta) -> None:
    assert listed_on(moment, CALENDAR) <= listed_on(moment + later, CALENDAR)


@pytest.mark.parametrize(
    ("paper", "submitted", "listed"),
    [
        ("2503.00018", "2025-02-28 20:00:00", date(2025, 3, 4)),  # Friday evening: Tuesday's list anyway
        ("2502.21000", "2025-02-28 10:00:00", date(2025, 3, 3)),  # an id of the month before
        ("2504.00001", "2025-03-12 10:00:00", date(2025, 4, 2)),  # held for moderation into the next month
        ("2504.00001", "2025-04-02 10:00:00", date(2025, 4, 3)),
        ("2412.00002", "2024-11-12 10:00:00", date(2024, 12, 3)),
        ("hep-th/9902001", "1999-01-12 10:00:00", date(1999, 2, 2)),
    ],
)
def test_a_paper_cannot_be_listed_before_the_month_of_its_id(paper: str, submitted: str, listed: date) -> None:
    moment = counts_from(paper, new_york(submitted), CALENDAR)
    assert listed_on(moment, CALENDAR) == listed


def test_most_papers_stood_on_the_list_of_the_rule(daily_papers: Path) -> None:
    submitted = {}
    for file in daily_papers.parent.glob("daily_papers*/2025-0[34]-*.json.gz"):
        for item in json.loads(gzip.decompress(file.read_bytes())):
            if told := item["paper"].get("publishedAt"):
                submitted[item["paper"]["id"]] = datetime.fromisoformat(told)
    late: Counter[int] = Counter()
    seen: set[str] = set()
    for file in sorted((RECORDED / "daily_lists").glob("*.jsonl.gz")):
        day = date.fromisoformat(file.name[:10])
        fresh = {json.loads(line)["id"] for line in gzip.open(file)} - seen
        seen |= fresh
        # Before the fourth, it is not known what was listed earlier.
        for paper in fresh & submitted.keys() if day >= date(2025, 3, 4) else ():
            late[(day - listed_on(submitted[paper], CALENDAR)).days] += 1
    assert late.total() == 382
    assert late[0] == 354
    assert late[1] == 15
    assert min(late) == 0, "no list was earlier than the rule"
    assert max(late) <= 7
