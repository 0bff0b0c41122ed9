"""How fast messages leave: a relay refuses whoever sends more in a minute than it allows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Sleep = Callable[[float], object]
"""Waits so many seconds; whatever it raises ends the wait, and the message is not sent."""


@dataclass
class Pace:
    """At most `per_minute` messages a minute, evenly apart; as fast as can be where it is None.

    `clock` gives seconds that never go back.
    """

    per_minute: int | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Sleep = time.sleep
    _next: float = field(default=float("-inf"), init=False)

    def wait(self) -> None:
        """Return when the next message may go."""
        if self.per_minute is None:
            return
        if (pause := self._next - self.clock()) > 0:
            self.sleep(pause)
        self._next = max(self._next, self.clock()) + 60 / self.per_minute
