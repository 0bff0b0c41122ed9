"""Titles and abstracts become prose: kinds of dirt that sources send, properties, and real papers."""

import gzip
import html
import json
import re
import unicodedata
from collections import Counter
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
        ("a\u202fb\u2009c\u3000d\u2028e\u205ff", "a b c d e f"),
        ("right\u202eleft\u2069 tag\U000e0041ged \x00null\x1b \u061carabic\ufffc", "rightleft tagged null arabic"),
        ("a soft\u00adhyphen, on pur\u00ad\n pose", "a softhyphen, on purpose"),
        ("（全角）ｆｕｌｌ ① ㎞", "（全角）ｆｕｌｌ ① ㎞"),
        ("e\u0301tale ﬁnite ﬂow", "étale finite flow"),
        ("electro\xe2\x80\x93mechanical", "electro–mechanical"),
        ("so-called â€œpeakednessâ€\x9d of a cafÃ©", "so-called “peakedness” of a café"),
        ("a person\xc3\xa2\xc2\x80\xc2\x99s", "a person’s"),
        ("the algebra Ã of a matrix Â ⊗ Ê; “É»", "the algebra Ã of a matrix Â ⊗ Ê; “É»"),
        ("16&plusmn2 &ndash 30&#176C, p &lt 0.05, Q&amp A", "16±2 – 30°C, p < 0.05, Q& A"),
        ("?a=1&lt=2&amplitude &notit; &ampersand; R&D", "?a=1&lt=2&amplitude &notit; &ampersand; R&D"),
        ("at <https://lab.example/a> or <www.lab.example>", "at https://lab.example/a or www.lab.example"),
        ("a <!-- draft -->text, <italic>in vivo</italic>", "a text, in vivo"),
        ("Abstract: We study", "We study"),
        ("arXiv:2402.10769v1 Announce Type: cross  Abstract: Retrieval", "Retrieval"),
        ("Abstract interpretation", "Abstract interpretation"),
        ("Abstract. Robots lift", "Robots lift"),
        ("ABSTRACT Robots lift", "Robots lift"),
        ("Abstract The robots lift", "The robots lift"),
        ("Summary: Robots lift", "Robots lift"),
        ("Summary of a workshop", "Summary of a workshop"),
        ("Abstract Algebra Done Slowly", "Abstract Algebra Done Slowly"),
        ("Background: robots fall. Results: fewer", "Background: robots fall. Results: fewer"),
        ("An abstract that was cut in the mid…", "An abstract that was cut in the mid…"),
    ],
)
def test_what_happens_to_text_on_its_way(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a lift of clus-\ntering; clustering helps", "a lift of clustering; clustering helps"),
        ("learned repre-\nsentations of high-\ndimensional data", "learned repre-sentations of high-dimensional data"),
        ("Fur- thermore, long- term and LLM- based", "Fur-thermore, long-term and LLM-based"),
        ("one- and two-sided, macro- or micro-, pre- to post-", "one- and two-sided, macro- or micro-, pre- to post-"),
        ("a word -so to speak- with dashes", "a word -so to speak- with dashes"),
        ("a method- which lifts", "a method- which lifts"),
        ("from x- to y-axis, i- th, $n$- fold", "from x- to y-axis, i- th, n- fold"),
    ],
)
def test_a_word_broken_over_two_lines(written: str, read: str) -> None:
    assert prose(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a **bold** claim, **S**afe **L**ifting, i**N**side", "a bold claim, Safe Lifting, iNside"),
        ("it *never* falls (*almost*)", "it never falls (*almost*)"),
        ("2**10 and 3**10, x ** 2 ** 3", "2**10 and 3**10, x ** 2 ** 3"),
        ("the *-algebra, f*g*h, C* and D* algebras", "the *-algebra, f*g*h, C* and D* algebras"),
        ("[code](https://lab.example/c) and [7](2021)", "code (https://lab.example/c) and [7](2021)"),
        ("[https://lab.example](https://lab.example)", "https://lab.example"),
    ],
)
def test_markdown_that_a_source_left(written: str, read: str) -> None:
    assert prose(written) == read


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
        *[r"\cite{a}", r"\url{https://a.b/~c}", r"\(", r"\)", r"\[", r"\]", r"\\", r"\%", r"\$", r"\{", r"\}", r"\ "],
        *["&amp;", "&lt;", "&gt;", "&#36;", "&#92;", "&lt ", "&ndash", "<p>", "</p>", "<i>", "</i>", "<br/>", "<!--"],
        *["<sup>2</sup>", "https://a.b", "[a](https://a.b)", "**", "*", "clus- tering", "clustering", "abstract:"],
        *[
            " ",
            " ",
            "\n",
            "\u00a0",
            "\u00ad",
            "\u200d",
            "\x7f",
            "ﬁ",
            "é",
            "e\u0301",
            "ß",
            "â€œ",
            "中文",
            "\ufdd00\ufdd1",
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
    given_letters = Counter(letters(html.unescape(html.unescape(text))))
    assert not Counter(letters(prose(text))) - given_letters


@pytest.mark.parametrize(
    "piece", ["&amp;", "&lt", "<!--", "<p>", "*", "**a", "a- ", "abstract:", "](", "é", "\u00ad\n"]
)
def test_dirt_without_end_is_cleaned(piece: str) -> None:
    prose(piece * 20_000)


@given(st.text(alphabet="\\${}`'~-&<>*[](", max_size=400))
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
