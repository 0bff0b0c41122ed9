import datetime
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import insert

from assets.mail.database.opened import opened
from assets.mail.database.tables import readers
from assets.mail.message import message
from assets.mail.outbox import Outbox, OutboxBusy, State
from assets.mail.transport import Deliver, MaildirTransport, SmtpTransport, Transport
from tests.mail.conftest import Script, Scripted

DAY = datetime.date(2025, 3, 2)
THEN = datetime.datetime(2025, 3, 1)
NEXT = datetime.date(2025, 3, 3)
READERS = ("ada@lab.example", "bob@lab.example", "cyd@lab.example")
ADA, BOB, CYD = READERS

spawn = multiprocessing.get_context("spawn")


def compose(recipient: str, message_id: str) -> EmailMessage:
    return message(
        sender="paperboy@lab.example",
        recipient=recipient,
        subject="Papers",
        text="Text",
        html="<p>HTML</p>",
        message_id=message_id,
        date=datetime.datetime(2025, 3, 3, tzinfo=datetime.UTC),
    )


def key(recipient: str, day: datetime.date = DAY) -> str:
    return f"<{day:%m%d}{recipient}>"


def outbox(path: Path, names: tuple[str, ...] = READERS) -> Outbox:
    """An outbox in which the day's digest is written down for each reader, whose address is the id, too."""
    made = Outbox(path)
    subscribe(made, *names)
    made.enqueue(DAY, "e1", 20, names, [key(name) for name in names])
    return made


def subscribe(box: Outbox, *names: str) -> None:
    """Confirmed readers; who is one already stays so."""
    of_all = {"name": "", "state": "confirmed", "origin": "operator", "asked_at": THEN, "updated_at": THEN}
    rows = [{"id": name, "address": name, "key": name, "token": name, **of_all} for name in names]
    with box._engine.begin() as connection:
        for row in rows:
            connection.execute(insert(readers).values(row).on_conflict_do_nothing())


def smtp(port: int) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, "none", timeout=10)


def states(box: Outbox) -> dict[str, str]:
    return {row.reader: row.state.value for row in box.rows(DAY)}


def test_a_digest_is_written_down_before_it_is_sent(tmp_path: Path) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    rows = outbox(tmp_path / "not" / "yet" / "outbox.db").rows()
    assert [(row.day, row.reader, row.state, row.message_id) for row in rows] == [
        (DAY, reader, State.PENDING, key(reader)) for reader in READERS
    ]
    assert {(row.edition, row.papers, row.attempts, row.reason) for row in rows} == {("e1", 20, 0, "")}
    assert all(before <= row.updated_at <= before + datetime.timedelta(minutes=1) for row in rows)


