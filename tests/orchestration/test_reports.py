"""The reports on loopback: what is in the folder, nothing else, read-only, and no longer than the UI."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from orchestration.reports import is_ours
from tests.browser.stage import free_port
from tests.lab import CHECKOUT

SECONDS = 60
PARENT = """
import time
from orchestration import reports
from orchestration.settings import current
reports.start(current())
time.sleep(600)
"""
"""What `make dev` does, with something else that lasts in the place of the UI."""


@dataclass(frozen=True)
class Served:
    """A home whose reports are served, below a url, by a child of `parent`."""

    home: Path
    url: str
    parent: "subprocess.Popen[str]"

    def get(self, path: str, method: str = "GET", host: str | None = None) -> requests.Response:
        """The answer to a path that is sent as it stands."""
        request = requests.Request(method, self.url, headers={"Host": host} if host else {}).prepare()
        request.url = self.url + path
        with requests.Session() as session:
            return session.send(request, timeout=SECONDS)

    def up(self) -> bool:
        """Whether anybody answers."""
        with suppress(requests.ConnectionError):
            return bool(self.get("/").status_code)
        return False


def _environment(home: Path, url: str) -> dict[str, str]:
    return {**os.environ, "PAPERBOY_HOME": str(home), "PAPERBOY_QUALITY__URL": url}


def _wait_until(served: Served, up: bool) -> None:
    deadline = time.monotonic() + SECONDS
    while served.up() is not up:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """The reports of a home, until the end of the block."""
    url = f"http://127.0.0.1:{free_port()}"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=_environment(home, url), cwd=CHECKOUT, text=True, stderr=subprocess.DEVNULL
    )
    try:
        served = Served(home, url, parent)
        _wait_until(served, up=True)
        yield served
    finally:
        parent.kill()
        parent.wait()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    docs = home / "reports" / "data-docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("the index of runs")
    (home / "reports" / "index.html").write_text("the index")
    (home / "secret.txt").write_text("secret")
    (docs / "link.txt").symlink_to(home / "secret.txt")
    with serving(home) as running:
        yield running


def test_what_is_in_the_folder_is_served_as_what_it_is(served: Served) -> None:
    for path, text in {"/": "the index", "/index.html": "the index", "/data-docs/": "the index of runs"}.items():
        answer = served.get(path)
        assert (answer.status_code, answer.text) == (200, text)
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/..%2fsecret.txt", "/data-docs/../../secret.txt", "/%2e%2e/secret.txt", "//secret.txt",
     "/data-docs/link.txt", "/..%5csecret.txt"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_reached(served: Served, path: str) -> None:
    answer = served.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(served: Served, method: str) -> None:
    assert served.get("/index.html", method).status_code == 405
    assert served.get("/index.html", "HEAD").status_code == 200


def test_a_page_of_a_stranger_cannot_ask_under_another_name(served: Served) -> None:
    assert served.get("/index.html", host="evil.example").status_code == 400


def test_other_machines_do_not_reach_it(served: Served) -> None:
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as other, pytest.raises(OSError, match="refused"):
        other.connect((_own_address(), port))


def _own_address() -> str:
    """An address of this machine that is not the one that the reports are served at."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, suppress(OSError):
        asked.connect(("192.0.2.1", 9))
        return str(asked.getsockname()[0])
    return "127.0.0.2"


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_ui_however_that_ends(tmp_path: Path, ended_by: signal.Signals) -> None:
    with serving(tmp_path) as running:
        running.parent.send_signal(ended_by)
        running.parent.wait()
        _wait_until(running, up=False)


def test_control_c_ends_it_without_a_word(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "orchestration.reports", str(os.getpid())]
    process = subprocess.Popen(
        command, env=_environment(tmp_path, url), cwd=CHECKOUT, text=True, stderr=subprocess.PIPE
    )
    _wait_until(Served(tmp_path, url, process), up=True)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=SECONDS)
    assert told == f"The reports are served at {url}\n"


def test_a_port_that_is_taken_is_told_and_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", "orchestration.reports", str(os.getpid())]
        done = subprocess.run(
            command, env=_environment(tmp_path, url), cwd=CHECKOUT, text=True, capture_output=True, check=True
        )
    assert done.stderr.startswith(f"The reports are not served: {url} cannot be had: Address already in use")
    assert "quality.url" in done.stderr
    assert str(tmp_path / "reports") in done.stderr


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://127.0.0.1:3001", True),
        ("http://localhost:3001", True),
        ("http://127.0.0.2", True),
        ("https://127.0.0.1:3001", False),
        ("http://lab.example:3001", False),
        ("http://0.0.0.0:3001", False),
        ("http://[::1]:3001", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_only_addresses_of_this_machine_alone_are_served(url: str, ours: bool) -> None:
    assert is_ours(url) is ours
