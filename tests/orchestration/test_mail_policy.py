"""Who is mailed which day: the rule by itself, then every route over real runs; a reader gets a day once in all."""

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.fetch.sample import SampleSource
from assets.mail.attempt import State
from assets.mail.policy import Request, refusal
from orchestration.resources import outbox
from tests.conftest import NewLab
from tests.lab import STEPS, Lab
from tests.mail.conftest import Server

TODAY = datetime.now(UTC).date()
NEWEST = SampleSource().newest_day(TODAY - timedelta(days=1)) or TODAY
PAST = date(2025, 3, 12)
SATURDAY = date(2025, 3, 15)
NEW_YEAR = date(2025, 1, 1)
READERS = ("ada@reader.example", "ben@reader.example")

WEDNESDAY, THURSDAY = date(2025, 3, 12), date(2025, 3, 13)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request(WEDNESDAY, THURSDAY, 4), None),
        (Request(WEDNESDAY, date(2025, 3, 16), 4), None),
        (Request(WEDNESDAY, date(2025, 3, 17), 4), "it is older than 4 days, so it is a past day"),
        (Request(WEDNESDAY, date(2025, 3, 17), 4, newest=WEDNESDAY), None),
        (Request(WEDNESDAY, date(2025, 3, 17), 4, newest=THURSDAY), "it is older than 4 days, so it is a past day"),
        (Request(WEDNESDAY, THURSDAY, 4, newer=THURSDAY), "2025-03-13 is made already, so it is a past day"),
        (
            Request(WEDNESDAY, THURSDAY, 4, newer=THURSDAY, newest=WEDNESDAY),
            "2025-03-13 is made already, so it is a past day",
        ),
        (Request(WEDNESDAY, THURSDAY, 4, backfill=True), "a backfill never mails"),
        (Request(WEDNESDAY, THURSDAY, 4, backfill=True, newest=WEDNESDAY), "a backfill never mails"),
        (Request(WEDNESDAY, TODAY, 4, newer=THURSDAY, confirmed=WEDNESDAY), None),
        (Request(WEDNESDAY, TODAY, 4, confirmed=THURSDAY), "it is older than 4 days, so it is a past day"),
        (Request(WEDNESDAY, THURSDAY, 4, backfill=True, confirmed=THURSDAY), "a backfill never mails"),
    ],
)
def test_a_day_is_mailed_or_refused_with_the_reason(request_: Request, reason: str | None) -> None:
    assert refusal(request_) == reason


@pytest.fixture
def two_readers(new_lab: NewLab) -> Iterator[Lab]:
    with new_lab(MAIL__RECIPIENTS=", ".join(READERS)) as made:
        yield made


def tick(made: Lab, day: date) -> dg.ExecuteInProcessResult:
    """The schedule's tick on the morning after."""
    return made.tick(datetime.combine(day + timedelta(days=1), time(7, 30)))


def mailed(made: Lab) -> Counter[str]:
    """How many mails lie in the Maildir for each reader."""
    return Counter(str(mail["To"]) for mail in made.mails())


def made_empty(made: Lab, day: date) -> bool:
    """Whether every table is materialised for the day, without a row."""
    return all(made.rows(step, day) == 0 and day.isoformat() in made.materialized(step) for step in STEPS)


def test_the_current_day_is_mailed_once_by_all_routes_together(two_readers: Lab) -> None:
    once = Counter(READERS)
    assert tick(two_readers, NEWEST).success
    assert mailed(two_readers) == once
    rows = two_readers.tables()
    assert len(rows["deliveries"]) == 2
    assert tick(two_readers, NEWEST).success, "a duplicate tick"
    assert two_readers.ui_run(NEWEST).success
    assert two_readers.ui_run(NEWEST, ["deliveries"]).success
    assert [outcome.success for outcome in two_readers.backfill(NEWEST - timedelta(days=1), NEWEST)] == [True]
    assert two_readers.digest(NEWEST, newest=True).success
    assert two_readers.send(NEWEST).success
    assert mailed(two_readers) == once
    assert two_readers.tables()["deliveries"] == rows["deliveries"]
    assert two_readers.status(NEWEST).mailed


