"""Asking over real HTTP: what becomes of each fault, and the distance that is kept between requests."""

import gzip
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from filelock import FileLock

from assets.fetch.bodies import BodyStore
from assets.fetch.http import REDIRECTS, Client, Web
from assets.fetch.source import Body, SourceError
from assets.fetch.turns import Turns
from assets.fetch.wire import retry_after
from tests.replay import Conversation, Fault, Upstream, serving

LIST = b'[{"id": "2503.08640", "title": "An Invented Title"}]'
PASSING = [
    Fault.RATE_LIMITED,
    Fault.NOT_ACCEPTABLE,
    Fault.BROKEN,
    Fault.UNAVAILABLE,
    Fault.RESET,
    Fault.RESET_MID_BODY,
    Fault.TRUNCATED,
    Fault.TRUNCATED_GZIP,
    Fault.SLOW,
    Fault.NEVER_ENDS,
    Fault.HEAD_NEVER_ENDS,
    Fault.HTML,
    Fault.MALFORMED,
    Fault.EMPTY,
]


@dataclass(kw_only=True)
class Shelf(Upstream):
    """One list, and the faults of the next requests."""

    faults: list[Fault] = field(default_factory=list)

    @property
    def list_url(self) -> str:
        return f"{self.url}/list"


class OfShelf(Conversation):
    """`/list`, and under other paths what a server may do to it."""

    upstream: Shelf

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/list":
                self.follow(self.upstream.faults.pop(0) if self.upstream.faults else None, LIST)
            case "/moved":
                self.send(b"moved", {"Location": "/list"}, status=301)
            case "/unchanged":
                self.send(b"", {}, status=304)
            case "/members":
                self.send(gzip.compress(LIST[:9]) + gzip.compress(LIST[9:]), {"Content-Encoding": "gzip"})
            case "/chunked":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.trickle(b"0")  # the length of the first chunk never ends
            case "/brotli":
                self.send(LIST, {"Content-Encoding": "br"})
            case "/dated":
                known = self.headers.get("If-Modified-Since") == "Thu, 13 Mar 2025 08:00:00 GMT"
                headers = {"Last-Modified": "Thu, 13 Mar 2025 08:00:00 GMT"}
                self.send(b"" if known else LIST, headers, status=304 if known else 200)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    with serving(made, OfShelf):
        yield made


def web(folder: Path, **bounds: Any) -> Web:
    quick = {"connect_seconds": 5, "total_seconds": 0.4, "attempts": 3, "backoff_seconds": 0.001}
    store = BodyStore(folder / "bodies")
    return Web("paperboy/1 (+mailto:operator@lab.example)", store, folder / "http", **(quick | bounds))


def client(folder: Path, shelf: Shelf, seconds: float = 0, **bounds: Any) -> Client:
    return web(folder, **bounds).client("shelf", [shelf.url], timeout_seconds=0.4, seconds_between_requests=seconds)


def whole(body: Body) -> None:
    """The check that sources make: what came is a list."""
    if not body.content.startswith(b"[") or not body.content.endswith(b"]"):
        raise SourceError(f"{body.url}: not a list", transient=True)


def get(asking: Client, shelf: Shelf, query: dict[str, str] | None = None) -> Body:
    return asking.get(shelf.list_url, query or {}, accept="application/json", check=whole)


def test_an_answer_is_a_body(tmp_path: Path, shelf: Shelf) -> None:
    before = datetime.now(UTC)
    body = get(client(tmp_path, shelf), shelf, {"date": "2025-03-13", "q": "a b"})
    assert (body.content, body.status) == (LIST, 200)
    assert body.url == f"{shelf.list_url}?date=2025-03-13&q=a+b"
    assert before <= body.fetched_at <= datetime.now(UTC)
    (headers,) = shelf.headers
    assert headers["User-Agent"] == "paperboy/1 (+mailto:operator@lab.example)"
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "gzip"


