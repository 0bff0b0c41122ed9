"""The outbox by itself, and before servers that answer or drop at any step."""

import datetime
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.mail.attempt import State
from assets.mail.database.opened import Place, now, transaction
from assets.mail.intents import Last, Miscounted, Row
from assets.mail.outbox import Outbox
from assets.mail.transport import MaildirTransport
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import (
    ADA,
    BOB,
    CYD,
    DAY,
    NEXT,
    READERS,
    THEN,
    compose,
    intents,
    key,
    outbox,
    smtp,
    states,
    subscribe,
)


def test_a_folder_is_made_for_the_file(tmp_path: Path) -> None:
    assert outbox(tmp_path / "not" / "yet" / "outbox.db").rows()


def test_a_digest_is_written_down_before_it_is_sent(place: Place) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    rows = outbox(place).rows()
    assert [(row.day, row.reader, row.state, row.message_id) for row in rows] == [
        (DAY, reader, State.PENDING, key(reader)) for reader in READERS
    ]
    assert {(row.edition, row.papers, row.attempts, row.reason) for row in rows} == {("e1", 2, 0, "")}
    assert all(before <= row.updated_at <= before + datetime.timedelta(minutes=1) for row in rows)


def test_a_changed_edition_is_not_mailed_again(tmp_path: Path, place: Place) -> None:
    box = outbox(place, (ADA,))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    subscribe(box, BOB)
    box.enqueue(DAY, "e2", intents(ADA, BOB))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert [(row.edition, row.papers, row.attempts, row.state) for row in box.rows(DAY)] == [
        ("e1", 2, 1, State.SENT),
        ("e2", 2, 1, State.SENT),
    ]
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2


def test_of_however_many_papers_it_is_known_who_was_to_get_them(place: Place) -> None:
    box = outbox(place, (ADA,))
    names = [f"{DAY}a", *(f"x{number}" for number in range(250_000)), f"{DAY}b"]
    assert box.shown(names) == {ADA: {f"{DAY}a", f"{DAY}b"}}


def test_nobody_to_mail_is_no_error(tmp_path: Path, place: Place) -> None:
    box = outbox(place, ())
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert box.rows() == []
    assert box.states(DAY, NEXT) == {}


def test_readers_are_written_down_all_or_none(place: Place) -> None:
    box = Outbox(place)
    with pytest.raises(sa.exc.IntegrityError):
        box.enqueue(DAY, "e1", [replace(mail, message_id="<same@lab.example>") for mail in intents(ADA, BOB)])
    assert box.rows() == []
    assert box.shown([f"{DAY}a"]) == {}


def test_mails_are_counted_before_any_is_sent(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.sqlite", (ADA,))
    with transaction(box._engine) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER losing AFTER INSERT ON outbox WHEN NEW.reader LIKE 'bob@%'"
            " BEGIN DELETE FROM outbox WHERE reader = NEW.reader; END"
        )
    subscribe(box, BOB, CYD)
    with pytest.raises(Miscounted, match="2 mails stand there, not 3; none is written down"):
        box.enqueue(DAY, "e1", intents(ADA, BOB, CYD))
    assert [row.reader for row in box.rows(DAY)] == [ADA]


def test_the_states_of_the_days(tmp_path: Path, place: Place) -> None:
    box = outbox(place)
    for day in (DAY - datetime.timedelta(1), NEXT, NEXT + datetime.timedelta(1)):
        box.enqueue(day, "e1", intents(ADA, BOB, day=day))
    box.deliver(NEXT, MaildirTransport(tmp_path / "mail"), compose)
    assert box.states(DAY, NEXT) == {DAY: {"pending": 3}, NEXT: {"sent": 2}}
    assert [row.reader for row in box.rows(NEXT)] == [ADA, BOB]


def test_what_waits_of_a_past_day_is_given_up_and_tried_at_the_operator_s_word(place: Place) -> None:
    box = outbox(place)
    box.enqueue(NEXT, "e1", intents(ADA, day=NEXT))
    soon = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(minutes=10)
    assert list(box.waiting(DAY, soon)) == [DAY, NEXT]
    assert box.give_up(before=NEXT, at=soon + datetime.timedelta(days=1)) == {DAY: 3}
    assert {row.reason for row in box.rows(DAY)} == {"given up, for the edition is past. "}
    assert list(box.waiting(DAY, soon)) == [NEXT]
    assert (box.again(DAY, ADA), box.again(DAY), box.again(DAY)) == (1, 2, 0)
    assert box.states(DAY, NEXT) == {DAY: {"retry": 3}, NEXT: {"pending": 1}}


