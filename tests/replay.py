"""Upstreams on the loopback interface: recorded answers over real HTTP, and a script of faults.

`Conversation` and `serving` are for any upstream; `Replay` and `replaying` are the daily papers' API.
"""

import gzip
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.serving import served

USUAL_LIMIT = "50"
JSON = "application/json; charset=utf-8"
BOMB_MIB = 32
TRICKLE_SECONDS = 0.02
ENTITIES = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))


class Fault(StrEnum):
    """What may go wrong with an answer; a number is its status."""

    RATE_LIMITED = "429"
    NOT_ACCEPTABLE = "406"
    NOT_FOUND = "404"
    BROKEN = "500"
    UNAVAILABLE = "503"
    RETRY_SECONDS = "429, ask again in 1 s"
    RETRY_DATE = "503, ask again at a date 2 s from now"
    RETRY_ABSURD = "429, ask again in a day"
    RESET = "reset"  # the connection is reset instead of an answer
    RESET_MID_BODY = "reset amid the body"
    TRUNCATED = "truncated"  # the connection ends amid the body
    TRUNCATED_GZIP = "truncated gzip"  # the compressed stream is cut, and its length agrees
    SLOW = "slow"  # nothing comes before the server stops
    NEVER_ENDS = "never ends"  # a byte now and then, until the client goes
    HEAD_NEVER_ENDS = "head never ends"  # the same, amid the headers
    GZIP_BOMB = "gzip bomb"  # 32 MiB of spaces, in 140 kB
    ENTITY_BOMB = "entity bomb"  # XML of a kilobyte that would become gigabytes
    HTML = "html"  # an error page with status 200
    MALFORMED = "malformed"  # the body is cut, and its length agrees
    EMPTY = "empty"  # no body, status 200
    EMPTY_LIST = "empty list"  # a list of nothing, by mistake
    DUPLICATED_PAGE = "duplicated page"  # the page before comes again
    REDIRECT_AWAY = "redirect to another host"
    REDIRECT_ROUND = "redirect to itself"
    UNREADABLE_REDIRECT = "redirect to no address at all"


RETRY_AFTER: dict[Fault, Callable[[], str]] = {
    Fault.RETRY_SECONDS: lambda: "1",
    Fault.RETRY_DATE: lambda: formatdate(time.time() + 2, usegmt=True),
    Fault.RETRY_ABSURD: lambda: "86400",
}
REDIRECTS = {
    Fault.REDIRECT_AWAY: "http://elsewhere.example/",
    Fault.REDIRECT_ROUND: "",  # the same path
    Fault.UNREADABLE_REDIRECT: "http://[elsewhere/",
}


@dataclass
class Upstream:
    """What every replayed upstream has: its address, the event of its end, and when and with what it was asked."""

    url: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    arrivals: list[float] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


