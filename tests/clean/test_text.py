"""Titles and abstracts become prose: kinds of dirt that sources send, properties, and real papers."""

import gzip
import html
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.text import prose

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no real papers at {DATA}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  hard\n  wrapped\ttext ", "hard wrapped text"),
        ("", ""),
        (" \n ", ""),
        ("Shakespeare &amp; Co, n &#8805; 3", "Shakespeare & Co, n ≥ 3"),
        ("twice &amp;lt;p&amp;gt;escaped&amp;lt;/p&amp;gt;", "twice escaped"),
        ("a query ?a=1&copy=2 and R&D; AT&T", "a query ?a=1&copy=2 and R&D; AT&T"),
        ("Graphs<br> and <i>F</i>-tests", "Graphs and F-tests"),
        ("<jats:title>Abstract</jats:title><jats:p>We prove</jats:p>", "We prove"),
        ("H<sub>2</sub>O at 10<sup>5</sup> Pa, T<sub>obs</sub>", "H₂O at 10⁵ Pa, T_obs"),
        (
            "the field <B> ~ 100 G, then <think> and </think>",
            "the field <B> ~ 100 G, then <think> and </think>",
        ),
        ('Schr\x7f\\"odinger\u200b and\u00a0the\ufeff rest', "Schrödinger and the rest"),
        ("family 👨\u200d💻, plain\u200d joiner", "family 👨\u200d💻, plain joiner"),
        ("e\u0301tale ﬁnite ﬂow", "étale finite flow"),
        ("electro\xe2\x80\x93mechanical", "electro–mechanical"),
        ("Abstract: We study", "We study"),
        ("arXiv:2402.10769v1 Announce Type: cross  Abstract: Retrieval", "Retrieval"),
        ("Abstract interpretation", "Abstract interpretation"),
    ],
)
def test_what_happens_to_text_on_its_way(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            r"Painlev\'e, Fr\'{e}chet, na\"{\i}ve, {\"o}, \c{C}, Erd\H{o}s",
            "Painlevé, Fréchet, naïve, {ö}, Ç, Erdős",
        ),
        (
            r"Wei\ss\ \& Buchert, S\o ren, \AA ngstr{\"o}m, 5 \AA wide",
            "Weiß & Buchert, Søren, Ångström, 5 Å wide",
        ),
        (r"{\it one} \emph{\textbf{two}} \textcolor{red}{three} {\bf 4}, \em five", "one two three 4, five"),
        (r"{B}ayesian {SWE}-bench but {0,1} and f{x}", "Bayesian SWE-bench but {0,1} and fx"),
        (
            "``double'' and `single', don't; psi'' and ``mixed\"",
            "“double” and ‘single’, don't; psi'' and “mixed”",
        ),
        ("a -- b, c---d, pages 9--11, run --flag", "a – b, c—d, pages 9–11, run --flag"),
        ("Fig.~3 of NGC~5907 in~Sec. 2 at z~3.6, ~ 100", "Fig. 3 of NGC 5907 in Sec. 2 at z~3.6, ~ 100"),
        (r"90\% of a\_b, \#1, I:\\ reduced", "90% of a_b, #1, I: reduced"),
        (r"see~\cite{kal12,b}. \label{x}Done\footnote{Soon}", "see [kal12,b]. Done (Soon)"),
        (r"\url{https://a.b/~c/d\_e--f}", "https://a.b/~c/d_e--f"),
        (r"at \href{https://a.b/}{our page}", "at our page (https://a.b/)"),
        (r"we propose \method, {\name} and \ours{}", r"we propose \method, {\name} and \ours{}"),
        (r"costs \$5 and \$10, or $7 and $8", "costs $5 and $10, or $7 and $8"),
        (r"\Delta u in \Omega, on \mathbb{Z}", "Δ u in Ω, on ℤ"),
    ],
)
def test_tex_in_running_text(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$\beta$-VAE", "β-VAE"),
        (r"$O(n^2)$ and $O(n\log n)$", "O(n²) and O(n log n)"),
        (r"$\mathbb{R}^n$, ${\cal F}$, $\mathfrak g$", "ℝⁿ, ℱ, 𝔤"),
        (r"CO$_2$, $^{87}$Rb, $10^{-3}$, 90$^\circ$", "CO₂, ⁸⁷Rb, 10⁻³, 90°"),
        (r"$n\geq 2$, 5$\times$10$^{5}$", "n ≥ 2, 5×10⁵"),
        (r"$1<p <\infty$", "1 < p < ∞"),
        (r"\(x_i\) and $\hat{x}$, $\frac{1}{2}$, $\sqrt{n}$", "xᵢ and x̂, 1/2, √n"),
        (r"$\left[0,1\right]$ and $\mathrm{AUC}=\text{high}$", "[0,1] and AUC=high"),
        (r"$M_{\rm BH}$$-$$R$", r"$M_{\rm BH}$-R"),
    ],
)
def test_a_formula_that_unicode_can_say(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    "formula",
    [
        r"$T_c$",
        r"$x_{i,j}$",
        r"$e^{-x^2}$",
        r"$\frac{a+b}{c}$",
        r"$2\frac{1}{2}$",
        r"$\R^n$",
        r"$\{ab\}$",
        r"$(++--)$",
        r"\begin{equation} a < b \& c \end{equation}",
        r"$\Bbb CP^2 To be prudent",
        "$" + "{" * 5000 + "}" * 5000 + "$",
    ],
)
def test_a_formula_that_unicode_cannot_say_keeps_its_tex(formula: str) -> None:
    assert prose(formula) == formula