def test_making_a_client_opens_nothing(tmp_path: Path) -> None:
    web(tmp_path).client("nobody", ["http://nobody.example"], timeout_seconds=1, seconds_between_requests=3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", PASSING)
def test_what_may_pass_is_asked_for_again(tmp_path: Path, shelf: Shelf, fault: Fault) -> None:
    shelf.faults = [fault, fault]
    assert get(client(tmp_path, shelf), shelf).content == LIST
    assert len(shelf.arrivals) == 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.RATE_LIMITED, "answered 429 Too Many Requests"),
        (Fault.NOT_ACCEPTABLE, "answered 406 Not Acceptable"),
        (Fault.BROKEN, "answered 500 Internal Server Error"),
        (Fault.UNAVAILABLE, "answered 503 Service Unavailable"),
        (Fault.RESET, "reset"),
        (Fault.RESET_MID_BODY, "reset"),
        (Fault.TRUNCATED, "IncompleteRead"),
        (Fault.TRUNCATED_GZIP, "the gzip stream is cut short"),
        (Fault.SLOW, "imed out|did not end"),
        (Fault.NEVER_ENDS, r"did not end within 0\.4 s"),
        (Fault.HEAD_NEVER_ENDS, "imed out"),
        (Fault.HTML, "not a list"),
    ],
)
def test_what_does_not_pass_is_told_and_is_transient(tmp_path: Path, shelf: Shelf, fault: Fault, told: str) -> None:
    shelf.faults = [fault] * 9
    with pytest.raises(SourceError, match=told) as error:
        get(client(tmp_path, shelf), shelf)
    assert error.value.transient
    assert len(shelf.arrivals) == 3
    assert "asked 3 times" in str(error.value)
    assert shelf.list_url in str(error.value)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.NOT_FOUND, "answered 404 Not Found; asking again will not help"),
        (Fault.GZIP_BOMB, "gives more than 1048576 bytes, and http.max_body_mib allows no more"),
        (Fault.REDIRECT_AWAY, r"is redirected to http://elsewhere\.example/, which is not followed"),
        (Fault.UNREADABLE_REDIRECT, r"is redirected to http://\[elsewhere/, which is not followed"),
    ],
)
def test_what_will_not_pass_is_asked_for_once(tmp_path: Path, shelf: Shelf, fault: Fault, told: str) -> None:
    shelf.faults = [fault] * 9
    with pytest.raises(SourceError, match=told) as error:
        get(client(tmp_path, shelf, max_body_bytes=1 << 20, total_seconds=20), shelf)
    assert not error.value.transient
    assert len(shelf.arrivals) == 1


def test_a_bomb_is_never_held(tmp_path: Path, shelf: Shelf) -> None:
    shelf.faults = [Fault.GZIP_BOMB] * 2
    asking = client(tmp_path, shelf, max_body_bytes=1 << 20, total_seconds=20)
    with pytest.raises(SourceError, match="1048576"):
        get(asking, shelf)  # after this the server, which is of this process too, has made its bomb
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="1048576"):
            get(asking, shelf)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 << 20, "of 32 MiB"


