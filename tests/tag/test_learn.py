"""A training is measured, judged and kept; one that the gate rejects leaves the one before in use."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.tag import learn
from assets.tag.keywords import Rates, Vocabulary
from assets.tag.learned import MODEL, NOTHING, Learned
from assets.tag.taxonomy import Taxonomy, Topic
from orchestration.resources import warehouse
from tests.conftest import NewLab
from tests.tag.real_labels import LABELS, STORED, labelled

TAXONOMY = Taxonomy((Topic("robots", "Robots", "Robots", "", ("robot",)),))
FIRST, TRAINED, REJECTED, AFTER = date(2025, 7, 1), date(2025, 9, 28), date(2025, 9, 29), date(2025, 9, 30)

TURNED = "UPDATE unique_papers SET votes = 1000 - votes WHERE day >= '2025-09-01'"
"""Votes that mean the opposite of what they did."""


def papers(count: int, **columns: object) -> pl.DataFrame:
    """Papers of ten days each, the even ones about robots."""
    rows = [
        {
            "day": FIRST + timedelta(days=place // 10), "work_id": f"{place:04}",
            "title": f"A {['robot arm', 'protein fold'][place % 2]}",
            "abstract": f"It is {['steel', 'cell'][place % 2]}.",
            "authors": [], "categories": [["cs.RO"], ["q-bio.BM"]][place % 2],
            "keywords": [], "votes": place % 2 * 9 + place % 5, **columns,
        }
        for place in range(count)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=STORED)


def test_too_few_papers_are_told_and_teach_nothing() -> None:
    made = learn.trained(TRAINED, papers(1_200), TAXONOMY, NOTHING)
    assert made.schema == MODEL
    assert made["weights"].null_count() == 3
    assert made["told"].to_list() == [
        "1,200 papers with categories, 2,000 wanted",
        "1,200 papers with votes, 2,000 wanted",
        "0 papers with keywords, 2,000 wanted",
    ]


def test_no_papers_at_all_teach_nothing() -> None:
    assert learn.trained(TRAINED, papers(0), TAXONOMY, NOTHING)["weights"].null_count() == 3


def test_what_papers_say_is_learned_and_measured_on_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    made = learn.trained(TRAINED, papers(200), TAXONOMY, NOTHING)
    scores = dict(made.select("name", "score").iter_rows())
    assert scores == {"categories": 1.0, "prior": 1.0, "keywords": None}
    assert made.filter(pl.col("name") == "categories")["held_out"].item() == 60
    learned = Learned.of("x", TRAINED, dict(made.drop_nulls("weights").select("name", "weights").iter_rows()))
    assert learned.categories is not None
    assert learned.categories.found(["A robot arm A robot arm It is steel."], [None]) == [["cs.RO"]]


def test_a_rare_category_is_learned_and_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    rare = papers(8, title="A violin tone", abstract="It is wood.", categories=["cs.SD"])
    made = learn.trained(TRAINED, pl.concat([rare, papers(400)]).sort("day"), TAXONOMY, NOTHING)
    learned = Learned.of("x", TRAINED, dict(made.drop_nulls("weights").select("name", "weights").iter_rows()))
    assert learned.categories is not None
    read = ["A violin tone of wood", "A robot arm of steel", "A protein fold of a cell"]
    assert learned.categories.found(read, [None] * 3) == [["cs.SD"], ["cs.RO"], ["q-bio.BM"]]


def test_categories_are_named_as_papers_with_votes_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    others = papers(300, votes=None)
    listed = papers(300).with_columns(
        categories=pl.when(pl.col("title") == "A robot arm").then(["cs.AI", "cs.RO"]).otherwise("categories")
    )
    made = learn.trained(TRAINED, pl.concat([others, listed]).sort("day"), TAXONOMY, NOTHING)
    learned = Learned.of("x", TRAINED, dict(made.drop_nulls("weights").select("name", "weights").iter_rows()))
    assert learned.categories is not None
    found = learned.categories.found(["A robot arm of steel", "A protein fold of a cell"], [None, None])
    assert [sorted(names) for names in found] == [["cs.AI", "cs.RO"], ["q-bio.BM"]]


def test_the_same_papers_teach_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    once, again = (learn.trained(TRAINED, papers(200), TAXONOMY, NOTHING) for _ in range(2))
    assert once.equals(again)


def test_papers_that_say_nothing_different_are_not_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    made = learn.trained(TRAINED, papers(200, categories=["cs.RO"]), TAXONOMY, NOTHING)
    assert made["weights"][0] is None
    assert "too alike" in made["told"][0]


def test_no_day_is_on_both_sides_of_the_split() -> None:
    older, newest = learn.split(papers(95))
    assert older["day"].max() < newest["day"].min()  # type: ignore[operator]
    assert older.height + newest.height == 95


def test_two_models_are_compared_only_on_papers_that_neither_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    monkeypatch.setattr(learn, "LEAST_COMPARED", 40)
    stored = papers(200)
    old = learn.trained(FIRST, stored, TAXONOMY, NOTHING).drop_nulls("weights")
    parts = dict(old.select("name", "weights").iter_rows())
    compared = [
        learn.trained(TRAINED, stored, TAXONOMY, Learned.of("x", FIRST + timedelta(days=days), parts))["compared"][0]
        for days in (2, 15, 16)
    ]
    assert compared == [60, 40, None]


def test_rates_are_of_the_texts_that_hold_a_keyword() -> None:
    given = pl.concat([papers(4, keywords=["Robot arms"]), papers(6)])
    rates = learn.rates(given, Vocabulary.of(TAXONOMY))
    assert rates == Rates({"robot arm": 2.5 / 7})


@pytest.mark.skipif(not LABELS.exists(), reason=f"no real papers at {LABELS}")
def test_real_papers_teach_more_than_is_known_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "LEAST", 500)
    made = learn.trained(TRAINED, labelled().head(900), TAXONOMY, NOTHING)
    gained = made.with_columns(gain=pl.col("score") - pl.col("floor"))
    assert gained.filter(pl.col("gain") > 0.02)["name"].to_list() == ["categories", "prior", "keywords"]


def test_a_rejected_training_leaves_the_one_before_in_use(
    new_lab: NewLab, daily_papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn, "LEAST", 200)
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(daily_papers)) as lab:
        assert all(outcome.success for outcome in lab.backfill(FIRST, AFTER))
        tables = warehouse(lab.settings)
        assert lab.learn(TRAINED).reason == ""
        kept = tables.rows("models", [TRAINED])
        assert kept.drop_nulls("weights")["name"].sort().to_list() == ["keywords", "prior"]

        with tables.connect() as connection:
            connection.execute(TURNED)
            connection.execute("DELETE FROM popularity")
        rejected = lab.learn(REJECTED)
        assert not rejected.success
        assert "better_than_none" in rejected.reason
        assert tables.rows("models", [REJECTED]).is_empty()

        assert lab.digest(AFTER).success
        tagged = tables.rows("tagged_papers", [AFTER])
        assert tagged["model"].unique().to_list() == kept["version"].unique().to_list()
        assert tagged["prior"].null_count() == 0
        assert tables.rows("tagged_papers", [TRAINED - timedelta(days=2)])["prior"].drop_nulls().is_empty()
