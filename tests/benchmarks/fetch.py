"""Fetching: records a second from a loopback server into the table, beside a bare loop over the same bodies."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from orchestration.runs import days_between
from tests.benchmarks.measure import CHECKOUT, DAILY_PAPERS, PYTHON, Usage, run, served
from tests.benchmarks.table import Row, at_least, lines
from tests.replay import replaying

DAYS = days_between(date(2025, 3, 1), date(2025, 3, 31))
RUNS = 5
AT_LEAST = 0.5
BARE_LOOP = str(CHECKOUT / "tests/benchmarks/bare_loop.py")
FETCH_TO_TABLE = str(CHECKOUT / "tests/benchmarks/fetch_to_table.py")


def report() -> Iterator[str]:
    """The table."""
    if not DAILY_PAPERS.is_dir():
        yield f"fetch: the real days are not here: {DAILY_PAPERS}"
        return
    with TemporaryDirectory() as folder, served(_serve, _busy_month(Path(folder) / "lists")) as url:
        pairs = [(_bare(url, Path(folder)), _ours(url, Path(folder), number)) for number in range(RUNS + 1)]
    # The first pair warms the server.
    floors, ours = zip(*pairs[1:], strict=True)
    ratio = median(ours_rate / floor_rate for (floor_rate, _), (ours_rate, _) in pairs[1:])
    yield from lines(
        "fetch: every real paper, listed in one month, from a loopback server into the table",
        [
            _row("a bare loop of requests.get and json.loads", list(floors)),
            _row("fetched, stored, parsed, in the table", list(ours), f"{ratio:.2f} of its rate", ratio),
        ],
        [f"records a second: {median(rate for rate, _ in floors):,.0f} and {median(rate for rate, _ in ours):,.0f}"],
    )


def _busy_month(folder: Path) -> Path:
    """All real papers as the lists of `DAYS`: of some 200 papers each, as an upstream with thrice the papers has."""
    folder.mkdir()
    papers = [paper for file in sorted(DAILY_PAPERS.glob("*.json.gz")) for paper in json.loads(gzip.open(file).read())]
    for number, day in enumerate(DAYS):
        (folder / f"{day}.json.gz").write_bytes(gzip.compress(json.dumps(papers[number :: len(DAYS)]).encode()))
    return folder


def _serve(connection: Connection, folder: Path) -> None:
    """What is served is in the server's memory."""
    with replaying(folder) as replay:
        replay.body = cache(replay.body)  # type: ignore[method-assign]
        connection.send(replay.url)
        connection.recv()


def _bare(url: str, folder: Path) -> tuple[float, Usage]:
    return _rate(run([PYTHON, BARE_LOOP, url, str(DAYS[0]), str(DAYS[-1])], folder))


def _ours(url: str, folder: Path, number: int) -> tuple[float, Usage]:
    settings = {"SOURCES": "huggingface", "HUGGINGFACE__URL": url, "HUGGINGFACE__SECONDS_BETWEEN_REQUESTS": "0"}
    return _rate(
        run([PYTHON, FETCH_TO_TABLE, str(DAYS[0]), str(DAYS[-1])], folder, HOME=str(folder / str(number)), **settings)
    )


def _rate(usage: Usage) -> tuple[float, Usage]:
    records, seconds = json.loads(usage.printed)
    return records / seconds, usage


def _row(what: str, runs: list[tuple[float, Usage]], ratio: str = "the floor", value: float | None = None) -> Row:
    wall = median(json.loads(usage.printed)[1] for _, usage in runs)
    memory = int(median(usage.memory for _, usage in runs))
    target = "-" if value is None else at_least(value, AT_LEAST)
    return Row(what, wall, None, memory, len(runs), ratio, target)
