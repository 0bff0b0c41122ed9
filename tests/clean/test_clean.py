"""Fetched records become uniform rows, one for one."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.clean import CLEAN, clean, title_key
from assets.clean.text import prose
from assets.fetch.source import RECORD

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no real papers at {DATA}")


def fetched(*rows: dict[str, Any]) -> pl.DataFrame:
    known = {"day": date(2025, 3, 12), "source": "arxiv", "source_id": "2503.00001", "position": 0}
    return pl.DataFrame([{**known, **row} for row in rows], schema=RECORD)


def cleaned(**row: Any) -> dict[str, Any]:
    return clean(fetched(row)).row(0, named=True)


def test_no_rows_have_the_schema_too() -> None:
    assert clean(fetched()).schema == CLEAN
    assert clean(fetched({})).schema == CLEAN


def test_rows_stay_one_for_one_and_in_order() -> None:
    rows = clean(fetched(*({"source_id": f"2503.0000{number}", "title": "Same"} for number in (3, 1, 2, 1))))
    assert rows["source_id"].to_list() == ["2503.00003", "2503.00001", "2503.00002", "2503.00001"]


def test_a_record_is_cleaned_column_by_column() -> None:
    row = cleaned(
        source_id="2503.00001v3",
        title='Schr\\"odinger\n  bridges',
        abstract="We use $O(n)$ steps.",
        authors=["  Ada\u00a0 Lovelace", "", "P\\'al Erd\\H{o}s", " "],
        affiliations=['ETH\n Z\\"urich', "", "A&amp;B\x07 Labs", "ETH Zürich", "for the Example Collaboration"],
        keywords=["flow\n matching", ""],
        note="12\n  pages",
        doi="https://doi.org/10.1/NO 10.1000/YES",
        votes=5,
    )
    assert (row["paper_id"], row["version"], row["doi"]) == ("arxiv:2503.00001", 3, "10.1000/yes")
    assert (row["title"], row["title_key"]) == ("Schrödinger bridges", "schrodingerbridges")
    assert (row["abstract"], row["note"], row["votes"]) == ("We use O(n) steps.", "12 pages", 5)
    assert row["authors"] == ["Ada Lovelace", "Pál Erdős"]
    assert row["affiliations"] == ["ETH Zürich", "A&B Labs"]
    assert row["keywords"] == ["flow matching"]
    assert (row["title_tex"], row["abstract_tex"]) == ('Schr\\"odinger bridges', "We use $O(n)$ steps.")
    assert (row["author_keys"], row["author_count"]) == (["lovelace a", "erdos p"], 2)
    assert (row["language"], row["words"]) == (None, 4)


def test_the_versions_own_column_wins_over_the_suffix() -> None:
    assert cleaned(source_id="2503.00001v3", version=4)["version"] == 4


@pytest.mark.parametrize("blank", [None, "", " \n ", "\u200b"])
def test_a_missing_title_or_abstract_is_null(blank: str | None) -> None:
    row = cleaned(title=blank, abstract=blank)
    assert (row["title"], row["abstract"], row["title_key"], row["withdrawn"]) == (None, None, None, False)
    assert (row["words"], row["language"], row["links"]) == (None, None, [])


def test_an_author_without_letters_has_an_empty_key_in_its_place() -> None:
    row = cleaned(authors=["Ada Lovelace", "?", "Bo Lee"])
    assert (row["authors"], row["author_keys"]) == (["Ada Lovelace", "?", "Bo Lee"], ["lovelace a", "", "lee b"])
    assert row["author_count"] == 3


def test_the_language_is_the_abstracts_else_the_titles() -> None:
    french = "Les robots de notre laboratoire soulèvent des cartons avec prudence"
    assert cleaned(title=french)["language"] == "fr"
    assert cleaned(title=french, abstract="We show that the robots of our lab lift boxes.")["language"] == "en"


def test_unknown_lists_stay_unknown_and_empty_ones_empty() -> None:
    rows = clean(fetched({"authors": None}, {"authors": []}))
    assert rows["authors"].to_list() == rows["author_keys"].to_list() == [None, []]
    assert rows["author_count"].to_list() == [None, 0]


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Attention Is All You Need!", "attentionisallyouneed"),
        ("Erdős–Rényi graphs: $x^2$", "erdosrenyigraphsx2"),
        ("Straße", "strasse"),
        ("大语言模型综述", "大语言模型综述"),
        ("Обзор 2", "обзор2"),
        ("ℝⁿ", "rn"),
        ("?!", ""),
    ],
)
def test_title_key(title: str, key: str) -> None:
    assert title_key(title) == key


@given(st.text())
def test_title_key_ignores_case_and_is_stable(title: str) -> None:
    assert title_key(title_key(title)) == title_key(title)


def test_closing_addresses_move_to_the_links() -> None:
    row = cleaned(
        links=["https://lab.example/code", "https://lab.example/code"],
        title="Robots That Ask",
        abstract="Robots lift~boxes.\n Code: https://lab.example/code. Data: \\url{https://data.example/a}",
    )
    assert row["links"] == [
        {"url": "https://lab.example/code", "kind": "code"},
        {"url": "https://data.example/a", "kind": "data"},
    ]
    assert (row["abstract"], row["words"]) == ("Robots lift boxes.", 3)
    assert row["abstract_tex"].endswith("Code: https://lab.example/code. Data: \\url{https://data.example/a}")


@pytest.mark.parametrize(
    ("note", "abstract"),
    [
        ("This paper has been withdrawn by the author due to an error", "We study."),
        ("12 pages; Withdrawn in accordance with the journal's policies", "We study."),
        ("Withdrawn", "We study."),
        ("Manuscript withdrawn, because results are incorrect", "We study."),
        (None, "This paper has been temporarily\nwithdrawn, pending a revision."),
        (None, "This submission has been withdrawn by arXiv administrators."),
        (None, "This has been withdrawn by the authors."),
        (None, "To be prudent, the paper has been withdrawn by the authors."),
        (None, "Withdrawn paper because the results are recycled elsewhere."),
    ],
)
def test_withdrawn(note: str | None, abstract: str) -> None:
    assert cleaned(note=note, abstract=abstract)["withdrawn"]


@pytest.mark.parametrize(
    ("note", "abstract"),
    [
        ("Accepted but withdrawn from a conference", "We study."),
        ("replaces arXiv:1502.01565, which has been withdrawn", "We study."),
        ("It contains some results that have been withdrawn from our previous preprint", "We study."),
        (None, "We study the withdrawal of papers and why a paper is withdrawn by its authors."),
        (None, "Bids may be withdrawn. Expected wealth withdrawn is the objective."),
        (None, "We model severe withdrawal and report nine withdrawn claims."),
    ],
)
def test_a_paper_about_withdrawal_is_not_withdrawn(note: str | None, abstract: str) -> None:
    assert not cleaned(note=note, abstract=abstract)["withdrawn"]


@given(st.lists(st.text(), max_size=5))
def test_frames_read_as_prose_does(titles: list[str]) -> None:
    titles = [title.encode(errors="ignore").decode() for title in titles]
    rows = clean(fetched(*({"title": title} for title in titles)))
    assert rows["title"].to_list() == [prose(title) or None for title in titles]


@needs_data
def test_real_papers() -> None:
    with gzip.open(DATA / "huggingface/daily_papers/2025-03-12.json.gz") as body:
        papers = json.load(body)
    rows = clean(
        fetched(
            *(
                {"source": "huggingface", "source_id": paper["paper"]["id"], "title": paper["title"]}
                | {
                    "abstract": paper["paper"]["summary"],
                    "authors": [a["name"] for a in paper["paper"]["authors"]],
                }
                for paper in papers
            )
        )
    )
    assert rows.height == len(papers) == 23
    assert rows["paper_id"].to_list()[0] == "arxiv:2503.08638"
    assert rows["title_key"].str.len_chars().min() > 10  # type: ignore[operator]
    assert not rows["withdrawn"].any()
    assert rows["title"].to_list() == [prose(paper["title"]) for paper in papers]
    assert set(rows["language"]) == {"en"}
    assert rows["links"].list.len().sum() > 0
    again = clean(fetched(*rows.select("source", "source_id", "title", "abstract", "authors").to_dicts()))
    columns = ["title", "abstract", "authors", "author_keys", "words", "language"]
    assert again.select(columns).equals(rows.select(columns))
