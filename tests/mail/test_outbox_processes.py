"""Outboxes of several processes: killed at any moment, at once, or with the database locked."""

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

from assets.mail.database.opened import Place, opened, transaction
from assets.mail.intents import Row
from assets.mail.outbox import Outbox, OutboxBusy
from assets.mail.transport import Deliver, MaildirTransport, Transport
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import ADA, BOB, CYD, DAY, READERS, compose, intents, key, outbox, smtp, states

spawn = multiprocessing.get_context("spawn")


def test_a_database_that_is_locked_after_a_250_leaves_no_doubt(
    scripted: Callable[[Script], Scripted], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.mail.database.opened.BUSY_SECONDS", 0.1)
    locked = threading.Event()

    def hold() -> None:
        with transaction(opened(place)):
            locked.set()
            time.sleep(1)

    def script(step: str, _: str) -> None:
        if step == "DOT" and not locked.is_set():
            threading.Thread(target=hold).start()
            locked.wait(30)

    server = scripted(script)
    box = outbox(place, (ADA,))
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent"}
    assert server.accepted == [key(ADA)]


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

    def compose(self, row: Row) -> EmailMessage:
        mail = compose(row)
        self.die("composing", mail)
        return mail


def send_all(place: Place, transport: Transport) -> None:
    """A sender's whole life, in a process of its own."""
    Outbox(place).deliver(DAY, transport, transport.compose if isinstance(transport, Dying) else compose)


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
    place: Place,
    kind: str,
    moment: str,
    left: dict[str, str],
    end: str,
) -> None:
    server = scripted(lambda step, recipient: None)
    mail = tmp_path / "mail"
    transport = smtp(server.port) if kind == "smtp" else MaildirTransport(mail)
    box = outbox(place)
    process = spawn.Process(target=send_all, args=(place, Dying(transport, moment, BOB)))
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
        ("MAIL", 2, None, True),
        ("RCPT", 2, None, True),
        ("DATA", 2, None, True),
        ("DOT", 2, BOB, True),
        ("QUIT", 1, None, True),
    ],
)
def test_a_sender_killed_while_the_server_answers(
    scripted: Callable[[Script], Scripted],
    place: Place,
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
    box = outbox(place)
    process = spawn.Process(target=send_all, args=(place, smtp(server.port)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {reader: "unknown" if reader == victim else "sent" for reader in READERS}
    ids = {key(reader) for reader in READERS if accepted or reader != victim}
    assert Counter(server.accepted) == Counter(ids)


def test_of_two_senders_one_sends(scripted: Callable[[Script], Scripted], place: Place) -> None:
    names = tuple(f"reader{n}@lab.example" for n in range(20))
    server = scripted(lambda step, recipient: None)
    box = outbox(place, names)
    senders = [spawn.Process(target=send_all, args=(place, smtp(server.port))) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
        assert sender.exitcode == 0
    assert set(states(box).values()) == {"sent"}
    assert Counter(server.accepted) == Counter(key(name) for name in names)


def test_a_second_sender_is_told_that_the_outbox_is_busy(
    scripted: Callable[[Script], Scripted], tmp_path: Path, place: Place
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def script(step: str, _: str) -> None:
        if step == "DOT":
            reached.set()
            go_on.wait(30)

    server = scripted(script)
    box = outbox(place)
    first = threading.Thread(target=box.deliver, args=(DAY, smtp(server.port), compose))
    first.start()
    assert reached.wait(30)
    second = Outbox(place, wait=0.1)
    with pytest.raises(OutboxBusy, match=r"outbox\.db\.lock|advisory lock"):
        second.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(second) == {ADA: "sending", BOB: "pending", CYD: "pending"}
    go_on.set()
    first.join()
    assert set(states(second).values()) == {"sent"}


def open_and_enqueue(place: Place, reader: str) -> None:
    Outbox(place).enqueue(DAY, "e1", intents(reader))


def test_processes_that_make_the_same_outbox_at_once(place: Place) -> None:
    makers = [spawn.Process(target=open_and_enqueue, args=(place, reader)) for reader in READERS]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        assert maker.exitcode == 0
    assert states(Outbox(place)) == dict.fromkeys(READERS, "pending")
