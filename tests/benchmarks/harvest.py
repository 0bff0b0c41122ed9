"""Harvesting arXiv: memory over two hundred pages beside twenty, from a loopback server."""

from collections.abc import Iterator
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, PYTHON, Usage, run, served, typical
from tests.benchmarks.table import Row, at_most, lines
from tests.fetch.arxiv_lab import paper
from tests.replay_arxiv import arxiv

DAY = date(2025, 3, 12)
PAGE = 200
FEW, MANY = 20, 200
RUNS = 3
AT_MOST = 1.1
HARVEST = str(CHECKOUT / "tests/benchmarks/harvest_pages.py")


def report() -> Iterator[str]:
    """The table."""
    few, many = ([_harvest(pages) for _ in range(RUNS)] for pages in (FEW, MANY))
    growth = typical(many).memory / typical(few).memory
    yield from lines(
        f"harvest: pages of {PAGE} records over OAI-PMH from a loopback server",
        [_row(FEW, few), _row(MANY, many, f"{growth:.2f} of its memory", at_most(growth, AT_MOST))],
    )


def _harvest(pages: int) -> Usage:
    """One process that harvests so many pages, all of one datestamp."""
    with TemporaryDirectory() as folder, served(_serve, pages) as url:
        settings = {"ARXIV__OAI_URL": f"{url}/oai", "ARXIV__SECONDS_BETWEEN_REQUESTS": "0", "SOURCES": "arxiv"}
        return run([PYTHON, HARVEST, str(DAY)], Path(folder), HOME=folder, **settings)


def _serve(connection: Connection, pages: int) -> None:
    papers = [paper(place, DAY, abstract=f"An invented abstract {place}. " * 40) for place in range(pages * PAGE)]
    with arxiv(papers, page_size=PAGE) as server:
        connection.send(server.url)
        connection.recv()


def _row(pages: int, runs: list[Usage], ratio: str = "the floor", target: str = "-") -> Row:
    usage = typical(runs)
    return Row(f"{pages} pages", usage.wall, usage.cpu, usage.memory, len(runs), ratio, target)
