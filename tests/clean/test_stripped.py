"""What stripping left is repaired where only TeX can have stood there, and prose is left alone."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.stripped import MARKS, repaired
from assets.clean.text import prose
from tests.clean.real_texts import corpus, huggingface, needs_data


@pytest.mark.parametrize(
    ("left", "repaired_text"),
    [
        ("up to 3.9times faster, 8timesRTX", "up to 3.9× faster, 8×RTX"),
        ("at 512times512, a 64 times 64 grid", "at 512×512, a 64 × 64 grid"),
        ("a full 360^circ view of 360^circtimes180^circ", "a full 360° view of 360°×180°"),
        ("only sim700 samples, from 1.3B sim14B", "only ∼700 samples, from 1.3B ∼14B"),
        ("a {sim}20% gain, (sim 1% of it), sim!30 FPS", "a ∼20% gain, (∼1% of it), ∼30 FPS"),
        ("models (leq2B) with 62.9%rightarrow70.4%", "models (≤2B) with 62.9%→70.4%"),
        ("as n to infty, alpha approx 0.5", "as n to ∞, alpha ≈ 0.5"),
        ("the rate eta/lambdacdot d", "the rate eta/λ· d"),
        ("15timessim50times", "15×∼50×"),
        ("M^3-Bench, A^2Walk, DA^{2}'s, TuneN^*, Un^2fold", "M³-Bench, A²Walk, DA²'s, TuneN*, Un²fold"),
        ("pi_0 and pi_0.5 with ell_2, nabla^2 and chi^2", "π₀ and π_0.5 with ℓ₂, ∇² and χ²"),
        ("a cost of O(n^2), 10^{26} and 10^-3", "a cost of O(n²), 10²⁶ and 10⁻³"),
        ("pairs e^+ e^-, expert p_i of N_0, sum_{i=1}^n f_i", "pairs e⁺ e⁻, expert pᵢ of N₀, ∑ᵢ₌₁ⁿ fᵢ"),
        ("mathcal O_i in mathbb{R}^d", "𝒪ᵢ in ℝᵈ"),
        ("textbf{Gen}erattextbf{i}ve texttt{D}ual emph{parts}", "Generative Dual parts"),
        ("named textit fine flocks, P^2_r, L^2_loc", "named fine flocks, P²ᵣ, L²_loc"),
        ("{bf Fast-Net} and {em slow}", "Fast-Net and slow"),
        ("Oleft( d log n leq varepsilon right)", "O(d log n ≤ ε)"),
        ("teal{Planning} and red{Warning: rude}", "Planning and Warning: rude"),
        ("magenta{https://a.example/b}", "https://a.example/b"),
        ("at https://a.example/b{https://a.example/b}.", "at https://a.example/b."),
        ("our https://a.example/b{project page}.", "our project page (https://a.example/b)."),
        ("in this fieldhttps://a.example/b_c.", "in this field https://a.example/b_c."),
        (
            "an (inner)x2014outer n times n grid, up to pm 3%, 2pm0.3 s, A neq B",
            "an (inner)—outer n × n grid, up to ±3%, 2±0.3 s, A ≠ B",
        ),
        (r"costs \500 or \1,000, and uparrow 3", "costs $500 or $1,000, and ↑ 3"),
        (r"sim1\% of eta^{ast}", "∼1% of η*"),
        ("componentsx2013such as", "components–such as"),
    ],
)
def test_a_stripped_text_is_repaired(left: str, repaired_text: str) -> None:
    assert prose(left) == repaired_text


@pytest.mark.parametrize(
    "text",
    [
        "four times as many, 4 times larger, timestamps at 3 times; sometimes",
        "sim-to-real, sim2real, sim 2 real and real-to-sim 10 minutes",
        "an alpha release, beta-testing, lambda calculus, the Phi family, muP",
        "approx. 30 and approximately 30",
        "max_iter, snake_case, __init__, a_long_name, H_2O, CO_2",
        "see https://a.example/x_1/y^2 and a.example/b_2, mail x_1@a.example",
        "in 1960_p2 or v2_x",
        r"first; \3) the third",
        "at 9pm or 3 pm 20 of us met, 5 pm 2",
        "x^1/2, x^2n, ^2",
        "the left (right) hand, turned left(right)",
        "the set {1, 2} of {items}",
        "a fluence of 10 neq/cm, 10 neq 3 and neq per",
        "it emphasises the infinite, within text",
        "narrow arrows, floors and ceilings",
    ],
)
def test_prose_is_left_alone(text: str) -> None:
    assert repaired(text) == text


@pytest.mark.parametrize(
    "text", ["$x^2$ of L_{", r"\alpha_1 and x^2", "$a^2$ and $b_1$", "$$u_t = u^2$$", "a $p^2 lost"]
)
def test_whole_tex_is_left_to_the_rules_for_tex(text: str) -> None:
    assert repaired(text) == text


PIECES = st.sampled_from(
    "4times 360^circ times sim 10 sim20 leq2B infty x^2 x_i pi_0 pi_{0.5} mathcal O mathbb{R}^d textbf{Gen} {bf one} "
    "left( right) https://a.example/b https://a.example/b{here} red{word} _ ^ { } $ \\ word A^*-B cdot lambdacdot "
    "10^{-3} approx 3 x2013 sum_{i=1}^n emph{ } ^{2 _{".split()
)
STRIPPED = st.lists(st.tuples(PIECES, st.sampled_from(["", " ", "  ", "\n"])), max_size=20).map(
    lambda parts: "".join(piece + blank for piece, blank in parts)
)


@given(st.one_of(STRIPPED, st.text(alphabet="ab12 times^_{}$\\()sim", max_size=60)))
def test_prose_of_a_stripped_text_is_stable(text: str) -> None:
    once = prose(text)
    assert prose(once) == once


@given(STRIPPED)
def test_no_letter_is_invented(text: str) -> None:
    remaining = iter(text)
    assert all(letter in remaining for letter in re.findall("[A-Za-z]", repaired(text).replace("\\href", "")))


@given(st.one_of(STRIPPED, st.text()))
def test_a_text_without_marks_is_left_alone(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    marked = pl.Series([text]).str.contains(MARKS).item()
    assert marked == bool(re.search(MARKS, text))
    assert marked or repaired(text) == text


@pytest.mark.parametrize(
    "piece", ["{", "x^", "a.", "http://", "$", "times ", "sim", "left(", "alpha", "_1", "textbf{", "a@"]
)
def test_long_nonsense_comes_to_an_end(piece: str) -> None:
    repaired(piece * 20_000)


@needs_data
def test_few_real_texts_are_touched_and_most_of_them_stripped_ones() -> None:
    """Hugging Face stripped about one text in forty; arXiv's own authors leave fewer bare scripts than that."""
    stripped, whole = (_touched(texts) for texts in (huggingface(), corpus(10)))
    assert 0.02 < stripped < 0.04
    assert whole < 0.015


def _touched(papers: pl.DataFrame) -> float:
    texts: list[str] = [text for name in ("title", "abstract") for text in papers[name].drop_nulls()]
    return sum(repaired(text) != text for text in texts) / len(texts)
