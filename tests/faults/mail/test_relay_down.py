"""The relay is down all day: the mails wait, longer after each attempt, and leave once, or are given up and told."""

import datetime
from collections.abc import Callable

from assets.mail.database.opened import now
from assets.mail.outbox import Outbox
from tests.faults.mail.judge import READERS, judged
from tests.faults.mail.sender import run
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import DAY, NEXT, compose, intents, smtp
from tests.orchestration.test_mails_that_wait import passed

TICK = 10
"""Minutes; the sensor looks more often."""


def tried(box: Outbox, port: int, hours: float, since: datetime.date = DAY) -> list[float]:
    """After how many minutes the mails were tried again in a time, each time that they were due.

    Editions before `since` are past.
    """
    found = []
    for minute in range(TICK, int(hours * 60), TICK):
        passed(box, TICK)
        box.give_up(since, now())
        if DAY in box.waiting(since, now()):
            box.deliver(DAY, smtp(port), compose)
            found.append(float(minute))
    return found


def test_mails_wait_all_day_and_leave_once(scripted: Callable[[Script], Scripted], box: Outbox) -> None:
    down = [True]
    server = scripted(lambda step, _: "421 closed" if step == "CONNECT" and down else None)
    run(box, smtp(server.port))
    tries = tried(box, server.port, 24)
    pauses = [later - earlier for earlier, later in zip([0.0, *tries], tries, strict=False)]
    least = [5, 10, 20, 40, 80, 160, *[240] * len(pauses)]
    # A pause is up to a quarter longer by chance, and ends with the tick after it.
    assert all(at <= pause <= at * 1.25 + TICK for pause, at in zip(pauses, least, strict=False)), pauses
    assert len(pauses) >= 8
    assert server.connections == len(tries) + 1
    assert {(row.state, str(server.port) in row.reason) for row in box.rows()} == {("retry", True)}
    down.clear()
    tried(box, server.port, 6)
    judged(box, server.accepted)
    assert tried(box, server.port, 6) == []


def test_mails_whose_hour_comes_once_their_edition_is_past_are_tried_for_a_day(
    scripted: Callable[[Script], Scripted], box: Outbox
) -> None:
    server = scripted(lambda step, _: "421 closed" if step == "CONNECT" else None)
    box.enqueue(DAY, "e1", intents(*READERS, due_at=now() + datetime.timedelta(hours=1)))
    first, *later = tried(box, server.port, 56, since=NEXT)
    assert 60 <= first <= 60 + TICK
    assert len(later) >= 8
    assert 20 * 60 <= later[-1] - 60 <= 24 * 60
    assert {(row.state, row.reason.partition(". ")[0]) for row in box.rows()} == {
        ("failed", "given up, for the edition is past")
    }


def test_mails_of_an_edition_that_is_past_are_given_up(scripted: Callable[[Script], Scripted], box: Outbox) -> None:
    down = [True]
    server = scripted(lambda step, _: "421 closed" if step == "CONNECT" and down else None)
    run(box, smtp(server.port))
    tried(box, server.port, 6)
    passed(box, 24 * 60)
    assert box.give_up(before=NEXT, at=now() + datetime.timedelta(hours=4)) == {DAY: len(READERS)}
    down.clear()
    run(box, smtp(server.port))
    assert {row.reason.partition(". ")[0] for row in box.rows()} == {"given up, for the edition is past"}
    assert all("421 closed" in row.reason for row in box.rows())
    judged(box, server.accepted, refused=READERS)
