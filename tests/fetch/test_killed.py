"""Killed with SIGKILL at every boundary of a fetch, run again: the end is that of an undisturbed run."""

import multiprocessing
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from assets.fetch.bodies import BodyStore
from tests.faults.fetching import NEXT_MORNING, TUESDAY, WHOLE, House, Trial, trial
from tests.fetch import arxiv_lab
from tests.fetch.killed import fetch, fetch_until

A_WEEK_LATER = datetime(2025, 3, 17, 13, tzinfo=UTC)
HOUR = re.compile(rb"<(responseDate|updated)>[^<]*</\1>")
"""What differs between two answers to the same question."""

ASKED = {
    "ledger": "SELECT source, day, state, expected, fetched, reason FROM fetch_ledger ORDER BY ALL",
    "popularity": "SELECT source, source_id, votes, comments, stars FROM popularity ORDER BY ALL",
    "shares": "SELECT * FROM field_shares ORDER BY ALL",
    "partitions": "SELECT asset, day, outcome, rows FROM partitions ORDER BY ALL",
}


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("lists") / "daily") as running:
        running.arxiv.page_size = 3
        yield running


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes that have all they need imported already."""
    context = multiprocessing.get_context("forkserver")
    # The last two are what DuckDB imports when it is first asked.
    context.set_forkserver_preload(["__main__", "tests.fetch.killed", "pandas", "pyarrow"])
    return context


def state(house: House) -> dict[str, Any]:
    """All that a fetch leaves behind, but for hours and how often it was tried."""
    store, connection = BodyStore(house.home / "bodies"), house.warehouse
    papers = connection.read("SELECT * EXCLUDE (seen_at, body, record) FROM fetched_papers ORDER BY ALL").rows()
    bodies = house.bodies()
    listings = [store.listing(source, TUESDAY) for source in WHOLE]
    harvested = arxiv_lab.kept(house.home) if (house.home / "arxiv/harvest.sqlite").exists() else {}
    return {
        "papers": papers,
        "read in": {connection.read("SELECT body FROM fetched_papers")["body"].is_in(list(bodies)).all()},
        "bodies": {HOUR.sub(b"", content) for content in bodies.values()},
        "lists": [[HOUR.sub(b"", body.content) for body in listing.bodies] for listing in listings if listing],
        "harvested": {name: [row[:3] for row in rows] for name, rows in harvested.items()},
        **{name: connection.read(query).rows() for name, query in ASKED.items()},
    }


@pytest.mark.parametrize("now", [NEXT_MORNING, A_WEEK_LATER], ids=["announcement", "harvest"])
def test_killed_at_any_boundary_the_next_run_ends_as_if_nothing_were(
    tmp_path: Path, upstreams: Trial, processes: ForkServerContext, now: datetime
) -> None:
    def run(house: House, last: str) -> int | None:
        addresses = (upstreams.daily.url, upstreams.arxiv.url)
        process = processes.Process(target=fetch_until, args=(last, house.home, *addresses, now, tmp_path / "crossed"))
        process.start()
        process.join()
        return process.exitcode

    arxiv_lab.at(upstreams.arxiv, now)
    undisturbed = House(tmp_path / "undisturbed", upstreams, now)
    assert run(undisturbed, "none") == 0
    expected, boundaries = state(undisturbed), (tmp_path / "crossed").read_text().splitlines()
    assert undisturbed.ids() == WHOLE
    assert len(boundaries) >= 20
    for number, boundary in enumerate(boundaries):
        house = House(tmp_path / str(number), upstreams, now)
        assert run(house, boundary) == -signal.SIGKILL, boundary
        if (house.home / "bodies/index.sqlite").exists():
            house.bodies()
        assert house.ids() == (WHOLE if boundary == "after publish 1" else {}), boundary
        fetch(house)
        assert state(house) == expected, boundary
