"""Works earn topics by phrases, and every topic says which one."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.tag.tag import HINT, LEAST_SCORE, MOST_TOPICS, TAGGED, tag
from assets.tag.taxonomy import Taxonomy, Topic, load
from assets.tag.words import words
from tests.tag import real_labels

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no real papers at {DATA}")

WORK = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "keywords": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
    }
)
TAXONOMY = Taxonomy(
    (
        Topic("rl", "Learning", "Learning by reward", "", ("RL", "reinforcement learning", "KV case study")),
        Topic("vlm", "Seeing", "Seeing and reading", "", ("vision-language model",), categories=("cs.CV",)),
        Topic("lm", "Language", "Language", "", ("language model", "large language model"), weight=0.5),
        Topic("data", "Data", "Data", "", ("dataset", "data"), ("missing data",)),
    )
)


def works(*rows: dict[str, Any]) -> pl.DataFrame:
    known = {"day": date(2025, 3, 12), "work_id": "arxiv:2503.00001"}
    return pl.DataFrame([{**known, **row} for row in rows], schema=WORK)


def topics(title: str | None, abstract: str | None = None) -> list[tuple[str, str, str, float]]:
    row = tag(works({"title": title, "abstract": abstract}), TAXONOMY).row(0, named=True)
    return [(topic["topic"], topic["phrase"], topic["field"], topic["score"]) for topic in row["topics"]]


def test_no_rows_have_the_schema_too() -> None:
    assert tag(works(), TAXONOMY).schema == TAGGED
    assert tag(works({"title": "Nothing known"}), TAXONOMY).schema == TAGGED


def test_rows_stay_one_for_one_and_in_order() -> None:
    rows = works(
        *({"work_id": name, "title": title} for name, title in (("b", "RL"), ("a", "?"), ("c", "RL"), ("b", "x")))
    )
    assert tag(rows, TAXONOMY)["work_id"].to_list() == ["b", "a", "c", "b"]
    assert tag(rows, TAXONOMY)["topics"].list.len().to_list() == [1, 0, 1, 0]


@pytest.mark.parametrize("title", ["RL at work", "On RL", "RL", "Many RLs", "(RL)", "RL-based", "Deep/RL."])
def test_a_phrase_is_found_as_a_whole_word(title: str) -> None:
    assert topics(title) == [("rl", "RL", "title", 3.0)]


@pytest.mark.parametrize(
    "title",
    [
        "The URL",
        "RLHF",
        "curl",
        "R L",
        "rl",
        "Rl",
        "no rls",
        "A kv case study",
        "reinforcement. Learning",
        "reinforcement, learning",
    ],
)
def test_a_part_of_a_word_or_of_a_sentence_is_not_a_phrase(title: str) -> None:
    assert topics(title) == []


def test_neighbouring_phrases_are_all_found() -> None:
    assert topics("RL dataset RL") == [("rl", "RL", "title", 3.0), ("data", "dataset", "title", 3.0)]


def test_hyphens_and_plurals_make_no_difference() -> None:
    assert topics("Vision–Language Models") == [("vlm", "vision-language model", "title", 6.0)]
    assert topics("KV-Case Studies") == [("rl", "KV case study", "title", 6.0)]


def test_a_phrase_inside_a_longer_one_does_not_count() -> None:
    assert topics("Large language models") == [("lm", "large language model", "title", 3.0)]
    assert [topic for topic, *_ in topics("A vision-language model")] == ["vlm"]


def test_what_is_excluded_earns_nothing() -> None:
    assert topics("Learning with Missing Data") == []
    assert topics("Missing data and data") == [("data", "data", "title", 3.0)]


def test_a_category_hints_at_a_topic_that_a_phrase_earned() -> None:
    row = {"title": "A Vision-Language Model with RL", "categories": ["cs.LG", "cs.CV"]}
    found = tag(works(row, {**row, "title": "RL"}), TAXONOMY)["topics"].to_list()
    assert [[(topic["topic"], topic["score"]) for topic in listed] for listed in found] == [
        [("vlm", 6 * HINT), ("rl", 3.0)],
        [("rl", 3.0)],
    ]


def test_a_topic_has_its_label_and_its_area() -> None:
    (topic,) = tag(works({"title": "RL"}), TAXONOMY)["topics"][0]
    assert (topic["label"], topic["area"]) == ("Learning by reward", "Learning")


def test_the_title_weighs_more_and_the_abstract_counts_to_three() -> None:
    assert topics("RL", "RL " * 9) == [("rl", "RL", "title", 6.0)]
    assert topics("x", "A dataset of RL, for RL.") == [("rl", "RL", "abstract", 2.0)]


def test_the_phrase_with_the_most_points_explains() -> None:
    assert topics("RL", "Reinforcement learning is reinforcement learning") == [
        ("rl", "reinforcement learning", "abstract", 7.0)
    ]


def test_equal_topics_stand_in_the_order_of_the_taxonomy() -> None:
    assert [topic for topic, *_ in topics("Dataset for RL")] == ["rl", "data"]


def test_a_work_without_texts_has_no_topics() -> None:
    assert topics(None, None) == []


def test_keywords_are_the_sources_own_or_else_the_texts() -> None:
    rows = works(
        {"keywords": ["LoRA", "flow", "lora", "Flows", "x"], "categories": ["cs.LG"], "title": "RL"},
        {"keywords": None, "title": "Reinforcement Learning on a Dataset"},
        {"keywords": [], "title": None},
    )
    assert tag(rows, TAXONOMY).select("keywords", "keywords_from", "categories").rows() == [
        (["LoRA", "flow", "x"], "source", ["cs.LG"]),
        (["reinforcement learning", "dataset"], "text", None),
        ([], "text", None),
    ]


@given(st.lists(st.sampled_from(["RL", "url", "dataset", "large language model", ".", "x", "vision-language models"])))
def test_topics_are_few_best_first_and_earned_by_what_is_there(pieces: list[str]) -> None:
    text = " ".join(pieces)
    found = topics("", text)
    scores = [score for *_, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score >= LEAST_SCORE for score in scores)
    assert all(words(phrase) in words(text) for _, phrase, _, _ in found)


@needs_data
def test_nearly_every_real_work_has_a_topic() -> None:
    rows = []
    for day in ("2024-09-12", "2025-03-12", "2025-10-08"):
        with gzip.open(DATA / f"huggingface/daily_papers/{day}.json.gz") as body:
            rows += [{"title": paper["title"], "abstract": paper["paper"]["summary"]} for paper in json.load(body)]
    counts = tag(works(*rows), load())["topics"].list.len()
    assert counts.len() > 40
    assert (counts > 0).sum() / counts.len() > 0.95
    assert counts.max() == MOST_TOPICS


@pytest.mark.skipif(not real_labels.LABELS.exists(), reason=f"no labelled papers at {real_labels.LABELS}")
def test_topics_agree_with_the_categories_of_real_papers() -> None:
    assert real_labels.of_topics(real_labels.papers(), load()).f1 >= 0.55


@pytest.mark.skipif(not real_labels.LABELS.exists(), reason=f"no labelled papers at {real_labels.LABELS}")
def test_keywords_of_real_texts_are_those_that_the_source_gives() -> None:
    assert real_labels.of_keywords() >= 0.2
