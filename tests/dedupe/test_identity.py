"""Which records are one work, and what the work's row says."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.dedupe.identity import WORK, author_overlap, works
from tests.dedupe.records import AUTHORS, FIRST, TITLE, record, record_lists, table


def one(*records: dict[str, Any]) -> dict[str, Any]:
    """The only work of these records."""
    (row,) = works(table(*records)).rows(named=True)
    return row


def groups(*records: dict[str, Any]) -> list[set[str]]:
    """The works as sets of source ids."""
    return [{member["source_id"] for member in row["members"]} for row in works(table(*records)).rows(named=True)]


def test_no_records_make_no_works() -> None:
    made = works(table())
    assert made.schema == WORK
    assert made.is_empty()


def test_a_record_alone_is_a_work() -> None:
    row = one(record("2503.00010", version=1, votes=3, published=datetime(2025, 3, 1, 12)))
    assert row["work_id"] == "arxiv:2503.00010"
    assert row["day"] == FIRST
    assert row["reasons"] == []
    assert row["members"] == [
        {
            "source": "archive",
            "source_id": "2503.00010",
            "paper_id": "arxiv:2503.00010",
            "version": 1,
            "day": FIRST,
            "url": "https://papers.example/archive/2503.00010",
        }
    ]


def test_equal_ids_are_one_work_whatever_the_title_and_authors() -> None:
    row = one(record("2503.00010"), record("2503.00010", 2, title="Renamed and Revised", authors=["Carl Sample"]))
    assert row["reasons"] == [
        "archive 2503.00010 of 2025-03-03 = archive 2503.00010 of 2025-03-05: same id arxiv:2503.00010"
    ]


def test_equal_dois_are_one_work() -> None:
    row = one(record("2503.00010", doi="10.5555/x"), record("m", source="sample", doi="10.5555/x"))
    assert row["reasons"] == ["archive 2503.00010 of 2025-03-03 = sample m of 2025-03-03: same doi 10.5555/x"]


def test_missing_dois_are_not_equal() -> None:
    assert len(groups(record("2503.00010", doi=None), record("2503.00020", doi=None))) == 2


def test_equal_titles_by_the_same_authors_are_one_work() -> None:
    row = one(record("2503.00010", title=TITLE), record("m", 1, "sample", title=TITLE.upper(), authors=AUTHORS[:1]))
    assert row["reasons"] == [
        "archive 2503.00010 of 2025-03-03 = sample m of 2025-03-04: same title, 100% of the authors"
    ]


@pytest.mark.parametrize(
    ("authors", "same"),
    [
        (["Ada Example", "Carl Sample"], True),  # one of two
        (["Carl Sample", "Dora Sample"], False),
        (["Ada Example", "Carl Sample", "Dora Sample"], True),  # of the shorter list, one of two
        ([], False),
        (None, False),
    ],
)
def test_equal_titles_need_half_of_the_authors(authors: list[str] | None, same: bool) -> None:
    found = groups(record("2503.00010", title=TITLE), record("m", title=TITLE, authors=authors))
    assert (len(found) == 1) is same


@pytest.mark.parametrize("title", ["Editorial", "Discussion", "Muon Colliders"[:11], "Dark Matter"])
def test_a_short_title_says_nothing(title: str) -> None:
    assert len(groups(record("2503.00010", title=title), record("2503.00020", title=title))) == 2


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Invented Studies, Part I", "Invented Studies, Part II"),
        ("Invented Studies 1", "Invented Studies 2"),
        ("Invented Studies 3.5", "Invented Studies 3"),
        ("Studies with 10 Inventions", "Studies with 100 Inventions"),
    ],
)
def test_numerals_keep_works_apart(left: str, right: str) -> None:
    assert len(groups(record("2503.00010", title=left), record("2503.00020", title=right))) == 2


def test_links_chain() -> None:
    """First and last share nothing; an id, a DOI and a title in between make them one work."""
    row = one(
        record("2503.00010"),
        record("2503.00010", 1, "sample", doi="10.5555/x", title="Renamed and Revised"),
        record("m", 2, doi="10.5555/x", title=TITLE),
        record("n", 3, title=TITLE, authors=AUTHORS[1:]),
    )
    assert [member["source_id"] for member in row["members"]] == ["2503.00010", "2503.00010", "m", "n"]
    assert [reason.rpartition(": ")[2] for reason in row["reasons"]] == [
        "same id arxiv:2503.00010",
        "same doi 10.5555/x",
        "same title, 100% of the authors",
    ]


def test_the_work_is_named_by_arxiv_where_it_can_be() -> None:
    mirrored = record("a", doi="10.5555/x"), record("2503.00020", 1, doi="10.5555/x")
    assert one(*mirrored)["work_id"] == "arxiv:2503.00020"
    assert one(record("b", doi="10.5555/x"), record("a", 1, doi="10.5555/x"))["work_id"] == "archive:a"


def test_the_day_is_the_first_that_any_source_listed_it() -> None:
    assert one(record("2503.00010", 3), record("2503.00010", 1, "sample"))["day"] == date(2025, 3, 4)


def test_the_text_is_that_of_the_first_day() -> None:
    row = one(
        record("2503.00010", 0, title="As First Listed", votes=1, keywords=["one"]),
        record("2503.00010", 4, title="As Revised", votes=90, keywords=["two"], version=2),
    )
    assert (row["title"], row["votes"], row["keywords"], row["version"]) == ("As First Listed", 1, ["one"], 2)


def test_records_of_the_first_day_complete_one_another() -> None:
    row = one(
        record("m", title="At the Mirror", doi="10.5555/x", votes=9, comments=0, keywords=["two", "one"],
               links=["https://code.example/x"]),
        record("2503.00010", source="sample", title="At arXiv", doi="10.5555/x", votes=4, comments=None,
               keywords=["one", "three"], links=["https://code.example/x"], categories=["cs.LG"]),
    )  # fmt: skip
    assert (row["title"], row["url"]) == ("At arXiv", "https://papers.example/sample/2503.00010")
    assert (row["votes"], row["comments"]) == (9, 0)
    assert row["keywords"] == ["one", "three", "two"]
    assert (row["categories"], row["links"]) == (["cs.LG"], ["https://code.example/x"])


def test_withdrawal_is_dated_by_the_first_record_that_says_so() -> None:
    listed = [record("2503.00010", day, version=day + 1, withdrawn=day > 1) for day in range(4)]
    row = one(*listed)
    assert (row["withdrawn_on"], row["day"], row["version"]) == (date(2025, 3, 5), FIRST, 4)
    assert one(*listed[:2])["withdrawn_on"] is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ada Example", "A. Example"),
        ("Ada Example", "Example, Ada"),
        ("Ada Example", "Example, A."),
        ("José García", "Jose Garcia"),
        ("José García", "Jose\u0301 Garci\u0301a"),
        ("Ada Example", "ADA EXAMPLE"),
        ("Ada B. Example", "A. B. Example"),
        ("Ada Grace Example", "Example, Ada G."),
        ("Łukasz Przykład", "Łukasz Przykład"),
        ("Plato", "Plato"),
    ],
)
def test_spellings_of_one_name(left: str, right: str) -> None:
    assert author_overlap([left], [right]) == author_overlap([right], [left]) == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [("Ada Example", "Ben Example"), ("Ada Example", "Ada Sample"), ("Plato", "Platon"), ("Ada Example", "Example")],
)
def test_names_of_two(left: str, right: str) -> None:
    assert author_overlap([left], [right]) == 0


def test_overlap_is_the_share_of_the_shorter_list() -> None:
    assert author_overlap(["A. One", "B. Two", "C. Three"], ["B. Two", "D. Four"]) == 0.5
    assert author_overlap([], ["A. One"]) == author_overlap(None, ["A. One"]) == author_overlap(None, None) == 0


@given(records=record_lists(), data=st.data())
def test_the_order_of_records_does_not_matter(records: list[dict[str, Any]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(records))
    assert works(table(*shuffled)).equals(works(table(*records)))


@given(records=record_lists())
def test_every_record_is_in_one_work_and_works_are_told_apart(records: list[dict[str, Any]]) -> None:
    made = works(table(*records))
    keys = ("day", "source", "source_id")
    members = [tuple(member[key] for key in keys) for row in made["members"] for member in row]
    assert Counter(members) == Counter(tuple(row[key] for key in keys) for row in records)
    assert made["work_id"].is_unique().all()
    for row in made.rows(named=True):
        assert row["day"] == min(member["day"] for member in row["members"])
        assert row["work_id"] in {member["paper_id"] for member in row["members"]}
        assert len(row["reasons"]) >= len(row["members"]) - 1, "every member has a reason to be there"


@given(records=record_lists())
def test_an_id_or_a_doi_is_never_in_two_works(records: list[dict[str, Any]]) -> None:
    made = works(table(*records)).explode("members").unnest("members", separator="_")
    owners = made.group_by("members_paper_id").agg(pl.col("work_id").n_unique())
    assert owners["work_id"].max() in (1, None)
