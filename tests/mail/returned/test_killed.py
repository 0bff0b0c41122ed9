"""The process that reads is killed, again and again: each mail that came back counts once, and none is lost."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.lab import CHECKOUT
from tests.mail.returned.mails import TODAY, House

READ = """
import sys
from pathlib import Path
from tests.mail.returned.mails import House
House(Path(sys.argv[1])).reading.read()
"""


def killed(house: House, home: Path, after: int) -> bool:
    """Read, and be killed once so many mails are marked as read; False if the reading came to its end before."""
    process = subprocess.Popen([sys.executable, "-c", READ, home], cwd=CHECKOUT)
    while process.poll() is None:
        if len(os.listdir(house.maildir / "cur")) >= after:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.0005)
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


@pytest.mark.parametrize("step", [5, 17])
def test_each_mail_counts_once_however_often_the_reading_is_killed(house: House, tmp_path: Path, step: int) -> None:
    readers = [house.readers.add(f"{number}@reader.example") for number in range(12)]
    days = [TODAY - timedelta(days=back) for back in range(4)]
    for day in days:
        for reader in readers:
            house.arrives(house.bounce(reader, day))
    deaths = 0
    while killed(house, tmp_path, after=(deaths + 1) * step):
        deaths += 1
    assert deaths > 0
    house.reading.read()
    assert sorted((row.reader, row.day) for row in house.book.rows()) == sorted(
        (reader.id, day) for reader in readers for day in days
    )
    for reader in readers:
        events = house.events(reader)
        assert events.count("bounced by mail server") == len(days)
        assert events.count("suppressed by mail server") == 1
    assert not os.listdir(house.maildir / "new")
