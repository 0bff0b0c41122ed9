"""What readers want: when a mail leaves, to whom it is due, of which days it tells, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.readers.preferences import (
    NONE,
    Frequency,
    InvalidPreference,
    Named,
    Preferences,
    checked,
    read,
    stored,
)

FRIDAY = date(2026, 11, 27)
SATURDAY, SUNDAY, MONDAY = (FRIDAY + timedelta(days=days) for days in (1, 2, 3))
MADE = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
DAILY, WEEKDAYS, WEEKLY = (Preferences(frequency=frequency) for frequency in Frequency)


@pytest.mark.parametrize(
    ("preferences", "leaves"),
    [
        (NONE, MADE),
        (Preferences(hour=7), MADE),
        (Preferences(hour=9), datetime(2026, 11, 27, 9, tzinfo=UTC)),
        (Preferences(hour=6), datetime(2026, 11, 28, 6, tzinfo=UTC)),
        (Preferences(hour=16, time_zone="Asia/Tokyo"), MADE),
        (Preferences(hour=8, time_zone="Asia/Tokyo"), datetime(2026, 11, 27, 23, tzinfo=UTC)),
        (Preferences(hour=6, time_zone="America/New_York"), datetime(2026, 11, 27, 11, tzinfo=UTC)),
    ],
)
def test_a_mail_leaves_when_it_is_the_readers_hour_next(preferences: Preferences, leaves: datetime) -> None:
    assert preferences.leaves(MADE, "UTC") == leaves


def test_without_a_time_zone_the_hour_is_the_operators() -> None:
    assert Preferences(hour=9).leaves(MADE, "Europe/Berlin") == datetime(2026, 11, 27, 8, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_it_leaves_within_a_day_and_at_that_hour_but_where_clocks_leave_it_out(
    made: datetime, hour: int, zone: str
) -> None:
    at = made.replace(tzinfo=UTC)
    leaves = Preferences(hour=hour, time_zone=zone).leaves(at, "UTC")
    assert at <= leaves.astimezone(UTC) <= at + timedelta(hours=25)
    assert leaves.astimezone(UTC).astimezone(ZoneInfo(zone)).hour in (hour, (hour + 1) % 24)


@pytest.mark.parametrize(
    ("preferences", "on", "last", "due"),
    [
        (DAILY, SUNDAY, SATURDAY, True),
        (WEEKDAYS, FRIDAY, None, True),
        (WEEKDAYS, SATURDAY, None, False),
        (WEEKDAYS, SUNDAY, FRIDAY, False),
        (WEEKDAYS, MONDAY, FRIDAY, True),
        (WEEKLY, FRIDAY, None, True),
        (WEEKLY, SATURDAY, None, False),
        (WEEKLY, FRIDAY, FRIDAY - timedelta(days=7), True),
        (WEEKLY, FRIDAY, FRIDAY, False),
        (WEEKLY, FRIDAY, FRIDAY - timedelta(days=1), True),
        (WEEKLY, SUNDAY, FRIDAY, False),
        (WEEKLY, SUNDAY, FRIDAY - timedelta(days=7), True),
        (Preferences(frequency=Frequency.WEEKLY, weekday=0), FRIDAY, MONDAY - timedelta(days=7), False),
        (Preferences(frequency=Frequency.WEEKLY, weekday=0), MONDAY, MONDAY - timedelta(days=7), True),
    ],
)
def test_who_is_due(preferences: Preferences, on: date, last: date | None, due: bool) -> None:
    assert preferences.is_due(on, last) is due


@pytest.mark.parametrize(
    ("preferences", "on", "first"),
    [
        (DAILY, MONDAY, SUNDAY),
        (WEEKDAYS, MONDAY, FRIDAY),
        (WEEKDAYS, FRIDAY, SUNDAY),
        (WEEKLY, MONDAY, SUNDAY - timedelta(days=6)),
    ],
)
def test_of_which_days_a_mail_tells(preferences: Preferences, on: date, first: date) -> None:
    assert preferences.first_day(SUNDAY, on) == first


def test_what_is_stored_is_what_differs_and_comes_back() -> None:
    wanted = Preferences(
        frequency=Frequency.WEEKLY, weekday=0, hour=7, time_zone="Asia/Tokyo", size=5, language="es",
        follow=Named(authors=("Ada Lovelace",)), mute=Named(categories=("cs.CR",)),
    )  # fmt: skip
    assert stored(NONE) == ""
    assert read("") == NONE
    assert read(stored(wanted)) == wanted


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"frequency": "hourly"}, "frequency: Input should be 'daily', 'weekdays' or 'weekly'"),
        ({"hour": 24}, "hour: Input should be less than or equal to 23"),
        ({"time_zone": "Mars/Olympus"}, "time zone: Mars/Olympus is no time zone; one is Europe/Berlin"),
        ({"time_zone": "../../etc/passwd"}, "is no time zone"),
        ({"language": "xx"}, "language: 'xx' is none of the languages that there are: de, en, es, fr"),
        ({"size": 0}, "size: Input should be greater than or equal to 1"),
        ({"follow": {"topics": [" "]}}, "follow topics: String should have at least 1 character"),
        ({"mute": {"keywords": ["x"] * 201}}, "mute keywords: Tuple should have at most 200 items"),
        ({"hourly": 1}, "hourly: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(values: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidPreference, match=told.replace("(", r"\(")):
        checked(values)


def test_names_are_kept_as_written_once_and_compared_without_capitals() -> None:
    named = Named(authors=(" Ada  Lovelace", "ada lovelace", "Émile Borel"))
    assert named.authors == ("Ada  Lovelace", "Émile Borel")
    assert named.wishes.authors == {"ada lovelace", "émile borel"}


def test_who_chose_a_language_that_there_is_no_more_has_the_operators() -> None:
    assert read('{"language": "tlh"}') == NONE
    assert read(stored(Preferences(language="de"))).language == "de"
