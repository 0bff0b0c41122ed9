"""Formulas become Unicode where a line of it says the same, and None where it does not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.mathematics import LONGEST, beside, in_unicode, script


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        (r"\beta", "β"),
        (r"O(n^2)", "O(n²)"),
        (r"\mathcal{O}(n\log n)", "𝒪(n log n)"),
        (r"\mathbb{R}^n", "ℝⁿ"),
        (r"{\cal F}_{\mathfrak g}", "ℱ_𝔤"),
        (r"\mathfrak{sl}_2", "sl₂"),
        (r"10^{-3}", "10⁻³"),
        (r"90^\circ", "90°"),
        (r"n\geq 2", "n ≥ 2"),
        (r"1<p <\infty", "1 < p < ∞"),
        (r"a\not\in A", "a ∉ A"),
        (r"\sim 10\%", "∼10%"),
        (r"x'_i", "x′ᵢ"),
        (r"\hat x + \bar{\mathbb{Q}} + \dot{M}", "x̂ + ℚ̄ + Ṁ"),
        (r"\overline{M_n}", "M̄ₙ"),
        (r"\left[0,1\right)", "[0,1)"),
        (r"\lVert x \rVert_2 = |\langle x, y \rangle|", "‖x‖₂ = |⟨x, y⟩|"),
        (r"\{0,1\}^n", "{0,1}ⁿ"),
        (r"\ket{\psi} + \norm{v}", "|ψ⟩ + ‖v‖"),
        (r"f\colon X\to Y", "f: X → Y"),
        (r"a \cdot b\cdot c", "a · b·c"),
        (r"4\unicode{x2013}7", "4–7"),
        (r"\bbR \to \cP", "ℝ → 𝒫"),
        (r"  ", " "),
    ],
)
def test_what_unicode_says_itself(formula: str, read: str) -> None:
    assert in_unicode(formula) == read


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        (r"x_{\max}", "x_max"),
        (r"T_{\rm obs}^{2}", "T_obs²"),
        (r"k_BT", "k_B T"),
        (r"L^\infty(\Omega)", "L^∞(Ω)"),
        (r"C^{1,\alpha}", "C^(1,α)"),
        (r"f^{(\alpha)}", "f^(α)"),
        (r"e^{-x/2}", "e^(-x/2)"),
        (r"e^{-(a+b)}", "e⁻⁽ᵃ⁺ᵇ⁾"),
        (r"10^{5.2}", "10^5.2"),
        (r"\int_0^{2\pi} f", "∫₀^(2π) f"),
        (r"B_{p^n}", "B_(pⁿ)"),
        (r"3.6^{+0.13}_{-0.15}", "3.6^(+0.13)_(-0.15)"),
        (r"\sqrt{s_{_{NN}}}", "√(s_NN)"),
        (r"\sum_{i=1}^n x_i", "∑ᵢ₌₁ⁿ xᵢ"),
        (r"\sum_{j\in J} x_j", "∑_(j ∈ J) xⱼ"),
        (r"\operatorname*{argmin}_{i} a_i", "argminᵢ aᵢ"),
    ],
)
def test_scripts_that_unicode_lacks_keep_their_mark(formula: str, read: str) -> None:
    assert in_unicode(formula) == read


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        (r"\frac{1}{2}", "1/2"),
        (r"p=\frac12, q", "p=1/2, q"),
        (r"\frac{1}{2x}", "1/(2x)"),
        (r"\frac12\Delta u", "(1/2)Δu"),
        (r"{\frac{1}{2}}x", "(1/2)x"),
        (r"k\frac{a}{b}", "k (a/b)"),
        (r"\frac{1}{2}(a+b)", "(1/2)(a+b)"),
        (r"\frac{5}{2}^{+}", "(5/2)⁺"),
        (r"n^{\frac{1}{2}}", "n^(1/2)"),
        (r"{a+b \over c}", "(a+b)/c"),
        (r"\frac{1}{\frac{a}{b}}", "1/(a/b)"),
        (r"\frac{\partial u}{\partial t}", "∂u/∂t"),
        (r"\frac{ab}{|x|^p}", "ab/|x|ᵖ"),
        (r"\frac{1}{|x||y|}", "1/(|x||y|)"),
        (r"\sqrt{n}", "√n"),
        (r"\sqrt2 + \sqrt[3]{x+1}", "√2 + ∛(x+1)"),
    ],
)
def test_a_fraction_keeps_what_it_divides(formula: str, read: str) -> None:
    assert in_unicode(formula) == read


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        (r"x\in A\text{ if }y", "x ∈ A if y"),
        (r"n\mathrm{Tr}A", "n Tr A"),
        (r"\mathrm{Ba}\mathrm{Fe}_2", "BaFe₂"),
        (r"5\,{\rm keV}", "5 keV"),
        (r"\mbox{at $x$}", "at x"),
        (r"\poly(n)\SOL", "poly(n) SOL"),
        (r"x_1\join x_2", "x₁ join x₂"),
    ],
)
def test_words_in_a_formula_stay_apart(formula: str, read: str) -> None:
    assert in_unicode(formula) == read


@pytest.mark.parametrize(
    "formula",
    [
        r"2\frac{1}{2}",
        r"\overline{AB}",
        r"\binom{n}{k}",
        r"{n \choose k}",
        r"\stackrel{d}{=}",
        r"\begin{matrix} a \\ b \end{matrix}",
        r"\F_q",
        r"\mymacro{x}",
        r"(++--)",
        r"a & b",
        r"\{ a",
        r"x^",
        r"}",
        r"x^{\alpha_1+\alpha_2+\alpha_3+\alpha_4+\alpha_5+\alpha_6+\alpha_7+\alpha_8+\alpha_9}",
        "x" * (LONGEST + 1),
    ],
)
def test_what_a_line_cannot_say_is_declined(formula: str) -> None:
    assert in_unicode(formula) is None


@pytest.mark.parametrize(
    ("read", "following", "placed"),
    [("T_c", "s", "T_(c)s"), ("T_c", "-", "T_c"), ("T_c", "", "T_c"), ("Co_y", "A", "Co_(y)A"), ("x²", "y", "x²y")],
)
def test_a_script_ends_where_the_prose_goes_on(read: str, following: str, placed: str) -> None:
    assert beside(read, following) + following == placed + ("" if placed.endswith(following) else following)


def test_script_takes_all_or_nothing() -> None:
    assert script("12", "^") == "¹²"
    assert script("obs", "_") is None


PIECES = st.sampled_from(
    [
        *r"a b x N 1 2 3.5 + - = , ( ) [ ] | { } ^ _ ' & % ~ < > / \\ \{ \} \| \, \; \! \%".split(" "),
        *r"\alpha \infty \leq \to \cdot \sum \int \log \max \frac \sqrt \over \hat \bar \mathbb \mathrm \text".split(
            " "
        ),
        *r"\rm \cal \left \right \big \not \operatorname \unknown \F {ab} {R} {1,2} \lvert \rangle \not \pmod $".split(
            " "
        ),
        " ",
        "  ",
    ]
)
FORMULAS = st.lists(PIECES, max_size=18).map("".join)


@given(st.one_of(FORMULAS, st.text(max_size=40)))
def test_no_formula_raises_and_no_result_holds_tex(formula: str) -> None:
    read = in_unicode(formula)
    assert read is None or not re.search(r"[\\$`~\ue000-\ue003]", read)
    assert read is None or read.count("{") == read.count("}")


@given(
    st.lists(
        st.sampled_from([*"abxN123+-=,()|", r"\alpha ", r"\leq ", "^2", "_i", "_{n+1}", "_{\\rm obs}"]), max_size=15
    )
)
def test_letters_and_digits_stay_in_their_order(pieces: list[str]) -> None:
    formula = "".join(pieces)
    read = in_unicode(formula)
    if read is not None:
        assert _plain(read) == _plain(re.sub(r"\\rm|\\leq", "", formula.replace(r"\alpha ", "α")))


def _plain(text: str) -> str:
    """Letters and digits alone, those of scripts as those of the line."""
    lowered = {**{chr(0x2080 + digit): str(digit) for digit in range(10)}, "ᵢ": "i", "ₙ": "n", "²": "2"}
    return "".join(lowered.get(letter, letter) for letter in text if letter.isalnum())
