"""The daily papers' API over real HTTP: paging, and each way in which an answer can fail."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.fetch.huggingface import DAYS_BACK, HuggingFaceSource, items, rows
from assets.fetch.source import RECORD, Body, SourceError, frame, utc
from tests.replay import Asked, Fault, Replay, Script, replaying

DAY = date(2025, 3, 13)  # a recorded day of ten papers
PAPER = {
    "numComments": 2,
    "paper": {
        "id": "2503.08640",
        "title": "An Invented Title",
        "summary": "An invented abstract.",
        "authors": [{"name": "Ada Example"}, {"name": "Ben Example"}],
        "publishedAt": "2025-03-11T17:59:59.000Z",
        "upvotes": 7,
        "githubRepo": "https://code.example/repository",
    },
}


@pytest.fixture
def replay(daily_papers: Path) -> Iterator[Callable[..., Replay]]:
    """Start a server that replays the real days, or those of another folder."""
    with ExitStack() as running:

        def start(script: Script = lambda asked: None, folder: Path = daily_papers) -> Replay:
            return running.enter_context(replaying(folder, script))

        yield start


def source(replay: Replay, page_size: int = 100, timeout_seconds: float = 10) -> HuggingFaceSource:
    return HuggingFaceSource(replay.url, page_size, timeout_seconds)


def body(*listed: Any) -> Body:
    content = json.dumps(listed).encode()
    return Body(content, "https://feed.example/list", utc("2025-03-13T08:00:00Z") or pytest.fail())


def recorded(folder: Path, day: date) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(gzip.decompress((folder / f"{day}.json.gz").read_bytes()))
    return listed


@pytest.mark.parametrize(
    ("page_size", "pages"),
    [(100, 1), (11, 1), (10, 2), (9, 2), (5, 3), (4, 3), (1, 11)],
    ids=lambda value: str(value),
)
def test_pages_are_asked_for_until_a_short_one(
    replay: Callable[..., Replay], daily_papers: Path, page_size: int, pages: int
) -> None:
    server = replay()
    upstream = source(server, page_size)
    bodies = upstream.fetch(DAY)
    assert server.asked == [Asked(DAY.isoformat(), page, page_size) for page in range(pages)]
    assert len(bodies) == pages, "the last page of a full list is empty, and is kept all the same"
    ids = [row["source_id"] for row in upstream.parse(DAY, bodies)]
    assert ids == [item["paper"]["id"] for item in recorded(daily_papers, DAY)]


def test_a_day_without_a_list_is_one_empty_page(replay: Callable[..., Replay]) -> None:
    upstream = source(replay())
    bodies = upstream.fetch(date(2025, 3, 15))
    assert [body.content for body in bodies] == [b"[]"]
    assert upstream.parse(date(2025, 3, 15), bodies) == []


def test_a_list_without_end_is_an_error(replay: Callable[..., Replay], tmp_path: Path) -> None:
    (tmp_path / f"{DAY}.json.gz").write_bytes(gzip.compress(json.dumps([PAPER] * 60).encode()))
    with pytest.raises(SourceError, match=r"2025-03-13 still has full pages after page 49 at http://127"):
        source(replay(folder=tmp_path), page_size=1).fetch(DAY)


@pytest.mark.parametrize(
    ("fault", "told", "transient"),
    [
        (Fault.RATE_LIMITED, "429", True),
        (Fault.BROKEN, "500", True),
        (Fault.UNAVAILABLE, "503", True),
        (Fault.RESET, "onnection", True),
        (Fault.TRUNCATED, "IncompleteRead", True),
        (Fault.SLOW, "timed out", True),
        (Fault.NOT_FOUND, "404", False),
        (Fault.HTML, "not JSON .*it begins '<!DOCTYPE html>", False),
        (Fault.MALFORMED, "not JSON", False),
        (Fault.EMPTY, "the body is empty", False),
    ],
)
@pytest.mark.parametrize("page", [0, 1])
def test_every_fault_is_told_with_its_place(
    replay: Callable[..., Replay], fault: Fault, told: str, transient: bool, page: int
) -> None:
    server = replay(lambda asked: fault if asked.page == page else None)
    with pytest.raises(SourceError, match=told) as error:
        source(server, page_size=5, timeout_seconds=0.3 if fault is Fault.SLOW else 10).fetch(DAY)
    assert error.value.transient is transient
    assert "2025-03-13" in str(error.value)
    assert f"page {page}" in str(error.value) or f"p={page}" in str(error.value)


def test_a_source_recovers_on_the_same_connection(replay: Callable[..., Replay]) -> None:
    server = replay(lambda asked: Fault.TRUNCATED)
    upstream = source(server)
    with pytest.raises(SourceError):
        upstream.fetch(DAY)
    server.script = lambda asked: None
    assert len(upstream.parse(DAY, upstream.fetch(DAY))) == 10


def test_nobody_at_home_is_transient() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        upstream = HuggingFaceSource(f"http://127.0.0.1:{taken.getsockname()[1]}", 100, 10)
        with pytest.raises(SourceError, match=r"huggingface: no usable answer for 2025-03-13, page 0") as error:
            upstream.fetch(DAY)
    assert error.value.transient


@pytest.mark.parametrize(
    ("until", "newest", "requests"),
    [(date(2025, 3, 14), date(2025, 3, 14), 1), (date(2025, 3, 16), date(2025, 3, 14), 3)],
)
def test_the_newest_day_is_looked_for_backwards(
    replay: Callable[..., Replay], until: date, newest: date, requests: int
) -> None:
    server = replay()
    assert source(server).newest_day(until) == newest
    assert len(server.asked) == requests
    assert {asked.limit for asked in server.asked} == {1}, "one paper is enough to know"


def test_there_is_no_newest_day_after_a_long_silence(replay: Callable[..., Replay], tmp_path: Path) -> None:
    server = replay(folder=tmp_path)
    assert source(server).newest_day(DAY) is None
    assert len(server.asked) == DAYS_BACK


def test_a_paper_becomes_a_row() -> None:
    (row,) = rows("huggingface", DAY, [body(PAPER)])
    assert row.keys() | {"position", "version", "categories", "doi", "note"} == set(RECORD)
    assert row | {"body": "", "record": ""} == {
        "day": DAY,
        "source": "huggingface",
        "source_id": "2503.08640",
        "title": "An Invented Title",
        "abstract": "An invented abstract.",
        "authors": ["Ada Example", "Ben Example"],
        "keywords": None,
        "published": utc("2025-03-11T17:59:59Z"),
        "votes": 7,
        "comments": 2,
        "links": ["https://code.example/repository"],
        "url": "https://huggingface.co/papers/2503.08640",
        "body": "",
        "record": "",
    }
    assert json.loads(row["record"]) == PAPER


def test_an_id_that_ends_in_zero_stays_a_string() -> None:
    table = frame(rows("huggingface", DAY, [body(PAPER)]))
    assert table["source_id"].to_list() == ["2503.08640"]


@pytest.mark.parametrize("field", ["id", "title", "summary", "authors", "upvotes", "publishedAt", "githubRepo"])
def test_a_missing_field_is_left_to_the_gate(field: str) -> None:
    paper = {key: value for key, value in PAPER["paper"].items() if key != field}  # type: ignore[attr-defined]
    (row,) = rows("huggingface", DAY, [body({"paper": paper})])
    columns = {"id": "source_id", "summary": "abstract", "upvotes": "votes", "publishedAt": "published"}
    assert not row[columns.get(field, "links" if field == "githubRepo" else field)]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("id", 2503.0864, "'id' should be str, not float"),
        ("title", ["An", "Invented", "Title"], "'title' should be str, not list"),
        ("summary", {"text": ""}, "'summary' should be str, not dict"),
        ("authors", "Ada Example", "'authors' should be list, not str"),
        ("upvotes", "7", "'upvotes' should be int, not str"),
        ("publishedAt", "last Tuesday", "last Tuesday"),
    ],
)
def test_a_field_of_another_type_is_an_error(field: str, value: Any, told: str) -> None:
    paper = {**PAPER["paper"], field: value}  # type: ignore[dict-item]
    with pytest.raises(SourceError, match=rf"https://feed\.example/list: entry 1 .*{told}"):
        rows("huggingface", DAY, [body(PAPER, {"paper": paper})])


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (b'{"error": "not now"}', "a list of papers was expected, not dict"),
        (b'"not now"', "a list of papers was expected, not str"),
        (b"[1]", "entry 0 has no 'paper'"),
        (b'[{"title": "flat"}]', "entry 0 has no 'paper'"),
        (b" \n", "the body is empty"),
        (b"\x1f\x8b\x08\x00", "not JSON"),
    ],
)
def test_a_body_of_another_shape_is_an_error(listed: bytes, told: str) -> None:
    with pytest.raises(SourceError, match=rf"https://feed\.example/list: {told}"):
        items(Body(listed, "https://feed.example/list", utc("2025-03-13T08:00:00Z") or pytest.fail()))


def test_an_author_that_is_no_object_is_an_error() -> None:
    paper = {**PAPER["paper"], "authors": ["Ada Example"]}  # type: ignore[dict-item]
    with pytest.raises(SourceError, match="entry 0"):
        rows("huggingface", DAY, [body({"paper": paper})])
