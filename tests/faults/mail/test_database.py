"""The database cannot be written: its disk is full, or somebody holds it, before a mail leaves or after it did.

What is scaled: an outcome is tried to be noted for a second or two, not five minutes; a transaction waits a tenth of a
second for another one, not thirty.
"""

import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import tenacity

from assets.mail.attempt import noted
from assets.mail.database.opened import Place, opened, transaction
from assets.mail.outbox import Outbox
from tests.faults.mail.judge import MIDDLE, POSITIONS, READERS, judged
from tests.faults.mail.script import Once
from tests.faults.mail.sender import run
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import Holder, key, smtp, states

Serve = Callable[[Script], Scripted]

FULL = """
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE UPDATE ON outbox EXECUTE FUNCTION full_disk()
"""
FREE = "DROP TRIGGER IF EXISTS full_disk ON outbox; DROP FUNCTION IF EXISTS full_disk"


class Disk:
    """The database's disk, which can be full.

    A file of SQLite may not grow; PostgreSQL answers what it answers then, for a disk of its own needs root.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        """From now on nothing more can be written."""
        if isinstance(self._place, Path):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))
        else:
            self._do(FULL)

    def free(self) -> None:
        """There is space again."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        if not isinstance(self._place, Path):
            self._do(FREE)

    def _do(self, statements: str) -> None:
        with transaction(opened(self._place)) as connection:
            connection.exec_driver_sql(statements)


@pytest.fixture
def disk(place: Place) -> Iterator[Disk]:
    """That of the database; at the end it has space."""
    found = Disk(place)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield found
    finally:
        found.free()
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture(autouse=True)
def _scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted.retry, "stop", tenacity.stop_after_delay(1.2))
    monkeypatch.setattr("assets.mail.database.opened.BUSY_SECONDS", 0.1)


def test_a_disk_that_is_full_at_the_claim(scripted: Serve, box: Outbox, disk: Disk) -> None:
    """The run ends and says why; the mail was not sent, nor any after it."""
    server = scripted(Once("DATA", MIDDLE, disk.fill))
    with pytest.raises(sa.exc.OperationalError, match=r"disk|No space left|full"):
        run(box, smtp(server.port))
    disk.free()
    assert states(box) == dict(zip(READERS, ("sent", "sent", "pending", "pending", "pending"), strict=True))
    run(box, smtp(server.port))
    judged(box, server.accepted)


@pytest.mark.parametrize("reader", POSITIONS)
def test_a_disk_that_is_full_after_a_250_and_freed_in_time(
    scripted: Serve, box: Outbox, disk: Disk, reader: str
) -> None:
    freed = threading.Timer(0.7, disk.free)

    def fill() -> None:
        disk.fill()
        freed.start()

    server = scripted(Once("DOT", reader, fill))
    run(box, smtp(server.port))
    freed.join()
    judged(box, server.accepted)


@pytest.mark.parametrize("reader", POSITIONS)
def test_a_disk_that_stays_full_after_a_250(scripted: Serve, box: Outbox, disk: Disk, reader: str) -> None:
    """What the server said of the mail is nowhere written down: nobody but its log can tell."""
    server = scripted(Once("DOT", reader, disk.fill))
    with pytest.raises(sa.exc.OperationalError, match=r"disk|No space left|full"):
        run(box, smtp(server.port))
    disk.free()
    assert states(box)[reader] == "sending"
    for _ in range(2):
        run(box, smtp(server.port))
    judged(box, server.accepted, doubtful=[reader])
    assert key(reader) in server.accepted


@pytest.mark.parametrize("reader", POSITIONS)
@pytest.mark.parametrize("for_good", [False, True], ids=["for a while", "for good"])
def test_a_database_that_is_held_after_a_250(
    scripted: Serve, place: Place, box: Outbox, reader: str, for_good: bool
) -> None:
    """For a while is seven times as long as a transaction waits; for good, longer than the outcome is tried to be
    noted."""
    holder = Holder(place, 30 if for_good else 0.7)
    server = scripted(Once("DOT", reader, holder.hold))
    if for_good:
        with pytest.raises(sa.exc.OperationalError, match=r"locked|lock timeout"):
            run(box, smtp(server.port))
    else:
        run(box, smtp(server.port))
    holder.free()
    run(box, smtp(server.port))
    judged(box, server.accepted, doubtful=[reader] if for_good else [])
