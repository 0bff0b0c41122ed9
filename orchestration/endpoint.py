"""A language model behind an OpenAI-compatible endpoint, asked for one chat completion at a time.

It speaks over the same wire as the sources. Nothing of an answer but the message's text is ever repeated, and of a
refusal only its status: servers quote keys in what they say.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

import requests
import urllib3

from assets.fetch.wire import PunctualSession, deadline, reason, retry_after, unpacked
from assets.mail.line import Message
from assets.mail.writer import NoAnswer
from orchestration.settings import SettingsError

MAX_BYTES = 1 << 18
"""Of an answer: many times what a line takes."""

OF_THE_PAPER = frozenset({400, 408, 413, 422, 425})
"""Refusals below 500 that say nothing about the next paper; 400 is also what a filter of contents says."""

NOT_NOW = frozenset({429, 503})


class _Later(Exception):
    """The server wants to be asked again after so many seconds, if it says."""

    def __init__(self, status: int, after: float | None) -> None:
        super().__init__(status)
        self.status, self.after = status, after


@dataclass(frozen=True)
class _Bearer(requests.auth.AuthBase):
    """The key in a request's header; as `auth`, so that no netrc file puts another in its place."""

    key: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class Endpoint:
    """`model` at `url`, an address without `/chat/completions`; `key` gives the key, or an empty text for none.

    An answer may take `timeout_seconds`, a connection `connect_seconds`.
    """

    def __init__(
        self, url: str, model: str, key: Callable[[], str], *,
        timeout_seconds: float, connect_seconds: float, user_agent: str,
    ) -> None:  # fmt: skip
        self.model = model
        self._url, self._key = f"{url}/chat/completions", key
        self._timeout, self._connect = timeout_seconds, connect_seconds
        self._session = PunctualSession({"User-Agent": user_agent, "Accept-Encoding": "gzip"})

    def answer(self, asked: Sequence[Message], seconds: float) -> str:
        """See `Author`. Asked to wait, it waits and asks once more, if the seconds allow."""
        until = time.monotonic() + seconds
        try:
            return self._answer(asked, until)
        except _Later as first:
            if first.after is None or first.after >= until - time.monotonic():
                raise self._refused(first) from None
            time.sleep(first.after)
        try:
            return self._answer(asked, until)
        except _Later as again:
            raise self._refused(again) from None

    def _answer(self, asked: Sequence[Message], until: float) -> str:
        try:
            bearer = _Bearer(self._key())
        except SettingsError as error:
            raise NoAnswer(str(error), final=True) from None
        seconds = min(self._timeout, until - time.monotonic())
        try:
            return _content(self._body(asked, bearer, seconds))
        except (requests.Timeout, TimeoutError):
            raise NoAnswer(f"no answer within {seconds:.3g} s") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            raise NoAnswer(f"no whole answer from {self._url}: {reason(error)}") from None

    def _body(self, asked: Sequence[Message], bearer: _Bearer, seconds: float) -> bytes:
        """The body of a good answer. Nothing is asked for but the model's own way: some refuse what others need."""
        ends = time.monotonic() + seconds
        with self._session.post(
            self._url, json={"model": self.model, "messages": list(asked)}, auth=bearer, stream=True,
            headers={"Accept": "application/json"}, timeout=(min(self._connect, seconds), seconds),
            allow_redirects=False,
        ) as answer:  # fmt: skip
            self._must_be_good(answer)
            content = bytearray()
            with deadline(max(ends - time.monotonic(), 0), answer.raw.shutdown) as late:
                for chunk in unpacked(answer):
                    content += chunk
                    if late.is_set():
                        break
                    if len(content) > MAX_BYTES:
                        raise NoAnswer(f"the answer was longer than {MAX_BYTES} bytes")
        return bytes(content)

    def _must_be_good(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status in NOT_NOW:
            raise _Later(status, retry_after(answer.headers))
        if status != HTTPStatus.OK:
            final = status < 500 and status not in OF_THE_PAPER
            raise NoAnswer(f"{self._url} answered {_named(status)}", final=final)

    def _refused(self, later: _Later) -> NoAnswer:
        wait = f" and asks to wait {later.after:.0f} s" if later.after is not None else ""
        return NoAnswer(f"{self._url} answered {_named(later.status)}{wait}", final=True)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _content(body: bytes) -> str:
    """The message's text of a chat completion that came to its end. Raises `NoAnswer`."""
    try:
        choice: Any = json.loads(body)["choices"][0]
        content, ended = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise NoAnswer("the answer was no chat completion") from None
    if not isinstance(content, str):
        raise NoAnswer("the answer had no text")
    if ended == "length":
        raise NoAnswer("the answer was cut off by the server")
    return content
