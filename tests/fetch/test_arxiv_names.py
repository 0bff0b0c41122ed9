"""Ids, sets, authors and moments as arXiv writes them."""

import gzip
import json
import time
from datetime import UTC, datetime

import pytest

from assets.fetch.arxiv import ids
from assets.fetch.arxiv.moments import moment
from assets.fetch.arxiv.names import people
from tests.fetch.arxiv_lab import recorded


def test_all_ids_of_the_corpus_are_ids_and_stay_as_they_are() -> None:
    corpus = recorded(".", "corpus_80k.jsonl.gz")
    named = [json.loads(line)["id"] for line in gzip.decompress(corpus.content).splitlines()]
    assert len(named) == 79_727
    for paper in named:
        assert ids.split(paper) == (paper, None)
        assert ids.split(f"oai:arXiv.org:{paper}v12") == (paper, 12)
        assert ids.split(f"http://arxiv.org/abs/{paper}v1") == (paper, 1)


@pytest.mark.parametrize(
    "text", ["abc", "", "2503.1", "2513.00001", "2503.00001v0", "2503.00001,2503.00002", "٢٥٠٣.٠٠٠٠١"]
)
def test_what_is_not_an_id_is_not_taken_for_one(text: str) -> None:
    assert not ids.is_id(text)
    with pytest.raises(ValueError, match="not an arXiv id"):
        ids.split(text)


@pytest.mark.parametrize(
    ("category", "expected"),
    [("cs.CL", "cs"), ("math.AG", "math"), ("stat.ML", "stat"), ("q-bio.NC", "q-bio"), ("eess.IV", "eess"),
     ("hep-th", "physics:hep-th"), ("astro-ph.GA", "physics:astro-ph"), ("physics.optics", "physics:physics"),
     ("math-ph", "physics:math-ph")],
)  # fmt: skip
def test_the_set_that_holds_a_category(category: str, expected: str) -> None:
    assert ids.harvest_set(category) == expected


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ada Example, Ben Example and Cyd Example", ["Ada Example", "Ben Example", "Cyd Example"]),
        ("Ada Example, Ben Example, and Cyd Example", ["Ada Example", "Ben Example", "Cyd Example"]),
        ("Ada Example (1), Ben Example (1, 2) ((1) Here, (2) There, and Beyond)", ["Ada Example", "Ben Example"]),
        ("Ada Example, Jr., Ben Example III", ["Ada Example, Jr.", "Ben Example III"]),
        ("The Example Collaboration: A. Example, B. Example",
         ["The Example Collaboration", "A. Example", "B. Example"]),
        ("Example Labs: A. Example, B. Example", ["Example Labs", "A. Example", "B. Example"]),
        ("Anders And, Sandy Andersson", ["Anders And", "Sandy Andersson"]),
        ('J\\"org Ex\\\'ample', ['J\\"org Ex\\\'ample']),
        ("Ada Example (unclosed, Ben Example", ["Ada Example (unclosed", "Ben Example"]),
        ("", []),
    ],
)  # fmt: skip
def test_authors_in_one_line(line: str, names: list[str]) -> None:
    assert people(line) == names


@pytest.mark.parametrize(
    "text",
    ["2025-03-11T08:30:00Z", "2025-03-11T04:30:00-04:00", "2025-03-11T08:30:00", "Tue, 11 Mar 2025 08:30:00 GMT",
     "Tue, 11 Mar 2025 08:30:00 -0000", "Tue, 11 Mar 2025 04:30:00 -0400"],
)  # fmt: skip
def test_a_moment_is_of_utc_whatever_the_zone_of_this_machine(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert moment(text) == datetime(2025, 3, 11, 8, 30, tzinfo=UTC)
    monkeypatch.undo()
    time.tzset()
