"""How fast messages leave, by a clock of the test's own."""

import threading

import pytest

from assets.mail.pace import Pace
from assets.mail.transport import TransportError
from orchestration.web import until
from tests.mail.conftest import Clock


def test_without_a_limit_nothing_waits() -> None:
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    for _ in range(1000):
        pace.wait()
    assert clock.slept == []


def test_the_first_message_goes_at_once_and_the_rest_evenly() -> None:
    clock = Clock()
    pace = Pace(120, clock, clock.sleep)
    for _ in range(121):
        pace.wait()
    assert clock.slept == [0.5] * 120


def test_time_that_the_messages_take_counts() -> None:
    clock = Clock()
    pace = Pace(60, clock, clock.sleep)
    for taken in (0.25, 0.75, 5, 0.5, 0):
        pace.wait()
        clock.now += taken
    assert clock.slept == [0.75, 0.25, 0.5]


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1000])
def test_no_minute_has_more_messages_than_it_may(per_minute: int) -> None:
    clock, sent = Clock(), []
    pace = Pace(per_minute, clock, clock.sleep)
    for _ in range(3 * per_minute):
        pace.wait()
        sent.append(clock.now)
        clock.now += 0.001
    assert all(after - before >= 59.99 for before, after in zip(sent, sent[per_minute:], strict=False))


def test_the_service_does_not_wait_for_a_mail_s_turn_when_it_ends() -> None:
    ending = threading.Event()
    sleep = until(ending)
    sleep(0)
    ending.set()
    with pytest.raises(TransportError, match="the service ended"):
        sleep(3600)
