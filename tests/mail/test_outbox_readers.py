"""What the outbox does for readers who leave, come back, or whose address does not exist."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from assets.mail.database.opened import Place, transaction
from assets.mail.database.tables import readers
from assets.mail.outbox import Outbox
from assets.mail.transport import MaildirTransport
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import ADA, BOB, CYD, DAY, compose, intents, key, outbox, smtp, states


def leave(box: Outbox, name: str) -> None:
    """The reader unsubscribes."""
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).where(readers.c.id == name).values(state="unsubscribed"))


def test_who_left_before_the_batch_is_not_mailed(scripted: Callable[[Script], Scripted], place: Place) -> None:
    server = scripted(lambda step, recipient: None)
    box = outbox(place)
    leave(box, BOB)
    for _ in range(2):
        box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert [row.reason for row in box.rows()] == ["", "no longer a reader", ""]
    assert server.accepted == [key(ADA), key(CYD)]


@pytest.mark.parametrize(("step", "nth"), [("CONNECT", 1), ("MAIL", 2), ("RCPT", 2), ("DATA", 2)])
def test_who_leaves_while_the_message_is_on_its_way_does_not_get_it(
    scripted: Callable[[Script], Scripted], place: Place, step: str, nth: int
) -> None:
    """The last moment is that before the final dot; the server then has no whole message."""
    seen: Counter[str] = Counter()

    def script(reached: str, _: str) -> str | None:
        seen[reached] += 1
        if (reached, seen[reached]) == (step, nth):
            leave(box, BOB)
        return None

    server = scripted(script)
    box = outbox(place)
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert server.accepted == [key(ADA), key(CYD)]


def test_who_leaves_in_the_moment_of_the_claim_does_not_get_it(
    scripted: Callable[[Script], Scripted], place: Place
) -> None:
    """The leaving has begun and is not committed when the row is to be claimed: the claim waits for it."""
    box, leaving = outbox(place), threading.Event()

    def leave_slowly() -> None:
        with transaction(box._engine) as connection:
            connection.execute(sa.update(readers).where(readers.c.id == BOB).values(state="unsubscribed"))
            leaving.set()
            time.sleep(0.5)

    def script(step: str, recipient: str) -> None:
        if (step, recipient) == ("DATA", BOB):
            threading.Thread(target=leave_slowly).start()
            assert leaving.wait(30)

    server = scripted(script)
    box.deliver(DAY, smtp(server.port), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert server.accepted == [key(ADA), key(CYD)]


def test_who_comes_back_is_not_mailed_what_was_cancelled(tmp_path: Path, place: Place) -> None:
    box = outbox(place, (ADA,))
    leave(box, ADA)
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).values(state="confirmed"))
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "cancelled"}


def test_what_was_cancelled_is_due_anew_to_who_is_a_reader_again(tmp_path: Path, place: Place) -> None:
    box = outbox(place)
    leave(box, ADA)
    leave(box, BOB)
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    with box._engine.begin() as connection:
        connection.execute(sa.update(readers).where(readers.c.id == ADA).values(state="confirmed"))
    box.enqueue(DAY, "e1", intents(ADA, CYD))
    assert states(box) == {ADA: "pending", BOB: "cancelled", CYD: "sent"}
    box.deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)
    assert states(box) == {ADA: "sent", BOB: "cancelled", CYD: "sent"}
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2


def test_addresses_that_do_not_exist_are_told_and_no_others(
    scripted: Callable[[Script], Scripted], place: Place
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
    box = outbox(place, tuple(answers))
    told = []
    box.deliver(DAY, smtp(server.port), compose, lambda reader, reason: told.append((reader, reason)))
    assert sorted(told) == [
        ("gone@lab.example", "550 5.1.1 [address] nobody"),
        ("none@lab.example", "556 5.1.10 takes no mail"),
    ]
    assert Counter(states(box).values()) == {"failed": 4, "retry": 1}
