"""A Paperboy with a few days made, Dagster's UI over it, and Debian's Chromium before it.

What the browser's tests and the pictures of the README share. Everything runs as the operator's does: days are made
by the command `paperboy`, the UI and its daemon are what `make dev` starts, in a process group of their own.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from orchestration.settings import Settings, load
from tests.lab import CHECKOUT

COMMANDS = Path(sys.executable).parent
CHROMIUM = shutil.which("chromium")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS_TO_START = 180
SECONDS_TO_STOP = 15
TITLES = ("Tide Tables for Small Harbours", "Where Lighthouses Disagree", "A Census of Drifting Buoys")


@dataclass(frozen=True)
class Stage:
    """A home below `folder`, on the sample and an archive of our own writing, and the days that the tests speak of.

    `reports` is the address at which the reports are served. All of `week` (Monday to Friday) and `spoiled`,
    `rejected` and `newest` are weekdays that are over.
    """

    folder: Path
    newest: date
    reports: str

    @property
    def rejected(self) -> date:
        """The weekday before the newest; of it the archive holds a body that has lost titles."""
        return _weekday_before(self.newest)

    @property
    def spoiled(self) -> date:
        """The weekday before that, which was made, and rejected when it was made again with such a body."""
        return _weekday_before(self.rejected)

    @property
    def week(self) -> list[date]:
        """A week that no run has touched; the archive's body of its Tuesday is as bad."""
        monday = self.newest - timedelta(days=self.newest.weekday() + 14)
        return [monday + timedelta(days=number) for number in range(5)]

    @property
    def variables(self) -> Mapping[str, str]:
        """The settings. The schedule's time is half a day away, so that no tick comes between."""
        return {
            "PAPERBOY_HOME": str(self.folder / "home"),
            "PAPERBOY_SOURCES": "sample,archive",
            "PAPERBOY_ARCHIVE__FOLDER": str(self.folder / "archive"),
            "PAPERBOY_QUALITY__URL": self.reports,
            "PAPERBOY_FIRST_DAY": self.week[0].isoformat(),
            "PAPERBOY_SCHEDULE__TIME": f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}",
        }

    @property
    def settings(self) -> Settings:
        """The same settings, in this process."""
        return load(self.variables, file=self.folder / "no-such.toml")

    def make_days(self) -> None:
        """Make the newest day and mail it, then the two weekdays before it, of which each ends rejected."""
        self.record(self.week[1], self.rejected)
        newest = self.paperboy("digest")
        assert newest.returncode == 0, newest.stderr
        self.reject(self.spoiled, self.rejected)
        self.record(self.spoiled)
        self.reject(self.spoiled, self.spoiled)

    def reject(self, first: date, last: date) -> None:
        """Backfill days of which the last is bad."""
        done = self.paperboy("backfill", str(first), str(last))
        assert done.returncode == 1, done.stderr
        assert f"failed  {last}" in done.stderr, done.stderr

    @property
    def yesterday(self) -> date:
        """The last day that is over."""
        return datetime.now(UTC).date() - timedelta(days=1)

    def record(self, *days: date) -> None:
        """Put bad bodies of these days into the archive."""
        for day in days:
            file = self.folder / "archive" / f"{day}.json"
            file.write_text(json.dumps(untitled(day)), encoding="utf-8")

    def paperboy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            [COMMANDS / "paperboy", *arguments],
            env={**os.environ, **self.variables},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )


def new_stage(folder: Path) -> Stage:
    """A stage on which nothing has been made yet."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    (folder / "archive").mkdir()
    newest = yesterday - timedelta(days=max(0, yesterday.weekday() - 4))
    return Stage(folder, newest, f"http://127.0.0.1:{free_port()}")


def _weekday_before(day: date) -> date:
    return day - timedelta(days=3 if day.weekday() == 0 else 1)


def untitled(day: date, papers: int = 24) -> list[dict[str, Any]]:
    """A fictional list in the daily papers' shape, of which every other entry has lost its title."""
    entries: list[dict[str, Any]] = []
    for number in range(papers):
        paper = {
            "id": f"{day:%y%m}.{100 * day.day + number:05}",
            "summary": f"We row from buoy {number} to the next and write down what the tide does to our timetable.",
            "authors": [{"name": f"Ada Boatwright {number}"}, {"name": "Tom Ferry"}],
            "upvotes": number,
            "publishedAt": f"{day}T05:00:00.000Z",
        }
        if number % 2:
            paper["title"] = f"{TITLES[number % len(TITLES)]}, Station {number}"
        entries.append({"paper": paper, "numComments": 0})
    return entries


@dataclass(frozen=True)
class DagsterUI:
    """The webserver of a running `dagster dev`."""

    url: str
    log: Path

    def ask(self, query: str, **variables: Any) -> Any:
        """The data that its GraphQL answers."""
        answer = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@contextmanager
def dagster_dev(stage: Stage) -> Iterator[DagsterUI]:
    """What `make dev` starts, on a free port, ended with all that it started."""
    port = free_port()
    ui = DagsterUI(f"http://127.0.0.1:{port}", stage.folder / "dagster-dev.log")
    command = [sys.executable, "-m", "orchestration.dev", "dev", "--port", str(port)]
    environment = {**os.environ, **stage.variables}
    with ui.log.open("w") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            wait_until(lambda: _answers(ui, process), SECONDS_TO_START, lambda: ui.log.read_text())
            yield ui
        finally:
            _end_group(process)


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(ui: DagsterUI, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, ui.log.read_text()
    with suppress(requests.ConnectionError):
        return requests.get(f"{ui.url}/server_info", timeout=10).ok
    return False


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """The webserver waits a minute for pages that stay open, so the kind signal is followed by the other."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(condition: Callable[[], bool], seconds: float, told: Callable[[], str]) -> None:
    """Ask until the condition holds; raises `TimeoutError` with what is `told` then."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds} s: {told()}")
        time.sleep(0.5)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def operator(browser: Browser, ui: DagsterUI) -> Iterator[BrowserContext]:
    """An operator's browser, in which the first visit's dialog has been sent away."""
    with browser.new_context(base_url=ui.url, viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto("/")
        page.get_by_role("button", name="Skip").click()
        page.get_by_text("Join the Dagster community").wait_for(state="hidden")
        page.close()
        yield context


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="paperboy-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def open_lineage(page: Page) -> None:
    """The global asset lineage, with both groups opened."""
    page.goto("/asset-groups?expanded=global@global:papers,global@global:mail")
