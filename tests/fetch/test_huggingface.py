"""The daily papers' API over real HTTP: paging, and each way in which an answer can fail."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.fetch import calendar
from assets.fetch.bodies import BodyStore
from assets.fetch.http import Web
from assets.fetch.huggingface import DAYS_BACK, MAX_PAGES, HuggingFaceSource, items, rows
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
        "ai_keywords": ["invention"],
        "githubStars": 120,
        "githubRepo": "https://code.example/repository",
        "organization": {"_id": "68e396f2b5bb631e9b2fac9a", "name": "exu", "fullname": "Example University"},
    },
}


@pytest.fixture
def replay(daily_papers: Path) -> Iterator[Callable[..., Replay]]:
    """Start a server that replays the real days, or those of another folder."""
    with ExitStack() as running:

        def start(script: Script = lambda asked: None, folder: Path = daily_papers) -> Replay:
            return running.enter_context(replaying(folder, script))

        yield start


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """Patience enough for a test."""
    store = BodyStore(tmp_path / "home" / "bodies")
    return Web("paperboy/1", store, tmp_path / "home" / "http", total_seconds=5, attempts=2, backoff_seconds=0.001)


def source(web: Web, replay: Replay, page_size: int = 100, timeout_seconds: float = 10) -> HuggingFaceSource:
    client = web.client("huggingface", [replay.url], timeout_seconds=timeout_seconds, seconds_between_requests=0)
    return HuggingFaceSource(client, replay.url, page_size, calendar.load("huggingface"))


def a_list_of(folder: Path, papers: int) -> Path:
    """A folder in which `DAY` has so many papers."""
    folder.mkdir(exist_ok=True)
    listed = [{"paper": {"id": f"2503.{number:05}", "title": "An Invented Title"}} for number in range(papers)]
    (folder / f"{DAY}.json.gz").write_bytes(gzip.compress(json.dumps(listed).encode()))
    return folder


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
    web: Web, replay: Callable[..., Replay], daily_papers: Path, page_size: int, pages: int
) -> None:
    server = replay()
    upstream = source(web, server, page_size)
    listing = upstream.fetch(DAY)
    assert server.asked[:pages] == [Asked(DAY.isoformat(), page, page_size) for page in range(pages)]
    after_an_empty_page = [] if 10 % page_size or page_size == 1 else [Asked(DAY.isoformat(), 10, 1)]
    assert server.asked[pages:] == after_an_empty_page
    assert len(listing.bodies) == pages, "the last page of a full list is empty, and is kept all the same"
    assert (listing.missing, listing.lacking) == ("", "")
    ids = [row["source_id"] for row in upstream.parse(DAY, listing.bodies)]
    assert ids == [item["paper"]["id"] for item in recorded(daily_papers, DAY)]


def test_a_day_without_a_list_is_one_empty_page(web: Web, replay: Callable[..., Replay]) -> None:
    upstream = source(web, replay())
    listing = upstream.fetch(date(2025, 3, 15))
    assert [body.content for body in listing.bodies] == [b"[]"]
    assert upstream.parse(date(2025, 3, 15), listing.bodies) == []


def test_a_list_without_end_is_a_list_with_something_missing(
    web: Web, replay: Callable[..., Replay], tmp_path: Path
) -> None:
    upstream = source(web, replay(folder=a_list_of(tmp_path / "long", 60)), page_size=1)
    listing = upstream.fetch(DAY)
    assert listing.missing == "huggingface: 2025-03-13 still has full pages after page 49"
    assert len(upstream.parse(DAY, listing.bodies)) == MAX_PAGES


FAULTS = [
    (Fault.RATE_LIMITED, "429", True),
    (Fault.NOT_ACCEPTABLE, "406", True),
    (Fault.BROKEN, "500", True),
    (Fault.UNAVAILABLE, "503", True),
    (Fault.RETRY_ABSURD, "asks to wait 86400 s", True),
    (Fault.RESET, "reset", True),
    (Fault.RESET_MID_BODY, "reset", True),
    (Fault.TRUNCATED, "IncompleteRead", True),
    (Fault.TRUNCATED_GZIP, "cut short", True),
    (Fault.SLOW, "imed out", True),
    (Fault.NOT_FOUND, "404", False),
    (Fault.REDIRECT_AWAY, r"elsewhere\.example", False),
    (Fault.HTML, "not JSON .*it begins '<!DOCTYPE html>", True),
    (Fault.MALFORMED, "not JSON", True),
    (Fault.EMPTY, "the body is empty", True),
]


@pytest.mark.parametrize(("fault", "told", "transient"), FAULTS)
def test_a_list_that_does_not_begin_is_an_error(
    web: Web, replay: Callable[..., Replay], fault: Fault, told: str, transient: bool
) -> None:
    server = replay(lambda asked: fault)
    with pytest.raises(SourceError, match=told) as error:
        source(web, server, 5, timeout_seconds=0.3 if fault is Fault.SLOW else 10).fetch(DAY)
    assert error.value.transient is transient
    assert "/api/daily_papers?date=2025-03-13&p=0" in str(error.value)


@pytest.mark.parametrize(("fault", "told", "transient"), FAULTS)
def test_a_list_that_breaks_off_is_what_came_and_what_is_missing(
    web: Web, replay: Callable[..., Replay], daily_papers: Path, fault: Fault, told: str, transient: bool
) -> None:
    server = replay(lambda asked: fault if asked.page == 1 else None)
    upstream = source(web, server, 5, timeout_seconds=0.3 if fault is Fault.SLOW else 10)
    listing = upstream.fetch(DAY)
    ids = [row["source_id"] for row in upstream.parse(DAY, listing.bodies)]
    assert ids == [item["paper"]["id"] for item in recorded(daily_papers, DAY)][:5]
    assert listing.missing.startswith("page 1: ")
    assert re.search(told, listing.missing)


def test_a_fault_that_passes_leaves_no_trace(web: Web, replay: Callable[..., Replay]) -> None:
    faults = [Fault.HTML, None, Fault.RESET_MID_BODY, None]
    server = replay(lambda asked: faults.pop(0) if faults else None)
    upstream = source(web, server, 5)
    listing = upstream.fetch(DAY)
    assert listing.missing == ""
    assert len(upstream.parse(DAY, listing.bodies)) == 10


def test_a_list_that_stands_is_not_sent_again(web: Web, replay: Callable[..., Replay]) -> None:
    upstream = source(web, replay(), 5)
    first = upstream.fetch(DAY)
    web.store.keep("huggingface", DAY, first)
    second = upstream.fetch(DAY)
    assert [body.status for body in (*first.bodies, *second.bodies)] == [200] * 3 + [304] * 3
    assert upstream.parse(DAY, second.bodies) == upstream.parse(DAY, first.bodies)


def test_a_page_that_comes_twice_brings_nothing_new(web: Web, replay: Callable[..., Replay]) -> None:
    server = replay(lambda asked: Fault.DUPLICATED_PAGE if asked.page == 1 else None)
    upstream = source(web, server, 5)
    listing = upstream.fetch(DAY)
    assert re.fullmatch(r"page 1: http://.*p=1.* only repeats the pages before it", listing.missing)
    assert len(upstream.parse(DAY, listing.bodies)) == 5
    assert len(server.asked) == 2


@pytest.mark.parametrize("times", [1, 2])
def test_a_page_that_is_empty_by_mistake_is_not_the_end(web: Web, replay: Callable[..., Replay], times: int) -> None:
    """Upstream gives no total, but it can be asked for the one paper after those that came."""
    faults = [Fault.EMPTY_LIST] * times
    upstream = source(web, replay(lambda asked: faults.pop() if asked.page == 1 and faults else None), 4)
    listing = upstream.fetch(DAY)
    told = r"page 1: http://.*p=1.* the page is empty, and the list goes on \(asked 2 times\)" if times == 2 else ""
    assert re.fullmatch(told, listing.missing)
    assert len(upstream.parse(DAY, listing.bodies)) == (4 if times == 2 else 10)


def test_a_paper_that_a_moving_list_repeats_is_taken_once() -> None:
    first, second, third = ({"paper": {"id": f"2503.0864{n}", "upvotes": n}} for n in range(3))
    moved = {"paper": {**second["paper"], "upvotes": 9}}
    found = rows("huggingface", DAY, [body(first, second), body(moved, third)])
    assert [(row["source_id"], row["votes"]) for row in found] == [
        ("2503.08640", 0),
        ("2503.08641", 1),
        ("2503.08642", 2),
    ]


def test_what_has_no_id_is_left_to_the_gate() -> None:
    nameless = {"paper": {"title": "An Invented Title"}}
    assert len(rows("huggingface", DAY, [body(nameless, nameless), body(PAPER)])) == 3


@pytest.mark.parametrize(
    ("until", "newest", "requests"),
    [(date(2025, 3, 14), date(2025, 3, 14), 1), (date(2025, 3, 16), date(2025, 3, 14), 3)],
)
def test_the_newest_day_is_looked_for_backwards(
    web: Web, replay: Callable[..., Replay], until: date, newest: date, requests: int
) -> None:
    server = replay()
    assert source(web, server).newest_day(until) == newest
    assert len(server.asked) == requests
    assert {asked.limit for asked in server.asked} == {1}, "one paper is enough to know"


def test_there_is_no_newest_day_after_a_long_silence(web: Web, replay: Callable[..., Replay], tmp_path: Path) -> None:
    server = replay(folder=tmp_path)
    assert source(web, server).newest_day(DAY) is None
    assert len(server.asked) == DAYS_BACK


def test_a_paper_becomes_a_row() -> None:
    (row,) = rows("huggingface", DAY, [body(PAPER)])
    left_out = {"position", "version", "announced", "categories", "doi", "note", "licence", "seen_at"}
    assert row.keys() | left_out == set(RECORD)
    assert row | {"body": "", "record": ""} == {
        "day": DAY,
        "source": "huggingface",
        "source_id": "2503.08640",
        "title": "An Invented Title",
        "abstract": "An invented abstract.",
        "authors": ["Ada Example", "Ben Example"],
        "affiliations": ["Example University"],
        "keywords": ["invention"],
        "published": utc("2025-03-11T17:59:59Z"),
        "votes": 7,
        "comments": 2,
        "stars": 120,
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
    ],
)
def test_a_field_that_is_relied_on_and_is_of_another_type_is_an_error(field: str, value: Any, told: str) -> None:
    paper = {**PAPER["paper"], field: value}  # type: ignore[dict-item]
    with pytest.raises(SourceError, match=rf"https://feed\.example/list: entry 1 .*{told}"):
        rows("huggingface", DAY, [body(PAPER, {"paper": paper})])


@pytest.mark.parametrize(
    ("field", "value", "column"),
    [
        ("upvotes", "7", "votes"),
        ("upvotes", 10**12, "votes"),
        ("upvotes", True, "votes"),
        ("githubStars", 1.5, "stars"),
        ("publishedAt", "last Tuesday", "published"),
        ("publishedAt", 1741716000, "published"),
        ("publishedAt", "0001-01-01T00:00:00+23:00", "published"),
        ("ai_keywords", "invention", "keywords"),
        ("ai_keywords", [1, 2, "three"], "keywords"),
        ("githubRepo", {"url": "https://code.example"}, "links"),
        ("organization", "Example University", "affiliations"),
        ("organization", {"fullname": {"en": "Example University"}}, "affiliations"),
    ],
)
def test_a_field_that_is_not_relied_on_and_is_of_another_type_is_null(field: str, value: Any, column: str) -> None:
    (whole,) = rows("huggingface", DAY, [body(PAPER)])
    (row,) = rows("huggingface", DAY, [body({**PAPER, "paper": {**PAPER["paper"], field: value}})])  # type: ignore[dict-item]
    assert not row[column]
    assert json.loads(row["record"])["paper"][field] == value, "the record keeps what came"
    unchanged = row.keys() - {column, "body", "record"}
    assert {key: row[key] for key in unchanged} == {key: whole[key] for key in unchanged}
    assert frame([row]).height == 1


@pytest.mark.parametrize(
    ("organization", "affiliations"),
    [
        ({"name": "exu", "fullname": "Example University"}, ["Example University"]),
        ({"name": "exu", "fullname": ""}, ["exu"]),
        ({"name": "exu"}, ["exu"]),
        ({}, []),
        (None, []),
    ],
)
def test_the_organisation_of_a_paper_is_its_affiliation(organization: Any, affiliations: list[str]) -> None:
    (row,) = rows("huggingface", DAY, [body({"paper": {**PAPER["paper"], "organization": organization}})])  # type: ignore[dict-item]
    assert row["affiliations"] == affiliations


@pytest.mark.parametrize(("day", "told"), [(date(2025, 10, 2), 0), (date(2025, 10, 3), 16), (date(2025, 12, 31), 2)])
def test_organisations_of_real_days(daily_papers: Path, day: date, told: int) -> None:
    """Upstream began to name them in October 2025."""
    listed = recorded(daily_papers, day)
    named = [row["affiliations"] for row in rows("huggingface", day, [body(*listed)])]
    assert sum(map(len, named)) == told
    assert named == [[item["organization"]["fullname"]] if "organization" in item else [] for item in listed]


def test_fields_come_and_go() -> None:
    (row,) = rows("huggingface", DAY, [body({"paper": {**PAPER["paper"], "mood": {"of": ["the", "day"]}}, "new": 1})])  # type: ignore[dict-item]
    assert row["title"] == "An Invented Title"
    assert json.loads(row["record"])["paper"]["mood"] == {"of": ["the", "day"]}


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (b"[" * 100_000, "not JSON"),
        (b'{"error": "not now"}', "a list of papers was expected, not dict"),
        (b'"not now"', "a list of papers was expected, not str"),
        (b"[1]", "entry 0 has no 'paper'"),
        (b'[{"title": "flat"}]', "entry 0 has no 'paper'"),
        (b" \n", "the body is empty"),
        (b"\x1f\x8b\x08\x00", "not JSON"),
    ],
)
def test_a_body_of_another_shape_is_an_error(listed: bytes, told: str) -> None:
    with pytest.raises(SourceError, match=rf"https://feed\.example/list: {told}") as error:
        items(Body(listed, "https://feed.example/list", utc("2025-03-13T08:00:00Z") or pytest.fail()))
    assert error.value.transient, "it is asked for again"


def test_an_author_that_is_no_object_is_an_error() -> None:
    paper = {**PAPER["paper"], "authors": ["Ada Example"]}  # type: ignore[dict-item]
    with pytest.raises(SourceError, match="entry 0"):
        rows("huggingface", DAY, [body({"paper": paper})])
