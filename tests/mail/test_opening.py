"""The beginning of an abstract: two sentences, verbatim."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.opening import opening

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"


@pytest.mark.parametrize(
    "sentences",
    [
        ["We ask. ", "It answers. ", "We stop."],
        ["Following Smith et al. (2024), we prune. ", "It is 3.5 times faster, e.g. on a GPU. ", "We stop."],
        ["Unlike Smith et al. Brown et al. prune, i.e. cut. ", "See Fig. 2 and Eq. 3. ", "We stop."],
        ["Large vs. small models differ, cf. Sec. 4. ", "They are i.i.d. Gaussian. ", "We stop."],
        ["The method of J. K. Smith fails. ", "Dr. Brown and St. Mary agree. ", "We stop."],
        ['Is it "enough?" ', "It is (we think.) ", "(See above.) We stop."],
        ["It costs 0.5 cents.\n", "GPT-4.5 costs more!  ", "2D is cheaper."],
        ["One sentence that never ends"],
        ["One. ", "Two"],
        [""],
    ],
)
def test_an_opening_is_two_sentences(sentences: list[str]) -> None:
    assert opening("".join(sentences)) == "".join(sentences[:2]).strip()


@given(st.text() | st.text(alphabet=st.sampled_from('ab A.B?!\n("e.g ')))
def test_an_opening_is_verbatim(abstract: str) -> None:
    found = opening(abstract)
    assert abstract.strip().startswith(found)
    assert bool(found) == bool(abstract.strip())


def test_real_openings_are_verbatim_and_short() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of real abstracts is not here")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abstract"] for line, _ in zip(lines, range(5_000), strict=False)]
    openings = [opening(abstract) for abstract in abstracts]
    assert all(found in abstract for found, abstract in zip(openings, abstracts, strict=True))
    assert 250 < sorted(map(len, openings))[len(openings) // 2] < 400
