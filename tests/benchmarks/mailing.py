"""What mailing costs: 10,000 readers who all want something else, rendered and sent to a sink on loopback.

Beside it, to the same sink (Postfix's `smtp-sink`), a bare loop of smtplib that sends one fixed message of the same
length over one connection. Then what one reader's mail costs without sending it, for ever more readers.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.command import in_columns
from tests.benchmarks.measure import DAILY_PAPERS, PAPERBOY, PYTHON, Usage, run
from tests.browser.stage import free_port

WORK = str(Path(__file__).with_name("mailing_work.py"))
FIRST, DAY = "2025-03-04", "2025-03-11"
READERS = 10_000
RENDERED = (100, 1_000, 10_000, 100_000)
TARGET = 0.3


def report() -> Iterator[str]:
    """The tables."""
    if shutil.which("smtp-sink") is None or not DAILY_PAPERS.exists():
        yield "mailing: needs Postfix's smtp-sink and the recorded daily papers"
        return
    with TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        run([PAPERBOY, "backfill", FIRST, DAY], Path(folder), **_settings(made))
        one = _figures(_worked(made, "rendered", 100))
        yield f"mailing: {READERS:,} readers, a mail of {one['length'] / 1_000:.0f} kB of {DAY} to each, by SMTP"
        yield ""
        yield from in_columns(
            [("who", "messages/s", "cpu ms", "peak MB", "ratio", "target"), *_sent(made, int(one["length"]))]
        )
        yield ""
        yield "mailing: the same without sending"
        yield ""
        yield from in_columns([("readers", "cpu ms each", "peak MB"), *_rendered(made)])


def _sent(made: Path, length: int) -> Iterator[tuple[str, ...]]:
    """The rows of who sends how fast."""
    with _sink() as port:
        bare = _worked(made, "bare", READERS, port, length)
        rows = {"smtplib, one fixed message": bare}
        rows["readers who say nothing"] = _worked(made, "same", READERS, port)
        rows["readers with follows, mutes and sizes"] = _worked(made, "own", READERS, port)
    floor = _figures(bare)["wall"]
    for name, used in rows.items():
        found = _figures(used)
        ratio = "the floor" if used is bare else f"{floor / found['wall']:.2f}"
        cells = f"{READERS / found['wall']:.0f}", f"{1_000 * found['cpu'] / READERS:.2f}", _megabytes(used)
        yield (name, *cells, ratio, "-" if used is bare else f">= {TARGET}")


def _rendered(made: Path) -> Iterator[tuple[str, ...]]:
    for number in RENDERED:
        used = _worked(made, "rendered", number)
        yield f"{number:,}", f"{1_000 * _figures(used)['cpu'] / number:.2f}", _megabytes(used)


def _worked(made: Path, what: str, number: int, port: int = 0, length: int = 0) -> Usage:
    """A piece of work in a home of its own, where the days are made already."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(made, home)
        command = [PYTHON, WORK, what, str(number), str(port), str(length)]
        return run(command, Path(folder), MAIL__PORT=str(port or 1), **_settings(home))


def _figures(used: Usage) -> dict[str, float]:
    figures: dict[str, float] = json.loads(used.printed.splitlines()[-1])
    return figures


def _megabytes(used: Usage) -> str:
    return f"{used.memory / 1_000_000:.0f}"


def _settings(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home), "SOURCES": "archive", "ARCHIVE__FOLDER": str(DAILY_PAPERS), "MAIL__RECIPIENTS": "",
        "MAIL__TRANSPORT": "smtp", "MAIL__HOST": "127.0.0.1", "MAIL__SECURITY": "none",
        "WEB__URL": "https://papers.lab.example",
    }  # fmt: skip


@contextmanager
def _sink() -> Iterator[int]:
    """A mail server that takes all and keeps nothing."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "100"])
    try:
        time.sleep(1)
        yield port
    finally:
        sink.kill()
        sink.wait()
