"""Which records are one work, and what the work's row says."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.dedupe.decisions import Decisions
from assets.dedupe.identity import WORK
from tests.dedupe.records import AUTHORS, FIRST, TITLE, all_at_once, record, record_lists, table

CODE = {"url": "https://code.example/x", "kind": "code"}


def one(*records: dict[str, Any]) -> dict[str, Any]:
    """The only work of these records."""
    (row,) = all_at_once(table(*records)).rows(named=True)
    return row


def groups(*records: dict[str, Any]) -> list[set[str]]:
    """The works as sets of source ids."""
    return [{member["source_id"] for member in row["members"]} for row in all_at_once(table(*records)).rows(named=True)]


def test_no_records_make_no_works() -> None:
    made = all_at_once(table())
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


def test_the_reasons_name_the_papers_and_what_links_them() -> None:
    row = one(record("2503.00010", title=TITLE), record("m", 1, "sample", title=TITLE.upper(), authors=AUTHORS[:1]))
    (reason,) = row["reasons"]
    assert reason.startswith("arxiv:2503.00010 = sample:m: same title, 100% of the authors")


def test_links_chain() -> None:
    """First and last share nothing; an id, a DOI and a title in between make them one work."""
    row = one(
        record("2503.00010", abstract=None),
        record("2503.00010", 1, "sample", doi="10.5555/x", title="Renamed and Revised", abstract=None),
        record("m", 2, doi="10.5555/x", title=TITLE, abstract=None),
        record("n", 3, title=TITLE, abstract=None),
    )
    assert [member["source_id"] for member in row["members"]] == ["2503.00010", "2503.00010", "m", "n"]
    assert [reason.partition(": ")[0] for reason in row["reasons"]] == [
        "archive 2503.00010 of 2025-03-03 = sample 2503.00010 of 2025-03-04",
        "archive:m = archive:n",
        "archive:m = arxiv:2503.00010",
    ]


def test_what_the_operator_decided_is_a_reason_too() -> None:
    decided = Decisions({("archive:m", "arxiv:2503.00010"): ""}, {("archive:m", "archive:n"): ""})
    rows = all_at_once(table(record("2503.00010"), record("m"), record("n")), decided).rows(named=True)
    assert {row["work_id"]: row["reasons"] for row in rows} == {
        "arxiv:2503.00010": ["archive:m = arxiv:2503.00010: decided by the operator"],
        "archive:n": [],
    }


def test_the_work_is_named_by_arxiv_where_it_can_be() -> None:
    mirrored = record("a", title=TITLE), record("2503.00020", 1, title=TITLE)
    assert one(*mirrored)["work_id"] == "arxiv:2503.00020"
    assert one(record("b", title=TITLE), record("a", 1, title=TITLE))["work_id"] == "archive:a"


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
        record("m", title="At the Mirror", abstract=None, doi="10.5555/x", votes=9, comments=0, keywords=["two", "one"],
               links=[CODE]),
        record("2503.00010", source="sample", title="At arXiv", abstract=None, doi="10.5555/x", votes=4, comments=None,
               keywords=["one", "three"], links=[CODE], categories=["cs.LG"]),
    )  # fmt: skip
    assert (row["title"], row["url"]) == ("At arXiv", "https://papers.example/sample/2503.00010")
    assert (row["votes"], row["comments"]) == (9, 0)
    assert row["keywords"] == ["one", "three", "two"]
    assert (row["categories"], row["links"]) == (["cs.LG"], [CODE])


@pytest.mark.parametrize(
    ("mirror", "arxiv", "affiliations"),
    [
        (["The Mirror's College"], ["Example University", "Sample College"], ["Example University", "Sample College"]),
        (["The Mirror's College"], [], ["The Mirror's College"]),
        (["The Mirror's College"], None, ["The Mirror's College"]),
        ([], None, []),
    ],
)
def test_affiliations_are_the_canonical_records_or_those_that_are_known(
    mirror: list[str], arxiv: list[str] | None, affiliations: list[str]
) -> None:
    """Not all that any record says: two feeds spell one institution in two ways."""
    row = one(
        record("m", title=TITLE, affiliations=mirror),
        record("2503.00010", source="sample", title=TITLE, affiliations=arxiv),
        record("2503.00010", 1, title=TITLE, affiliations=["A Later Employer"]),
    )
    assert row["affiliations"] == affiliations


def test_withdrawal_is_dated_by_the_first_record_that_says_so() -> None:
    listed = [record("2503.00010", day, version=day + 1, withdrawn=day > 1) for day in range(4)]
    row = one(*listed)
    assert (row["withdrawn_on"], row["day"], row["version"]) == (date(2025, 3, 5), FIRST, 4)
    assert one(*listed[:2])["withdrawn_on"] is None


@given(records=record_lists(), data=st.data())
def test_the_order_of_records_does_not_matter(records: list[dict[str, Any]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(records))
    assert all_at_once(table(*shuffled)).equals(all_at_once(table(*records)))


@given(records=record_lists())
def test_every_record_is_in_one_work_and_works_are_told_apart(records: list[dict[str, Any]]) -> None:
    made = all_at_once(table(*records))
    keys = ("day", "source", "source_id")
    members = [tuple(member[key] for key in keys) for row in made["members"] for member in row]
    assert Counter(members) == Counter(tuple(row[key] for key in keys) for row in records)
    assert made["work_id"].is_unique().all()
    for row in made.rows(named=True):
        assert row["day"] == min(member["day"] for member in row["members"])
        assert row["work_id"] in {member["paper_id"] for member in row["members"]}
        assert len(row["reasons"]) >= len(row["members"]) - 1, "every member has a reason to be there"


@given(records=record_lists())
def test_an_id_is_never_in_two_works(records: list[dict[str, Any]]) -> None:
    made = all_at_once(table(*records)).explode("members").unnest("members", separator="_")
    owners = made.group_by("members_paper_id").agg(pl.col("work_id").n_unique())
    assert owners["work_id"].max() in (1, None)