class Conversation(BaseHTTPRequestHandler):
    """A request and its answer: what any upstream's handler needs. A subclass has `do_GET` call `follow`.

    An answer bears an ETag, stands (304) if the client has it, and is compressed if the client takes gzip.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the acknowledgement of its head
    upstream: Upstream

    def parse_request(self) -> bool:
        """Notes when the request came, and its headers."""
        self.upstream.arrivals.append(time.time())
        parsed = super().parse_request()
        self.upstream.headers.append(dict(self.headers.items()) if parsed else {})
        return parsed

    def follow(self, fault: Fault | None, body: bytes, content_type: str = JSON) -> None:
        """Answer with the body as the fault has it; `EMPTY_LIST` and `DUPLICATED_PAGE` are the subclass's to make."""
        match fault:
            case None | Fault.EMPTY_LIST | Fault.DUPLICATED_PAGE:
                self.answer(body, content_type)
            case Fault.HTML:
                self.answer(b"<!DOCTYPE html><html><body>We are down for maintenance</body></html>", content_type)
            case Fault.MALFORMED:
                self.answer(body[: len(body) // 2], content_type)
            case Fault.EMPTY:
                self.answer(b"", content_type)
            case Fault.ENTITY_BOMB:
                bomb = f'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol0 "lol">{ENTITIES}]><lolz>&lol9;</lolz>'
                self.answer(bomb.encode(), "application/xml")
            case Fault.TRUNCATED_GZIP:
                self.send(gzip.compress(body)[:-12], {"Content-Encoding": "gzip"})
            case Fault.GZIP_BOMB:
                self.send(_bomb(), {"Content-Encoding": "gzip"})
            case _:
                self._refuse(fault, body)

    def answer(self, body: bytes, content_type: str = JSON) -> None:
        """An answer in good order."""
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"Content-Type": content_type, "ETag": etag}
        if self.headers.get("If-None-Match") == etag:
            self.send(b"", headers, status=304)
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            self.send(gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"})
        else:
            self.send(body, headers)

    def send(self, body: bytes, headers: dict[str, str], *, status: int = 200, length: int | None = None) -> None:
        """Exactly these bytes, with a length that may be a lie."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        with suppress(ConnectionError):  # a client may have read enough
            self.wfile.write(body)

    def _refuse(self, fault: Fault, body: bytes) -> None:
        """The faults that leave the client without an answer, or with none that is one."""
        match fault:
            case Fault.RESET:
                self._reset()
            case Fault.RESET_MID_BODY | Fault.TRUNCATED:
                self.send(body[: len(body) // 2], {}, length=len(body))
                self.close_connection = True
                if fault is Fault.RESET_MID_BODY:
                    self._reset()
            case Fault.SLOW:
                self.upstream.stopped.wait()
                self.close_connection = True
            case Fault.NEVER_ENDS:
                self.send(b"[", {}, length=1 << 40)
                self.trickle(b" ")
            case Fault.HEAD_NEVER_ENDS:
                self.send_response(200)
                self.flush_headers()
                self.trickle(b"X")
            case _ if fault in REDIRECTS:
                self.send(b"", {"Location": REDIRECTS[fault] or self.path}, status=302)
            case _:
                headers = {"Retry-After": RETRY_AFTER[fault]()} if fault in RETRY_AFTER else {}
                self.send(b'{"error":"not now"}', headers | {"Content-Type": JSON}, status=int(fault[:3]))

    def _reset(self) -> None:
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def trickle(self, drop: bytes) -> None:
        """The same bytes now and then, until the client goes."""
        self.close_connection = True
        with suppress(ConnectionError):
            while not self.upstream.stopped.wait(TRICKLE_SECONDS):
                self.wfile.write(drop)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read what the upstream remembers, not a log."""


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * (BOMB_MIB << 20), 1)


class _Loopback(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes is none of the server's errors."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # the base class would end the stream first, and so forestall the reset


@contextmanager
def serving(upstream: Upstream, conversation: type[Conversation]) -> Iterator[None]:
    """A server on a free port, whose address `upstream.url` becomes, until the block ends."""
    handler = type("Handler", (conversation,), {"upstream": upstream})
    with served(_Loopback(("127.0.0.1", 0), handler)) as port:
        upstream.url = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            upstream.stopped.set()


@dataclass(frozen=True)
class Asked:
    """One request, as the server understood it."""

    day: str
    page: int
    limit: int


Script = Callable[[Asked], Fault | None]
"""From a request to its fault; None for the recorded answer."""


@dataclass(kw_only=True)
class Replay(Upstream):
    """The daily papers' API: its memory, and the script that it follows, which may change while it runs."""

    folder: Path
    script: Script
    asked: list[Asked] = field(default_factory=list)

    def body(self, asked: Asked) -> bytes:
        """The page of the day's recorded list; an empty list for a day without one."""
        file = self.folder / f"{asked.day}.json.gz"
        listed = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []
        return json.dumps(listed[asked.page * asked.limit :][: asked.limit], ensure_ascii=False).encode()


class _DailyPapers(Conversation):
    upstream: Replay

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path != "/api/daily_papers" or "date" not in query:
            return self.send(b"", {}, status=404)
        page, limit = query.get("p", ["0"])[0], query.get("limit", [USUAL_LIMIT])[0]
        asked = Asked(query["date"][0], int(page), int(limit))
        self.upstream.asked.append(asked)
        fault = self.upstream.script(asked)
        return self.follow(fault, self._page(fault, asked))

    def _page(self, fault: Fault | None, asked: Asked) -> bytes:
        if fault is Fault.EMPTY_LIST:
            return b"[]"
        if fault is Fault.DUPLICATED_PAGE:
            asked = Asked(asked.day, max(asked.page - 1, 0), asked.limit)
        return self.upstream.body(asked)


@contextmanager
def replaying(folder: Path, script: Script = lambda asked: None) -> Iterator[Replay]:
    """A server on a free port that replays the days recorded in `folder`, `DATE.json.gz`, until the block ends."""
    replay = Replay(folder=folder, script=script)
    with serving(replay, _DailyPapers):
        yield replay
