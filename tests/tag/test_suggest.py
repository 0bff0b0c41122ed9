"""Phrases that the taxonomy might hold: what stored papers are about and it does not know."""

import json
from pathlib import Path

import pytest

from assets.tag.suggest import LEAST_PAPERS, Paper, Suggestion, pasted, suggestions
from assets.tag.taxonomy import Taxonomy, Topic
from orchestration.topics import suggested
from tests.orchestration.terminal import MONDAY, Terminal, body

BOATS = Topic("boats", "Sea", "Boats", "What floats.", ("boat", "sailing ship"), ("river boat",))
LIGHTS = Topic("lights", "Sea", "Lights", "What shines.", ("lighthouse",))
TAXONOMY = Taxonomy((BOATS, LIGHTS), {"LH": "lighthouse"})


def papers(number: int, keyword: str, *topics: str) -> list[Paper]:
    return [(f"On {keyword}, part {place}", [keyword], list(topics)) for place in range(number)]


OTHERS = papers(20, "lighthouse", "lights")


def found(*listed: list[Paper]) -> list[tuple[str, int, str | None]]:
    every = [paper for one in (*listed, OTHERS) for paper in one]
    return [(one.phrase, one.papers, one.topic) for one in suggestions(every, TAXONOMY)]


def test_a_phrase_goes_with_the_topic_that_its_papers_have() -> None:
    assert found(papers(5, "keel", "boats"), papers(4, "fog")) == [("keel", 5, "boats"), ("fog", 4, None)]


def test_how_clearly_it_goes_is_told() -> None:
    (one,) = suggestions([*papers(4, "keel", "boats"), *papers(2, "mast", "boats"), *OTHERS], TAXONOMY)
    assert one == Suggestion("keel", 4, ["On keel, part 0", "On keel, part 1"], "boats", 4, 26 / 6)


def test_a_topic_of_nearly_every_paper_tells_nothing() -> None:
    assert found(papers(5, "keel", "lights")) == [("keel", 5, None)]


@pytest.mark.parametrize("known", ["boat", "Boats", "small boat", "river boat", "sailing ships at sea", "LH"])
def test_what_the_taxonomy_knows_is_not_suggested(known: str) -> None:
    assert found(papers(9, known, "boats")) == []


def test_few_papers_suggest_nothing() -> None:
    assert found(papers(LEAST_PAPERS - 1, "keel", "boats")) == []


def test_spellings_are_counted_together_and_each_paper_once() -> None:
    twice: Paper = ("On keels", ["Keel", "keels"], ["boats"])
    assert found([twice], papers(3, "keel", "boats")) == [("keels", 4, "boats")]


def test_papers_without_keywords_or_topics_are_read_too() -> None:
    assert suggestions([("On fog", None, None)], TAXONOMY) == []


def test_the_phrases_stand_by_topic_as_toml_has_them() -> None:
    every = suggestions([*papers(5, "keel", "boats"), *papers(4, 'a "mast"', "boats"), *OTHERS], TAXONOMY)
    assert list(pasted(every)) == [("boats", ["keel", 'a "mast"'])]
    lines = list(suggested(every, TAXONOMY))
    assert lines[-1] == 'key = "boats": "keel", "a \\"mast\\"",'
    assert "5 papers; Boats: 5 of them, 3.2 times as many as by chance" in lines[0]


def test_the_command_reads_what_is_stored(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    listed = json.loads(body(MONDAY))
    for entry in listed:
        entry["paper"]["ai_keywords"] = ["keelhauling"]
    (folder / f"{MONDAY}.json").write_text(json.dumps(listed))
    terminal = Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder)})
    assert terminal.run("backfill", MONDAY, MONDAY).exit_code == 0
    told = terminal("taxonomy", "suggest", "--limit", "1")
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.startswith(f"keelhauling  {len(listed)} papers; ")
