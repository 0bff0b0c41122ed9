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

from assets.clean.clean import CLEAN, clean, closing_addresses, title_key
from assets.clean.text import prose

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no real papers at {DATA}")

FETCHED = pl.Schema(
    {
        **{name: kind for name, kind in CLEAN.items() if name not in ("paper_id", "title_key", "withdrawn")},
        "position": pl.Int32(),
        "body": pl.String(),
        "record": pl.String(),
    }
)


def fetched(*rows: dict[str, Any]) -> pl.DataFrame:
    known = {"day": date(2025, 3, 12), "source": "arxiv", "source_id": "2503.00001", "position": 0}
    return pl.DataFrame([{**known, **row} for row in rows], schema=FETCHED)


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
        keywords=["flow\n matching", ""],
        note="12\n  pages",
        doi="https://doi.org/10.1/NO 10.1000/YES",
        votes=5,
    )
    assert (row["paper_id"], row["version"], row["doi"]) == ("arxiv:2503.00001", 3, "10.1000/yes")
    assert (row["title"], row["title_key"]) == ("Schrödinger bridges", "schrodingerbridges")
    assert (row["abstract"], row["note"], row["votes"]) == ("We use O(n) steps.", "12 pages", 5)
    assert row["authors"] == ["Ada Lovelace", "Pál Erdős"]
    assert row["keywords"] == ["flow matching"]


def test_the_versions_own_column_wins_over_the_suffix() -> None:
    assert cleaned(source_id="2503.00001v3", version=4)["version"] == 4


@pytest.mark.parametrize("blank", [None, "", " \n ", "\u200b"])
def test_a_missing_title_or_abstract_is_null(blank: str | None) -> None:
    row = cleaned(title=blank, abstract=blank)
    assert (row["title"], row["abstract"], row["title_key"], row["withdrawn"]) == (None, None, None, False)


def test_unknown_lists_stay_unknown_and_empty_ones_empty() -> None:
    assert clean(fetched({"authors": None}, {"authors": []}))["authors"].to_list() == [None, []]


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


def test_closing_addresses_join_the_sources_links() -> None:
    row = cleaned(
        links=["https://lab.example/code", "javascript:alert(1)", "https://lab.example/code"],
        abstract="See https://first.example for why. It works. Code: https://lab.example/code. "
        "Data (at https://data.example/a_(b)) and models at http://m.example/x, too.",
    )
    assert row["links"] == ["https://lab.example/code", "https://data.example/a_(b)", "http://m.example/x"]
    assert row["abstract"].endswith("too.")


@pytest.mark.parametrize(
    ("abstract", "addresses"),
    [
        ("Nothing here.", []),
        ("See https://a.example. But it is not the end.", []),
        ("Code is at https://a.example/b .", ["https://a.example/b"]),
        ("https://a.example", ["https://a.example"]),
        ("Our page (https://a.example/) is up", ["https://a.example/"]),
    ],
)
def test_closing_addresses(abstract: str, addresses: list[str]) -> None:
    assert closing_addresses(abstract) == addresses


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
