"""What arXiv knows of papers that another source lists; and the ids of a month that nobody ever saw."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from assets.fetch import calendar
from assets.fetch.arxiv.audit import Audit, audit
from assets.fetch.arxiv.joined import Joined
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.source import Body, Listing, SourceError, frame
from tests.fetch.arxiv_lab import at, client, paper, query, source
from tests.replay import Fault, replaying
from tests.replay_arxiv import Arxiv, Paper, Trouble, arxiv

DAY = date(2025, 3, 11)
NOW = datetime(2025, 3, 25, 18, tzinfo=UTC)


class Listed:
    """A source that lists these ids, as JSON."""

    name = "huggingface"
    calendar = None

    def __init__(self, *named: str | None, **listing: Any) -> None:
        self._body = Body(json.dumps(named).encode(), "https://feed.example/list", NOW)
        self._listing = listing

    def fetch(self, day: date) -> Listing:
        return Listing([self._body], **self._listing)

    def parse(self, day: date, bodies: Any) -> list[dict[str, Any]]:
        named = [paper for body in bodies for paper in json.loads(body.content)]
        own = {"2503.00030": {"note": "its own", "affiliations": ["Its Own"]}}
        return [{"day": day, "source": self.name, "source_id": paper, **own.get(paper, {})} for paper in named]

    def newest_day(self, until: date) -> date | None:
        return until


PAPERS = [
    paper(
        10,
        DAY,
        DAY,
        categories=("stat.ML", "cs.LG"),
        doi="10.1234/example.10",
        comments="12 pages",
        affiliations=("Example University", "Sample College"),
    ),
    paper(30, DAY, categories=("cs.CL",), comments="arXiv's", affiliations=("arXiv's",)),
    Paper("hep-th/9901001", (datetime(1999, 1, 4, tzinfo=UTC),), date(2005, 9, 16), categories=("hep-th",)),
]


@pytest.fixture
def server() -> Iterator[Arxiv]:
    with arxiv(PAPERS) as upstream:
        yield upstream


def joined(home: Path, server: Arxiv, *named: str | None, **listing: Any) -> tuple[Listing, list[dict[str, Any]]]:
    upstream = Joined(Listed(*named, **listing), query(home, server))
    found = upstream.fetch(DAY)
    return found, upstream.parse(DAY, found.bodies)


def test_arxivs_fields_are_joined_by_id(tmp_path: Path, server: Arxiv) -> None:
    listing, rows = joined(tmp_path, server, "2503.00010", "2503.00030", "hep-th/9901001")
    assert listing.lacking == ""
    assert len(listing.bodies) == 2
    columns = ["source_id", "version", "categories", "doi", "note", "affiliations"]
    assert frame(rows).select(columns).rows() == [
        (
            "2503.00010",
            2,
            ["stat.ML", "cs.LG"],
            "10.1234/example.10",
            "12 pages",
            ["Example University", "Sample College"],
        ),
        ("2503.00030", 1, ["cs.CL"], None, "its own", ["Its Own"]),
        ("hep-th/9901001", 1, ["hep-th"], None, None, None),
    ]
    (asked,) = server.asked
    assert asked.query == {"id_list": "2503.00010,2503.00030,hep-th/9901001", "max_results": "3"}


def test_a_hundred_ids_are_asked_for_at_once(tmp_path: Path) -> None:
    papers = [paper(number, DAY) for number in range(10, 2510, 10)]
    with arxiv(papers) as server:
        listing, rows = joined(tmp_path, server, *(one.id for one in papers))
        assert [len(asked.query["id_list"].split(",")) for asked in server.asked] == [100, 100, 50]
    assert [row["source_id"] for row in rows] == [one.id for one in papers]
    assert all(row["version"] == 1 for row in rows)
    assert listing.lacking == ""


def test_what_arxiv_does_not_know_is_named(tmp_path: Path, server: Arxiv) -> None:
    named = ("2503.00010", "2503.99990", "lab report 7", None, "2503.00030&max_results=1")
    listing, rows = joined(tmp_path, server, *named)
    assert [row["source_id"] for row in rows] == list(named)
    assert listing.lacking == (
        "arXiv does not know 2503.99990; not ids of arXiv: lab report 7, 2503.00030&max_results=1"
    )
    assert server.asked[0].query["id_list"] == "2503.00010,2503.99990"


@pytest.mark.parametrize(
    "wrong",
    [Trouble.ERROR_ENTRY, Trouble.BAD_REQUEST, Fault.EMPTY_LIST, Fault.UNAVAILABLE, Fault.RATE_LIMITED,
     Fault.NOT_ACCEPTABLE, Fault.HTML,
     Fault.MALFORMED, Fault.ENTITY_BOMB, Fault.REDIRECT_AWAY, Fault.RESET_MID_BODY, Fault.GZIP_BOMB],
)  # fmt: skip
def test_whatever_arxiv_does_the_list_stands(tmp_path: Path, server: Arxiv, wrong: Fault | Trouble) -> None:
    server.script = lambda asked: wrong
    listing, rows = joined(tmp_path, server, "2503.00010", expected=1, missing="page 1", lacking="something")
    assert listing.lacking.startswith("something; arXiv did not answer: ")
    assert (listing.expected, listing.missing, len(listing.bodies)) == (1, "page 1", 1)
    assert [row["source_id"] for row in rows] == ["2503.00010"]
    assert "categories" not in rows[0]


def test_an_answer_that_is_empty_by_mistake_is_asked_for_again(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Fault.EMPTY_LIST if len(server.asked) == 1 else None
    listing, rows = joined(tmp_path, server, "2503.00010")
    assert (listing.lacking, rows[0]["version"]) == ("", 2)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(Trouble.ERROR_ENTRY, "arXiv says: incorrect id format for abc"), (Trouble.BAD_REQUEST, "400 Bad Request")],
)
def test_an_error_is_not_asked_for_again(tmp_path: Path, server: Arxiv, wrong: Trouble, told: str) -> None:
    server.script = lambda asked: wrong
    listing, _ = joined(tmp_path, server, "2503.00010")
    assert told in listing.lacking
    assert len(server.asked) == 1


def test_the_answers_before_one_that_fails_are_kept(tmp_path: Path) -> None:
    papers = [paper(number, DAY) for number in range(150)]
    with arxiv(papers, lambda asked: Fault.UNAVAILABLE if "2503.00149" in asked.query["id_list"] else None) as server:
        listing, rows = joined(tmp_path, server, *(one.id for one in papers))
    assert "arXiv did not answer" in listing.lacking
    assert sum("version" in row for row in rows) == 100


def test_an_empty_list_asks_nobody(tmp_path: Path, server: Arxiv) -> None:
    listing, rows = joined(tmp_path, server)
    assert (listing.lacking, rows, server.asked) == ("", [], [])


def test_a_list_that_cannot_be_parsed_is_left_as_it_is(tmp_path: Path, server: Arxiv) -> None:
    class Broken(Listed):
        def parse(self, day: date, bodies: Any) -> list[dict[str, Any]]:
            raise SourceError("the list is broken")

    upstream = Joined(Broken("2503.00010"), query(tmp_path, server))
    assert len(upstream.fetch(DAY).bodies) == 1
    assert (upstream.newest_day(DAY), upstream.calendar, upstream.name) == (DAY, None, "huggingface")
    assert server.asked == []


def test_only_ids_are_sent(tmp_path: Path, server: Arxiv) -> None:
    with pytest.raises(ValueError, match="not arXiv ids: abc"):
        query(tmp_path, server).papers(["2503.00010", "abc"])
    assert server.asked == []


def test_a_real_day_is_joined_whole(tmp_path: Path, daily_papers: Path) -> None:
    named = [
        item["paper"]["id"] for item in json.loads(gzip.decompress((daily_papers / "2025-03-13.json.gz").read_bytes()))
    ]
    papers = [Paper(one, (NOW,), DAY, categories=("cs.CV",)) for one in named]
    with replaying(daily_papers) as site, arxiv(papers) as server:
        hugging_face = HuggingFaceSource(
            client(tmp_path, Arxiv(url=site.url)), site.url, 100, calendar.load("huggingface")
        )
        upstream = Joined(hugging_face, query(tmp_path, server))
        listing = upstream.fetch(date(2025, 3, 13))
        table = frame(upstream.parse(date(2025, 3, 13), listing.bodies))
    assert table["source_id"].to_list() == named
    assert table["categories"].to_list() == [["cs.CV"]] * len(named)
    assert listing.lacking == ""


GAPS = [
    paper(10, DAY, categories=("cs.CL",)),
    paper(11, DAY, categories=("math.CO",)),
    paper(12, DAY, categories=("cs.CL",)),
    paper(13, DAY, categories=("cs.CL",), deleted=True),
    paper(20, DAY, categories=("cs.LG",)),
    *(Paper(f"hep-th/990100{number}", (datetime(1999, 1, 11, tzinfo=UTC),), DAY, categories=("hep-th",))
      for number in (1, 4)),
    Paper("1412.0008", (datetime(2014, 12, 1, tzinfo=UTC),), DAY, categories=("cs.CL",)),
    Paper("1412.0010", (datetime(2014, 12, 1, tzinfo=UTC),), DAY, categories=("cs.CL",)),
]  # fmt: skip


def test_ids_that_were_never_seen_are_told_month_by_month(tmp_path: Path) -> None:
    lost = GAPS[2]
    with arxiv([one for one in GAPS if one is not lost]) as server:
        upstream = source(tmp_path, server, at(server, NOW))
        upstream.fetch(DAY)
        server.papers = GAPS
        store = upstream.harvest.store
        unseen = ("2503.00011", "2503.00012", *(f"2503.000{number}" for number in range(14, 20)))
        assert audit(store, date(2025, 3, 1)) == [Audit("2503.", "2503.00010", "2503.00020", 3, unseen)]
        assert server.asked[-1].service == "oai", "nobody else is asked without need"
        (asked,) = audit(store, date(2025, 3, 31), query(tmp_path, server), ["cs.CL", "cs.LG"])
        assert asked.missing == ("2503.00012",), "another archive's papers are not missing, nor what does not exist"
        assert asked.unseen == unseen
        assert audit(store, date(1999, 1, 1)) == [
            Audit("hep-th/9901", "hep-th/9901001", "hep-th/9901004", 2, ("hep-th/9901002", "hep-th/9901003"))
        ]
        assert audit(store, date(2014, 12, 1)) == [Audit("1412.", "1412.0008", "1412.0010", 2, ("1412.0009",))]
        assert audit(store, date(2024, 1, 1)) == []


def test_an_audit_asks_in_hundreds_and_never_for_nothing_that_exists(tmp_path: Path) -> None:
    papers = [paper(1, DAY), paper(400, DAY)]
    with arxiv(papers) as server:
        upstream = source(tmp_path, server, at(server, NOW))
        upstream.fetch(DAY)
        (found,) = audit(upstream.harvest.store, DAY, query(tmp_path, server), ["cs.CL"])
        asked = [one.query["id_list"].split(",") for one in server.asked if one.service == "query"]
    assert (len(found.unseen), found.missing) == (398, ())
    assert [len(named) for named in asked] == [100, 100, 100, 100, 3]
    assert {named[0] for named in asked} == {"2503.00001"}
