"""A day fetched from two upstreams as the asset does it, but for Dagster: asked, judged, published if nothing blocks.

The upstreams are the replayed ones; what each lists is invented here, so that one can say what is whole.
"""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from assets.fetch import calendar
from assets.fetch.arxiv.joined import Joined
from assets.fetch.arxiv.query import Query
from assets.fetch.arxiv.source import ArxivSource
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.http import Client
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.round import Round
from assets.fetch.source import Source
from assets.mail.outbox import Outbox
from orchestration.status import DayStatus, statuses
from orchestration.warehouse import Warehouse
from quality import entries, gate
from tests.fetch import arxiv_lab
from tests.replay import Fault, Replay, replaying
from tests.replay_arxiv import Arxiv, Trouble, arxiv

TUESDAY = date(2025, 3, 11)
NEXT_MORNING = datetime(2025, 3, 12, 13, tzinfo=UTC)
EARLY = datetime(2025, 3, 11, 6, tzinfo=UTC)
WEEKS_LATER = datetime(2025, 3, 25, 18, tzinfo=UTC)
PAGE = 4
LISTED = 10
"""Papers of the daily list: two full pages and a short one."""

NAMES = [f"2503.{number:05}" for number in range(100, 100 + LISTED)]
"""Some end in zeros; what arXiv knows of them stands in a category that nobody chose."""

PAPERS = [arxiv_lab.paper(number, TUESDAY, categories=("cs.CL",)) for number in range(10, 70, 10)]
WHOLE = {
    "arxiv": sorted(paper.id for paper in PAPERS),
    "huggingface": NAMES,
}
ELSEWHERE = [replace(PAPERS[0], id=name, categories=("math.CO",)) for name in NAMES]

Wrong = Fault | Trouble | None
Ids = dict[str, list[str]]


def daily_list(folder: Path, day: date = TUESDAY) -> Path:
    """A folder with the day's list as the daily papers have it."""
    folder.mkdir(exist_ok=True)
    listed = [_entry(number, name) for number, name in enumerate(NAMES)]
    (folder / f"{day}.json.gz").write_bytes(gzip.compress(json.dumps(listed).encode()))
    return folder


def _entry(number: int, name: str) -> dict[str, Any]:
    paper = {
        "id": name,
        "title": f"On the Invented Matter {number}",
        "summary": f"We invent the matter {number}, and write down what becomes of it in the end.",
        "authors": [{"name": "Ada Example"}],
        "upvotes": number,
        "publishedAt": "2025-03-10T05:00:00.000Z",
    }
    return {"paper": paper, "numComments": 0}


@dataclass
class Trial:
    """Both upstreams, and one fault: `wrong` at the answers of `place`, `times` times."""

    daily: Replay
    arxiv: Arxiv
    place: str = ""
    wrong: Wrong = None
    times: int = 0

    def go_wrong(self, place: str, wrong: Wrong, times: int) -> None:
        """From now on the next answers of a place are as the fault has them."""
        self.place, self.wrong, self.times = place, wrong, times

    def mend(self) -> None:
        """From now on every answer is in good order."""
        self.go_wrong("", None, 0)

    def answer(self, place: str) -> Wrong:
        """What is wrong with the answer that is about to be given."""
        if place != self.place or not self.times:
            return None
        self.times -= 1
        return self.wrong


@contextmanager
def trial(folder: Path) -> Iterator[Trial]:
    """The upstreams over real HTTP, until the block ends."""
    with replaying(daily_list(folder)) as daily, arxiv([*PAPERS, *ELSEWHERE], page_size=2) as services:
        made = Trial(daily, services)
        services.announced = TUESDAY, [("new", paper) for paper in PAPERS]
        daily.script = lambda asked: made.answer(f"list, page {asked.page}")  # type: ignore[assignment, return-value]
        services.script = lambda asked: made.answer(_place(asked.service, asked.query))
        yield made


def _place(service: str, query: dict[str, str]) -> str:
    if service != "oai":
        return "feed" if service == "atom" else "query"
    return "harvest, next page" if "resumptionToken" in query else "harvest, first page"


@dataclass(frozen=True)
class Attempt:
    """What a fetch of the day came to: each source's state and reason, and why nothing was published, if so."""

    states: dict[str, str]
    reasons: dict[str, str]
    rejected: str
    warnings: dict[str, str]


