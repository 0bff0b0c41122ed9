"""What was learned says the same once it was stored, says it as scikit-learn does, and is used for later days only."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from assets.tag.keywords import Rates
from assets.tag.learned import MODEL, NOTHING, Categories, Learned, Prior, Terms, in_use, version_of
from assets.tag.tag import tag
from assets.tag.taxonomy import Taxonomy, Topic
from orchestration.warehouse import Warehouse
from tests.lab import CHECKOUT

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = (date(2025, 3, day) for day in (10, 11, 12, 13))
TEXTS = ["A robot, a ROBOT arm", "Arm in arm: the robot", "Nothing that is known", "", "Größe ½ x_1 robot arm"]
TERMS = Terms(["arm", "robot", "robot arm"], np.array([1.5, 1.2, 2.0], np.float32))
ROBOTS = Categories(TERMS, ["ada example"], ["cs.RO", "cs.CV"],
                    np.array([[1, 0], [1, -1], [0, 0], [2, 0]], np.float32),
                    np.array([-0.5, 0.2], np.float32))  # fmt: skip
PRIOR = Prior(TERMS, ["ada example"], np.array([0, 1, 0, 4], np.float32), -0.25)
LEARNED = Learned("2025-03-10-0", MONDAY, ROBOTS, PRIOR, Rates({"robot arm": 0.8, "arm": 0.05}))
TAXONOMY = Taxonomy((Topic("robots", "Robots", "Robots", "", ("robot",)),))


@pytest.mark.filterwarnings("ignore:.*sparse")
def test_terms_are_weighed_as_by_scikit_learn() -> None:
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(TEXTS)
    ours = Terms(theirs.get_feature_names_out().tolist(), theirs.idf_.astype(np.float32))
    assert np.abs(ours.weighed(TEXTS).toarray() - theirs.transform(TEXTS).toarray()).max() < 1e-6


def test_a_paper_is_in_the_categories_that_score_above_zero_the_surest_first() -> None:
    assert ROBOTS.found(["robot arm", "nothing", ""], [None] * 3) == [["cs.RO"], ["cs.CV"], ["cs.CV"]]


def test_an_author_who_is_known_counts_for_the_categories_too() -> None:
    assert ROBOTS.found(["", ""], [["Ada EXAMPLE"], ["Bo Other"]]) == [["cs.RO", "cs.CV"], ["cs.CV"]]


def test_categories_that_were_stored_before_authors_counted_are_read() -> None:
    with np.load(BytesIO(ROBOTS.packed())) as file:
        older = {name: part for name, part in file.items() if name != "authors"}
    stored = BytesIO()
    np.savez_compressed(stored, **{**older, "weights": older["weights"][:-1]})
    assert Categories.of(stored.getvalue()).found(TEXTS, [None] * 5) == ROBOTS.found(TEXTS, [None] * 5)


def test_an_author_who_is_known_counts_whatever_the_spelling_of_the_name() -> None:
    found = PRIOR.found(["", "", "robot"], [["Ada  EXAMPLE", "ada example"], None, []])
    assert found.tolist() == pytest.approx([1.75, -0.25, 0.75])


def test_no_papers_have_nothing() -> None:
    assert ROBOTS.found([], []) == []
    assert PRIOR.found([], []).tolist() == []


def test_what_is_stored_says_the_same() -> None:
    parts = LEARNED.packed()
    again, nobody = Learned.of("2025-03-10-0", MONDAY, parts), [None] * len(TEXTS)
    assert again.packed() == parts
    assert again.categories is not None and again.prior is not None
    assert (again.categories.scores(TEXTS, nobody) == ROBOTS.scores(TEXTS, nobody)).all()
    assert (again.prior.found(TEXTS, nobody) == PRIOR.found(TEXTS, nobody)).all()
    assert again.rates.by_key == pytest.approx(LEARNED.rates.by_key)


def test_a_pickle_is_never_read() -> None:
    import pickle

    with pytest.raises(ValueError, match="pickle"):
        Categories.of(pickle.dumps({"terms": ["robot"]}))


def test_a_version_is_of_a_day_and_of_what_was_learned() -> None:
    parts = LEARNED.packed()
    assert version_of(MONDAY, parts) == version_of(MONDAY, dict(reversed(parts.items())))
    assert len({version_of(MONDAY, parts), version_of(TUESDAY, parts), version_of(MONDAY, {})}) == 3


def works(*rows: dict[str, object]) -> pl.DataFrame:
    lists = dict.fromkeys(("authors", "categories", "keywords"), pl.List(pl.String))
    known = {"day": TUESDAY, "work_id": "w", "abstract": "It moves.", "authors": ["Ada Example"]}
    return pl.DataFrame([{**known, **row} for row in rows], schema_overrides=lists)


def test_what_a_source_says_stays_and_what_it_does_not_say_is_learned() -> None:
    given = works(
        {"title": "Robot arm", "categories": ["math.CO"], "keywords": ["graph"]},
        {"title": "Robot arm", "categories": [], "keywords": []},
        {"title": "Robot", "categories": None, "keywords": None},
    )
    tagged = tag(given, TAXONOMY, LEARNED)
    assert tagged["categories"].to_list() == [["math.CO"], ["cs.RO"], ["cs.RO"]]
    assert tagged["categories_from"].to_list() == ["source", "learned", "learned"]
    assert tagged["keywords"].to_list() == [["graph"], ["Robot arm"], []]
    assert tagged["model"].unique().to_list() == ["2025-03-10-0"]
    assert tagged["prior"].to_list() == pytest.approx(PRIOR.found(
        [f"{title} {title} It moves." for title in given["title"]], [["Ada Example"]] * 3
    ).tolist())  # fmt: skip


def test_without_a_model_nothing_is_learned() -> None:
    tagged = tag(works({"title": "Robot arm", "categories": [], "keywords": []}), TAXONOMY, NOTHING)
    assert tagged.select("categories_from", "prior", "model").row(0) == (None, None, None)


def stored(warehouse: Warehouse, *trainings: tuple[date, Learned | None]) -> None:
    for day, learned in trainings:
        parts: dict[str, bytes] = learned.packed() if learned else {}
        rows = [
            {
                "day": day,
                "name": name,
                "version": f"of {day}",
                "papers": 1,
                "measure": "F1",
                "told": "-",
                "weights": part,
            }
            for name, part in ({"prior": None} | parts).items()
        ]
        warehouse.publish("models", [day], {"models": pl.DataFrame(rows, schema=MODEL)})


def versions(warehouse: Warehouse, days: Sequence[date]) -> dict[date, str | None]:
    return {day: learned.version for asked, learned in in_use(warehouse, days) for day in asked}


def test_a_day_uses_what_was_learned_before_it_and_nothing_later(tmp_path: Path) -> None:
    made = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    week = [MONDAY, TUESDAY, WEDNESDAY, THURSDAY]
    assert versions(made, week) == dict.fromkeys(week)
    stored(made, (TUESDAY, LEARNED), (WEDNESDAY, None))
    before = versions(made, week)
    assert before == {MONDAY: None, TUESDAY: None, WEDNESDAY: "of 2025-03-11", THURSDAY: "of 2025-03-11"}
    stored(made, (THURSDAY, LEARNED))
    assert versions(made, week) == before


def test_a_run_that_does_not_learn_never_imports_scikit_learn() -> None:
    script = "import sys, orchestration.definitions; assert not {'sklearn', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, cwd=CHECKOUT)
