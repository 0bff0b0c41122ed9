"""The morning's lists and the later ones of the same real days: every late paper found, none twice, votes apart."""

import gzip
import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.fetch.archive import ArchiveSource
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.round import Round, late_days
from assets.fetch.sample import SampleSource
from assets.fetch.source import Body, Listing
from orchestration.warehouse import Warehouse
from quality import entries
from tests.lab import DATA

BACK = 7


@pytest.fixture(scope="module")
def later() -> Path:
    folder = DATA / "huggingface/daily_papers_later"
    if not folder.is_dir():
        pytest.skip(f"the later lists of the real days are not here: {folder}")
    return folder


@pytest.fixture(scope="module")
def fetched(later: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Daily runs over all the days: each fetches the morning's list, and those before it again as they were later."""
    home = tmp_path_factory.mktemp("late")
    archive = home / "archive"
    archive.mkdir()
    warehouse = Warehouse(path=str(home / "warehouse.duckdb"))
    feeds = Feeds([ArchiveSource(archive)], BodyStore(home / "bodies"), late_days=BACK)
    with warehouse.kept_open():
        for file in sorted(later.glob("*.json.gz")):
            if (morning := DATA / "huggingface/daily_papers" / file.name).exists():
                shutil.copyfile(morning, archive / file.name)
            run(warehouse, feeds, day_of(file))
            shutil.copyfile(file, archive / file.name)
        run(warehouse, feeds, date(2025, 4, 1))
    yield warehouse


def run(warehouse: Warehouse, feeds: Feeds, day: date) -> None:
    """A daily run, below Dagster and the gate."""
    made = Round.of(warehouse, feeds, [day], late_days(warehouse, [day], feeds.late_days))
    published = entries.partitions("fetched_papers", made.rows, made.published, "run")
    tables = {"fetched_papers": made.rows, "fetch_ledger": made.ledger, "partitions": published}
    warehouse.publish("fetched_papers", made.published, tables, {"popularity": made.snapshots})


def day_of(file: Path) -> date:
    return date.fromisoformat(file.name[:10])


def listed(file: Path) -> dict[str, dict[str, Any]]:
    """A list's entries by id; of one day only the later list was recorded."""
    if not file.exists():
        return {}
    return {item["paper"]["id"]: item for item in json.loads(gzip.decompress(file.read_bytes()))}


def both(file: Path) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The morning's list and the later one."""
    return listed(DATA / "huggingface/daily_papers" / file.name), listed(file)


def test_every_paper_of_both_lists_stands_once(fetched: Warehouse, later: Path) -> None:
    files = sorted(later.glob("*.json.gz"))
    late = 0
    for file in files:
        morning, afternoon = both(file)
        ids = fetched.rows("fetched_papers", [day_of(file)])["source_id"].to_list()
        assert sorted(ids) == sorted(morning.keys() | afternoon.keys()), file.name
        late += len(afternoon.keys() - morning.keys())
    assert (len(files), late) == (63, 376)


def test_a_late_paper_was_seen_after_those_of_the_morning(fetched: Warehouse, later: Path) -> None:
    for file in later.glob("*.json.gz"):
        morning, _ = both(file)
        rows = fetched.rows("fetched_papers", [day_of(file)])
        in_time = rows.filter(pl.col("source_id").is_in(list(morning)))
        assert in_time["seen_at"].n_unique() == bool(morning)
        late = rows.filter(~pl.col("source_id").is_in(list(morning)))
        assert not morning or late.is_empty() or late["seen_at"].min() > in_time["seen_at"].max()  # type: ignore[operator]


def test_votes_moved_in_the_snapshots_only(fetched: Warehouse, later: Path) -> None:
    seen = fetched.read("SELECT source_id, votes FROM popularity ORDER BY seen_at")
    moved = 0
    for file in later.glob("*.json.gz"):
        morning, afternoon = both(file)
        rows = fetched.rows("fetched_papers", [day_of(file)])
        for source_id, votes in rows.select("source_id", "votes").iter_rows():
            first = morning.get(source_id) or afternoon[source_id]
            assert votes == first["paper"]["upvotes"]
            snapshots = seen.filter(pl.col("source_id") == source_id)["votes"].to_list()
            if source_id in morning and source_id in afternoon:
                expected = [morning[source_id]["paper"]["upvotes"], afternoon[source_id]["paper"]["upvotes"]]
                moved += expected[0] != expected[1]
                assert {*expected} <= {*snapshots}
                assert snapshots[-1] == expected[1]
    assert moved > 500, "the votes of the real days did move"


def test_what_was_known_at_any_time_can_be_read_back(fetched: Warehouse, later: Path) -> None:
    """The votes as of the morning's fetch are those that the morning's list told."""
    known = """
        SELECT popularity.source_id, arg_max(popularity.votes, popularity.seen_at) AS votes
        FROM popularity JOIN fetched_papers AS listed USING (source, source_id)
        WHERE listed.day = $day AND popularity.seen_at <= (SELECT min(seen_at) FROM fetched_papers WHERE day = $day)
        GROUP BY ALL
    """
    for file in sorted(later.glob("*.json.gz"))[::9]:
        morning, _ = both(file)
        votes = dict(fetched.read(known, {"day": day_of(file)}).iter_rows())
        assert votes == {source_id: item["paper"]["upvotes"] for source_id, item in morning.items()}


def test_a_day_is_asked_for_again_until_it_is_too_old(fetched: Warehouse, later: Path) -> None:
    attempts = fetched.read("SELECT day, max(attempts) AS attempts FROM fetch_ledger GROUP BY day")
    assert attempts.height >= 63
    assert fetched.read("SELECT count(*) AS n FROM fetch_ledger WHERE state <> 'fresh'")["n"].item() == 1, "April, 1st"


def test_only_the_newest_day_asks_for_late_ones(fetched: Warehouse) -> None:
    newest = date(2025, 4, 1)
    assert late_days(fetched, [date(2025, 3, 27)], BACK) == []
    assert late_days(fetched, [newest], 0) == []
    assert late_days(fetched, [newest], BACK)[-1] < newest


def test_invented_papers_go_when_their_day_is_made_from_real_sources(later: Path, tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    file, store = sorted(later.glob("*.json.gz"))[0], BodyStore(tmp_path / "bodies")
    run(warehouse, Feeds([SampleSource()], store), day_of(file))
    assert set(warehouse.rows("fetched_papers", [day_of(file)])["source"]) == {"sample"}
    run(warehouse, Feeds([ArchiveSource(later)], store), day_of(file))
    assert set(warehouse.rows("fetched_papers", [day_of(file)])["source"]) == {"archive"}


class Growing:
    """A list that has one paper, and one more whenever it is asked again; it may come in part."""

    name, calendar = "growing", None

    def __init__(self) -> None:
        self.asked = 0
        self.missing = ""

    def fetch(self, day: date) -> Listing:
        self.asked += 1
        bodies = [Body(b"{}", f"https://feed.example/{number}", datetime.now(UTC)) for number in range(self.asked)]
        return Listing(bodies, missing=self.missing)

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return [{"day": day, "source": self.name, "source_id": body.url, "body": "", "record": "{}"} for body in bodies]

    def newest_day(self, until: date) -> date | None:
        return until


def test_a_late_list_that_comes_in_part_waits_for_tomorrow(tmp_path: Path) -> None:
    warehouse, source = Warehouse(path=str(tmp_path / "warehouse.duckdb")), Growing()
    feeds, days = (
        Feeds([source], BodyStore(tmp_path / "bodies"), late_days=BACK),
        (date(2025, 3, 10), date(2025, 3, 11)),
    )
    run(warehouse, feeds, days[0])
    source.missing = "page 1: 503"
    made = Round.of(warehouse, feeds, [days[1]], [days[0]])
    assert made.changed == []
    source.missing = ""
    again = Round.of(warehouse, feeds, [days[1]], [days[0]])
    assert again.changed == [days[0]]
    assert again.rows.filter(pl.col("day") == days[0]).height == source.asked - 1