PIECES = st.sampled_from(
    [
        *r"\ $ { } ~ ` ' - -- --- '' `` % & < > ^ _ ( ) [ ] . , a b e 5 10 word Two".split(" "),
        *[
            r"\emph{",
            r"\textbf{",
            r"\it ",
            r"\alpha",
            r"\ss ",
            r"\'e",
            r"\"{o}",
            r"\H{o}",
            r"\frac{1}{2}",
            r"\mathbb{R}",
        ],
        *[
            r"\cite{a}",
            r"\url{https://a.b/~c}",
            r"\(",
            r"\)",
            r"\[",
            r"\]",
            r"\\",
            r"\%",
            r"\$",
            r"\{",
            r"\}",
            r"\ ",
        ],
        *[
            "&amp;",
            "&lt;",
            "&gt;",
            "&#36;",
            "&#92;",
            "<p>",
            "</p>",
            "<i>",
            "</i>",
            "<br/>",
            "<sup>2</sup>",
            "https://a.b",
        ],
        *[
            " ",
            " ",
            "\n",
            "\u00a0",
            "\u200d",
            "\x7f",
            "ﬁ",
            "é",
            "e\u0301",
            "ß",
            "中文",
            "\ufdd00\ufdd1",
            "abstract:",
        ],
    ]
)
DIRT = st.lists(PIECES, max_size=25).map("".join)


@given(st.one_of(DIRT, st.text()))
def test_prose_is_idempotent_and_one_line(text: str) -> None:
    once = prose(text)
    assert prose(once) == once
    assert once == " ".join(once.split())


@given(DIRT)
def test_prose_adds_no_letter(text: str) -> None:
    remaining = iter(letters(html.unescape(html.unescape(text))))
    assert all(letter in remaining for letter in letters(prose(text)))


@given(st.text(alphabet="\\${}`'~-&<>", max_size=400))
def test_markup_without_words_never_raises(text: str) -> None:
    prose(text)


@needs_data
def test_real_texts_are_stable_and_hold_only_their_own_words() -> None:
    for text in real_texts():
        read = prose(text)
        assert prose(read) == read
        if read == " ".join(text.split()):
            continue
        known = spellings(text)
        invented = [word for word in re.findall(r"[a-z]{2,}", folded(read)) if not any(word in way for way in known)]
        assert invented == [], text


@needs_data
def test_most_real_tex_is_gone() -> None:
    texts = real_texts()
    before = sum("\\" in text or "$" in text for text in texts)
    after = sum("\\" in prose(text) or "$" in prose(text) for text in texts)
    assert before > 300
    assert after < before / 2


def real_texts() -> list[str]:
    with gzip.open(DATA / "arxiv/corpus_80k.jsonl.gz", "rt") as lines:
        sampled = [json.loads(line) for number, line in enumerate(lines) if number % 60 == 0]
    with gzip.open(DATA / "dirty_cases.jsonl.gz", "rt") as lines:
        worst = [json.loads(line) for line in lines]
    return [paper[field] for paper in sampled + worst for field in ("title", "abstract") if paper[field]]


def folded(text: str) -> str:
    """The text's ASCII, accents and case aside; everything that is not a letter stays as a boundary."""
    plain = unicodedata.normalize("NFKD", text.replace("ℓ", "ell")).casefold().replace("æ", "ae").replace("œ", "oe")
    return "".join(letter for letter in plain.translate(STROKED) if not unicodedata.combining(letter))


def letters(text: str) -> str:
    return re.sub("[^a-z]", "", folded(text))


def spellings(text: str) -> list[str]:
    """The letters of the source with its macros' names, without the accents' names, and without any."""
    names = (r"(?!)", r"\\[uvHcdbkrt](?![A-Za-z])", r"\\[A-Za-z]+")
    sources = (text, html.unescape(html.unescape(text)))
    return [letters(re.sub(name, "", source)) for source in sources for name in names]


STROKED = str.maketrans("øłđı", "oldi")