def test_what_comes_due_while_others_are_sent_is_sent_too(tmp_path: Path, place: Place) -> None:
    box = Outbox(place)
    subscribe(box, *READERS)
    soon = now() + datetime.timedelta(seconds=1)
    box.enqueue(DAY, "e1", [*intents(ADA), *intents(BOB, due_at=soon)])

    def slow(row: Row) -> EmailMessage:
        time.sleep(max((soon - now()).total_seconds(), 0))
        return compose(row)

    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), slow)
    assert box.states(DAY, DAY) == {DAY: {"sent": 2}}


def test_the_newest_mail_of_a_reader_was_planned_for_when_it_was(tmp_path: Path, place: Place) -> None:
    """Whatever was tried again since, of it or of one before it."""
    box, later = outbox(place, (ADA,)), THEN + datetime.timedelta(days=2)
    box.enqueue(NEXT, "e1", intents(ADA, day=NEXT, due_at=later))
    box._states.move(sa.true(), (State.PENDING,), State.FAILED, "554 no")
    assert box.again(DAY) == box.again(NEXT) == 1
    assert box.last(DAY, NEXT) == {ADA: Last(DAY, THEN)}
    assert box.last(DAY, NEXT + datetime.timedelta(1)) == {ADA: Last(NEXT, later)}
    assert box.last(NEXT, NEXT) == {}


def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db")
    with box._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@dataclass(frozen=True)
class Fate:
    """What the server does with one attempt, and what the outbox has to make of it."""

    step: str
    answer: str | None
    state: State
    accepted: bool = False


FATES = (
    Fate("RCPT", "450 busy", State.RETRY),
    Fate("RCPT", "550 nobody", State.FAILED),
    Fate("RCPT", "drop", State.RETRY),
    Fate("DATA", "drop", State.RETRY),
    Fate("DATA", "451 not now", State.RETRY),
    Fate("DOT", "451 not now", State.RETRY),
    Fate("DOT", "554 spam", State.FAILED),
    Fate("DOT", "drop", State.UNKNOWN),
    Fate("DOT", "reset", State.UNKNOWN),
    Fate("DOT", "250 drop", State.UNKNOWN, accepted=True),
    Fate("DOT", "250 reset", State.UNKNOWN, accepted=True),
    Fate("DOT", None, State.SENT, accepted=True),
)


def following(fates: dict[str, list[Fate]]) -> Script:
    """A server that deals each reader's fates, an attempt each; at last it accepts."""
    attempts: Counter[str] = Counter()

    def script(step: str, recipient: str) -> str | None:
        if step in ("RSET", "MAIL", "QUIT") or recipient not in fates:
            return None
        attempts[recipient] += step == "RCPT"
        fate = fates[recipient][attempts[recipient] - 1]
        return fate.answer if fate.step == step else None

    return script


def test_whatever_the_server_does_nothing_is_lost_or_sent_twice(
    scripted: Callable[[Script], Scripted], new_place: Callable[[], Place]
) -> None:
    @settings(max_examples=40 if isinstance(new_place(), Path) else 8, deadline=None)
    @given(dealt=st.lists(st.lists(st.sampled_from(FATES), max_size=3), min_size=1, max_size=5))
    def holds(dealt: list[list[Fate]]) -> None:
        fates = {f"reader{n}@lab.example": [*hand, FATES[-1]] for n, hand in enumerate(dealt)}
        server = scripted(following(fates))
        box = outbox(new_place(), tuple(fates))
        for _ in range(5):
            box.deliver(DAY, smtp(server.port), compose)
        for row in box.rows():
            hand = fates[row.reader]
            attempts, last = next((n, fate) for n, fate in enumerate(hand, 1) if fate.state != State.RETRY)
            assert (row.state, row.attempts) == (last.state, attempts)
            assert server.accepted.count(row.message_id) == last.accepted
            assert bool(row.reason) == (last.state != State.SENT)

    holds()


def test_the_reason_is_the_server_s(scripted: Callable[[Script], Scripted], place: Place) -> None:
    answers = {ADA: "450 busy", BOB: "550 5.1.1 nobody"}
    server = scripted(lambda step, recipient: answers.get(recipient) if step == "RCPT" else None)
    box = outbox(place)
    box.deliver(DAY, smtp(server.port), compose)
    assert [row.reason for row in box.rows()] == ["450 busy", "550 5.1.1 nobody", ""]


