"""What the operator is told of real runs: once an incident, once its end, once a warning; and the readers nothing."""

import sqlite3
from contextlib import closing

from orchestration.alerts.announce import Occasion
from orchestration.alerts.book import State
from orchestration.resources import alarm, outbox, readers, warehouse
from tests.orchestration.alerts.conftest import OPERATOR, READER, RECOVERED, REJECTED, House, Mailroom, NewHouse
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY

# Incidents.


def test_a_rejected_day_is_one_message_that_says_what_and_what_to_do(house: House) -> None:
    house.bad(MONDAY)
    outcome = house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == [REJECTED]
    said = house.text()
    assert "title_present: 6 of 12 rows failed, 1 allowed (archive/2503.10000, archive/2503.10001" in said
    assert "A list whose titles vanish has changed its shape" in said
    assert f"run {outcome.run_id[:8]} of daily_digest" in said
    assert f"paperboy digest {MONDAY}" in said
    assert str(house.lab.settings.home) in said


def test_an_incident_that_is_tried_again_is_told_once_and_its_end_once(house: House) -> None:
    house.bad(MONDAY)
    for _ in range(3):
        house.lab.digest(MONDAY)
        house.announce()
        house.announce()
    assert house.subjects == [REJECTED]
    house.good(MONDAY)
    mended = house.lab.digest(MONDAY)
    house.announce()
    house.announce()
    assert house.subjects == [REJECTED, RECOVERED]
    assert f"by run {mended.run_id[:8]} of daily_digest" in house.text()


def test_a_day_that_breaks_again_is_another_incident(house: House) -> None:
    for broken in (True, False, True):
        (house.bad if broken else house.good)(MONDAY)
        house.lab.digest(MONDAY)
        house.announce()
    assert house.subjects == [REJECTED, RECOVERED, REJECTED]


def test_attempts_before_anybody_was_told_are_one_message(house: House) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == [REJECTED]
    assert "2 attempts, the last at" in house.text()


def test_what_ended_before_anybody_was_told_is_not_told(house: House) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    house.good(MONDAY)
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == []


def test_the_bad_days_of_a_backfill_are_one_message_without_its_window(house: House) -> None:
    house.bad(MONDAY)
    house.good(TUESDAY)
    house.broken(WEDNESDAY)
    house.lab.backfill(MONDAY, WEDNESDAY)
    house.announce()
    assert house.subjects == [f"Paperboy: 2 incidents, {MONDAY} to {WEDNESDAY}"]
    said = house.text()
    assert f"fetched_papers {MONDAY} was rejected" in said
    assert f"fetched_papers {WEDNESDAY} failed" in said
    assert str(TUESDAY) not in said
    house.good(MONDAY, WEDNESDAY)
    house.lab.backfill(MONDAY, WEDNESDAY)
    house.announce()
    assert house.subjects[1:] == [f"Paperboy: recovered: 2 incidents, {MONDAY} to {WEDNESDAY}"]


def test_what_was_long_over_when_alerts_were_first_on_is_history(house: House) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    with warehouse(house.lab.settings).connect() as connection:
        connection.execute("UPDATE outcomes SET recorded_at = recorded_at - INTERVAL 2 DAY")
    with closing(sqlite3.connect(house.lab.settings.home / "dagster/history/runs.db")) as runs, runs:
        runs.execute("UPDATE runs SET update_timestamp = datetime(update_timestamp, '-2 days')")
    house.announce()
    assert house.subjects == []
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == [REJECTED]


# The mail, and whose it is.


def test_an_alert_is_plain_text_to_the_operator_and_nothing_like_a_digest(house: House) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    house.announce()
    (mail,) = house.alerts
    assert mail["To"] == OPERATOR
    assert mail.get_content_type() == "text/plain"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert {name.lower() for name in mail} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding",
        "mime-version",
    }  # fmt: skip
    lines = mail.get_content().splitlines()
    assert max(len(line) for line in lines if str(house.lab.settings.home) not in line) <= 76


def test_readers_who_got_no_mail_are_counted_not_named(house: House) -> None:
    house.mailroom.refused.add(READER)
    house.good(TUESDAY)
    house.lab.digest(TUESDAY, newest=True)
    house.announce()
    assert house.subjects == [f"Paperboy: deliveries {TUESDAY} was rejected"]
    assert "state_sent: 1 of 1 rows unexpected" in house.text()
    assert f"paperboy send {TUESDAY} " in house.text()
    kept = str(house.alarm.book.sendings())
    for canary in (READER, "canary", "Canary", "reader.example"):
        assert canary not in house.everything_said()
        assert canary not in kept
    house.mailroom.refused.clear()


