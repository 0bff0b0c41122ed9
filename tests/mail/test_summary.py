"""Two sentences of an abstract, verbatim: those that say what the paper does."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.summary import LEFT_OUT, sentences, summary

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"
PIECES = st.sampled_from(["We propose ", "a boat", ". ", "! ", "This work shows ", "e.g. ", "\n", "It floats.", " "])


@pytest.mark.parametrize(
    "expected",
    [
        ["We ask.", "It answers.", "We stop."],
        ["Following Smith et al. (2024), we prune.", "It is 3.5 times faster, e.g. on a GPU.", "We stop."],
        ["Unlike Smith et al. Brown et al. prune, i.e. cut.", "See Fig. 2 and Eq. 3.", "We stop."],
        ["Large vs. small models differ, cf. Sec. 4.", "They are i.i.d. Gaussian.", "We stop."],
        ["The method of J. K. Smith fails.", "Dr. Brown and St. Mary agree.", "We stop."],
        ['Is it "enough?"', "It is (we think.)", "(See above.)", "We stop."],
        ["It costs 0.5 cents.", "GPT-4.5 costs more!", "2D is cheaper."],
        ["One sentence that never ends"],
        ["One.", "Two"],
        [],
    ],
)
def test_where_a_sentence_ends(expected: list[str]) -> None:
    assert sentences("  ".join(expected)) == expected


BOATS, PROPOSAL, MORE = "Boats are slow.", "In this work, we therefore propose a keel.", "It is long."
RESULT, END = "We show that it is fast.", "This paper presents all of it."


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ([BOATS, PROPOSAL, MORE, RESULT, END], PROPOSAL + LEFT_OUT + RESULT),
        ([BOATS, MORE, RESULT, END], f"{RESULT} {END}"),
        ([BOATS, MORE, PROPOSAL], BOATS + LEFT_OUT + PROPOSAL),
        ([PROPOSAL, BOATS, MORE], f"{PROPOSAL} {BOATS}"),
        ([BOATS, MORE, "We stop."], f"{BOATS} {MORE}"),
        ([BOATS, PROPOSAL], f"{BOATS} {PROPOSAL}"),
        ([BOATS], BOATS),
        ([], ""),
    ],
)
def test_what_the_paper_says_of_itself_comes_before_the_beginning(abstract: list[str], expected: str) -> None:
    assert summary(" ".join(abstract)) == expected


@given(st.text() | st.text(alphabet=st.sampled_from('ab A.B?!\n("e.g ')) | st.lists(PIECES).map("".join))
def test_a_summary_is_verbatim(abstract: str) -> None:
    found, every = summary(abstract), sentences(abstract)
    assert " ".join(" ".join(every).split()) == " ".join(abstract.split())
    assert found in {*every, "", *(f"{one} {next_}" for one, next_ in pairwise(every)), *_apart(every)}
    assert bool(found) == bool(abstract.strip())


def _apart(every: list[str]) -> list[str]:
    return [one + LEFT_OUT + other for place, one in enumerate(every) for other in every[place + 2 :]]


def test_summaries_of_real_abstracts_are_verbatim_and_short() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of real abstracts is not here")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abstract"] for line, _ in zip(lines, range(5_000), strict=False)]
    found = [summary(abstract) for abstract in abstracts]
    for words, abstract in zip(found, abstracts, strict=True):
        assert all(sentence in abstract for piece in words.split(LEFT_OUT) for sentence in sentences(piece))
    assert 250 < sorted(map(len, found))[len(found) // 2] < 420
