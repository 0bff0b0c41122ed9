"""A language model on the loopback interface: an OpenAI-compatible endpoint that answers by a script."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.replay import JSON, Conversation, Fault, Upstream, serving

GOOD = "Robots ask before they lift, and so drop fewer objects."
REFUSED = 401

Script = Callable[[int], object]
"""From the number of a request, from 0, to its answer: a message's text, a `Fault`, `REFUSED`, or a whole body."""


@dataclass(kw_only=True)
class Chat(Upstream):
    """Its memory, and the script that it follows, which may change while it runs."""

    script: Script
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that name it, without their prefix."""
        return {"SUMMARY__URL": f"{self.url}/v1", "SUMMARY__MODEL": "parrot-1"}


def completion(text: object, ended: str = "stop") -> bytes:
    """The body of an answer."""
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": ended}]}).encode()


class _Model(Conversation):
    upstream: Chat

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            return self.send(b"", {}, status=404)
        said = self.upstream.script(len(self.upstream.asked))
        self.upstream.asked.append(json.loads(content))
        if isinstance(said, Fault):
            return self.follow(said, completion(GOOD))
        if said == REFUSED:
            told = {"error": f"Incorrect API key provided: {self.headers.get('Authorization')}"}
            return self.send(json.dumps(told).encode(), {"Content-Type": JSON}, status=REFUSED)
        return self.answer(said if isinstance(said, bytes) else completion(said))


@contextmanager
def chatting(script: Script = lambda number: GOOD) -> Iterator[Chat]:
    """A model on a free port until the block ends."""
    chat = Chat(script=script)
    with serving(chat, _Model):
        yield chat
