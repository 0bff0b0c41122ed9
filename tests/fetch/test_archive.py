"""A folder of recorded bodies; among them every real day."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from assets.fetch.archive import ArchiveSource
from assets.fetch.source import SourceError, frame

DAY = date(2025, 3, 13)
LIST = json.dumps([{"paper": {"id": "2503.08640", "title": "An Invented Title", "authors": []}}]).encode()


def test_both_endings_are_read(tmp_path: Path) -> None:
    (tmp_path / "2025-03-13.json").write_bytes(LIST)
    (tmp_path / "2025-03-14.json.gz").write_bytes(gzip.compress(LIST))
    source = ArchiveSource(tmp_path)
    for day in (date(2025, 3, 13), date(2025, 3, 14)):
        (body,) = source.fetch(day).bodies
        assert body.content == LIST
        assert body.url.startswith("file:///")
        assert [row["source_id"] for row in source.parse(day, [body])] == ["2503.08640"]


def test_two_files_for_one_day_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "2025-03-13.json").write_bytes(LIST)
    (tmp_path / "2025-03-13.json.gz").write_bytes(gzip.compress(LIST))
    with pytest.raises(SourceError, match=r"2025-03-13\.json and 2025-03-13\.json\.gz both hold 2025-03-13; keep one"):
        ArchiveSource(tmp_path).fetch(DAY)


def test_a_day_without_a_file_has_no_list(tmp_path: Path) -> None:
    source = ArchiveSource(tmp_path)
    assert not source.fetch(DAY).bodies
    assert source.parse(DAY, []) == []


def test_a_missing_folder_is_an_error_and_not_a_quiet_day(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no folder .*; set archive\.folder") as error:
        ArchiveSource(tmp_path / "gone").fetch(DAY)
    assert not error.value.transient
    with pytest.raises(SourceError, match="there is no folder"):
        ArchiveSource(tmp_path / "gone").newest_day(DAY)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda whole: whole[:-20], id="truncated"),
        pytest.param(lambda whole: b"", id="no bytes"),
        pytest.param(lambda whole: LIST, id="not gzip"),
        pytest.param(lambda whole: whole[:12] + b"\x00" * 8 + whole[20:], id="damaged"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_named(tmp_path: Path, broken: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "2025-03-13.json.gz"
    file.write_bytes(broken(gzip.compress(LIST * 20)))
    source = ArchiveSource(tmp_path)
    with pytest.raises(SourceError, match=re.escape(str(file))):
        source.parse(DAY, source.fetch(DAY).bodies)


@pytest.mark.parametrize(
    ("until", "newest"),
    [
        (date(2025, 3, 20), date(2025, 3, 17)),
        (date(2025, 3, 17), date(2025, 3, 17)),
        (date(2025, 3, 16), date(2025, 3, 13)),
        (date(2025, 3, 12), None),
    ],
)
def test_the_newest_day_is_the_latest_file(tmp_path: Path, until: date, newest: date | None) -> None:
    for name in ("2025-03-13.json.gz", "2025-03-17.json", "notes.json", "2025-13-01.json", "2025-03-16.txt"):
        (tmp_path / name).write_bytes(b"")
    assert ArchiveSource(tmp_path).newest_day(until) == newest


def test_every_real_day_parses(daily_papers: Path) -> None:
    source = ArchiveSource(daily_papers)
    files = sorted(daily_papers.glob("*.json.gz"))
    assert len(files) == 415
    for file in files:
        day = date.fromisoformat(file.name.removesuffix(".json.gz"))
        listed = [item["paper"]["id"] for item in json.loads(gzip.decompress(file.read_bytes()))]
        table = frame(source.parse(day, source.fetch(day).bodies))
        assert table["source_id"].to_list() == listed, day
        assert table["title"].null_count() == 0, day
        assert table["day"].unique().to_list() == [day]