def test_nobody_at_home_is_transient(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        gone = Shelf(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(SourceError, match=r"shelf: no whole answer from .*refused.* \(asked 3 times\)") as error:
            get(client(tmp_path, gone), gone)
    assert error.value.transient


def test_a_final_check_is_final(tmp_path: Path, shelf: Shelf) -> None:
    def refuse(body: Body) -> None:
        raise SourceError(f"{body.url}: entities")

    with pytest.raises(SourceError, match="entities") as error:
        client(tmp_path, shelf).get(shelf.list_url, accept="application/xml", check=refuse)
    assert not error.value.transient
    assert len(shelf.arrivals) == 1


def test_what_is_no_address_cannot_be_asked(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(SourceError, match="check the address") as error:
        client(tmp_path, shelf).get("http://", accept="application/json")
    assert not error.value.transient


@pytest.mark.parametrize(("path", "content"), [("/members", LIST), ("/moved", LIST)])
def test_an_answer_in_parts_or_elsewhere_on_the_host(tmp_path: Path, shelf: Shelf, path: str, content: bytes) -> None:
    body = client(tmp_path, shelf).get(shelf.url + path, accept="application/json", check=whole)
    assert body.content == content
    assert body.url == shelf.url + path, "the address that was asked for, which is where it is asked for again"


def test_an_encoding_that_was_not_asked_for(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(SourceError, match="encoded as 'br', though gzip was asked for"):
        client(tmp_path, shelf).get(f"{shelf.url}/brotli", accept="application/json")


def test_a_chunk_whose_length_never_ends(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(SourceError, match=r"did not end within 0\.4 s") as error:
        client(tmp_path, shelf, attempts=1).get(f"{shelf.url}/chunked", accept="application/json")
    assert error.value.transient


def test_redirects_end(tmp_path: Path, shelf: Shelf) -> None:
    shelf.faults = [Fault.REDIRECT_ROUND] * 99
    with pytest.raises(SourceError, match="redirected more than 5 times"):
        get(client(tmp_path, shelf), shelf)
    assert len(shelf.arrivals) == REDIRECTS + 1


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("https://papers.example/b", True),
        ("/b", True),
        ("http://papers.example/b", False),
        ("//elsewhere.example/b", False),
        ("https://papers.example@elsewhere.example/b", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_redirect_stays_on_the_hosts_and_on_https(tmp_path: Path, location: str, followed: bool) -> None:
    asked = "https://papers.example/a"
    asking = web(tmp_path).client("papers", [asked], timeout_seconds=1, seconds_between_requests=0)
    answer = requests.Response()
    answer.headers["Location"] = location
    if followed:
        assert asking._next_place(asked, asked, answer) == "https://papers.example/b"
    else:
        with pytest.raises(SourceError, match="which is not followed"):
            asking._next_place(asked, asked, answer)


@pytest.mark.parametrize(("path", "header"), [("/list", "If-None-Match"), ("/dated", "If-Modified-Since")])
def test_what_stands_is_not_sent_again(tmp_path: Path, shelf: Shelf, path: str, header: str) -> None:
    shared = web(tmp_path)
    asking = shared.client("shelf", [shelf.url], timeout_seconds=5, seconds_between_requests=0)

    def ask() -> Body:
        body = asking.get(shelf.url + path, accept="application/json", check=whole)
        shared.store.put(body)
        return body

    first, second, third = ask(), ask(), ask()
    assert [body.status for body in (first, second, third)] == [200, 304, 304]
    assert first.content == second.content == third.content == LIST
    assert first.fetched_at < second.fetched_at < third.fetched_at
    assert [header in headers for headers in shelf.headers] == [False, True, True]


def test_a_body_that_would_not_be_taken_today_is_asked_for_afresh(tmp_path: Path, shelf: Shelf) -> None:
    shared = web(tmp_path)
    shared.store.put(Body(b"<html>", shelf.list_url, datetime.now(UTC), etag='"of-the-error-page"'))
    asking = shared.client("shelf", [shelf.url], timeout_seconds=5, seconds_between_requests=0)
    assert get(asking, shelf).status == 200
    assert "If-None-Match" not in shelf.headers[0]


def test_nothing_stands_that_is_not_stored(tmp_path: Path, shelf: Shelf) -> None:
    with pytest.raises(SourceError, match="answered 304"):
        client(tmp_path, shelf).get(f"{shelf.url}/unchanged", accept="application/json")


@pytest.mark.parametrize("fault", [Fault.RETRY_SECONDS, Fault.RETRY_DATE])
def test_the_wait_that_a_server_asks_for_is_kept(tmp_path: Path, shelf: Shelf, fault: Fault) -> None:
    shelf.faults = [fault]
    assert get(client(tmp_path, shelf), shelf).content == LIST
    asked, again = shelf.arrivals
    assert again - asked >= 1


def test_an_absurd_wait_is_told_and_not_kept(tmp_path: Path, shelf: Shelf) -> None:
    shelf.faults = [Fault.RETRY_ABSURD]
    told = r"429 .*asks to wait 86400 s, longer than http\.retry_after_cap_seconds \(120\); the next run asks again"
    with pytest.raises(SourceError, match=told) as error:
        get(client(tmp_path, shelf), shelf)
    assert error.value.transient
    assert len(shelf.arrivals) == 1


def test_a_wait_holds_back_the_whole_group(tmp_path: Path, shelf: Shelf) -> None:
    shelf.faults = [Fault.RETRY_SECONDS]
    with pytest.raises(SourceError, match="asks to wait 1 s"):
        get(client(tmp_path, shelf, seconds=0.01, attempts=1), shelf)
    get(client(tmp_path, shelf, seconds=0.01), shelf)
    refused, answered = shelf.arrivals
    assert answered - refused >= 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Thu, 13 Mar 2025 09:00:30 GMT", "Date": "Thu, 13 Mar 2025 09:00:00 GMT"}, 30),
        ({"Retry-After": "Thu, 13 Mar 2025 09:00:30 -0000", "Date": "Thu, 13 Mar 2025 09:00:00 GMT"}, 30),
        ({"Retry-After": "Thu, 13 Mar 2025 09:00:30 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_the_words_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_server_whose_clock_is_an_hour_off_is_waited_for_no_longer() -> None:
    there = datetime.now(UTC) + timedelta(hours=1)
    until = there + timedelta(seconds=20)
    headers = {"Date": format_datetime(there, usegmt=True), "Retry-After": format_datetime(until, usegmt=True)}
    assert retry_after(headers) == 20


def test_processes_of_a_group_keep_their_distance(tmp_path: Path, shelf: Shelf) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.fetch.test_http import Shelf, client, get\n"
        "shelf = Shelf(url=sys.argv[2])\n"
        "asking = client(Path(sys.argv[1]), shelf, seconds=0.3, total_seconds=60)\n"
        "for _ in range(3):\n"
        "    get(asking, shelf)\n"
    )
    with ExitStack() as running:
        processes = [
            running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, str(tmp_path), shelf.url],
                    env=os.environ,
                    cwd=Path(__file__).parents[2],
                )
            )
            for _ in range(2)
        ]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(shelf.arrivals) == 6
    distances = [after - before for before, after in zip(shelf.arrivals, shelf.arrivals[1:], strict=False)]
    assert min(distances) >= 0.3


@pytest.mark.parametrize(
    "clock",
    [
        pytest.param(lambda: f"{time.time() + 10**6} 0.01", id="the clock was set back"),
        pytest.param(lambda: "", id="killed while it wrote"),
        pytest.param(lambda: "0.1 0.1", id="long ago"),
    ],
)
def test_no_clock_keeps_anybody_for_ever(tmp_path: Path, shelf: Shelf, clock: Callable[[], str]) -> None:
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "shelf.clock").write_text(clock())
    assert get(client(tmp_path, shelf, seconds=0.01), shelf).content == LIST


def test_a_turn_that_never_comes_is_transient(tmp_path: Path) -> None:
    turns = Turns(tmp_path, "shelf", 0.01, patience=0.1)
    with FileLock(tmp_path / "shelf.clock.lock"):
        with pytest.raises(SourceError, match=r"shelf: other processes hold .*shelf\.clock\.lock") as error:
            with turns.turn():
                pytest.fail("it is another's turn")
    assert error.value.transient
    with turns.turn():
        pass
