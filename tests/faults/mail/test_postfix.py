"""A real Postfix is the relay: its next hop is down, its processes are killed in the midst of a batch, or the sender.

What arrived is read off its next hop, by Message-ID, and what it took off its log.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest

from assets.mail.attempt import State
from assets.mail.database.opened import Place
from assets.mail.intents import Row
from assets.mail.outbox import Outbox
from tests.faults.mail.judge import LAST, MIDDLE, POSITIONS, READERS, judged
from tests.faults.mail.sender import Death, SlowTransport, ended, run, started
from tests.mail.conftest import Scripted, scripted_server
from tests.mail.outboxes import DAY, compose, key, smtp
from tests.postfix import Postfix, postfix


@dataclass
class NextHop:
    """Where Postfix passes everything on to, which may be down."""

    down: bool = False
    server: Scripted = field(default_factory=lambda: Scripted(lambda step, recipient: None))

    def __call__(self, step: str, _: str) -> str | None:
        return "drop" if self.down and step == "CONNECT" else None


@pytest.fixture(scope="module")
def started_relay() -> Iterator[tuple[Postfix, NextHop]]:
    hop = NextHop()
    # A hop that is down takes no connection; one that is kept from before would lead to it all the same.
    settings = {"virtual_mailbox_domains": "", "smtp_connection_cache_on_demand": "no"}
    with scripted_server(hop) as hop.server, postfix(hop.server.port, **settings) as running:
        yield running, hop


@pytest.fixture
def relay(started_relay: tuple[Postfix, NextHop]) -> Postfix:
    """A Postfix that runs, and has logged nothing yet."""
    running, _ = started_relay
    (running.root / "mail.log").write_text("")
    return running


@pytest.fixture
def hop(started_relay: tuple[Postfix, NextHop]) -> Iterator[NextHop]:
    """Its next hop, which is up and has got nothing yet, nor is anything of another test under way to it."""
    running, found = started_relay
    running.until(lambda: is_empty(running))
    found.server.accepted.clear()
    yield found
    found.down = False


def kill(processes: list[int]) -> None:
    """Kill them, and return once they are gone, and with them what they had open."""
    assert processes
    for process in processes:
        os.kill(process, signal.SIGKILL)
    until = time.monotonic() + 10
    while any(_lives(process) for process in processes):
        assert time.monotonic() < until
        time.sleep(0.01)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it was gone, or went while its file was read
        return False


def is_empty(relay: Postfix) -> bool:
    """Whether no mail is in its queues."""
    queues = [relay.root / "queue" / name for name in ("incoming", "active", "deferred")]
    return not any(file.is_file() for queue in queues for file in queue.rglob("*"))


def arrived(relay: Postfix, hop: NextHop, *readers: str) -> list[str]:
    """The Message-IDs that came to the next hop, once those for these readers did and no other is under way."""
    expected = {key(reader) for reader in readers}
    relay.until(lambda: expected <= set(hop.server.accepted))
    relay.until(lambda: is_empty(relay))
    return hop.server.accepted


def taken(relay: Postfix) -> list[str]:
    """The Message-IDs of what Postfix took, off its log.

    It notes a Message-ID before the message's end, too, of what never ended: only what is queued was taken.
    """
    queued = set(re.findall(r"qmgr\[\d+\]: (\w+): from=.*queue active", relay.log))
    noted = re.findall(r"cleanup\[\d+\]: (\w+): message-id=(\S+)", relay.log)
    return [name for queue_id, name in noted if queue_id in queued]


def smtpd(relay: Postfix) -> list[int]:
    """The processes of Postfix that talk to clients."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError), open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
            command, _, rest = file.read().partition(") ")
            if command.endswith("(smtpd") and int(rest.split()[1]) == relay.master:
                found.append(int(name))
    return found


def test_what_postfix_took_arrives_once_its_next_hop_is_back(box: Outbox, relay: Postfix, hop: NextHop) -> None:
    hop.down = True
    for _ in range(2):
        run(box, smtp(relay.port))
    relay.until(lambda: relay.log.count("status=deferred") >= len(READERS))
    judged(box, taken(relay))
    assert hop.server.accepted == []
    hop.down = False
    judged(box, arrived(relay, hop, *READERS))


@pytest.mark.parametrize("reader", [READERS[1], MIDDLE, LAST])
def test_its_server_killed_before_a_mail(box: Outbox, relay: Postfix, hop: NextHop, reader: str) -> None:
    """The connection has fallen when the next mail is begun, so that goes over another one."""

    def killing(row: Row) -> EmailMessage:
        if row.reader == reader:
            kill(smtpd(relay))
        return compose(row)

    run(box, smtp(relay.port), killing)
    judged(box, arrived(relay, hop, *READERS))


@pytest.mark.parametrize("master", [False, True], ids=["smtpd", "all"])
def test_killed_in_the_midst_of_a_mail(box: Outbox, relay: Postfix, hop: NextHop, master: bool) -> None:
    """Before the mail's end: it was surely not taken, and is sent again."""

    def kills(_: object, content: bytes) -> None:
        if f"To: {MIDDLE}".encode() in content:
            kill([*smtpd(relay), *([relay.master] if master else [])])

    run(box, SlowTransport("127.0.0.1", relay.port, "none", timeout=10, pause=kills))
    if master:
        relay.start()
    for _ in range(2):
        run(box, smtp(relay.port))
    judged(box, arrived(relay, hop, *READERS))


def test_its_server_killed_when_a_mail_was_claimed(box: Outbox, relay: Postfix, hop: NextHop) -> None:
    """The mail's end goes to nobody; the sender cannot know that, the operator can."""
    Death(State.SENDING, False, MIDDLE).of(box._engine, lambda: kill(smtpd(relay)))
    for _ in range(2):
        run(box, smtp(relay.port))
    judged(box, arrived(relay, hop, *(reader for reader in READERS if reader != MIDDLE)), doubtful=[MIDDLE])
    assert key(MIDDLE) not in taken(relay)


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("death", [(State.SENDING, True), (State.SENDING, False), (State.SENT, True)])
def test_the_sender_killed_and_its_doubt_resolved_by_the_log(
    box: Outbox, place: Place, relay: Postfix, hop: NextHop, death: tuple[State, bool], reader: str
) -> None:
    """The operator finds the mail by its Message-ID, or not, and says so."""
    assert ended(started(place, smtp(relay.port), Death(*death, reader))) == -signal.SIGKILL
    for _ in range(2):
        run(box, smtp(relay.port))
    arrived(relay, hop, *(row.reader for row in box.rows() if row.state is State.SENT))
    doubtful = death != (State.SENDING, True)
    sent = key(reader) in taken(relay)
    assert sent == (death != (State.SENDING, False))
    judged(box, hop.server.accepted, doubtful=[reader] if doubtful else [])
    assert box.resolve(DAY, reader, sent=sent) == doubtful
    run(box, smtp(relay.port))
    judged(box, arrived(relay, hop, *READERS))
