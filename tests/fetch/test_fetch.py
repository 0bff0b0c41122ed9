"""Fetching from several sources at once: bodies first, and a ledger row for each source and day."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.fetch import calendar
from assets.fetch.archive import ArchiveSource
from assets.fetch.bodies import BodyStore
from assets.fetch.calendar import Calendar
from assets.fetch.fetch import LEDGER, Feeds, fetch
from assets.fetch.sample import SampleSource
from assets.fetch.source import RECORD, Body, Listing, SourceError
from orchestration import resources
from orchestration.settings import load
from tests.replay import Fault, replaying

FRIDAY, SATURDAY = date(2025, 3, 14), date(2025, 3, 15)
NOON = datetime(2025, 3, 14, 12)


def feeds(home: Path, folder: Path) -> Feeds:
    """The sample, which is always well, after an archive, which may not be."""
    return Feeds([ArchiveSource(folder), SampleSource()], BodyStore(home / "bodies"))


def record(home: Path, day: date, content: bytes) -> Path:
    folder = home / "archive"
    folder.mkdir(exist_ok=True)
    (folder / f"{day}.json").write_bytes(content)
    return folder


def paper(**fields: Any) -> bytes:
    told = {"id": "2503.08640", "title": "An Invented Title", "authors": [{"name": "Ada Example"}], **fields}
    return json.dumps([{"paper": told}]).encode()


def test_records_of_all_sources_and_days(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, paper())
    fetched = fetch(feeds(tmp_path, folder), [FRIDAY, SATURDAY])
    assert fetched.frame.schema == RECORD
    assert fetched.failures([FRIDAY, SATURDAY]) == {}
    assert set(fetched.frame["source"]) == {"archive", "sample"}
    for _, of_source in fetched.frame.group_by("source"):
        assert of_source["position"].to_list() == list(range(of_source.height))
    assert set(fetched.frame["day"]) == {FRIDAY}


def test_the_ledger_has_a_row_for_each_source_and_day(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, paper())
    asked = {(source, day): 1 for source in ("archive", "sample") for day in (FRIDAY, SATURDAY)}
    fetched = fetch(feeds(tmp_path, folder), [FRIDAY, SATURDAY], asked)
    ledger = fetched.ledger_frame
    assert ledger.schema == LEDGER
    papers = fetched.frame.filter(pl.col("source") == "sample").height
    assert ledger.select("source", "day", "state", "fetched", "attempts", "reason").rows() == [
        ("archive", FRIDAY, "fresh", 1, 2, ""),
        ("sample", FRIDAY, "fresh", papers, 2, ""),
        ("archive", SATURDAY, "quiet", 0, 2, ""),
        ("sample", SATURDAY, "quiet", 0, 2, ""),
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<!DOCTYPE html><html></html>", id="html"),
        pytest.param(b"", id="empty"),
        pytest.param(b'[{"paper": {"id": 2503.0864}}]', id="id is a number"),
        pytest.param(paper(authors=["Ada Example"]), id="author is text"),
        pytest.param(paper(title="half a character \ud800"), id="not text"),
    ],
)
def test_a_body_is_stored_before_it_fails_and_stops_no_other_source(tmp_path: Path, content: bytes) -> None:
    folder = record(tmp_path, FRIDAY, content)
    made = feeds(tmp_path, folder)
    fetched = fetch(made, [FRIDAY, SATURDAY])
    assert made.store.get(Body(content, "", datetime.now(UTC)).sha256) == content
    assert fetched.failures([FRIDAY]) == {}, "another source gave its list"
    assert not fetched.transient
    assert set(fetched.frame["source"]) == {"sample"}
    failed, *others = fetched.ledger_frame.select("source", "day", "state", "fetched", "reason").rows()
    assert failed[:4] == ("archive", FRIDAY, "failed", 0)
    assert (folder / "2025-03-14.json").as_uri() in failed[4]
    assert [row[2] for row in others] == ["fresh", "quiet", "quiet"]


def test_every_body_of_the_records_is_in_the_store(tmp_path: Path) -> None:
    made = feeds(tmp_path, record(tmp_path, FRIDAY, paper()))
    for sha256, source in fetch(made, [FRIDAY]).frame.select("body", "source").unique().rows():
        assert source == "sample" or made.store.get(sha256) == paper()


def test_two_failures_of_one_day_are_both_told(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, b"")
    store = BodyStore(tmp_path / "bodies")
    fetched = fetch(Feeds([ArchiveSource(folder), ArchiveSource(tmp_path / "gone")], store), [FRIDAY])
    (reason,) = fetched.failures([FRIDAY, SATURDAY]).values()
    assert "the body is empty" in reason
    assert "there is no folder" in reason
    assert fetched.frame.schema == RECORD
    assert fetched.frame.is_empty()


def test_trouble_that_passes_is_said_to_be_transient(daily_papers: Path, tmp_path: Path) -> None:
    script = {FRIDAY.isoformat(): Fault.UNAVAILABLE}
    with replaying(daily_papers, lambda asked: script.get(asked.day)) as replay:
        variables = {"PAPERBOY_HOME": str(tmp_path), "PAPERBOY_SOURCES": "huggingface"}
        variables |= {"PAPERBOY_HUGGINGFACE__URL": replay.url, "PAPERBOY_HTTP__BACKOFF_SECONDS": "0"}
        made = resources.feeds(load(variables, file=tmp_path / "no-such.toml"))
        fetched = fetch(made, [date(2025, 3, 13), FRIDAY])
    assert fetched.transient
    assert list(fetched.failures([date(2025, 3, 13), FRIDAY])) == [FRIDAY]
    assert fetched.frame.height == 10, "the day before came whole"


class Told:
    """A list of one's own making, for what the ledger says of it."""

    name = "told"

    def __init__(self, listing: Listing, calendar: Calendar | None = None) -> None:
        self.listing, self.calendar = listing, calendar

    def fetch(self, day: date) -> Listing:
        return self.listing

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return [{"day": day, "source": self.name, "source_id": body.url, "body": "", "record": "{}"} for body in bodies]

    def newest_day(self, until: date) -> date | None:
        return until


