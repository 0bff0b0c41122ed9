"""Two records are one work if what they say agrees, and nothing sets them apart."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.dedupe.candidates import pairs
from assets.dedupe.fingerprint import blocks
from assets.dedupe.verify import EDGE, Verdict, judged, verdict
from tests.dedupe.records import record, record_lists, table

TITLE = "How Far Invented Tides Come Up an Invented Beach"
TEXT = (
    "Invented tides wash over an invented beach twice a day, and we measure how far they come. Of nine models that "
    "tell the next tide from the last hundred, the one with a moon of its own is right most often. It is also the "
    "slowest, for the moon has to be moved by hand. We give the code of all models, a film of the moon, and the names "
    "of those who moved it."
)
REVISED = TEXT.replace("Of nine models", "Of the nine models that we know and").replace("We give the code", "The code")
REWRITTEN = (
    "Where does the water stop? We ask this of an invented sea, day after day, with a pole and a notebook, and find "
    "that a model which carries its own moon answers best, if slowly. Whoever wants to repeat what we did will need "
    "a boat, a lamp and three invented assistants, all of which are described at length."
)
OTHER = (
    "A hat can be folded from one sheet of newspaper in under a minute. We compare eleven ways of folding by how long "
    "the hat lasts in rain, and none of them lasts until the evening. A twelfth way, with two sheets, does."
)
SIDES = ("left", "right")
TWO = ["Ada Example", "Ben Sample"]
ANOTHER_TWO = ["Carl Other", "Dora Else"]


def said(left: dict[str, Any], right: dict[str, Any]) -> Verdict:
    """The verdict on two records of one title, text and authors, but for the facts given."""
    plain = {"title": TITLE, "abstract": TEXT, "authors": TWO, "doi": None, "published": None}
    rows = table(record("a", **(plain | left)), record("b", **(plain | right)))
    return verdict(rows.row(0, named=True), rows.row(1, named=True))


def year(number: int) -> dict[str, Any]:
    """Published in that year."""
    return {"published": datetime(number, 1, 1)}


STRONG: list[Any] = [
    pytest.param({}, {}, id="the same"),
    pytest.param({}, {"abstract": REVISED}, id="a revised text"),
    pytest.param({}, {"abstract": TEXT[:250]}, id="a text that was cut off"),
    pytest.param({}, {"title": TITLE.replace("Far", "Faar")}, id="a misspelt title"),
    pytest.param({}, {"title": f"{TITLE} (extended abstract)"}, id="a note on the form"),
    pytest.param({}, {"title": f"{TITLE} [Review] [57 refs]"}, id="a database's note"),
    pytest.param({}, {"abstract": None}, id="no text on one side"),
    pytest.param({"abstract": None} | year(2020), {"abstract": None} | year(2020), id="no texts, one year"),
    pytest.param({}, {"authors": []}, id="no authors on one side"),
    pytest.param({}, {"authors": [*TWO, *ANOTHER_TWO]}, id="more authors"),
    pytest.param(
        {"title": "Tides", "abstract": None}, {"title": "Tides", "abstract": None}, id="a brief title of two authors"
    ),
    pytest.param(
        {"doi": "10.5555/tides", "abstract": REWRITTEN},
        {"doi": "10.5555/tides", "authors": ANOTHER_TWO},
        id="same DOI and title",
    ),
    pytest.param(
        {"doi": "10.5555/tides", "abstract": None},
        {"doi": "10.5555/tides", "abstract": None, "title": "Wie weit erfundenes Wasser steigt"},
        id="same DOI, a translated title",
    ),
    pytest.param({"doi": "10.48550/arxiv.1"}, {"doi": "10.5555/tides"}, id="a preprint's DOI and its journal's"),
]
WEAK: list[Any] = [
    pytest.param(
        {},
        {"title": "How Far the Tides Come Up an Invented Beach, Measured", "abstract": REVISED},
        id="a reworded title",
    ),
    pytest.param({"abstract": None}, {"abstract": None, "title": f"{TITLE}: A Long Story"}, id="a subtitle"),
    pytest.param({"abstract": REWRITTEN} | year(2020), year(2020), id="a rewritten text"),
    pytest.param(
        {"abstract": None, "authors": ["The Tide Group"]} | year(2020),
        {"abstract": None} | year(2020),
        id="a group of authors",
    ),
]
APART: list[Any] = [
    pytest.param({}, {"title": "Hats", "abstract": OTHER}, "other titles, only", id="another work of theirs"),
    pytest.param({}, {"title": "Hats", "authors": ANOTHER_TWO}, "no author in common", id="a pasted text"),
    pytest.param(
        {}, {"title": "The Folding of Hats from Newspaper"}, "other titles", id="a text pasted by its authors"
    ),
    pytest.param({"title": f"{TITLE} I"}, {"title": f"{TITLE} II"}, "numerals differ: 1 / 2", id="parts"),
    pytest.param({}, {"title": f"{TITLE}, Part II"}, "numerals differ: 2 / none", id="the first part without a number"),
    pytest.param({"title": f"{TITLE} in 2D"}, {"title": f"{TITLE} in 3D"}, "numerals differ: 2 / 3", id="dimensions"),
    pytest.param({"title": f"{TITLE}: Case A"}, {"title": f"{TITLE}: Case B"}, "numerals differ: 1 / 2", id="cases"),
    pytest.param(
        {"title": f"{TITLE} in 2023"},
        {"title": f"{TITLE} in 2024"},
        "numerals differ: 2023 / 2024",
        id="years",
    ),
    pytest.param(
        {"title": f"The First Look at {TITLE}"},
        {"title": f"The Second Look at {TITLE}"},
        "numerals differ",
        id="ordinals",
    ),
    pytest.param({}, {"title": f"Erratum: {TITLE}"}, "one is an erratum", id="an erratum"),
    pytest.param({}, {"title": f"Reply to “{TITLE}”"}, "one is an erratum", id="a reply"),
    pytest.param(
        {"title": f"Comment on “{TITLE}”"} | year(2020),
        {"title": f"Comment on “{TITLE}”", "authors": ANOTHER_TWO} | year(2020),
        "too little",
        id="two comments on one work",
    ),
    pytest.param(
        {"abstract": REWRITTEN},
        {"authors": ANOTHER_TWO},
        "too little in common: same title, 0% of the authors",
        id="chance",
    ),
    pytest.param({"abstract": REWRITTEN} | year(2010), year(2020), "too little", id="one title ten years apart"),
    pytest.param(
        {"abstract": None} | year(2020), {"abstract": None} | year(2021), "too little", id="no texts, two years"
    ),
    pytest.param({"abstract": None, "authors": []}, {"abstract": None}, "authors unknown, no texts", id="only a title"),
    pytest.param(
        {"title": "Tides", "abstract": None, "authors": TWO[:1]},
        {"title": "Tides", "abstract": None, "authors": TWO[:1]},
        "too little",
        id="a brief title of one author",
    ),
    pytest.param(
        {"title": "Editor's Notes", "abstract": None, "authors": TWO[:1]},
        {"title": "Editor's Notes", "abstract": None, "authors": TWO[:1]},
        "come again with every issue",
        id="a column",
    ),
    pytest.param(
        {"doi": "10.5555/one", "abstract": None}, {"doi": "10.5555/two", "abstract": None}, "DOIs differ", id="two DOIs"
    ),
    pytest.param(
        {"doi": "10.5555/proceedings"},
        {"doi": "10.5555/proceedings", "title": "Hats", "abstract": OTHER, "authors": ANOTHER_TWO},
        "same DOI 10.5555/proceedings, but",
        id="a DOI of proceedings",
    ),
    pytest.param(
        {"doi": "10.5555/book", "title": f"{TITLE} I", "abstract": None},
        {"doi": "10.5555/book", "title": f"{TITLE} II", "abstract": None},
        "same DOI 10.5555/book, but",
        id="a DOI of a book",
    ),
]


@pytest.mark.parametrize(("left", "right"), STRONG)
def test_what_says_it_alone(left: dict[str, Any], right: dict[str, Any]) -> None:
    found = said(left, right)
    assert (found.linked, found.strong) == (True, True), found.reason


@pytest.mark.parametrize(("left", "right"), WEAK)
def test_what_is_only_similar(left: dict[str, Any], right: dict[str, Any]) -> None:
    found = said(left, right)
    assert (found.linked, found.strong) == (True, False), found.reason


@pytest.mark.parametrize(("left", "right", "reason"), APART)
def test_what_is_not_one_work(left: dict[str, Any], right: dict[str, Any], reason: str) -> None:
    found = said(left, right)
    assert not found.linked
    assert reason in found.reason


def test_a_withdrawn_text_says_nothing() -> None:
    gone = {"withdrawn": True, "abstract": "This paper is withdrawn, and no more shall ever be said about it. " * 3}
    assert not said(gone, gone | {"title": "The Folding of Hats from Newspaper"}).linked
    assert said(gone, {}).linked


def test_a_short_text_says_nothing() -> None:
    brief = {"abstract": "The title says it all."}
    assert not said(brief, brief | {"title": "The Folding of Hats from Newspaper"}).linked


def test_a_link_says_how_alike_the_two_are() -> None:
    found = said({}, {"abstract": REVISED, "authors": [*TWO, "Carl Other"]})
    assert found.reason == "same title, 100% of the authors, 87% of the text"
    assert 0.8 < found.score < 1


@settings(deadline=None)
@given(record_lists(), st.data())
def test_the_two_may_be_turned_round(records: list[dict[str, Any]], data: st.DataObject) -> None:
    rows = table(record("a"), *records).rows(named=True)
    left, right = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(rows))
    assert verdict(left, right) == verdict(right, left)


@settings(deadline=None)
@given(record_lists())
def test_a_table_of_pairs_is_judged_as_each_of_them(records: list[dict[str, Any]]) -> None:
    rows = table(*records)
    compared = pairs(blocks(rows))
    edges = judged(compared, rows)
    one_by_one = {(row["day"], row["source"], row["source_id"]): row for row in rows.iter_rows(named=True)}
    linked = set()
    for pair in compared.iter_rows(named=True):
        sides = [one_by_one[pair[f"{side}_day"], pair[f"{side}_source"], pair[f"{side}_source_id"]] for side in SIDES]
        if verdict(*sides).linked:
            linked.add((pair["left"], pair["right"]))
    assert edges.schema == EDGE
    assert edges.select("left", "right").rows() == sorted(linked)
    assert edges["score"].is_between(0, 1).all()


def test_the_best_two_records_speak_for_their_papers() -> None:
    rows = table(
        record("a", title=TITLE, abstract=REWRITTEN, authors=TWO, **year(2020)),
        record("b", title=TITLE, abstract=TEXT, authors=TWO, **year(2020)),
        record("b", day=1, title=TITLE, abstract=REWRITTEN, authors=TWO, **year(2020)),
    )
    (edge,) = judged(pairs(blocks(rows)), rows).rows(named=True)
    assert edge == {
        "left": "archive:a",
        "right": "archive:b",
        "strong": True,
        "score": 1.0,
        "reason": "same title, 100% of the authors, 100% of the text",
    }


def test_no_pairs_have_no_edges() -> None:
    assert judged(pairs(blocks(table())), table()).schema == EDGE
    assert judged(pairs(blocks(table())), table()).is_empty()


def test_the_order_of_records_does_not_matter() -> None:
    rows = table(*(record(name, title=TITLE, abstract=TEXT, authors=TWO) for name in "abc"))
    turned = rows.reverse()
    assert judged(pairs(blocks(rows)), rows).equals(judged(pairs(blocks(turned)), turned))
    assert len(judged(pairs(blocks(rows)), rows)) == 3