def test_a_changed_edition_is_not_mailed_again(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db", (ADA,))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    subscribe(box, BOB)
    box.enqueue(DAY, "e2", 21, (ADA, BOB), (key(ADA), key(BOB)))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert [(row.edition, row.papers, row.attempts, row.state) for row in box.rows(DAY)] == [
        ("e1", 20, 1, State.SENT),
        ("e2", 21, 1, State.SENT),
    ]
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2


def test_a_reader_named_twice_gets_one(tmp_path: Path) -> None:
    assert [row.reader for row in outbox(tmp_path / "outbox.db", (ADA, ADA)).rows()] == [ADA]


def test_nobody_to_mail_is_no_error(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db", ())
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert box.rows() == []
    assert box.states(DAY, NEXT) == {}


def test_readers_are_written_down_all_or_none(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox.db")
    with pytest.raises(sa.exc.IntegrityError):
        box.enqueue(DAY, "e1", 20, (ADA, BOB), ("<same@lab.example>", "<same@lab.example>"))
    with pytest.raises(ValueError, match="shorter"):
        box.enqueue(DAY, "e1", 20, (ADA, BOB), ("<one@lab.example>",))
    assert box.rows() == []


def test_the_states_of_the_days(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db")
    for day in (DAY - datetime.timedelta(1), NEXT, NEXT + datetime.timedelta(1)):
        box.enqueue(day, "e1", 20, (ADA, BOB), (key(ADA, day), key(BOB, day)))
    box.deliver(NEXT, MaildirTransport(tmp_path / "mail"), compose)
    assert box.states(DAY, NEXT) == {DAY: {"pending": 3}, NEXT: {"sent": 2}}
    assert [row.reader for row in box.rows(NEXT)] == [ADA, BOB]


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


@settings(max_examples=40, deadline=None)
@given(dealt=st.lists(st.lists(st.sampled_from(FATES), max_size=3), min_size=1, max_size=5))
def test_whatever_the_server_does_nothing_is_lost_or_sent_twice(
    scripted: Callable[[Script], Scripted],
    tmp_path_factory: pytest.TempPathFactory,
    dealt: list[list[Fate]],
) -> None:
    fates = {f"reader{n}@lab.example": [*hand, FATES[-1]] for n, hand in enumerate(dealt)}
    server = scripted(following(fates))
    box = outbox(tmp_path_factory.mktemp("outbox") / "outbox.db", tuple(fates))
    for _ in range(5):
        box.deliver(DAY, smtp(server.port), compose)
    for row in box.rows():
        hand = fates[row.reader]
        attempts, last = next((n, fate) for n, fate in enumerate(hand, 1) if fate.state != State.RETRY)
        assert (row.state, row.attempts) == (last.state, attempts)
        assert server.accepted.count(row.message_id) == last.accepted
        assert bool(row.reason) == (last.state != State.SENT)


def test_the_reason_is_the_server_s(scripted: Callable[[Script], Scripted], tmp_path: Path) -> None:
    answers = {ADA: "450 busy", BOB: "550 5.1.1 nobody"}
    server = scripted(lambda step, recipient: answers.get(recipient) if step == "RCPT" else None)
    box = outbox(tmp_path / "outbox.db")
    box.deliver(DAY, smtp(server.port), compose)
    assert [row.reason for row in box.rows()] == ["450 busy", "550 5.1.1 nobody", ""]


def test_without_a_server_all_of_the_day_waits(scripted: Callable[[Script], Scripted], tmp_path: Path) -> None:
    server = scripted(lambda step, _: "421 closed" if step == "CONNECT" and server.connections < 3 else None)
    box = outbox(tmp_path / "outbox.db")
    box.enqueue(NEXT, "e1", 20, (ADA,), (key(ADA, NEXT),))
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


def test_a_maildir_that_cannot_be_made_holds_up_the_day(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    box = outbox(tmp_path / "outbox.db")
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert set(states(box).values()) == {"retry"}
    assert all("mail: " in row.reason for row in box.rows())


def test_an_error_in_composing_sends_nothing_and_claims_nothing(tmp_path: Path) -> None:
    def fails_for_bob(recipient: str, message_id: str) -> EmailMessage:
        return compose(recipient if recipient != BOB else "no address", message_id)

    box = outbox(tmp_path / "outbox.db")
    with pytest.raises(ValueError, match="@"):
        box.deliver(DAY, MaildirTransport(tmp_path / "mail"), fails_for_bob)
    assert states(box) == {ADA: "sent", BOB: "pending", CYD: "pending"}


def test_an_error_before_the_last_byte_leaves_it_due(tmp_path: Path) -> None:
    def without_recipient(recipient: str, message_id: str) -> EmailMessage:
        mail = compose(recipient, message_id)
        del mail["To"]
        return mail

    box = outbox(tmp_path / "outbox.db", (ADA,))
    with pytest.raises(AttributeError):
        box.deliver(DAY, MaildirTransport(tmp_path / "mail"), without_recipient)
    assert states(box) == {ADA: "pending"}


def leave(box: Outbox, name: str) -> None:
    """The reader unsubscribes."""
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).where(readers.c.id == name).values(state="unsubscribed"))


def test_who_left_before_the_batch_is_not_mailed(scripted: Callable[[Script], Scripted], tmp_path: Path) -> None:
    server = scripted(lambda step, recipient: None)
    box = outbox(tmp_path / "outbox.db")
    leave(box, BOB)
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert [row.reason for row in box.rows()] == ["", "no longer a reader", ""]
    assert server.accepted == [key(ADA), key(CYD)]


@pytest.mark.parametrize(("step", "nth"), [("CONNECT", 1), ("MAIL", 2), ("RCPT", 2), ("DATA", 2)])
def test_who_leaves_while_the_message_is_on_its_way_does_not_get_it(
    scripted: Callable[[Script], Scripted], tmp_path: Path, step: str, nth: int
) -> None:
    """The last moment is that before the final dot; the server then has no whole message."""
    seen: Counter[str] = Counter()

    def script(reached: str, _: str) -> str | None:
        seen[reached] += 1
        if (reached, seen[reached]) == (step, nth):
            leave(box, BOB)
        return None

    server = scripted(script)
    box = outbox(tmp_path / "outbox.db")
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert server.accepted == [key(ADA), key(CYD)]


def test_who_comes_back_is_not_mailed_what_was_cancelled(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db", (ADA,))
    leave(box, ADA)
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).values(state="confirmed"))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "cancelled"}


def test_what_was_cancelled_is_due_anew_to_who_is_a_reader_again(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db")
    leave(box, ADA)
    leave(box, BOB)
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).where(readers.c.id == ADA).values(state="confirmed"))
    box.enqueue(DAY, "e1", 20, (ADA, CYD), (key(ADA), key(CYD)))
    assert states(box) == {ADA: "pending", BOB: "cancelled", CYD: "sent"}
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2


