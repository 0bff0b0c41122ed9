"""Mails that could not leave are asked for again of itself, after a pause, to whom they were written down for."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.database.opened import Place, now
from assets.mail.database.tables import outbox as mails
from assets.mail.intents import Mail
from assets.mail.outbox import Outbox
from assets.mail.transport import SmtpTransport, TransportError
from orchestration import runs
from orchestration.resources import desk, outbox, readers
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.conftest import Server
from tests.mail.outboxes import DAY, NEXT, READERS, compose, intents, subscribe
from tests.orchestration.test_mail_policy import NEWEST

ADA, BEN = "ada@reader.example", "ben@reader.example"
OLD = datetime.now(UTC).date() - timedelta(days=2)


def asked(made: Lab) -> list[dg.RunRequest]:
    """What the sensor asks for."""
    sensor = made.defs.resolve_sensor_def("mails_that_wait")
    with dg.build_sensor_context(
        instance=made.instance, repository_def=made.defs.get_repository_def(), resources={"desk": desk(made.settings)}
    ) as context:
        return list(sensor.evaluate_tick(context).run_requests or ())


def made_again(made: Lab, request: dg.RunRequest) -> runs.Outcome:
    """The run that the sensor asks for."""
    return runs.run_day(made.defs, made.instance, "send", NEWEST, config=dict(request.run_config))


def passed(box: Outbox, minutes: float) -> None:
    """Let time pass."""
    span = timedelta(minutes=minutes)
    with box._engine.begin() as connection:
        for row in box.rows():
            these = sa.and_(mails.c.day == row.day, mails.c.reader == row.reader)
            times = {name: getattr(row, name) - span for name in ("updated_at", "due_at", "planned_at")}
            connection.execute(sa.update(mails).where(these).values(times))


@contextmanager
def mail_server() -> Iterator[Server]:
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_mails_wait_out_a_mail_server_that_is_down(new_lab: NewLab) -> None:
    smtp = {"MAIL__TRANSPORT": "smtp", "MAIL__HOST": "127.0.0.1", "MAIL__SECURITY": "none"}
    smtp |= {"MAIL__RECIPIENTS": f"{ADA}, {BEN}"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        with new_lab(MAIL__PORT=str(taken.getsockname()[1]), **smtp) as down:
            assert asked(down) == []
            assert not down.digest(NEWEST, newest=True).success
            assert asked(down) == [], "a minute later"
            passed(outbox(down.settings), 7)
            (request,) = asked(down)
            assert (request.partition_key, request.run_config) == (
                str(NEWEST),
                runs.send_config(NEWEST, again=True),
            )
            assert asked(down)[0].run_key == request.run_key, "so Dagster asks once"
            assert not made_again(down, request).success
            passed(outbox(down.settings), 7)
            assert asked(down) == [], "the second pause is longer"
            passed(outbox(down.settings), 13)
            assert asked(down)[0].run_key != request.run_key
    with mail_server() as server, new_lab(MAIL__PORT=str(server.port), **smtp) as up:
        readers(up.settings).add("cyd@reader.example")
        (request,) = asked(up)
        assert made_again(up, request).success
        assert Counter(str(mail["To"]) for mail in server.accepted) == Counter([ADA, BEN])
        assert asked(up) == []
        assert up.status(NEWEST).mailed


def test_what_a_run_wrote_down_and_did_not_come_to_is_sent(new_lab: NewLab) -> None:
    with new_lab(MAIL__RECIPIENTS=ADA) as made:
        assert made.digest(NEWEST, newest=True).success
        box = outbox(made.settings)
        ben = readers(made.settings).add(BEN)
        (before,) = box.rows(NEWEST)
        box.enqueue(NEWEST, "0" * 64, [Mail(ben.id, "<ben@lab.example>", before.works, NEWEST, now())])
        passed(box, 7)
        (request,) = asked(made)
        assert made_again(made, request).success
        assert Counter(str(mail["To"]) for mail in made.mails()) == Counter([ADA, BEN])


def test_what_is_in_doubt_or_was_refused_is_not_asked_for(place: Place) -> None:
    box = Outbox(place)
    subscribe(box, *READERS)
    box.enqueue(DAY, "e1", intents(*READERS))
    for reader, state in zip(READERS, (State.UNKNOWN, State.FAILED, State.CANCELLED), strict=True):
        box._states.move(mails.c.reader == reader, (State.PENDING,), state, "so")
    assert box.waiting(DAY, now() + timedelta(days=1)) == {}


@pytest.mark.parametrize(("attempts", "least"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, 240), (50, 240)])
def test_pauses_grow_up_to_four_hours_and_a_quarter(place: Place, attempts: int, least: int) -> None:
    box = Outbox(place)
    subscribe(box, *READERS)
    box.enqueue(DAY, "e1", intents(*READERS))
    box._states.move(sa.true(), (State.PENDING,), State.RETRY, "busy", attempts=attempts)
    with socket.socket() as taken, suppress(TransportError):
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        box.deliver(DAY, SmtpTransport("127.0.0.1", taken.getsockname()[1], "none"), compose)
    at = box.rows(DAY)[-1].updated_at
    assert box.waiting(DAY, at + timedelta(minutes=least - 0.1)) == {}
    assert list(box.waiting(DAY, at + timedelta(minutes=least * 1.25 + 0.1))) == [DAY]
    assert box.waiting(NEXT, at + timedelta(days=1)) == {}


def test_an_edition_that_is_past_is_given_up_and_says_why(tmp_path: Path, new_lab: NewLab) -> None:
    with new_lab() as made:
        box, today = outbox(made.settings), datetime.now(UTC).date()
        subscribe(box, *READERS)
        for back in (4, 5):
            day = today - timedelta(days=back)
            box.enqueue(day, "e1", intents(*READERS, day=day))
            box._states.move(mails.c.day == day, (State.PENDING,), State.RETRY, "busy")
        passed(box, 7)
        assert [request.partition_key for request in asked(made)] == [str(today - timedelta(days=4))]
        assert box.states(today - timedelta(days=5), today - timedelta(days=5)) == {
            today - timedelta(days=5): {State.RETRY: 3}
        }, "somebody may have asked for it a moment ago"
        passed(box, 60 * 24 + 1)
        asked(made)
        given_up = box.rows(today - timedelta(days=5))
        assert {(row.state, row.reason) for row in given_up} == {
            (State.FAILED, "given up, for the edition is past. busy")
        }


@pytest.fixture
def waits_for_its_hour(new_lab: NewLab) -> Iterator[Lab]:
    """A lab in which the edition of two days ago is written down for one reader, at an hour that comes today."""
    with new_lab(MAIL__CURRENT_DAYS="1", MAIL__RECIPIENTS="") as made:
        ada = readers(made.settings).add(ADA)
        assert made.digest(NEWEST).success
        mail = Mail(ada.id, "<ada@lab.example>", [("a", "")], OLD, now() + timedelta(hours=20))
        outbox(made.settings).enqueue(OLD, "0" * 64, [mail])
        yield made


def test_a_mail_whose_hour_comes_once_its_edition_is_past_is_asked_for(waits_for_its_hour: Lab) -> None:
    box = outbox(waits_for_its_hour.settings)
    assert asked(waits_for_its_hour) == []
    passed(box, 60 * 20 + 1)
    assert [request.partition_key for request in asked(waits_for_its_hour)] == [str(OLD)]


def test_a_mail_that_waited_for_its_hour_is_not_given_up_in_silence(waits_for_its_hour: Lab) -> None:
    """As when nothing ran for days: the day was green, for nothing of it was due."""
    box = outbox(waits_for_its_hour.settings)
    passed(box, 60 * 45)
    (request,) = asked(waits_for_its_hour)
    assert box.states(OLD, OLD) == {OLD: {State.FAILED: 1}}
    assert asked(waits_for_its_hour) == [], "told once"
    assert not runs.run_day(
        waits_for_its_hour.defs, waits_for_its_hour.instance, "send", OLD, config=dict(request.run_config)
    ).success
    assert waits_for_its_hour.mails() == []


def test_hours_that_come_within_one_are_asked_for_each(place: Place) -> None:
    """As in Kolkata, at half past: Dagster takes a second request of the same key for the first."""
    box = Outbox(place)
    subscribe(box, *READERS)
    ada, ben, _ = READERS
    three = now().replace(hour=3, minute=0) + timedelta(days=2)
    half_past = three + timedelta(minutes=30)
    box.enqueue(DAY, "e1", [*intents(ada, due_at=three), *intents(ben, due_at=half_past)])
    at_three = box.waiting(DAY, three)
    box._states.move(mails.c.reader == ada, (State.PENDING,), State.SENT, "")
    assert box.waiting(DAY, half_past) != at_three != {}
