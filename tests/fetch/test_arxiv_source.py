"""The announcement of the day: seen, kept for tomorrow, cut, empty, and gone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.fetch.arxiv import feed
from assets.fetch.fetch import Feeds, fetch
from assets.fetch.source import RECORD, Listing, SourceError, frame
from tests.fetch.arxiv_lab import CALENDAR, at, paper, source, web
from tests.replay import Fault
from tests.replay_arxiv import Arxiv, Paper, arxiv, record

MONDAY, TUESDAY, WEDNESDAY = date(2025, 3, 10), date(2025, 3, 11), date(2025, 3, 12)
MORNING = timedelta(hours=9)

ANNOUNCED = [
    ("new", paper(1, TUESDAY, categories=("cs.CL",))),
    ("cross", paper(20, TUESDAY, categories=("cs.CV", "cs.LG"))),
    ("replace", paper(70, date(2025, 3, 4), TUESDAY, categories=("cs.CL",))),
    ("replace-cross", paper(80, date(2025, 3, 4), TUESDAY, categories=("math.CO", "cs.CL"))),
]
OF_TUESDAY = [
    ("2503.00001", 1, "new"),
    ("2503.00020", 1, "cross"),
    ("2503.00070", 2, "replace"),
    ("2503.00080", 2, "replace-cross"),
]


def in_new_york(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=CALENDAR.zone).astimezone(UTC)


@pytest.fixture
def server() -> Iterator[Arxiv]:
    with arxiv([entry for _, entry in ANNOUNCED]) as upstream:
        upstream.announced = TUESDAY, ANNOUNCED
        yield upstream


def listed(home: Path, server: Arxiv, day: date, now: datetime, **settings: Any) -> list[tuple[str, int, str]]:
    upstream = source(home, server, at(server, now), **settings)
    table = frame(upstream.parse(day, upstream.fetch(day).bodies))
    return table.select("source_id", "version", "announced").rows()


def services(server: Arxiv) -> list[str]:
    return [asked.service for asked in server.asked]


@pytest.mark.parametrize("dialect", ["rss", "atom"])
def test_the_announcement_is_the_list_of_its_day(tmp_path: Path, server: Arxiv, dialect: str) -> None:
    upstream = source(tmp_path, server, at(server, in_new_york(TUESDAY, 9)), feed_url=f"{server.url}/{dialect}")
    listing = upstream.fetch(TUESDAY)
    assert services(server) == [dialect]
    assert server.asked[0].categories == ("cs.CL", "cs.LG", "hep-th")
    rows = upstream.parse(TUESDAY, listing.bodies)
    assert frame(rows).select("source_id", "version", "announced").rows() == OF_TUESDAY
    assert rows[0].keys() <= RECORD.keys()
    assert rows[1]["categories"] == ["cs.CV", "cs.LG"], "the primary first"
    assert rows[0]["url"] == "https://arxiv.org/abs/2503.00001"
    assert rows[0]["abstract"] == "An invented abstract."


def test_the_announcement_seen_for_one_day_serves_another(tmp_path: Path, server: Arxiv) -> None:
    # On Tuesday morning, the digest of Monday is made: its announcement is gone, and Tuesday's is current.
    server.papers = [*server.papers, paper(9, MONDAY)]
    assert listed(tmp_path, server, MONDAY, in_new_york(TUESDAY, 13)) == [("2503.00009", 1, "new")]
    assert set(services(server)) == {"atom", "oai"}
    server.asked.clear()
    server.announced = WEDNESDAY, ANNOUNCED[:1]
    assert listed(tmp_path, server, TUESDAY, in_new_york(WEDNESDAY, 9)) == OF_TUESDAY
    assert services(server) == ["atom"]
    server.asked.clear()
    server.script = lambda asked: Fault.UNAVAILABLE
    assert listed(tmp_path, server, TUESDAY, in_new_york(WEDNESDAY, 11)) == OF_TUESDAY, (
        "the feed's trouble is no matter"
    )


def test_one_look_at_the_feed_serves_all_days_of_a_run(tmp_path: Path, server: Arxiv) -> None:
    upstream = source(tmp_path, server, at(server, in_new_york(TUESDAY, 13)))
    for day in (date(2025, 3, 7), MONDAY, TUESDAY):
        upstream.fetch(day)
    assert services(server).count("atom") == 1


def test_the_feed_is_asked_conditionally(tmp_path: Path, server: Arxiv) -> None:
    first = source(tmp_path, server, at(server, in_new_york(TUESDAY, 9))).fetch(TUESDAY)
    again = source(tmp_path, server, at(server, in_new_york(TUESDAY, 11))).fetch(TUESDAY)
    assert "If-None-Match" in server.headers[-1]
    assert [body.status for body in again.bodies] == [304]
    assert again.bodies[0].content == first.bodies[0].content


def test_other_categories_are_another_announcement(tmp_path: Path, server: Arxiv) -> None:
    now = in_new_york(TUESDAY, 9)
    listed(tmp_path, server, TUESDAY, now)
    assert listed(tmp_path, server, TUESDAY, now, categories=["math.CO"]) == [("2503.00080", 2, "replace-cross")]


@pytest.mark.parametrize("day", [date(2025, 3, 15), date(2025, 3, 16)])
def test_nobody_is_asked_about_a_weekend(tmp_path: Path, server: Arxiv, day: date) -> None:
    assert source(tmp_path, server, in_new_york(day, 9)).fetch(day) == Listing()
    assert server.asked == []


def test_a_list_that_is_not_there_yet_is_waited_for(tmp_path: Path, server: Arxiv) -> None:
    assert source(tmp_path, server, in_new_york(WEDNESDAY, 1)).fetch(WEDNESDAY) == Listing()
    assert services(server) == ["atom"], "the harvest is not asked for a list that may still be under way"


def test_a_holiday_that_is_none_after_all_has_a_list(tmp_path: Path, server: Arxiv) -> None:
    settings = {"holidays": [MONDAY]}
    assert listed(tmp_path, server, TUESDAY, in_new_york(TUESDAY, 13), **settings) == OF_TUESDAY
    server.announced = WEDNESDAY, []
    assert source(tmp_path / "other", server, in_new_york(TUESDAY, 13), **settings).fetch(TUESDAY) == Listing()


def test_a_feed_that_is_empty_by_mistake_is_made_up_for_by_the_harvest(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Fault.EMPTY_LIST if asked.service == "atom" else None
    assert listed(tmp_path, server, TUESDAY, in_new_york(TUESDAY, 13)) == OF_TUESDAY
    server.asked.clear()
    # And it does not take the place of an announcement that was seen.
    server.script = lambda asked: None
    listed(tmp_path / "other", server, TUESDAY, in_new_york(TUESDAY, 8))
    server.script = lambda asked: Fault.EMPTY_LIST
    assert listed(tmp_path / "other", server, TUESDAY, in_new_york(TUESDAY, 13)) == OF_TUESDAY


FAULTS = [
    Fault.RATE_LIMITED, Fault.RETRY_ABSURD, Fault.NOT_ACCEPTABLE, Fault.UNAVAILABLE, Fault.RESET_MID_BODY,
    Fault.TRUNCATED_GZIP, Fault.GZIP_BOMB, Fault.HTML, Fault.MALFORMED, Fault.ENTITY_BOMB, Fault.REDIRECT_AWAY,
    Fault.NEVER_ENDS,
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_feed_that_fails_is_told_and_made_up_for_when_the_list_is_due(
    tmp_path: Path, server: Arxiv, fault: Fault
) -> None:
    server.script = lambda asked: fault if asked.service == "atom" else None
    with pytest.raises(SourceError) as error:
        source(tmp_path, server, in_new_york(TUESDAY, 9)).fetch(TUESDAY)
    upstream = source(tmp_path, server, at(server, in_new_york(TUESDAY, 13)))
    listing = upstream.fetch(TUESDAY)
    assert [row["source_id"] for row in upstream.parse(TUESDAY, listing.bodies)] == [one[0] for one in OF_TUESDAY]
    assert listing.missing == ""
    assert listing.lacking == f"the announcement could not be had ({error.value}); the list is the harvest's"


def many(categories: tuple[str, ...], first: int, count: int) -> list[tuple[str, Paper]]:
    return [("new", paper(number, TUESDAY, categories=categories)) for number in range(first, first + count)]


def test_an_announcement_that_arxiv_cuts_is_asked_for_by_category(tmp_path: Path) -> None:
    entries = [*many(("cs.CL", "cs.LG"), 1, 100), *many(("cs.CL",), 101, 1500), *many(("cs.LG",), 2000, 1500)]
    with arxiv() as server:
        server.announced = TUESDAY, entries
        upstream = source(tmp_path, server, in_new_york(TUESDAY, 9), categories=["cs.CL", "cs.LG"])
        listing = upstream.fetch(TUESDAY)
        assert [asked.categories for asked in server.asked] == [("cs.CL", "cs.LG"), ("cs.CL",), ("cs.LG",)]
        assert listing.missing == ""
        rows = upstream.parse(TUESDAY, listing.bodies)
        assert len(rows) == len({row["source_id"] for row in rows}) == 3_100


def test_a_category_that_arxiv_cuts_is_said_to_be_missing(tmp_path: Path) -> None:
    with arxiv() as server:
        server.announced = TUESDAY, many(("cs.LG",), 1, feed.MOST)
        listing = source(tmp_path, server, in_new_york(TUESDAY, 9)).fetch(TUESDAY)
    assert listing.missing == "arXiv cuts an announcement after 2000 entries: cs.LG"


@pytest.mark.parametrize(
    ("until", "hour", "newest"),
    [
        (TUESDAY, 9, TUESDAY),
        (WEDNESDAY, 9, TUESDAY),  # Wednesday's is not announced yet
        (WEDNESDAY, 21, WEDNESDAY),
        (MONDAY, 9, MONDAY),
        (date(2025, 3, 9), 9, date(2025, 3, 7)),
    ],
)
def test_the_newest_day_is_the_calendars(tmp_path: Path, server: Arxiv, until: date, hour: int, newest: date) -> None:
    assert source(tmp_path, server, in_new_york(TUESDAY, hour)).newest_day(until) == newest
    assert [asked.service for asked in server.asked] == ["atom"]


def test_without_an_answer_there_is_no_newest_day(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Fault.UNAVAILABLE
    with pytest.raises(SourceError, match="503"):
        source(tmp_path, server, in_new_york(TUESDAY, 9)).newest_day(TUESDAY)


@pytest.mark.parametrize("hour", [9, 13], ids=["announcement", "harvest"])
def test_a_list_can_be_read_again_from_the_store(tmp_path: Path, server: Arxiv, hour: int) -> None:
    server.script = lambda asked: Fault.UNAVAILABLE if hour > 12 and asked.service == "atom" else None
    upstream = source(tmp_path, server, at(server, in_new_york(TUESDAY, hour)))
    feeds = Feeds([upstream], web(tmp_path).store)
    first = fetch(feeds, [TUESDAY])
    assert first.ledger_frame["state"].to_list() == ["fresh"]
    server.asked.clear()
    again = fetch(feeds.stored(), [TUESDAY])
    assert again.frame.equals(first.frame)
    assert again.frame.select("source_id", "version", "announced").rows() == OF_TUESDAY
    assert server.asked == []


def test_making_a_source_opens_nothing(tmp_path: Path, server: Arxiv) -> None:
    source(tmp_path / "home", server, in_new_york(TUESDAY, 9))
    assert not (tmp_path / "home").exists()
    assert server.arrivals == []


def test_a_list_of_no_known_kind_is_an_error(tmp_path: Path, server: Arxiv) -> None:
    upstream = source(tmp_path, server, at(server, in_new_york(TUESDAY, 13)))
    (body,) = upstream.fetch(TUESDAY).bodies
    page = f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{record(ANNOUNCED[0][1])}</ListRecords>'
    wrong = {b"<html></html>": "expected", b"[]": "not XML", f"{page}</OAI-PMH>".encode(): "why it is listed"}
    for content, told in wrong.items():
        with pytest.raises(SourceError, match=told):
            upstream.parse(TUESDAY, [replace(body, content=content)])
