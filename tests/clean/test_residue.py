"""What is left of the dirt in real texts after cleaning, and how far the copies of one abstract come together."""

import polars as pl
import pytest

from assets.clean.text import prose
from tests.clean.real_texts import TEXT, cleaned, corpus, needs_data, sets, unwrapped
from tests.clean.residue import DEFECTS, shares

NONE_LEFT = [
    "entity",
    "control character",
    "unseen character",
    "unusual space",
    "ligature",
    "mojibake",
    "not NFC",
    "hard wrap",
    "double space",
    "TeX accent",
    "Abstract:",
]


CASES = [
    ("TeX command outside formulas", r"the \emph{word}", r"the word in $\emph{x}$"),
    ("TeX command in a kept formula", r"a $\frac12$", r"a \frac12 for $5"),
    ("other backslash", r"5\% of", r"see https://a.example/\%"),
    ("kept formula", "$x$ is", "from $5 on"),
    ("unbalanced brace", "a {b", "a {b} ${$"),
    ("unbalanced dollar", "a $x of", "a $5 note"),
    ("TeX accent", r"Schr\"odinger", "Schrödinger"),
    ("TeX quotes", "``so''", "“so”"),
    ("TeX dash", "pages 1--2", "pages 1–2 a->b"),
    ("TeX tie", "Table~X", "https://a.example/~x ~10"),
    ("stripped TeX", "4times as fast", "4 times, https://a.example/textbf{"),
    ("bare script", "O(n^2)", "https://a.example/x^2 and ^"),
    ("entity", "a &amp; b", "R&D; a & b"),
    ("tag", "<p>Hi</p>", "<think> p < q"),
    ("Markdown", "**bold**", "2**3 a ** b"),
    ("control character", "a\x07", "a\n\tb"),
    ("unseen character", "a\u200b", "a\u200d"),
    ("unusual space", "a\u00a0b", "a b"),
    ("ligature", "ﬁne", "fine"),
    ("mojibake", "Ã©tale", "étale Â"),
    ("not NFC", "e\u0301tale", "étale"),
    ("hard wrap", "a\nb", "a b"),
    ("double space", "a  b", "a b"),
    ("broken hyphenation", "repre- sentation", "pre- and post"),
    ("closing address", "at https://a.example ", "at https://a.example now"),
    ("Abstract:", "Abstract: we", "Abstract we"),
]


@pytest.mark.parametrize(("defect", "dirty", "clean"), CASES)
def test_a_defect_is_found_where_it_is(defect: str, dirty: str, clean: str) -> None:
    assert shares(pl.Series([dirty]))[defect] == 1
    assert shares(pl.Series([clean]))[defect] == 0


def test_every_defect_has_a_case() -> None:
    assert [defect for defect, _, _ in CASES] == list(DEFECTS)


@needs_data
def test_little_is_left_of_the_corpus() -> None:
    after = cleaned(corpus(4))
    for field in TEXT:
        left = shares(after[field])
        assert {defect: left[defect] for defect in NONE_LEFT if left[defect]} == {}
        assert left["TeX command outside formulas"] <= 0.005
        assert left["TeX command in a kept formula"] <= 0.015
        assert left["unbalanced brace"] <= 0.001
        assert left["stripped TeX"] <= 0.002


@needs_data
def test_the_worst_texts_are_mostly_repaired() -> None:
    before = sets(every=1000)["dirty_cases"]
    after = cleaned(before)
    for field in TEXT:
        old, new = shares(before[field]), shares(after[field])
        assert {defect: new[defect] for defect in NONE_LEFT if new[defect]} == {}
        assert new["TeX command outside formulas"] <= old["TeX command outside formulas"] / 4


@needs_data
def test_two_copies_of_one_abstract_become_one_text() -> None:
    """A third of the abstracts that differ name their address in one copy, and say `this https URL` in the other."""
    papers = sets(every=1000)
    pair = papers["hf_vs_arxiv, arXiv"], papers["hf_vs_arxiv, Hugging Face"]
    assert _same(*map(unwrapped, pair))["abstract"] < 0.82
    same = _same(*map(cleaned, pair))
    assert same["title"] > 0.99
    assert same["abstract"] > 0.9


@needs_data
def test_cleaning_a_clean_corpus_changes_nothing() -> None:
    once = corpus(20)
    for field in TEXT:
        texts = [prose(text) for text in once[field]]
        assert [prose(text) for text in texts] == texts


def _same(one: pl.DataFrame, other: pl.DataFrame) -> dict[str, float]:
    return pl.DataFrame({field: one[field] == other[field] for field in TEXT}).mean().row(0, named=True)
