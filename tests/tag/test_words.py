"""Words, their plurals and acronyms, as phrases and texts are read."""

import polars as pl
import pytest

from assets.tag.words import acronym, forms, padded, singular, words


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Vision-Language  Models!", "vision language models"),
        ("a_b", "a b"),
        ("«中文» Ünïcode", "中文 ünïcode"),
        ("--", ""),
    ],
)
def test_words(text: str, read: str) -> None:
    assert words(text) == read


@pytest.mark.parametrize(
    ("phrase", "plural"),
    [
        ("Neural network", "neural networks"),
        ("case study", "case studies"),
        ("survey", "surveys"),
        ("data analysis", "data analyses"),
        ("loss", "losses"),
        ("patch", "patches"),
        ("LLM", "llms"),
    ],
)
def test_a_phrase_has_a_plural_and_a_plural_its_singular(phrase: str, plural: str) -> None:
    assert forms(phrase) == (words(phrase), plural)
    assert singular(plural) == singular(words(phrase)) == words(phrase)


@pytest.mark.parametrize("word", ["bias", "robotics", "naive bayes", "corpus", "time series", "as", "loss"])
def test_some_words_are_no_plurals(word: str) -> None:
    assert singular(word) == word


@pytest.mark.parametrize(
    ("phrase", "found"),
    [("RL", "RL"), ("KV cache", "KV"), ("text-to-SQL", "SQL"), ("SAM2", "SAM2"), ("LoRA", ""), ("Q-learning", "")],
)
def test_a_word_in_capitals_is_an_acronym(phrase: str, found: str) -> None:
    assert acronym(phrase) == found


def test_sentences_and_brackets_part_words() -> None:
    text = pl.DataFrame({"text": ["Deep RL (and KV-caches). Here: it", None]}).select(padded(pl.col("text")))
    assert text.to_series().to_list() == [" Deep  RL  |  and  KV  caches  |  Here  |  it ", "  "]
