"""Fetching from several sources at once: bodies first, a ledger row for each source and day, and snapshots."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.fetch.archive import ArchiveSource
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import LEDGER, SNAPSHOT, Feeds, fetch, snapshots
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.sample import SampleSource
from assets.fetch.source import RECORD, Body, frame
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
    assert fetched.failures == {}
    assert set(fetched.frame["source"]) == {"archive", "sample"}
    for _, of_source in fetched.frame.group_by("source"):
        assert of_source["position"].to_list() == list(range(of_source.height))
    assert set(fetched.frame["day"]) == {FRIDAY}


def test_the_ledger_has_a_row_for_each_source_and_day(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, paper())
    fetched = fetch(feeds(tmp_path, folder), [FRIDAY, SATURDAY], attempt=2)
    ledger = fetched.ledger_frame
    assert ledger.schema == LEDGER
    papers = fetched.frame.filter(pl.col("source") == "sample").height
    assert ledger.select("source", "day", "state", "fetched", "attempts", "reason").rows() == [
        ("archive", FRIDAY, "fresh", 1, 2, ""),
        ("sample", FRIDAY, "fresh", papers, 2, ""),
        ("archive", SATURDAY, "quiet", 0, 2, ""),
        ("sample", SATURDAY, "quiet", 0, 2, ""),
    ]
    stored = pl.DataFrame({"day": [SATURDAY], "source": ["sample"]}, schema={"day": pl.Date, "source": pl.String})
    nothing_stored = fetched.facts(stored.clear()).sort("day").rows()
    assert nothing_stored == [(FRIDAY, papers + 1, 0), (SATURDAY, 0, 0)]
    assert fetched.facts(stored).sort("day").rows() == [(FRIDAY, papers + 1, 0), (SATURDAY, 0, 1)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<!DOCTYPE html><html></html>", id="html"),
        pytest.param(b"", id="empty"),
        pytest.param(b'[{"paper": {"id": 2503.0864}}]', id="id is a number"),
        pytest.param(paper(authors=["Ada Example"]), id="author is text"),
        pytest.param(paper(ai_keywords=[1, 2, "three"]), id="keyword is a number"),
        pytest.param(paper(upvotes=10**12), id="count beyond its column"),
        pytest.param(paper(title="half a character \ud800"), id="not text"),
        pytest.param(paper(publishedAt="0001-01-01T00:00:00+23:00"), id="before all time"),
    ],
)
def test_a_body_is_stored_before_it_fails_and_stops_no_other_source(tmp_path: Path, content: bytes) -> None:
    folder = record(tmp_path, FRIDAY, content)
    made = feeds(tmp_path, folder)
    fetched = fetch(made, [FRIDAY, SATURDAY])
    assert made.store.get(Body(content, "", datetime.now(UTC)).sha256) == content
    assert list(fetched.failures) == [FRIDAY]
    assert (folder / "2025-03-14.json").as_uri() in fetched.failures[FRIDAY]
    assert not fetched.transient
    assert set(fetched.frame["source"]) == {"sample"}
    failed, *others = fetched.ledger_frame.select("source", "day", "state", "fetched", "reason").rows()
    assert failed == ("archive", FRIDAY, "failed", 0, fetched.failures[FRIDAY])
    assert [row[2] for row in others] == ["fresh", "quiet", "quiet"]


def test_every_body_of_the_records_is_in_the_store(tmp_path: Path) -> None:
    made = feeds(tmp_path, record(tmp_path, FRIDAY, paper()))
    for sha256, source in fetch(made, [FRIDAY]).frame.select("body", "source").unique().rows():
        assert source == "sample" or made.store.get(sha256) == paper()


def test_two_failures_of_one_day_are_both_told(tmp_path: Path) -> None:
    folder = record(tmp_path, FRIDAY, b"")
    store = BodyStore(tmp_path / "bodies")
    fetched = fetch(Feeds([ArchiveSource(folder), ArchiveSource(tmp_path / "gone")], store), [FRIDAY])
    assert "the body is empty" in fetched.failures[FRIDAY]
    assert "there is no folder" in fetched.failures[FRIDAY]
    assert fetched.frame.schema == RECORD
    assert fetched.frame.is_empty()


def test_trouble_that_passes_is_said_to_be_transient(daily_papers: Path, tmp_path: Path) -> None:
    script = {FRIDAY.isoformat(): Fault.UNAVAILABLE}
    with replaying(daily_papers, lambda asked: script.get(asked.day)) as replay:
        source = HuggingFaceSource(replay.url, 100, 10)
        fetched = fetch(Feeds([source], BodyStore(tmp_path)), [date(2025, 3, 13), FRIDAY])
    assert fetched.transient
    assert list(fetched.failures) == [FRIDAY]
    assert fetched.frame.height == 10, "the day before came whole"


def records(*votes: tuple[str, int | None, int | None]) -> pl.DataFrame:
    keys = ("source_id", "votes", "comments")
    return frame({"day": FRIDAY, "source": "archive", **dict(zip(keys, row, strict=True))} for row in votes)


def test_a_snapshot_is_taken_only_where_figures_changed() -> None:
    first = snapshots(records(("a", 1, 0), ("b", 2, None)), pl.DataFrame(schema=SNAPSHOT), NOON)
    assert first.schema == SNAPSHOT
    assert first.rows() == [("archive", "a", NOON, 1, 0), ("archive", "b", NOON, 2, None)]
    assert snapshots(records(("a", 1, 0), ("b", 2, None)), first, NOON).is_empty()
    later = snapshots(records(("a", 0, 0), ("b", 2, 1), ("c", 5, 0)), first, NOON)
    assert later["source_id"].to_list() == ["a", "b", "c"], "votes that fall, and comments, are news too"


def test_there_is_no_snapshot_of_what_was_not_told() -> None:
    unknown = records(("a", None, 3)).vstack(frame([{"day": FRIDAY, "source": "archive", "votes": 3}]))
    assert snapshots(unknown, pl.DataFrame(schema=SNAPSHOT), NOON).is_empty()


def test_a_record_listed_twice_has_one_snapshot() -> None:
    assert snapshots(records(("a", 1, 0), ("a", 4, 0)), pl.DataFrame(schema=SNAPSHOT), NOON)["votes"].to_list() == [4]