def test_without_a_server_all_of_the_day_waits(scripted: Callable[[Script], Scripted], place: Place) -> None:
    server = scripted(lambda step, _: "421 closed" if step == "CONNECT" and server.connections < 3 else None)
    box = outbox(place)
    box.enqueue(NEXT, "e1", intents(ADA, day=NEXT))
    for attempts in (1, 2):
        box.deliver(DAY, smtp(server.port), compose)
        assert [(row.state, row.attempts) for row in box.rows(DAY)] == [
            (State.RETRY, attempts),
            (State.RETRY, 0),
            (State.RETRY, 0),
        ]
        assert {row.reason for row in box.rows(DAY)} == {f"127.0.0.1:{server.port}: 421 closed"}
    assert server.connections == 2
    box.deliver(DAY, smtp(server.port), compose)
    assert box.states(DAY, NEXT) == {DAY: {"sent": 3}, NEXT: {"pending": 1}}
    assert {row.reason for row in box.rows(DAY)} == {""}


def test_however_many_are_due_they_are_read_some_at_a_time(
    tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.mail.outbox.BATCH", 2)
    box, delivered = outbox(place, (*READERS, "dan@lab.example", "eve@lab.example")), tmp_path / "mail"
    box.deliver(DAY, MaildirTransport(delivered), compose)
    assert box.states(DAY, DAY) == {DAY: {State.SENT: 5}}
    assert len(list((delivered / "new").iterdir())) == 5


def test_what_was_not_read_yet_waits_too_once_the_server_is_away(
    scripted: Callable[[Script], Scripted], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.mail.outbox.BATCH", 1)
    box = outbox(place)
    server = scripted(
        lambda step, _: "421 closed" if step == "CONNECT" and box.states(DAY, DAY)[DAY].get(State.SENT) else None
    )
    box.deliver(DAY, smtp(server.port), compose)
    assert [row.state for row in box.rows(DAY)] == [State.SENT, State.RETRY, State.RETRY]
    assert server.connections == 2
    assert "421" in box.rows(DAY)[2].reason


def test_a_maildir_that_cannot_be_made_holds_up_the_day(tmp_path: Path, place: Place) -> None:
    (tmp_path / "mail").write_text("in the way")
    box = outbox(place)
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert set(states(box).values()) == {"retry"}
    assert all("mail: " in row.reason for row in box.rows())


def test_an_error_in_composing_sends_nothing_and_claims_nothing(tmp_path: Path, place: Place) -> None:
    def fails_for_bob(row: Row) -> EmailMessage:
        return compose(replace(row, reader="no address") if row.reader == BOB else row)

    box = outbox(place)
    with pytest.raises(ValueError, match="@"):
        box.deliver(DAY, MaildirTransport(tmp_path / "mail"), fails_for_bob)
    assert states(box) == {ADA: "sent", BOB: "pending", CYD: "pending"}


def test_an_error_before_the_last_byte_leaves_it_due(tmp_path: Path, place: Place) -> None:
    def without_recipient(row: Row) -> EmailMessage:
        mail = compose(row)
        del mail["To"]
        return mail

    box = outbox(place, (ADA,))
    with pytest.raises(AttributeError):
        box.deliver(DAY, MaildirTransport(tmp_path / "mail"), without_recipient)
    assert states(box) == {ADA: "pending"}


def test_the_operator_says_what_became_of_a_doubtful_mail(tmp_path: Path, place: Place) -> None:
    box = outbox(place)
    box._states.move(sa.true(), (State.PENDING,), State.UNKNOWN, "no answer")
    assert box.resolve(DAY, ADA, sent=True)
    assert box.resolve(DAY, BOB, sent=False)
    assert not box.resolve(DAY, ADA, sent=False), "it is in doubt no more"
    assert not box.resolve(NEXT, CYD, sent=False)
    assert states(box) == {ADA: "sent", BOB: "retry", CYD: "unknown"}
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "sent", BOB: "sent", CYD: "unknown"}
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 1


def test_what_was_refused_is_tried_again_at_the_operator_s_word_only(
    scripted: Callable[[Script], Scripted], place: Place
) -> None:
    refused = True
    server = scripted(lambda step, recipient: "554 no" if step == "RCPT" and refused and recipient != CYD else None)
    box = outbox(place)
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    refused = False
    assert (box.again(DAY, BOB), box.again(DAY, BOB), box.again(NEXT)) == (1, 0, 0)
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "failed", BOB: "sent", CYD: "sent"}
    assert box.again(DAY) == 1
    box.deliver(DAY, smtp(server.port), compose)
    assert Counter(server.accepted) == Counter(map(key, READERS))
