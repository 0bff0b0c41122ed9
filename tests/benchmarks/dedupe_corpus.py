"""One way to find the duplicates among the corpus and the labelled revisions, from clean rows to groups.

`python dedupe_corpus.py ours|datasketch|rensa` prints JSON: seconds, precision, recall and F1 over the labelled pairs.
The peers do what their manuals show: MinHashes of word triples of title and abstract, locality-sensitive hashing, the
exact Jaccard similarity of what it finds, and connected components.
"""

import itertools
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

import polars as pl
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]
from rensa import RMinHash, RMinHashLSH

from tests.dedupe.at_once import works_at_once
from tests.dedupe.labelled import corpus, revisions

PERMUTATIONS = 128
SIMILAR = 0.5
BANDS = 32
"""Of four hashes each: where datasketch's own choice for `SIMILAR` lies."""
WORDS_TOGETHER = 3

Links = Iterator[tuple[int, int]]


def main(way: str) -> None:
    """Find, and compare with what is known."""
    known = revisions("arxiv_revisions")
    records = pl.concat([known.records, corpus()])
    started = time.perf_counter()
    groups = list(works_at_once(records) if way == "ours" else _peer(records, way))
    seconds = time.perf_counter() - started
    labelled = set(known.records["paper_id"])
    pairs = (pair for group in groups for pair in itertools.combinations(sorted(labelled.intersection(group)), 2))
    found = set(pairs)
    right = len(found & known.true)
    precision, recall = right / max(1, len(found)), right / len(known.true)
    print(json.dumps([seconds, precision, recall, 2 * right / (len(found) + len(known.true))]))


def _peer(records: pl.DataFrame, way: str) -> Iterable[set[str]]:
    texts = records.select(pl.concat_str("title", "abstract", separator=" ", ignore_nulls=True)).to_series()
    shingles = [_shingles(text) for text in texts]
    candidates = _by_datasketch(shingles) if way == "datasketch" else _by_rensa(shingles)
    linked = (pair for pair in candidates if _jaccard(*(shingles[place] for place in pair)) >= SIMILAR)
    return _connected(records["paper_id"].to_list(), linked)


def _shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[start : start + WORDS_TOGETHER]) for start in range(len(words) - WORDS_TOGETHER + 1)}


def _by_datasketch(shingles: Sequence[set[str]]) -> Links:
    index = MinHashLSH(threshold=SIMILAR, num_perm=PERMUTATIONS)
    hashes = MinHash.generator(([word.encode() for word in one] for one in shingles), num_perm=PERMUTATIONS)
    for place, minhash in enumerate(hashes):
        yield from ((place, other) for other in index.query(minhash))
        index.insert(place, minhash)


def _by_rensa(shingles: Sequence[set[str]]) -> Links:
    hashes = RMinHash.from_token_sets([list(one) for one in shingles], PERMUTATIONS, 1)
    index = RMinHashLSH(SIMILAR, PERMUTATIONS, BANDS)
    index.insert_many(hashes)
    for place, others in enumerate(index.query_all(hashes)):
        yield from ((place, other) for other in others if other < place)


def _jaccard(ours: set[str], theirs: set[str]) -> float:
    return len(ours & theirs) / max(1, len(ours | theirs))


def _connected(names: Sequence[str], links: Links) -> Iterable[set[str]]:
    group = {name: {name} for name in names}
    for left, right in links:
        ours, theirs = sorted((group[names[left]], group[names[right]]), key=len, reverse=True)
        if ours is not theirs:
            ours |= theirs
            group |= dict.fromkeys(theirs, ours)
    return {id(one): one for one in group.values()}.values()


if __name__ == "__main__":
    main(*sys.argv[1:])
