"""What is found: fields, order, what is marked, and what is taken for a misspelt word."""

from pathlib import Path

import pytest

from assets.search.find import Marked
from tests.search.made import MONDAY, TUESDAY, WEDNESDAY, found, ids, indexed, work

each = pytest.mark.parametrize

DAYS = {
    MONDAY: [
        work(1, "Program synthesis", "We learn from input-output pairs.", authors="Ada Lovelace; Émile Borel",
             tags="Code generation; code", categories=" cs.lg cs.pl cs cs "),
        work(2, "Pairing input with output", "A library in C++.", authors="Emile Zola",
             tags="Learning methods", categories=" math-ph math-ph "),
    ],
    TUESDAY: [
        work(3, "Reinforcement learning for robots", "Schrödinger's robots learn to walk.", authors="Ada Byron",
             tags="Reinforcement learning; reinforcement-learning; Robots", categories=" cs.ro cs "),
        work(4, "A survey of agents", "Robots are agents, too; we survey robots.", categories=" math.co math "),
    ],
    WEDNESDAY: [work(5, "Transformers", "Attention to state of the art robots.", authors="Robot Boss", withdrawn=True)],
}  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("index") / "search.sqlite"
    indexed(made, DAYS)
    return made


@each(
    ("typed", "works"),
    [
        ("program pairs", {1}),
        ("learning", {1, 2, 3}),
        ('"input-output pairs"', {1}),
        ('"pairs output"', set()),
        ("input-output pair", {1, 2}),
        ("transf*", {5}),
        ("reinforcem* walking", {3}),
        ("learni*", {1, 2, 3}),
        ("schrodinger", {3}),
        ("SCHRÖDINGER'S", {3}),
        ("author:emile", {1, 2}),
        ('author:"ada lovelace"', {1}),
        ("author:robots", {5}),
        ("tag:code", {1}),
        ('tag:"reinforcement learning"', {3}),
        ("tag:reinforcement-learning", {3}),
        ("cat:cs", {1, 3}),
        ("cat:CS.LG", {1}),
        ("cat:math", {4}),
        ("cat:math-ph", {2}),
        ("cat:cs cat:cs.pl", {1}),
        ("robots cat:cs", {3}),
        ("robots -cat:cs", {4, 5}),
        ("robots -survey", {3, 5}),
        ("robots -author:boss -survey", {3}),
        ("after:2025-03-11", {3, 4, 5}),
        ("before:2025-03-11", {1, 2}),
        ("robots after:2025-03-12", {5}),
        ("robots after:2025-03-11 before:2025-03-12", {3, 4}),
        ('"state of the art"', {5}),
        ("(robots) AND agents", {4}),
    ],
)  # fmt: skip
def test_what_is_found(file: Path, typed: str, works: set[int]) -> None:
    assert set(ids(file, typed)) == {f"made:{number}" for number in works}


def test_a_title_is_worth_more_than_an_abstract(file: Path) -> None:
    assert ids(file, "robots")[0] == "made:3"


def test_the_newest_first(file: Path) -> None:
    assert ids(file, "robots", newest=True) == ["made:5", "made:3", "made:4"]
    assert ids(file, "cat:cs") == ["made:3", "made:1"]


def test_no_more_than_the_limit(file: Path) -> None:
    assert len(found(file, "robots agents learn", 2).hits) == 2


def test_works_with_some_of_the_words_come_after_those_with_all(file: Path) -> None:
    hits = found(file, "robots walk synthesis transformers").hits
    assert [hit.every_word for hit in hits] == [False] * 4
    hits = found(file, "survey robots").hits
    assert [(hit.work_id, hit.every_word) for hit in hits][:2] == [("made:4", True), ("made:3", False)]
    assert len(hits) == 3


def test_works_with_two_of_the_words_come_before_those_with_one(tmp_path: Path) -> None:
    works = [work(1, "Sextants"), work(2, "Boats", "We waited long, with a rudder and then with an anchor.")]
    indexed(tmp_path / "a.sqlite", {MONDAY: [*works, work(3, "Nothing of it")]})
    hits = found(tmp_path / "a.sqlite", "sextant rudder anchor").hits
    assert [hit.work_id for hit in hits] == ["made:2", "made:1"]
    assert [hits[0].extract.text[first:last] for first, last in hits[0].extract.marks] == ["rudder", "anchor"]


def test_what_is_bound_to_a_field_holds_for_works_with_some_words_too(file: Path) -> None:
    hits = found(file, "robots pairs author:ada -walk").hits
    assert [hit.work_id for hit in hits] == ["made:1"]
    assert not hits[0].every_word


def test_a_phrase_of_a_compound_comes_before_its_words(file: Path) -> None:
    assert ids(file, "input-output") == ["made:1", "made:2"]


def test_what_is_found_is_marked(file: Path) -> None:
    hit = found(file, "synthesis input-output").hits[0]
    assert hit.title == Marked("Program synthesis", ((8, 17),))
    text, ((first, last),) = hit.extract.text, hit.extract.marks
    assert text[first:last] == "input-output"
    assert (hit.authors, hit.tags[0], hit.url) == (
        ["Ada Lovelace", "Émile Borel"],
        "Code generation",
        "https://papers.example/1",
    )
    assert hit.extract.text == "We learn from input-output pairs."


def test_of_a_long_abstract_the_part_with_the_words_is_shown(tmp_path: Path) -> None:
    indexed(tmp_path / "a.sqlite", {MONDAY: [work(1, "T", "nothing " * 200 + "the needle here " + "more " * 200)]})
    (hit,) = found(tmp_path / "a.sqlite", "needle").hits
    assert hit.extract.text.startswith("…")
    assert hit.extract.text.endswith("…")
    assert [hit.extract.text[first:last] for first, last in hit.extract.marks] == ["needle"]


@each(
    ("typed", "corrected", "best"),
    [
        ("reinforcemnt", {"reinforcemnt": "reinforcement"}, "made:3"),
        ("trasnformers", {"trasnformers": "transformers"}, "made:5"),
        ("sruvey of agnets", {"sruvey": "survey", "agnets": "agents"}, "made:4"),
        ("program syntesis", {"syntesis": "synthesis"}, "made:1"),
        ("input-outptu", {"outptu": "output"}, "made:1"),
    ],
)
def test_a_word_that_no_work_has_is_taken_for_the_nearest_of_a_title(
    file: Path, typed: str, corrected: dict[str, str], best: str
) -> None:
    answer = found(file, typed)
    assert answer.corrected == corrected
    assert answer.hits[0].work_id == best
    assert answer.hits[0].every_word


@each("typed", ["walk transformers", "xyzzyqwert", "rob", '"agents survey"', "transforx*"])
def test_words_that_are_somewhere_or_near_none_are_left(file: Path, typed: str) -> None:
    assert found(file, typed).corrected == {}


def test_of_words_equally_near_the_one_of_most_titles_is_taken(tmp_path: Path) -> None:
    titles = ("Boats", "Coats", "Coats again")
    indexed(tmp_path / "a.sqlite", {MONDAY: [work(number, title) for number, title in enumerate(titles)]})
    assert found(tmp_path / "a.sqlite", "doats").corrected == {"doats": "coats"}


def test_it_says_what_was_looked_through(file: Path, tmp_path: Path) -> None:
    answer = found(file, "xyzzyqwert")
    assert (answer.hits, answer.works, answer.newest) == ([], 5, WEDNESDAY)
    indexed(tmp_path / "empty.sqlite", {})
    assert (found(tmp_path / "empty.sqlite", "robots").works, found(tmp_path / "empty.sqlite", "x").newest) == (0, None)