def test_alerts_leave_the_readers_and_their_records_alone(house: House) -> None:
    house.good(MONDAY)
    house.bad(TUESDAY)
    house.lab.digest(MONDAY, newest=True)
    house.lab.digest(TUESDAY)
    records = "SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM editions)"
    before = outbox(house.lab.settings).rows(), warehouse(house.lab.settings).read(records).rows()
    assert [row.reader for row in before[0]] == [readers(house.lab.settings).every()[0].id]
    mailed = len(house.mailroom.to(READER))
    house.announce()
    assert house.subjects == [f"Paperboy: fetched_papers {TUESDAY} was rejected"]
    assert len(house.mailroom.to(READER)) == mailed == 1
    assert (outbox(house.lab.settings).rows(), warehouse(house.lab.settings).read(records).rows()) == before


def test_without_an_address_nothing_is_written_and_nobody_told(new_house: NewHouse) -> None:
    with new_house() as house:
        house.bad(MONDAY)
        house.lab.digest(MONDAY)
        assert house.announce() == []
        assert not house.alarm.waiting()
        assert house.mailroom.accepted == []
        assert not (house.lab.settings.home / "alerts.sqlite").exists()


def test_alerts_of_a_house_without_a_mail_server_lie_in_its_maildir(house: House, new_house: NewHouse) -> None:
    with new_house(ALERTS__TO=OPERATOR) as other:
        maildir = other.lab.settings.model_copy(
            update={"mail": other.lab.settings.mail.model_copy(update={"transport": "maildir"})}
        )
        other.bad(MONDAY)
        other.lab.digest(MONDAY)
        alarm(maildir).announce(other.lab.instance, Occasion())
        assert [mail["To"] for mail in other.lab.mails()] == [OPERATOR]


# Warnings.


def test_warnings_are_told_once_after_the_daily_run(house: House) -> None:
    house.empty(MONDAY, TUESDAY)
    house.lab.digest(MONDAY)
    house.announce(daily=False)
    assert house.subjects == []
    house.lab.digest(TUESDAY)
    house.announce()
    assert house.subjects == [f"Paperboy: 1 warning for {MONDAY} to {TUESDAY}"]
    assert "fetched_papers: weekday_has_papers. 2025-03-10: empty_weekday 1; 2025-03-11" in house.text()
    assert "a holiday, or a list that was missed" in house.text()
    house.lab.digest(TUESDAY)
    house.announce()
    assert len(house.alerts) == 1


def test_new_warnings_wait_for_the_next_day_and_say_again_what_was_told(house: House) -> None:
    house.empty(MONDAY, TUESDAY)
    house.lab.digest(MONDAY)
    house.announce()
    house.lab.digest(TUESDAY)
    house.announce()
    assert house.subjects == [f"Paperboy: 1 warning for {MONDAY}"]
    a_day_later(house)
    house.announce()
    assert house.subjects[1:] == [f"Paperboy: 1 warning for {TUESDAY}"]
    assert f"weekday_has_papers again. {TUESDAY}: empty_weekday 1." in house.text()
    assert "a holiday" not in house.text()


def test_a_warning_that_is_lifted_before_it_is_told_is_not_told(house: House) -> None:
    house.empty(MONDAY)
    house.lab.digest(MONDAY)
    house.good(MONDAY)
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == []


def a_day_later(house: House) -> None:
    """What was written was written a day ago."""
    with closing(sqlite3.connect(house.lab.settings.home / "alerts.sqlite")) as book, book:
        book.execute("UPDATE messages SET created_at = datetime(created_at, '-1 day')")


# The mail server is down, or refuses.


def test_a_message_is_kept_while_the_server_is_down_and_then_sent_once(house: House, mailroom: Mailroom) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    mailroom.stop()
    (kept,) = house.announce()
    assert (kept.state, kept.subject) == (State.RETRY, REJECTED)
    assert f"127.0.0.1:{mailroom.port}" in kept.reason
    assert house.alarm.waiting()
    (still,) = house.announce()
    assert still.attempts == 2
    again = Mailroom()
    again.start()
    try:
        settings = house.lab.settings
        moved = settings.model_copy(update={"mail": settings.mail.model_copy(update={"port": again.port})})
        assert alarm(moved).announce(house.lab.instance, Occasion()) == []
        assert alarm(moved).announce(house.lab.instance, Occasion()) == []
        assert [str(mail["Subject"]) for mail in again.to(OPERATOR)] == [REJECTED]
    finally:
        again.stop()


def test_a_message_that_is_refused_for_good_is_not_tried_again(house: House, mailroom: Mailroom) -> None:
    mailroom.refused.add(OPERATOR)
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    (refused,) = house.announce()
    assert (refused.state, refused.attempts) == (State.FAILED, 1)
    mailroom.refused.clear()
    (still,) = house.announce()
    assert still.attempts == 1
    assert house.subjects == []
