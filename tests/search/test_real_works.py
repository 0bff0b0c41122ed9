"""How well known works are found among real ones."""

import gzip
import json
from itertools import islice
from pathlib import Path
from random import Random
from statistics import mean

import pytest

from tests.lab import DATA
from tests.search.made import MONDAY, ids, indexed, work

CORPUS = DATA / "arxiv/corpus_80k.jsonl.gz"
WORKS, TITLES, SEED, MRR = 4_000, 150, 7, 0.95


def test_a_title_without_two_words_finds_its_work(tmp_path: Path) -> None:
    if not CORPUS.exists():
        pytest.skip(f"the real works are not here: {CORPUS}")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        papers = [json.loads(line) for line in islice(lines, WORKS)]
    works = [work(number, paper["title"], paper["abstract"]) for number, paper in enumerate(papers)]
    indexed(tmp_path / "search.sqlite", {MONDAY: works})
    random = Random(SEED)  # noqa: S311 - it draws a sample
    reciprocal = []
    for one in random.sample([one for one in works if len(one["title"].split()) > 3], TITLES):
        words = one["title"].split()
        for _ in range(2):
            words.pop(random.randrange(len(words)))
        found = ids(tmp_path / "search.sqlite", " ".join(words), 10)
        reciprocal.append(1 / (found.index(one["work_id"]) + 1) if one["work_id"] in found else 0)
    assert mean(reciprocal) >= MRR
