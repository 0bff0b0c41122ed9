"""A fetch of a day in a process of its own, which kills itself at a boundary between two of its steps.

Boundaries are named after what is about to be done, or was done, and how often it was before: `get huggingface 2`.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from assets.fetch.arxiv.source import ArxivSource
from assets.fetch.arxiv.store import HarvestStore
from assets.fetch.bodies import BodyStore
from assets.fetch.http import Client
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.round import Round
from orchestration import warehouse
from orchestration.warehouse import Warehouse
from quality import entries
from tests.faults.fetching import TUESDAY, House, Trial
from tests.replay import Replay
from tests.replay_arxiv import Arxiv


@dataclass
class Boundaries:
    """Those crossed so far; at `last` the process ends by SIGKILL."""

    last: str
    crossed: list[str] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def cross(self, name: str) -> None:
        with self._turn:
            self._counts[name] += 1
            self.crossed.append(f"{name} {self._counts[name]}")
            if self.crossed[-1] == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def lay(self, owner: Any, attribute: str, name: Callable[..., str], *, after: bool = False) -> None:
        """Put a boundary before a function or method, and perhaps one after it."""
        done = getattr(owner, attribute)

        def within(*arguments: Any, **options: Any) -> Any:
            self.cross(name(*arguments))
            result = done(*arguments, **options)
            if after:
                self.cross(f"after {name(*arguments)}")
            return result

        setattr(owner, attribute, within)


def lay_all(boundaries: Boundaries) -> None:
    """The boundaries of a fetch: each request, each write, each parse."""
    lay = boundaries.lay
    lay(Client, "get", lambda client, *_: f"get {client._name}")
    lay(os, "fsync", lambda *_: "a body is not in its place yet")
    lay(BodyStore, "put", lambda *_: "put")
    lay(BodyStore, "keep", lambda store, name, *_: f"keep {name}", after=True)
    for step in ("begin", "add", "end"):
        lay(HarvestStore, step, lambda *_, step=step: f"harvest {step}")
    for source in (HuggingFaceSource, ArxivSource):
        lay(source, "parse", lambda source, *_: f"parse {source.name}")
    lay(Warehouse, "publish", lambda *_: "publish", after=True)
    lay(warehouse, "_insert", lambda connection, table, frame: f"insert {table}")


def fetch(house: House) -> None:
    """Fetch the day and publish it, without the gate."""
    made = Round.of(house.warehouse, house.feeds(), [TUESDAY], [])
    tables = {
        "fetched_papers": made.rows,
        "fetch_ledger": made.ledger,
        "field_shares": made.shares,
        "partitions": entries.partitions("fetched_papers", made.rows, [TUESDAY], "run"),
    }
    house.warehouse.publish("fetched_papers", [TUESDAY], tables, {"popularity": made.snapshots})


def fetch_until(last: str, home: Path, daily: str, services: str, now: datetime, crossed: Path) -> None:
    """Fetch in this process up to a boundary; `crossed` takes the names of all if that is none of them."""
    boundaries = Boundaries(last)
    lay_all(boundaries)
    upstreams = Trial(Replay(url=daily, folder=home, script=lambda asked: None), Arxiv(url=services))
    fetch(House(home, upstreams, now))
    crossed.write_text("\n".join(boundaries.crossed), encoding="utf-8")
