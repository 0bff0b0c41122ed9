"""A webhook on loopback, over real HTTP."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import served

HIDDEN = "hunter2"
"""What stands in its URL and nowhere else."""


@dataclass
class Hook:
    """What it was told, and what it answers in turn; 0 takes what it is told, and hangs up without an answer.

    `before_answer` is called once it was told something.
    """

    answers: list[int] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None
    port: int = 0

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook/{HIDDEN}"


@contextmanager
def hooked() -> Iterator[Hook]:
    """One that accepts everything unless told otherwise."""
    state = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = state.answers.pop(0) if state.answers else 200
            if answer in (0, 200):
                state.told.append(said)
            state.before_answer()
            if answer:
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as state.port:
        yield state