def test_addresses_that_do_not_exist_are_told_and_no_others(
    scripted: Callable[[Script], Scripted], tmp_path: Path
) -> None:
    """550 alone may as well mean the sender, 5.7.1 does, and a text is not a code."""
    answers = {
        "gone@lab.example": "550 5.1.1 <gone@lab.example>: nobody",
        "none@lab.example": "556 5.1.10 takes no mail",
        "bare@lab.example": "550 nobody",
        "spam@lab.example": "550 5.7.1 your list 5.1.1",
        "full@lab.example": "452 4.2.2 full",
    }
    server = scripted(lambda step, recipient: answers.get(recipient) if step == "RCPT" else None)
    box = outbox(tmp_path / "outbox.db", tuple(answers))
    told = []
    box.deliver(DAY, smtp(server.port), compose, lambda reader, reason: told.append((reader, reason)))
    assert sorted(told) == [
        ("gone@lab.example", "550 5.1.1 [address] nobody"),
        ("none@lab.example", "556 5.1.10 takes no mail"),
    ]
    assert Counter(states(box).values()) == {"failed": 4, "retry": 1}


def test_a_database_that_is_locked_after_a_250_leaves_no_doubt(
    scripted: Callable[[Script], Scripted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.mail.database.opened.BUSY_SECONDS", 0.1)
    locked = threading.Event()

    def hold() -> None:
        with opened(tmp_path / "outbox.db").connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(1)
            connection.rollback()

    def script(step: str, _: str) -> None:
        if step == "DOT" and not locked.is_set():
            threading.Thread(target=hold).start()
            locked.wait(30)

    server = scripted(script)
    box = outbox(tmp_path / "outbox.db", (ADA,))
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent"}
    assert server.accepted == [key(ADA)]


def test_the_operator_says_what_became_of_a_doubtful_mail(tmp_path: Path) -> None:
    box = outbox(tmp_path / "outbox.db")
    box._move(sa.true(), (State.PENDING,), State.UNKNOWN, "no answer")
    assert box.resolve(DAY, ADA, sent=True)
    assert box.resolve(DAY, BOB, sent=False)
    assert not box.resolve(DAY, ADA, sent=False), "it is in doubt no more"
    assert not box.resolve(NEXT, CYD, sent=False)
    assert states(box) == {ADA: "sent", BOB: "retry", CYD: "unknown"}
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "sent", BOB: "sent", CYD: "unknown"}
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 1


def test_what_was_refused_is_tried_again_at_the_operator_s_word_only(
    scripted: Callable[[Script], Scripted], tmp_path: Path
) -> None:
    refused = True
    server = scripted(lambda step, recipient: "554 no" if step == "RCPT" and refused and recipient != CYD else None)
    box = outbox(tmp_path / "outbox.db")
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    refused = False
    assert (box.again(DAY, BOB), box.again(DAY, BOB), box.again(NEXT)) == (1, 0, 0)
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "failed", BOB: "sent", CYD: "sent"}
    assert box.again(DAY) == 1
    box.deliver(DAY, smtp(server.port), compose)
    assert Counter(server.accepted) == Counter(map(key, READERS))


@dataclass(frozen=True)
class Dying:
    """A transport whose process is killed at a moment of its delivery to a reader."""

    transport: Transport
    moment: str
    victim: str

    @contextmanager
    def session(self) -> Iterator[Deliver]:
        with self.transport.session() as send:

            def deliver(message: EmailMessage, claim: Callable[[], object] = lambda: None) -> None:
                def claimed() -> None:
                    self.die("unclaimed", message)
                    claim()
                    self.die("claimed", message)

                send(message, claimed)
                self.die("after", message)

            yield deliver

    def check(self) -> str:
        return self.transport.check()

    def die(self, moment: str, mail: EmailMessage) -> None:
        if (moment, mail["To"]) == (self.moment, self.victim):
            os.kill(os.getpid(), signal.SIGKILL)

    def compose(self, recipient: str, message_id: str) -> EmailMessage:
        mail = compose(recipient, message_id)
        self.die("composing", mail)
        return mail


def send_all(path: Path, transport: Transport) -> None:
    """A sender's whole life, in a process of its own."""
    Outbox(path).deliver(DAY, transport, transport.compose if isinstance(transport, Dying) else compose)


