"""When a source lists papers, by its own clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from assets.fetch import calendar

ARXIV = calendar.load("arxiv")


@pytest.mark.parametrize(
    ("day", "listed"),
    [
        (date(2025, 3, 10), True),  # Monday's list, announced on Sunday evening
        (date(2025, 3, 14), True),  # Friday's, announced on Thursday
        (date(2025, 3, 15), False),
        (date(2025, 3, 16), False),
        (date(2024, 7, 5), False),  # the evening before was a holiday
        (date(2024, 7, 4), True),
        (date(2024, 11, 29), False),  # Thanksgiving's evening
        (date(2024, 12, 26), False),
        (date(2024, 12, 27), False),
        (date(2025, 1, 1), False),  # of the last evening of 2024
    ],
)
def test_arxiv_lists_the_morning_after_an_announcement(day: date, listed: bool) -> None:
    assert ARXIV.lists(day) is listed
    assert ARXIV.lists_on_weekday(day) is (day.weekday() < 5)


@pytest.mark.parametrize(
    ("day", "announced", "due"),
    [
        (date(2025, 1, 15), datetime(2025, 1, 15, 1), datetime(2025, 1, 15, 17)),
        (date(2025, 7, 15), datetime(2025, 7, 15, 0), datetime(2025, 7, 15, 16)),
        # The clocks went forward in the night before, and back in the night of the other.
        (date(2025, 3, 10), datetime(2025, 3, 10, 0), datetime(2025, 3, 10, 16)),
        (date(2025, 11, 3), datetime(2025, 11, 3, 1), datetime(2025, 11, 3, 17)),
    ],
)
def test_hours_are_of_new_york_whatever_its_clocks_do(day: date, announced: datetime, due: datetime) -> None:
    assert ARXIV.announced_at(day).astimezone(UTC) == announced.replace(tzinfo=UTC)
    assert ARXIV.due_at(day).astimezone(UTC) == due.replace(tzinfo=UTC)


def test_the_next_list_is_looked_for_over_weekends_and_holidays() -> None:
    assert ARXIV.next_list(date(2025, 3, 14)) == date(2025, 3, 14)
    assert ARXIV.next_list(date(2025, 3, 15)) == date(2025, 3, 17)
    assert ARXIV.next_list(date(2024, 12, 26)) == date(2024, 12, 30)


def test_an_operator_knows_of_more_holidays() -> None:
    evening = date(2025, 3, 12)
    assert ARXIV.lists(date(2025, 3, 13))
    assert not calendar.load("arxiv", [evening]).lists(date(2025, 3, 13))
    assert calendar.load("arxiv", [evening]).lists(date(2025, 3, 12))


def test_hugging_face_has_no_list_on_weekends() -> None:
    known = calendar.load("huggingface")
    week = [date(2025, 3, 10) + timedelta(days=days) for days in range(7)]
    assert [known.lists(day) for day in week] == [True] * 5 + [False] * 2
    assert not known.lists(date(2025, 1, 1))


def test_a_source_without_a_calendar_promises_nothing() -> None:
    with pytest.raises(KeyError):
        calendar.load("sample")
