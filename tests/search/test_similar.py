"""The works that are most like one: by the words that tell it, whatever is common to all."""

import gzip
import json
from pathlib import Path

import pytest

from assets.search.find import opened
from assets.search.similar import UnknownWork, similar, telling
from tests.orchestration.terminal import MONDAY, Terminal, body
from tests.search.made import WEDNESDAY, a_day_each, indexed, work

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"
WORKS = [
    work(1, "Keels for sailing boats", "We study how keels steady a sailing boat in waves."),
    work(2, "Steady sailing", "A method that keeps a boat with keels upright."),
    work(3, "Lighthouses at night", "We study how lamps are seen from far."),
    work(4, "Lamps for harbours", "A method for lamps of lighthouses."),
    work(5, "Of the", "We."),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    indexed(tmp_path / "search.sqlite", a_day_each(WORKS))
    return tmp_path / "search.sqlite"


def near(file: Path, number: int, limit: int = 5) -> list[str]:
    return [hit.work_id for hit in similar(file, f"made:{number}", limit)]


def test_works_that_share_their_telling_words_are_alike(file: Path) -> None:
    assert near(file, 1, 1) == ["made:2"]
    assert near(file, 4, 1) == ["made:3"]
    assert "made:1" not in near(file, 1), "no work is like itself"


def test_a_work_that_comes_later_is_found_from_then_on(file: Path) -> None:
    days = {**a_day_each(WORKS), WEDNESDAY.replace(year=2026): [work(6, "Keels", "Keels of sailing boats in waves.")]}
    indexed(file, days, "2")
    assert "made:6" in near(file, 1, 2)


def test_a_work_without_a_telling_word_is_like_none(file: Path) -> None:
    assert near(file, 5) == []


def test_an_unknown_work_is_told(file: Path) -> None:
    with pytest.raises(UnknownWork, match="holds no work made:9"):
        similar(file, "made:9")


def test_words_that_stand_in_few_titles_tell_more(file: Path) -> None:
    with opened(file) as connection:
        found = telling(connection, "Keels for boats", "We study boats with rudders and the rudders of boats.")
    assert found[:3] == ["boats", "rudders", "keels"]
    assert not {"we", "for", "with", "the"}.intersection(found)


def test_the_command_prints_them(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / f"{MONDAY}.json").write_text(body(MONDAY))
    terminal = Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder)})
    assert "there is no search index yet" in terminal("similar", "2503.00001").stderr
    assert terminal.run("backfill", MONDAY, MONDAY).exit_code == 0
    known = terminal("search", "agents", "--json", "--limit", "1")
    work_id = json.loads(known.stdout)["hits"][0]["work_id"]
    found = terminal("similar", work_id, "--json", "--limit", "3")
    assert (found.exit_code, found.stderr) == (0, "")
    hits = json.loads(found.stdout)
    assert len(hits) == 3
    assert work_id not in {hit["work_id"] for hit in hits}
    for hit in hits:
        assert hit["title"] in terminal("similar", work_id).stdout
    assert "look at the id" in terminal("similar", "2503.99999").stderr


def test_real_works_are_near_their_field(tmp_path: Path) -> None:
    """Of four thousand works of all fields, the nearest is of the same archive far more often than by chance."""
    if not CORPUS.exists():
        pytest.skip("the corpus of real abstracts is not here")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        papers = [paper for line in lines for paper in [json.loads(line)] if paper["categories"]][::20]
    archives = {f"made:{place}": paper["categories"][0].partition(".")[0] for place, paper in enumerate(papers)}
    listed = [work(place, paper["title"], paper["abstract"] or "") for place, paper in enumerate(papers)]
    indexed(tmp_path / "search.sqlite", {MONDAY: listed})
    asked = list(archives)[::40]
    right = [archives[found] == archives[name] for name in asked for found in near_ids(tmp_path, name)]
    chance = sum(archives[one] == archives[other] for one in asked for other in asked) / len(asked) ** 2
    assert sum(right) / len(right) > 2 * chance


def near_ids(folder: Path, name: str) -> list[str]:
    return [hit.work_id for hit in similar(folder / "search.sqlite", name, 1)]
