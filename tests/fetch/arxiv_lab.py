"""arXiv's sources against the replayed services, and a month of invented papers."""

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.fetch import calendar
from assets.fetch.arxiv.lists import window
from assets.fetch.arxiv.query import Query
from assets.fetch.arxiv.source import ArxivSource, utc_now
from assets.fetch.bodies import BodyStore
from assets.fetch.http import Client, Web
from assets.fetch.source import Body
from tests.replay_arxiv import Arxiv, Paper

RECORDED = Path(__file__).parents[2] / "../shared/data/arxiv"
CALENDAR = calendar.load("arxiv")
CATEGORIES = ("cs.CL", "cs.LG", "hep-th")
SOON = timedelta(minutes=5)


def body(content: bytes | str, url: str = "https://arxiv.example/answer") -> Body:
    """An answer of arXiv."""
    return Body(content.encode() if isinstance(content, str) else content, url, datetime(2025, 3, 13, tzinfo=UTC))


def recorded(folder: str, name: str) -> Body:
    """An answer that arXiv gave once."""
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded answers are not here: {RECORDED}")
    return body((RECORDED / folder / name).read_bytes(), f"https://arxiv.example/{name}")


def web(home: Path) -> Web:
    """Impatient, so that a test of what goes wrong ends soon."""
    return Web(
        "paperboy-tests (mailto:operator@lab.example)", BodyStore(home / "bodies"), home / "web",
        connect_seconds=5, total_seconds=1, attempts=2, backoff_seconds=0.01, retry_after_cap_seconds=1,
        max_body_bytes=8 << 20,
    )  # fmt: skip


def client(home: Path, upstream: Arxiv) -> Client:
    """One that may ask as often as it likes."""
    return web(home).client("arxiv", [upstream.url], timeout_seconds=10, seconds_between_requests=0)


def source(home: Path, upstream: Arxiv, now: datetime | None = None, **settings: Any) -> ArxivSource:
    """The source as the settings would make it; `now` stands still."""
    usual = {"categories": CATEGORIES, "feed_url": f"{upstream.url}/atom", "oai_url": f"{upstream.url}/oai"}
    clock = (lambda: now) if now else utc_now
    return ArxivSource(client(home, upstream), web(home).store, home / "arxiv", **(usual | settings), now=clock)


def query(home: Path, upstream: Arxiv) -> Query:
    """The query API."""
    return Query(client(home, upstream), f"{upstream.url}/api/query")


def at(upstream: Arxiv, now: datetime, off: timedelta = timedelta()) -> datetime:
    """Set the server's clock to `now`, or somewhat off."""
    upstream.clock_offset = now + off - datetime.now(UTC)
    return now


def in_time(day: date) -> datetime:
    """When a submission comes in time for the day's list."""
    return window(day, CALENDAR)[1] - SOON


def paper(number: int, day: date, *more: date, **fields: Any) -> Paper:
    """A paper whose versions stand on these days' lists."""
    versions = tuple(in_time(one) for one in (day, *more))
    title = f"The Invented Title of Paper {number}"
    usual: dict[str, Any] = {"datestamp": max(day, *more) if more else day, "title": title}
    return Paper(f"{day:%y%m}.{number:05}", versions, **(usual | fields))


def kept(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a harvest has come to, but for the hours at which it was asked."""
    questions = {
        "records": "SELECT id, datestamp, deleted, page, xml FROM records ORDER BY id",
        "versions": "SELECT * FROM versions ORDER BY id, version",
        "coverage": "SELECT harvest_set, first FROM coverage ORDER BY harvest_set",
        "slices": "SELECT * FROM slices",
        "short": "SELECT * FROM short_slices",
    }
    with closing(sqlite3.connect(home / "arxiv/harvest.sqlite")) as connection:
        return {name: connection.execute(sql).fetchall() for name, sql in questions.items()}


def main(home: str, url: str, day: str, now: str) -> None:
    """Fetch a day in this process, which may be killed."""
    upstream = Arxiv(url=url)
    source(Path(home), upstream, datetime.fromisoformat(now)).fetch(date.fromisoformat(day))


if __name__ == "__main__":
    main(*sys.argv[1:])
