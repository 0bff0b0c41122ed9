"""Four senders at once: one sends, and when it dies the next one goes on."""

from collections import Counter
from collections.abc import Callable

import pytest

from assets.mail.attempt import State
from assets.mail.database.opened import Place
from assets.mail.outbox import Outbox
from tests.faults.mail.judge import MIDDLE, judged
from tests.faults.mail.sender import Death, ended, started
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import smtp

SENDERS = 4


def test_of_four_senders_one_sends(scripted: Callable[[Script], Scripted], place: Place, box: Outbox) -> None:
    server = scripted(lambda step, recipient: None)
    senders = [started(place, smtp(server.port)) for _ in range(SENDERS)]
    assert [ended(sender) for sender in senders] == [0] * SENDERS
    assert server.connections == 1, "the others found nothing to do"
    judged(box, server.accepted)


@pytest.mark.parametrize("state", [State.SENDING, State.SENT])
@pytest.mark.parametrize("before", [True, False])
def test_when_one_of_four_dies_another_goes_on(
    scripted: Callable[[Script], Scripted], place: Place, box: Outbox, state: State, before: bool
) -> None:
    """All of them are to die at the same commit, so as many do as come to it."""
    server = scripted(lambda step, recipient: None)
    death = Death(state, before, MIDDLE)
    senders = [started(place, smtp(server.port), death) for _ in range(SENDERS)]
    codes = Counter(ended(sender) for sender in senders)
    unclaimed = state is State.SENDING and before
    assert codes == ({-9: 4} if unclaimed else {-9: 1, 0: 3})
    if unclaimed:
        assert ended(started(place, smtp(server.port))) == 0
    doubtful = (state, before) in ((State.SENDING, False), (State.SENT, True))
    judged(box, server.accepted, doubtful=[MIDDLE] if doubtful else [])