def test_a_past_day_is_mailed_only_when_the_operator_names_it(two_readers: Lab) -> None:
    for route in (lambda: two_readers.digest(PAST), lambda: tick(two_readers, PAST), lambda: two_readers.ui_run(PAST)):
        assert route().success
        assert mailed(two_readers) == Counter()
        assert outbox(two_readers.settings).rows() == []
        assert PAST.isoformat() in two_readers.materialized("deliveries"), "the day is made, without a mail"
    for _ in range(2):
        assert two_readers.send(PAST).success
        assert mailed(two_readers) == Counter(READERS)
    assert two_readers.status(PAST).mailed


def test_a_backfill_leaves_the_current_day_to_the_schedule(two_readers: Lab) -> None:
    assert all(outcome.success for outcome in two_readers.backfill(NEWEST - timedelta(days=2), NEWEST))
    assert mailed(two_readers) == Counter()
    assert two_readers.materialized("deliveries") == set()
    assert tick(two_readers, NEWEST).success
    assert mailed(two_readers) == Counter(READERS)


def test_the_newest_day_of_the_sources_is_mailed_however_old(two_readers: Lab) -> None:
    assert two_readers.digest(PAST, newest=True).success
    assert two_readers.digest(PAST - timedelta(days=1), newest=True).success, "newest, and yet a later day is made"
    assert mailed(two_readers) == Counter(READERS)


def test_an_empty_weekend_is_made_and_not_mailed(two_readers: Lab) -> None:
    assert two_readers.digest(SATURDAY, newest=True).success
    assert made_empty(two_readers, SATURDAY)
    assert mailed(two_readers) == Counter()
    status = two_readers.status(SATURDAY)
    assert (status.state, status.mailed) == ("quiet", False)


def test_a_weekday_without_a_list_is_made_with_a_warning(new_lab: NewLab, daily_papers: Path) -> None:
    """2025-01-01: no list was published."""
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(daily_papers)) as made:
        result = made.ui_run(NEW_YEAR)
        assert result.success
        assert made_empty(made, NEW_YEAR)
        assert made.mails() == []
        failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.asset_key.to_user_string(), check.check_name, check.severity) for check in failed] == [
        ("fetched_papers", "weekday_has_papers", dg.AssetCheckSeverity.WARN)
    ]


def test_mail_that_cannot_leave_fails_the_run_and_leaves_once_later(new_lab: NewLab) -> None:
    environment = {
        "MAIL__TRANSPORT": "smtp",
        "MAIL__HOST": "127.0.0.1",
        "MAIL__SECURITY": "none",
        "MAIL__RECIPIENTS": ", ".join(READERS),
    }
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        with new_lab(MAIL__PORT=str(taken.getsockname()[1]), **environment) as down:
            outcome = down.digest(NEWEST, newest=True)
            rows = outbox(down.settings).rows(NEWEST)
            status = down.status(NEWEST)
    assert (outcome.success, outcome.step) == (False, "deliveries")
    assert f"deliveries {NEWEST} was rejected. state_sent: 2 of 2 rows failed, 0 allowed" in outcome.reason
    assert [row.state for row in rows] == [State.RETRY] * len(READERS)
    assert all("efused" in row.reason for row in rows)
    assert (status.state, status.mailed) == ("failed", False)
    server = Server()
    server.start()
    try:
        with new_lab(MAIL__PORT=str(server.port), **environment) as up:
            assert up.digest(NEWEST, newest=True).success
            assert up.digest(NEWEST, newest=True).success
            assert up.status(NEWEST).mailed
    finally:
        server.stop()
    assert Counter(str(mail["To"]) for mail in server.accepted) == Counter(READERS)
    assert [mail["Message-ID"] for mail in server.accepted] == [row.message_id for row in rows]
