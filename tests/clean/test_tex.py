"""TeX in running text becomes the words that it sets: kinds of it, properties, and real papers."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.tex import words
from assets.clean.text import prose
from tests.clean.real_texts import corpus, needs_data


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Painlev\'e, Fr\'{e}chet, na\"{\i}ve, {\"o}, \c{C}, Erd\H{o}s", "Painlevé, Fréchet, naïve, ö, Ç, Erdős"),
        (r"Teichm\" uller, Poincar\' {e}, Martin\~{g}, \v Cech", "Teichmüller, Poincaré, Marting̃, Čech"),
        (r"Wei\ss\ \& Buchert, S\o ren, \AA ngstr{\"o}m, 5 \AA wide", "Weiß & Buchert, Søren, Ångström, 5 Å wide"),
        (r"the \b{eta} decay at \r{ho} = 1", "the β decay at ρ = 1"),
        (r"90\% of a\_b, \#1, I:\\ reduced, few\=/body", "90% of a_b, #1, I: reduced, few-body"),
        (r"\copyright 2020, \pounds 5, \S 3", "© 2020, £ 5, § 3"),
    ],
)
def test_letters(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("``double'' and `single', don't; psi'' and ``mixed\"", "“double” and ‘single’, don't; psi'' and “mixed”"),
        ("a -- b, c---d, pages 9--11, run --flag", "a – b, c—d, pages 9–11, run --flag"),
        ("Fig.~3 of NGC~5907 in~Sec. 2 at z~3.6, ~ 100", "Fig. 3 of NGC 5907 in Sec. 2 at z~3.6, ~ 100"),
        ("Bayes{Nash and Lieb{Thirring", "Bayes–Nash and Lieb–Thirring"),
    ],
)
def test_quotes_dashes_and_ties(written: str, read: str) -> None:
    assert words(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"{\it one} \emph{\textbf{two}} \textcolor{red}{three} {\bf 4}, \em five", "one two three 4, five"),
        (r"\textbf{a \emph{b {\it c}} d} \underline{H}ierarchy", "a b c d Hierarchy"),
        (r"see~\cite{kal12,b}. \label{x}Done\footnote{Soon}", "see [kal12,b]. Done (Soon)"),
        (r"\url{https://a.b/~c/d\_e--f}", "https://a.b/~c/d_e--f"),
        (r"at \href{https://a.b/}{our page}, $\href{https://a.b/c}{\text{https://a.b/c}}$", None),
        (r"the 1\textsuperscript{st}, H\textsubscript{2}O", "the 1ˢᵗ, H₂O"),
        (r"x \vspace{2mm} \noindent y {\small z}", "x y z"),
        (r"\begin{itemize} \item one \item two \end{itemize}", "one two"),
        (r"\eg, that is \ie{} this, Nash \etal.", "e.g., that is i.e. this, Nash et al."),
    ],
)
def test_macros_of_text(written: str, read: str | None) -> None:
    assert prose(written) == (read or "at our page (https://a.b/), https://a.b/c")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"we propose \method, {\name} and \ours{}", "we propose method, name and ours"),
        (r"\sysname\xspace is \change{rather} fast, \ac{LLM}s", "sysname is rather fast, LLMs"),
        (r"multi\name and \one\two", "multi name and one two"),
    ],
)
def test_a_macro_of_the_authors_own_keeps_its_name_or_its_text(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"{B}ayesian {SWE}-bench but {0,1} and f{x}", "Bayesian SWE-bench but {0,1} and fx"),
        (r"{We show that it holds.} {} {a, b} {x : x > 0}", "We show that it holds. {a, b} {x : x > 0}"),
        (r"network (RNN}) and \textit{a cut", "network (RNN) and a cut"),
        (r"a set \{x, y\} of {\pi}", "a set {x, y} of π"),
        (r"all $\{x$ in $A\}$ and }", r"all $\{x$ in $A\}$ and }"),
    ],
)
def test_braces_that_carry_nothing_go(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"$\beta$-VAE, CO$_2$, $^{87}$Rb, 90$^\circ$, 5$\times$10$^{5}$", "β-VAE, CO₂, ⁸⁷Rb, 90°, 5×10⁵"),
        (r"\(x_i\) and \[ x^2 = y \] and $$a\le b$$", "xᵢ and x² = y and a ≤ b"),
        (r"\begin{equation} a < b \end{equation}", "a < b"),
        (r"$\mathbf{S}$calable, $\textbf{L}oad$, $278\times$ faster", "Scalable, Load, 278× faster"),
        (r"Co$_y$As, T$_{\rm c}$-dependent", "Co_(y)As, T_c-dependent"),
        (r"$M_{\rm BH}$$-$$R$", "M_BH-R"),
        (r"\Delta u in \Omega, on \mathbb{Z} or \R^{N}, p_{T}, 10^{-3}", "Δ u in Ω, on ℤ or ℝᴺ, p_T, 10⁻³"),
        (r"costs \$5 and \$10, or $7 and $8", "costs $5 and $10, or $7 and $8"),
        (r"the phi$ theory of $(a,b", "the phi theory of (a,b"),
        (r"US$ 40, $5 and 270$", "US$ 40, $5 and 270$"),
        (r"prices (in $) of", "prices (in $) of"),
    ],
)
def test_formulas(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (r"a $\overline{AB}$ b", r"a $\overline{AB}$ b"),
        (r"a \(\binom{n}{k}\) b", r"a $\binom{n}{k}$ b"),
        (r"a \[ \F_q \] b", r"a $ \F_q $ b"),
        (r"a \widehat{AB}_1 b", r"a $\widehat{AB}_1$ b"),
        (r"\begin{cases} a & b \\ c & d \end{cases}", r"\begin{cases} a & b \\ c & d \end{cases}"),
        (r"$$\underbrace{a}_{\text{$d$ times}}$$", r"$$\underbrace{a}_{\text{$d$ times}}$$"),
        ("$" + "{" * 5000 + "}" * 5000 + "$", "$" + "{" * 5000 + "}" * 5000 + "$"),
    ],
)
def test_a_formula_that_a_line_cannot_say_keeps_its_tex_between_dollars(written: str, kept: str) -> None:
    assert prose(written) == kept


PIECES = st.sampled_from(
    [
        *r"\ $ $$ { } ~ ` ' - -- --- '' `` % & < > ^ _ ( ) [ ] . , a b e 5 10 word Two".split(" "),
        *r"\emph{ \textbf{ \it \alpha \ss \o \'e \"{o} \H{o} \frac{1}{2} \mathbb{R} \cite{a} \( \) \[ \] \\ \%".split(
            " "
        ),
        *r"\$ \{ \} \| \, \= x_{n} x^{\rm obs} \hat{x} \hat{ab} \ours \ours{} \ours{text} \eg".split(" "),
        *r"\url{https://a.b/~c} \label{x} \begin{equation} \end{equation} \left\{ \right. \over \cal \b{eta}".split(
            " "
        ),
        *["https://a.b", "ß", "é", "中文", "\ufdd00\ufdd1", "{\\it ", "three word sentence", "\ue000", " ", " ", "\n"],
    ]
)
MIXTURES = st.lists(PIECES, max_size=25).map("".join)


@given(st.one_of(MIXTURES, st.text()))
def test_prose_with_tex_is_idempotent(text: str) -> None:
    once = prose(text)
    assert prose(once) == once


@given(MIXTURES)
def test_no_word_is_invented(text: str) -> None:
    assert invented(text, words(text)) == []


@pytest.mark.parametrize(
    "piece", [*"{}$\\`~", "--", "''", r"\(", r"\[", r"\emph{", r"\begin{equation}", "{}", "{a ", r"\hat{"]
)
def test_markup_without_end_is_read_once(piece: str) -> None:
    long, longer = piece * 2000, piece * 4000
    assert len(words(longer)) <= 2 * len(words(long)) + len(longer)


@needs_data
def test_real_texts_lose_their_tex_and_gain_no_word() -> None:
    texts = [text for text in corpus(every=40)["abstract"].drop_nulls() if "\\" in text or "$" in text]
    read = [prose(text) for text in texts]
    assert len(texts) > 300
    assert sum("\\" in text or "$" in text for text in read) < len(texts) / 15
    assert [text for text in read if prose(text) != text] == []
    assert [found for text, now in zip(texts, read, strict=True) if (found := invented(text, now))] == []


def invented(text: str, read: str) -> list[str]:
    """Runs of three letters or more in `read` that did not stand in `text`, whatever was their accent or style.

    The name of a macro may count as letters or as nothing.
    """
    named = re.sub(r"\\((?:begin|end)\{\w+\}|[A-Za-z]+)", "\x00\\1\x01", text)
    source = re.sub("[^a-z\x00\x01]", "", _folded(named))
    skipped = "(?:\x00[a-z]*\x01|[\x00\x01])*"
    runs = set(re.findall(r"[a-z]{3,}", _folded(read)))
    return [run for run in runs if run not in source and not re.search(skipped.join(run), source)]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ℓ", " ")).casefold().replace("æ", "ae").replace("œ", "oe")
    return "".join(letter for letter in plain.translate(_STROKED) if not unicodedata.combining(letter))


_STROKED = str.maketrans("øłđı", "oldi")