BODIES = [Body(b"{}", f"https://feed.example/{number}", datetime.now(UTC)) for number in range(3)]
TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
WEEKDAY = next(day for day in (TOMORROW + timedelta(days=ahead) for ahead in range(7)) if day.weekday() < 5)


@pytest.mark.parametrize(
    ("listing", "day", "state", "reason"),
    [
        pytest.param(Listing(BODIES), FRIDAY, "fresh", "", id="a list"),
        pytest.param(Listing(BODIES, expected=3), FRIDAY, "fresh", "", id="as many as promised"),
        pytest.param(Listing(BODIES, expected=5), FRIDAY, "incomplete", "has 5 records, and gave 3", id="fewer"),
        pytest.param(Listing(BODIES, missing="page 1: 503"), FRIDAY, "incomplete", "page 1: 503", id="broken off"),
        pytest.param(Listing(BODIES, lacking="no categories"), FRIDAY, "fresh", "no categories", id="lacking"),
        pytest.param(Listing(), SATURDAY, "quiet", "", id="an empty Saturday"),
        pytest.param(Listing(), FRIDAY, "incomplete", "a list was due", id="an empty Friday"),
        pytest.param(Listing(), date(2025, 1, 1), "quiet", "", id="an empty holiday"),
        pytest.param(Listing(), WEEKDAY, "waiting", "the list is due until", id="not due yet"),
    ],
)
def test_the_state_of_a_list(tmp_path: Path, listing: Listing, day: date, state: str, reason: str) -> None:
    source = Told(listing, calendar.load("huggingface"))
    ((found, why),) = fetch(Feeds([source], BodyStore(tmp_path)), [day]).ledger_frame.select("state", "reason").rows()
    assert found == state
    assert reason in why
    assert bool(reason) == bool(why)


def test_a_source_without_a_calendar_promises_nothing(tmp_path: Path) -> None:
    (row,) = fetch(Feeds([Told(Listing())], BodyStore(tmp_path)), [FRIDAY]).ledger
    assert row["state"] == "quiet"


def test_the_stored_bodies_are_parsed_again_without_asking(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, paper())
    made = feeds(tmp_path, folder)
    first = fetch(made, [FRIDAY]).frame
    (folder / f"{FRIDAY}.json").unlink()
    folder.rmdir()
    again = fetch(made.stored(), [FRIDAY])
    assert again.frame.equals(first)
    known = {(row["source"], row["day"]): 3 for row in again.ledger}
    assert {row["attempts"] for row in again.ledger} == {1}, "the body came when its source was asked"
    assert {row["attempts"] for row in fetch(made.stored(), [FRIDAY], known).ledger} == {3}, "and is not asked now"
    assert {row["attempts"] for row in fetch(made.stored(), [date(2025, 3, 13)]).ledger} == {0}, "nothing ever came"
    with pytest.raises(SourceError, match="no body of 2025-03-13 is stored"):
        made.stored().sources[0].fetch(date(2025, 3, 13))