@pytest.mark.parametrize(
    ("moment", "left", "end"),
    [
        ("composing", {ADA: "sent", BOB: "pending", CYD: "pending"}, "sent"),
        ("unclaimed", {ADA: "sent", BOB: "pending", CYD: "pending"}, "sent"),
        ("claimed", {ADA: "sent", BOB: "sending", CYD: "pending"}, "unknown"),
        ("after", {ADA: "sent", BOB: "sending", CYD: "pending"}, "unknown"),
    ],
)
@pytest.mark.parametrize("kind", ["smtp", "maildir"])
def test_a_sender_killed_between_two_steps(
    scripted: Callable[[Script], Scripted],
    tmp_path: Path,
    kind: str,
    moment: str,
    left: dict[str, str],
    end: str,
) -> None:
    server = scripted(lambda step, recipient: None)
    mail = tmp_path / "mail"
    transport = smtp(server.port) if kind == "smtp" else MaildirTransport(mail)
    box = outbox(tmp_path / "outbox.db")
    process = spawn.Process(target=send_all, args=(tmp_path / "outbox.db", Dying(transport, moment, BOB)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert states(box) == left
    for _ in range(2):
        box.deliver(DAY, transport, compose)
    assert states(box) == {ADA: "sent", BOB: end, CYD: "sent"}
    accepted = server.accepted if kind == "smtp" else [path.name for path in (mail / "new").iterdir()]
    assert len(accepted) == len(set(accepted)) == (2 if moment == "claimed" else 3)


@pytest.mark.parametrize(
    ("step", "nth", "victim", "accepted"),
    [
        ("CONNECT", 1, None, True),
        ("EHLO", 1, None, True),
        ("RSET", 1, None, True),
        ("MAIL", 2, None, True),
        ("RCPT", 2, None, True),
        ("DATA", 2, None, True),
        ("DOT", 2, BOB, True),
        ("QUIT", 1, None, True),
    ],
)
def test_a_sender_killed_while_the_server_answers(
    scripted: Callable[[Script], Scripted],
    tmp_path: Path,
    step: str,
    nth: int,
    victim: str | None,
    accepted: bool,
) -> None:
    seen: Counter[str] = Counter()

    def script(reached: str, _: str) -> str | None:
        seen[reached] += 1
        if (reached, seen[reached]) == (step, nth):
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # dead, and already waited for
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return None

    server = scripted(script)
    box = outbox(tmp_path / "outbox.db")
    process = spawn.Process(target=send_all, args=(tmp_path / "outbox.db", smtp(server.port)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {reader: "unknown" if reader == victim else "sent" for reader in READERS}
    ids = {key(reader) for reader in READERS if accepted or reader != victim}
    assert Counter(server.accepted) == Counter(ids)


def test_of_two_senders_one_sends(scripted: Callable[[Script], Scripted], tmp_path: Path) -> None:
    names = tuple(f"reader{n}@lab.example" for n in range(20))
    server = scripted(lambda step, recipient: None)
    box = outbox(tmp_path / "outbox.db", names)
    senders = [spawn.Process(target=send_all, args=(tmp_path / "outbox.db", smtp(server.port))) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
        assert sender.exitcode == 0
    assert set(states(box).values()) == {"sent"}
    assert Counter(server.accepted) == Counter(key(name) for name in names)


def test_a_second_sender_is_told_that_the_outbox_is_busy(
    scripted: Callable[[Script], Scripted], tmp_path: Path
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def script(step: str, _: str) -> None:
        if step == "DOT":
            reached.set()
            go_on.wait(30)

    server = scripted(script)
    box = outbox(tmp_path / "outbox.db")
    first = threading.Thread(target=box.deliver, args=(DAY, smtp(server.port), compose))
    first.start()
    assert reached.wait(30)
    second = Outbox(tmp_path / "outbox.db", wait=0.1)
    with pytest.raises(OutboxBusy, match=r"outbox\.db\.lock"):
        second.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(second) == {ADA: "sending", BOB: "pending", CYD: "pending"}
    go_on.set()
    first.join()
    assert set(states(second).values()) == {"sent"}


def open_and_enqueue(path: Path, reader: str) -> None:
    Outbox(path).enqueue(DAY, "e1", 20, (reader,), (key(reader),))


def test_processes_that_make_the_same_outbox_at_once(tmp_path: Path) -> None:
    makers = [spawn.Process(target=open_and_enqueue, args=(tmp_path / "box.db", reader)) for reader in READERS]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        assert maker.exitcode == 0
    assert states(Outbox(tmp_path / "box.db")) == dict.fromkeys(READERS, "pending")
