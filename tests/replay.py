"""The daily papers' API on the loopback interface: recorded days over real HTTP, and a script of faults."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

USUAL_LIMIT = "50"


class Fault(StrEnum):
    """What may go wrong with an answer; a number is its status."""

    RATE_LIMITED = "429"
    NOT_FOUND = "404"
    BROKEN = "500"
    UNAVAILABLE = "503"
    RESET = "reset"  # the connection is reset instead of an answer
    TRUNCATED = "truncated"  # the connection ends amid the body
    SLOW = "slow"  # nothing comes before the server stops
    HTML = "html"  # an error page with status 200
    MALFORMED = "malformed"  # the body is cut, and its length agrees
    EMPTY = "empty"  # no body, status 200


@dataclass(frozen=True)
class Asked:
    """One request, as the server understood it."""

    day: str
    page: int
    limit: int


Script = Callable[[Asked], Fault | None]
"""From a request to its fault; None for the recorded answer."""


@dataclass
class Replay:
    """The server's address, its memory, and the script that it follows, which may change while it runs."""

    folder: Path
    script: Script
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def body(self, asked: Asked) -> bytes:
        """The page of the day's recorded list; an empty list for a day without one."""
        file = self.folder / f"{asked.day}.json.gz"
        listed = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []
        return json.dumps(listed[asked.page * asked.limit :][: asked.limit], ensure_ascii=False).encode()


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    replay: Replay

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path != "/api/daily_papers" or "date" not in query:
            return self.answer(b"", status=404)
        page, limit = query.get("p", ["0"])[0], query.get("limit", [USUAL_LIMIT])[0]
        asked = Asked(query["date"][0], int(page), int(limit))
        self.replay.asked.append(asked)
        return self.follow(self.replay.script(asked), self.replay.body(asked))

    def follow(self, fault: Fault | None, body: bytes) -> None:
        match fault:
            case None:
                self.answer(body)
            case Fault.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
            case Fault.TRUNCATED:
                self.answer(body[: len(body) // 2], length=len(body))
                self.close_connection = True
            case Fault.SLOW:
                self.replay.stopped.wait()
                self.close_connection = True
            case Fault.HTML:
                self.answer(b"<!DOCTYPE html><html><body>We are down for maintenance</body></html>")
            case Fault.MALFORMED:
                self.answer(body[: len(body) // 2])
            case Fault.EMPTY:
                self.answer(b"")
            case status:
                self.answer(b'{"error":"not now"}', status=int(status))

    def answer(self, body: bytes, *, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `Replay.asked`, not a log."""


class _Loopback(ThreadingHTTPServer):
    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # the base class would end the stream first, and so forestall the reset


@contextmanager
def replaying(folder: Path, script: Script = lambda asked: None) -> Iterator[Replay]:
    """A server on a free port that replays the days recorded in `folder`, `DATE.json.gz`, until the block ends."""
    replay = Replay(folder, script)
    handler = type("Conversation", (_Conversation,), {"replay": replay})
    with _Loopback(("127.0.0.1", 0), handler) as server:
        replay.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield replay
        replay.stopped.set()
        server.shutdown()
        thread.join()
