"""`paperboy serve` as the operator starts it, and what keeps it from being started where nobody could find it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from orchestration.doctor import checks
from orchestration.settings import SettingsError, load
from orchestration.web import address
from tests.browser.stage import free_port
from tests.lab import CHECKOUT

PAPERBOY = Path(sys.executable).with_name("paperboy")
SECONDS = 60


def environment(home: Path, **variables: str) -> dict[str, str]:
    given = {"HOME": str(home), "MAIL__TRANSPORT": "maildir", **variables}
    return {f"PAPERBOY_{name}": value for name, value in given.items()}


@contextmanager
def serving(variables: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """The command, started; killed at the end if it is still there."""
    process = subprocess.Popen(
        [PAPERBOY, "serve"], env={**os.environ, **variables}, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(url: str) -> requests.Response:
    """What it answers, once it does."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            return requests.get(url, timeout=SECONDS)
        time.sleep(0.1)
    raise TimeoutError(url)


def test_the_service_answers_is_seen_by_the_doctor_and_ends_by_a_signal(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    variables = environment(tmp_path, WEB__URL=url, WEB__PORT=url.rpartition(":")[2])
    with serving(variables) as process:
        assert answer(f"{url}/health").json() == {"state": "ok", "newest_day": None, "age_days": None}
        looked = dict(checks(load(variables, tmp_path / "no-such.toml")))["web"]
        assert looked() == f"{url}, newest edition none yet"
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=SECONDS)
        assert process.returncode == 0
        assert told == f"Paperboy's web service listens on 127.0.0.1, port {url.rpartition(':')[2]}, for {url}\n"
    with pytest.raises(requests.ConnectionError):
        looked()


def test_a_service_that_others_reach_needs_an_address_of_its_own(tmp_path: Path) -> None:
    variables = environment(tmp_path, WEB__HOST="192.0.2.1")
    with pytest.raises(SettingsError, match=r"web\.host is 192\.0\.2\.1.*set web\.url"):
        address(load(variables, tmp_path / "no-such.toml"))


def test_without_an_address_it_is_found_on_this_machine(tmp_path: Path) -> None:
    assert address(load(environment(tmp_path), tmp_path / "no-such.toml")) == "http://127.0.0.1:3002"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("URL", "http://papers.lab.example", "is not an https URL"),
        ("URL", "papers.lab.example", "is not an https URL"),
        ("URL", "https://papers.lab.example/?a=b", "is not an https URL"),
        ("URL", "https://me:secret@papers.lab.example", "is not the address of a web site"),
        ("URL", "https://papers.lab.example/<x>", "is not the address of a web site"),
        ("URL", "https://münchen.example", "is not the address of a web site"),
        ("URL", f"https://{'a' * 200}.example", "is not the address of a web site"),
        ("TRUSTED_PROXIES", "proxy.lab.example", "is not an IP address"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "is not an IP address"),
        ("ASKS_PER_DAY", "0", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(tmp_path: Path, key: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=rf"^web\.{key.lower()} in PAPERBOY_WEB__{key}: .*{told}"):
        load(environment(tmp_path, **{f"WEB__{key}": value}), tmp_path / "no-such.toml")