@dataclass(frozen=True)
class House:
    """A home, whose clock stands at `now` for arXiv's source; arXiv's own is `clock_off` from it."""

    home: Path
    upstreams: Trial
    now: datetime
    clock_off: timedelta = timedelta()

    @cached_property
    def warehouse(self) -> Warehouse:
        """The tables."""
        return Warehouse(path=str(self.home / "warehouse.duckdb"))

    def feeds(self) -> Feeds:
        """Sources as a new process has them; impatient, so that a fault that stays is over soon."""
        web = replace(arxiv_lab.web(self.home), total_seconds=0.4, retry_after_cap_seconds=3)

        def client(name: str, url: str) -> Client:
            return web.client(name, [url], timeout_seconds=0.4, seconds_between_requests=0)

        daily, services = self.upstreams.daily.url, self.upstreams.arxiv.url
        listing = HuggingFaceSource(client("huggingface", daily), daily, PAGE, calendar.load("huggingface"))
        asked = client("arxiv", services)
        lists = ArxivSource(
            asked, web.store, self.home / "arxiv",
            categories=["cs.CL"], feed_url=f"{services}/atom", oai_url=f"{services}/oai", now=lambda: self.now,
        )  # fmt: skip
        sources: list[Source] = [Joined(listing, Query(asked, f"{services}/api/query")), lists]
        return Feeds(sources, web.store)

    def fetch(self, day: date = TUESDAY) -> Attempt:
        """Fetch, judge and publish, with the arguments that the asset gives."""
        arxiv_lab.at(self.upstreams.arxiv, self.now, self.clock_off)
        made = Round.of(self.warehouse, self.feeds(), [day], [])
        verdict, _ = gate.audit(self.warehouse, "fetched_papers", [day], made.rows, made.facts, shares=made.shares)
        if made.failures:
            put = entries.failed_partitions(self.warehouse, "fetched_papers", made.failures, "run")
        elif verdict.blocked:
            put = entries.rejected_partitions(self.warehouse, "fetched_papers", {day: verdict.reason(day)}, "run")
        else:
            put = entries.partitions("fetched_papers", made.rows, [day], "run")
        tables, append = {"partitions": put, "fetch_ledger": made.ledger}, {}
        rejected = made.failures.get(day) or (verdict.reason(day) if verdict.blocked else "")
        if not rejected:
            tables |= {"fetched_papers": verdict.publishable([day]), "field_shares": made.shares}
            append = {"popularity": made.snapshots}
        self.warehouse.publish("fetched_papers", [day], tables, append)
        ledger = {row["source"]: row for row in made.ledger.iter_rows(named=True)}
        return Attempt(
            {source: row["state"] for source, row in ledger.items()},
            {source: row["reason"] for source, row in ledger.items()},
            rejected,
            {one.expectation.name: one.observed for one in verdict.findings if not one.passed and not one.blocks},
        )

    def ids(self) -> Ids:
        """The ids that stand in `fetched_papers`, by source."""
        rows = self.warehouse.read("SELECT source, source_id FROM fetched_papers ORDER BY ALL").rows()
        found: Ids = {}
        for source, source_id in rows:
            found.setdefault(source, []).append(source_id)
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """All that stands in `fetched_papers`."""
        return self.warehouse.read("SELECT * FROM fetched_papers ORDER BY ALL").rows()

    def snapshots(self) -> set[tuple[Any, ...]]:
        """All that stands in `popularity`."""
        return set(self.warehouse.read("SELECT * FROM popularity").rows())

    def bodies(self) -> dict[str, bytes]:
        """Every body that the index of the store names; it must be there, and whole."""
        store = BodyStore(self.home / "bodies")
        with closing(sqlite3.connect(store.folder / "index.sqlite")) as index:
            return {sha256: store.get(sha256) for (sha256,) in index.execute("SELECT DISTINCT sha256 FROM bodies")}

    def status(self, day: date = TUESDAY) -> DayStatus:
        """What `paperboy status` says of the day."""
        (found,) = statuses(self.warehouse, Outbox(self.home / "outbox.sqlite"), day, day)
        return found
