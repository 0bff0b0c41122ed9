"""Whose turn it is to ask an upstream: one request at a time, and a distance between two, over all processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from assets.fetch.source import SourceError


class Turns:
    """The turns of a group of requests, `seconds` from the end of one to the start of the next; 0 keeps no order.

    A lock file in `folder` is held while a request is made. Beside it lies what the next one waits for: until when,
    by the wall clock, and how long that was at most, so that a clock that was set back keeps nobody for longer.
    `patience` is how many seconds a turn is waited for.
    """

    def __init__(self, folder: Path, name: str, seconds: float, patience: float) -> None:
        self._clock = folder / f"{name}.clock"
        self._name, self._seconds, self._patience = name, seconds, patience
        self._held_back = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for its turn and holds it until the block ends; raises a transient `SourceError` if it never comes."""
        if not self._seconds:
            yield
            return
        with self._locked():
            time.sleep(self._left())
            # Already now, for the case that this process is killed amid its request.
            self._next_in(self._seconds)
            self._held_back = 0
            try:
                yield
            finally:
                self._next_in(max(self._seconds, self._held_back))

    def hold_back(self, seconds: float) -> None:
        """To be said within a turn: the next one, of whatever process, comes no sooner than in so many seconds."""
        self._held_back = seconds

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._clock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self._clock}.lock", timeout=self._patience)
        try:
            lock.acquire()
        except Timeout as error:
            text = f"{self._name}: other processes hold {error.lock_file} all the time; the next run asks again"
            raise SourceError(text, transient=True) from error
        try:
            yield
        finally:
            lock.release()

    def _left(self) -> float:
        try:
            until, at_most = map(float, self._clock.read_text(encoding="ascii").split())
        except FileNotFoundError:
            return 0
        except ValueError:  # left by a process that was killed while it wrote
            return self._seconds
        return min(max(until - time.time(), 0), at_most)

    def _next_in(self, seconds: float) -> None:
        self._clock.write_text(f"{time.time() + seconds} {seconds}", encoding="ascii")
