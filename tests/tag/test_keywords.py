"""Keywords in one vocabulary, from a source or from the text itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.tag.keywords import MOST, Vocabulary, extracted, folded, key
from assets.tag.taxonomy import Taxonomy, Topic

TAXONOMY = Taxonomy(
    (Topic("lm", "Language", "Language", "", ("large language model", "test-time scaling", "text-to-SQL", "LLM")),),
    {"LLM": "large language model", "TTS": "text-to-speech", "chain-of-thought reasoning": "chain of thought"},
)
VOCABULARY = Vocabulary.of(TAXONOMY)


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        (["Large Language Models (LLMs)", "LLM", "large-language model"], ["large language model"]),
        (["Text to sql"], ["text-to-SQL"]),
        (["Flow  Matching", "flow-matching", "flow matchings"], ["Flow Matching"]),
        (["test-time scaling (TTS)", "TTS"], ["test-time scaling"]),
        (["some other thing (TTS)", "TTS"], ["some other thing", "text-to-speech"]),
        (["sparse widget (SW)", "SW", "SWs"], ["sparse widget"]),
        (["Chain-of-Thought Reasoning"], ["chain of thought"]),
        (["", " ", "(x)"], []),
    ],
)
def test_spellings_of_one_keyword_are_one(keywords: list[str], found: list[str]) -> None:
    assert folded(keywords, VOCABULARY) == found


def of_text(title: str, abstract: str = "", *phrases: str) -> list[str]:
    return extracted(title, abstract, phrases, VOCABULARY)


def test_a_text_names_its_subjects_by_acronyms_phrases_and_repetition() -> None:
    abstract = (
        "We use Sparse Widget Tuning (SWT) with large language models. Gear boxes turn; a gear box is oiled. "
        "Here the foo is not the bar, and a foo is not a bar."
    )
    assert of_text("Oiled", abstract, "large language model") == [
        "Sparse Widget Tuning",
        "large language model",
        "Gear boxes",
    ]


def test_an_acronym_without_its_words_names_nothing() -> None:
    assert of_text("", "We met yesterday (SWT), and others (SeeBelow).") == []


def test_what_stands_within_another_phrase_is_left_out() -> None:
    assert of_text("", "", "language model", "large language model") == ["large language model"]
    assert of_text("", "A big gear box is a big gear box, and a gear box.") == ["big gear box"]


def test_a_sentence_ends_a_phrase() -> None:
    assert of_text("", "It is a gear. Box it: a gear. Box.") == []


def test_keywords_are_few() -> None:
    assert len(of_text("", "", *(f"thing {number}" for number in range(20)))) == MOST


WORD = st.sampled_from(
    ["gear", "Gears", "box", "boxes", "of", "big", "(GB)", ".", "x-ray", "Large Language Models", "2"]
)


@given(st.lists(WORD, max_size=40))
def test_no_keyword_is_invented_or_comes_twice(pieces: list[str]) -> None:
    text = " ".join(pieces)
    found = of_text("", text)
    keys = [key(keyword) for keyword in found]
    assert len(set(keys)) == len(keys)
    assert all(keyword.lower() in text.lower() for keyword in found)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_folding_again_changes_nothing(keywords: list[str]) -> None:
    once = folded(keywords, VOCABULARY)
    assert [key(keyword) for keyword in folded(once, VOCABULARY)] == [key(keyword) for keyword in once]
