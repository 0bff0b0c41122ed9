"""What a tick asks for: the day before, and first every day that was missed; after an outage nothing is lost."""

from datetime import UTC, date, datetime, time, timedelta

import dagster as dg
import pytest

from assets.fetch.sample import SampleSource
from orchestration.definitions import defs
from orchestration.runs import days_between
from orchestration.schedules import CAUGHT_UP, missing
from orchestration.status import STEPS
from tests.conftest import NewLab
from tests.lab import Lab

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
MORNING = datetime.combine(TODAY, time(7, 30), UTC)
FIRST = date(2024, 1, 1)
NEWEST = date(2025, 3, 12)


def march(*days: int) -> list[date]:
    return [date(2025, 3, day) for day in days]


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        pytest.param([], march(5, 6, 7, 8, 9, 10, 11), id="a new installation: the last week"),
        pytest.param(march(5, 6, 7, 8, 9, 10, 11), [], id="nothing missing"),
        pytest.param(march(5, 6, 8, 9, 10), march(7, 11), id="single days, oldest first"),
        pytest.param(march(1), march(2, 3, 4, 5, 6, 7, 8, 9, 10, 11), id="an outage of ten days"),
        pytest.param(march(1, 11), march(5, 6, 7, 8, 9, 10), id="older holes are left alone"),
        pytest.param(march(12, 13), march(5, 6, 7, 8, 9, 10, 11), id="later days say nothing"),
    ],
)
def test_the_days_that_are_missing(made: list[date], asked: list[date]) -> None:
    assert missing(set(made), NEWEST, FIRST, 7) == asked


def test_no_more_days_than_a_window_are_asked_for_and_none_before_the_first() -> None:
    assert missing({date(2024, 6, 1)}, NEWEST, FIRST, 7) == days_between(date(2025, 2, 9), date(2025, 3, 11))
    assert missing(set(), NEWEST, date(2025, 3, 10), 7) == march(10, 11)


@pytest.mark.parametrize(
    ("at", "day"), [("2025-03-12", "2025-03-11"), ("2025-03-10", "2025-03-09"), ("2024-03-01", "2024-02-29")]
)
def test_a_tick_asks_for_the_day_before_last_of_all(at: str, day: str) -> None:
    daily = defs.resolve_schedule_def("daily")
    tick = datetime.fromisoformat(f"{at}T07:30:00+00:00")
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(
            instance=instance, repository_def=defs.get_repository_def(), scheduled_execution_time=tick
        )
        *past, newest = daily.evaluate_tick(context).run_requests or ()
    assert newest.partition_key == day
    assert not newest.asset_selection
    assert CAUGHT_UP not in newest.tags
    before = [date.fromisoformat(day) - timedelta(days=back) for back in range(7, 0, -1)]
    assert [request.partition_key for request in past] == [str(one) for one in before]
    for request in past:
        assert [key.to_user_string() for key in request.asset_selection or ()] == list(STEPS)
        assert "had no digest" in request.tags[CAUGHT_UP]
    assert len({request.run_key for request in (*past, newest)}) == 8


def mailed(made: Lab) -> dict[str, int]:
    """How many mails there are of each subject's day."""
    counts: dict[str, int] = {}
    for mail in made.mails():
        day = str(mail["Subject"]).split(":")[0]
        counts[day] = counts.get(day, 0) + 1
    return counts


def text(made: Lab, part: str) -> str:
    """The text of the one mail whose subject holds `part`."""
    (mail,) = [mail for mail in made.mails() if part in str(mail["Subject"])]
    (plain,) = [one for one in mail.walk() if one.get_content_type() == "text/plain"]
    payload = plain.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_ten_days_down_then_all_complete_mailed_once_and_caught_up_in_one_section(new_lab: NewLab) -> None:
    newest = SampleSource().newest_day(YESTERDAY) or YESTERDAY
    last_good = newest - timedelta(days=11)
    at = datetime.combine(newest + timedelta(days=1), time(7, 30), UTC)
    with new_lab(DIGEST__SIZE="5") as made:
        assert made.digest(last_good, newest=True).success
        before = mailed(made)
        requests = made.requests(at)
        assert [request.partition_key for request in requests] == [
            str(day) for day in days_between(last_good + timedelta(days=1), newest)
        ]
        for request in requests:
            assert made.run(request).success, request.partition_key
        assert made.requests(at)[-1].partition_key == str(newest)
        assert len(made.requests(at)) == 1, "nothing is missing any more"
        assert {made.status(day).state for day in days_between(last_good, newest)} == {"fresh", "quiet"}
        assert sum(mailed(made).values()) == sum(before.values()) + 1, "the missed days are not mailed one by one"
        made.run(made.requests(at)[-1])
        assert max(mailed(made).values()) == 1
        told = text(made, f"{newest.day} {newest:%B %Y}")
        assert told.count("Catch-up") == 1
