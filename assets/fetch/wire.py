"""An answer on the wire: how long it may take, how it is unpacked, when its server wants to be asked again."""

import math
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import requests
import urllib3

CHUNK = 1 << 19
_LONGEST_WAIT = 3600.0
_LAYER = re.compile(r"^\w+\(host=.*?\): ")


class _Alarms:
    """Calls back when a time has come, all from one thread: to start one for each answer takes longer than to ask."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: dict[object, tuple[float, Callable[[], object]]] = {}
        self._wakes = math.inf
        self._thread = threading.Thread()

    def set(self, seconds: float, call: Callable[[], object]) -> object:
        """Call back after so many seconds; returns what `clear` knows the alarm by."""
        alarm, at = object(), time.monotonic() + seconds
        with self._changed:
            self._calls[alarm] = at, call
            if not self._thread.is_alive():  # it may have been left behind in a fork
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif at < self._wakes:
                self._changed.notify()
        return alarm

    def clear(self, alarm: object) -> None:
        """Do not call back, if that has not happened yet. The thread is left to find out by itself."""
        with self._changed:
            self._calls.pop(alarm, None)

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                over = [self._calls.pop(alarm)[1] for alarm, (at, _) in list(self._calls.items()) if at <= now]
                if not over:
                    self._wakes = min((at for at, _ in self._calls.values()), default=math.inf)
                    self._changed.wait(min(self._wakes - now, _LONGEST_WAIT))
            for call in over:
                call()


_ALARMS = _Alarms()


@contextmanager
def deadline(seconds: float, cut: Callable[[], object]) -> Iterator[threading.Event]:
    """Cuts off what the block reads after so many seconds, wherever it waits, and raises `TimeoutError`.

    A timeout of a socket bounds each silence; an answer that trickles is never silent for long.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError, ValueError, RuntimeError):  # what there is nothing left of to cut off
            cut()

    alarm = _ALARMS.set(seconds, end)
    try:
        yield late
    except (OSError, HTTPException, urllib3.exceptions.HTTPError):
        if not late.is_set():
            raise
    finally:
        _ALARMS.clear(alarm)
    # What is cut off can look like an answer that came to its end.
    if late.is_set():
        raise TimeoutError(f"it did not end within {seconds:g} s")


class _Punctual(urllib3.connection.HTTPConnection):
    """A connection on which the head of an answer is whole within the time that the service may be silent."""

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        sock = self.sock
        with deadline(self.timeout or threading.TIMEOUT_MAX, lambda: sock.shutdown(socket.SHUT_RDWR)) as late:
            response = super().getresponse()
            if late.is_set():
                response.close()
        return response


class _PunctualOverTLS(_Punctual, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Punctual


class _PoolOverTLS(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PunctualOverTLS


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolOverTLS}


class PunctualSession(requests.Session):
    """A session that lets no answer begin late, however slowly its head comes, and knows no redirects.

    Its base would read what a redirect says, whole and without a bound, even where it is not to follow it.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers.update(headers)
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def unpacked(answer: requests.Response) -> Iterator[bytes]:
    """The body as it comes, without its content encoding, at most `CHUNK` bytes at a time; some may be none.

    Raises `urllib3.exceptions.HTTPError` for a body that is cut short, or not gzip though it says so.
    """
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return _raw(answer)
    if encoding in ("gzip", "x-gzip"):
        return _members(_raw(answer))
    raise urllib3.exceptions.DecodeError(f"it is encoded as {encoding!r}, though gzip was asked for")


def _raw(answer: requests.Response) -> Iterator[bytes]:
    while chunk := answer.raw.read1(CHUNK, decode_content=False):
        yield chunk


def _members(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member = None
    for chunk in chunks:
        while chunk:
            member = member or zlib.decompressobj(16 + zlib.MAX_WBITS)
            yield _unpacked(member, chunk)
            chunk = member.unconsumed_tail or member.unused_data
            member = None if member.eof else member
    if member:
        yield member.flush()
        if not member.eof:
            raise urllib3.exceptions.DecodeError("the gzip stream is cut short")


def _unpacked(member: Any, chunk: bytes) -> bytes:
    try:
        unpacked: bytes = member.decompress(chunk, CHUNK)
    except zlib.error as error:
        raise urllib3.exceptions.DecodeError(f"not gzip ({error})") from error
    return unpacked


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks to wait; None if it does not say, or not in words that HTTP knows.

    A date is taken by the server's own clock, where its answer shows it: one of the two may be wrong.
    """
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    until, now = _moment(asked), _moment(headers.get("Date", "")) or datetime.now(UTC)
    return max((until - now).total_seconds(), 0) if until else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def reason(error: BaseException) -> str:
    """What was wrong, without the layers that it came through."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    return _LAYER.sub("", str(getattr(inner, "reason", None) or inner))
