"""HTTP as a good citizen: how every source asks its upstream, and how it takes an answer.

A client asks one service. It says who asks, keeps its distance, tries again what may well succeed a little later,
and takes only so much, for only so long, and only from the hosts that it was given. What a body means does not
belong here; nor is it stored here, which is for the caller to do before it parses anything.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from assets.fetch.bodies import BodyStore
from assets.fetch.source import Body, SourceError
from assets.fetch.turns import Turns
from assets.fetch.wire import PunctualSession, deadline, reason, retry_after, unpacked

SLOWER = frozenset({406, 408, 425, 429})
"""The statuses below 500 that mean "not now"; arXiv says 406 to those who ask too often."""
REDIRECTS = 5
LONGEST_BACKOFF_SECONDS = 60

Check = Callable[[Body], object]
"""Raises `SourceError` for a body that cannot be what was asked for: transient if it is to be asked for again."""


@dataclass(frozen=True)
class Web:
    """What all clients share: who asks, where bodies and the groups' clocks are kept, and the bounds of a request.

    `total_seconds` bounds how long a body may take to come, `max_body_bytes` its decompressed size.
    `retry_after_cap_seconds` is the longest wait that a server is granted.
    """

    user_agent: str
    store: BodyStore
    folder: Path
    connect_seconds: float = 10
    total_seconds: float = 300
    attempts: int = 4
    backoff_seconds: float = 1
    retry_after_cap_seconds: float = 120
    max_body_bytes: int = 64 << 20

    def client(
        self, name: str, urls: Collection[str], *, timeout_seconds: float, seconds_between_requests: float
    ) -> "Client":
        """A client of one service, over one session.

        All clients of a `name`, in whatever process, keep `seconds_between_requests` between the end of a request
        and the start of the next, one request at a time; 0 keeps neither distance nor order. Redirects lead only to
        the hosts of `urls`. `timeout_seconds` is how long the service may be silent, and the head of an answer take.
        """
        patience = self.total_seconds + self.retry_after_cap_seconds + seconds_between_requests
        turns = Turns(self.folder, name, seconds_between_requests, patience)
        hosts = frozenset(urlsplit(url).hostname or "" for url in urls)
        return Client(self, name, hosts, (self.connect_seconds, timeout_seconds), turns)


class _Refused(SourceError):
    """An answer that is no good now, with the seconds after which the server wants to be asked again, if it said."""

    def __init__(self, text: str, after: float | None) -> None:
        super().__init__(text, transient=True)
        self.after = after


class Client:
    """Asks one service; `Web.client` makes it."""

    def __init__(self, web: Web, name: str, hosts: frozenset[str], timeout: tuple[float, float], turns: Turns) -> None:
        self._web, self._name, self._hosts, self._timeout, self._turns = web, name, hosts, timeout, turns
        # Only what is decompressed here, within the bound, is accepted.
        self._session = PunctualSession({"User-Agent": web.user_agent, "Accept-Encoding": "gzip"})

    def get(
        self,
        url: str,
        query: Mapping[str, str] = MappingProxyType({}),
        *,
        accept: str,
        check: Check = lambda body: None,
    ) -> Body:
        """The body that the URL gives, or the stored one (status 304) if the server says that it still stands.

        Connection errors, the statuses `SLOWER` and from 500 on, answers cut short, and bodies that `check` rejects
        as transient are asked for again, `attempts` times in all, with exponential backoff and jitter, or after as
        long as `Retry-After` says, which holds back the other processes of the group too. A server that asks for more
        than `retry_after_cap_seconds` is not asked again by this call.

        Raises `SourceError`, transient for what may well succeed later.
        """
        asked = self._prepared(url, query)
        again = Retrying(
            stop=stop_after_attempt(self._web.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._worth_asking_again),
            reraise=True,
        )
        try:
            return again(self._ask, asked, accept, check)
        except SourceError as error:
            tries = again.statistics["attempt_number"]
            told = f"{error} (asked {tries} times)" if tries > 1 else str(error)
            raise SourceError(told, transient=error.transient) from error

    def _prepared(self, url: str, query: Mapping[str, str]) -> str:
        try:
            return requests.Request("GET", url, params=dict(query)).prepare().url or url
        except requests.RequestException as error:
            raise SourceError(f"{self._name}: {url} cannot be asked: {error}; check the address") from error

    def _worth_asking_again(self, error: BaseException) -> bool:
        if not isinstance(error, SourceError) or not error.transient:
            return False
        after = error.after if isinstance(error, _Refused) else None
        return after is None or after <= self._web.retry_after_cap_seconds

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        backoff = self._web.backoff_seconds
        waiting = wait_exponential(multiplier=backoff, max=LONGEST_BACKOFF_SECONDS) + wait_random(0, backoff)
        wait: float = waiting(state)
        return max(wait, error.after or 0) if isinstance(error, _Refused) else wait

    def _ask(self, url: str, accept: str, check: Check) -> Body:
        stored = self._standing(url, check)
        headers = {"Accept": accept, **_conditions(stored)}
        body = self._follow(url, headers, stored)
        if body.status != requests.codes.not_modified:
            check(body)
        return body

    def _standing(self, url: str, check: Check) -> Body | None:
        """The stored body, if it can be asked for conditionally: it must be one that would be taken today."""
        stored = self._web.store.latest(url)
        if stored is None or not (stored.etag or stored.last_modified):
            return None
        try:
            check(stored)
        except SourceError:
            return None
        return stored

    def _follow(self, url: str, headers: dict[str, str], stored: Body | None) -> Body:
        place = url
        for _ in range(REDIRECTS + 1):
            with self._turns.turn(), self._answer(url, place, headers) as answer:
                if not answer.is_redirect:
                    return self._take(url, answer, stored)
                place = self._next_place(url, place, answer)
        raise SourceError(f"{self._name}: {url} is redirected more than {REDIRECTS} times, at last to {place}")

    @contextmanager
    def _answer(self, url: str, place: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        try:
            asked = self._session.get(place, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False)
            with asked as answer:
                yield answer
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, TimeoutError) as error:
            text = f"{self._name}: no whole answer from {url}: {reason(error)}; the next run asks again"
            raise SourceError(text, transient=True) from error
        except requests.RequestException as error:
            raise SourceError(f"{self._name}: {url} cannot be asked: {error}; check the address") from error

    def _next_place(self, url: str, place: str, answer: requests.Response) -> str:
        """Where the answer redirects to; raises `SourceError` if that is not one of the hosts, or no longer https."""
        location = answer.headers["Location"]
        schemes = {"https"} if urlsplit(place).scheme == "https" else {"http", "https"}
        try:
            target = urljoin(place, location)
            if urlsplit(target).hostname in self._hosts and urlsplit(target).scheme in schemes:
                return target
        except ValueError:
            pass  # an address that cannot be read is followed no more than a foreign one
        raise SourceError(
            f"{self._name}: {url} is redirected to {location}, which is not followed; "
            "if the service has moved, change its address in the settings"
        )

    def _take(self, url: str, answer: requests.Response, stored: Body | None) -> Body:
        """The body of an answer whose status is good; raises `SourceError` for another one."""
        now = datetime.now(UTC)
        etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
        match answer.status_code:
            case 200:
                return Body(self._read(url, answer), url, now, 200, etag, modified)
            case 304 if stored:
                etag, modified = etag or stored.etag, modified or stored.last_modified
                return replace(stored, fetched_at=now, status=304, etag=etag, last_modified=modified)
            case status if status in SLOWER or status >= 500:
                raise self._refused(url, answer)
            case status:
                told = f"{status} {answer.reason}".strip()
                raise SourceError(f"{self._name}: {url} answered {told}; asking again will not help")

    def _refused(self, url: str, answer: requests.Response) -> SourceError:
        after, cap = retry_after(answer.headers), self._web.retry_after_cap_seconds
        text = f"{self._name}: {url} answered {answer.status_code} {answer.reason}".strip()
        if after is not None:
            self._turns.hold_back(min(after, cap))
            text += f" and asks to wait {after:.0f} s"
            text += f", longer than http.retry_after_cap_seconds ({cap:g})" if after > cap else ""
        return _Refused(f"{text}; the next run asks again", after)

    def _read(self, url: str, answer: requests.Response) -> bytes:
        """The whole body, decompressed; never unpacks more than the bound and a chunk."""
        content, most = bytearray(), self._web.max_body_bytes
        with deadline(self._web.total_seconds, answer.raw.shutdown) as late:
            for chunk in unpacked(answer):
                content += chunk
                if len(content) > most:
                    text = f"{self._name}: {url} gives more than {most} bytes, and http.max_body_mib allows no more"
                    raise SourceError(text)
                if late.is_set():
                    break
        return bytes(content)


def _conditions(stored: Body | None) -> dict[str, str]:
    validators = {"If-None-Match": stored.etag, "If-Modified-Since": stored.last_modified} if stored else {}
    return {header: value for header, value in validators.items() if value}
