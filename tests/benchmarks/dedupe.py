"""Deduplication in bulk: the corpus and the labelled revisions, beside two libraries that do the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, PYTHON, Usage, run, typical
from tests.benchmarks.table import Row, at_least, lines

CORPUS = CHECKOUT / "../shared/data/arxiv/corpus_80k.jsonl.gz"
WAYS = {
    "ours": "blocks, pairs, judgement, components",
    "datasketch": "datasketch: MinHash, MinHashLSH, Jaccard",
    "rensa": "rensa's bulk path: RMinHash, RMinHashLSH, Jaccard",
}
RUNS = 3
AT_LEAST = 5
DEDUPE = str(CHECKOUT / "tests/benchmarks/dedupe_corpus.py")


def report() -> Iterator[str]:
    """The table."""
    if not CORPUS.exists():
        yield f"dedupe: the corpus is not here: {CORPUS}"
        return
    with TemporaryDirectory() as folder:
        runs = {way: [run([PYTHON, DEDUPE, way], Path(folder)) for _ in range(RUNS)] for way in WAYS}
    ours = _seconds(runs["ours"])
    rows = [_row(way, usages, _seconds(usages) / ours) for way, usages in runs.items()]
    quality = [f"{way}: precision {p:.3f}, recall {r:.3f}, F1 {f1:.3f}" for way, (_, p, r, f1) in _printed(runs)]
    yield from lines("dedupe: the corpus and the labelled revisions, from clean rows to groups", rows, quality)


def _printed(runs: dict[str, list[Usage]]) -> Iterator[tuple[str, list[float]]]:
    return ((way, json.loads(usages[0].printed)) for way, usages in runs.items())


def _seconds(usages: list[Usage]) -> float:
    return median(float(json.loads(usage.printed)[0]) for usage in usages)


def _row(way: str, usages: list[Usage], ratio: float) -> Row:
    """A process also reads and cleans, which its seconds leave out and its memory does not."""
    words = "-" if way == "ours" else f"{ratio:.1f} x ours"
    target = at_least(ratio, AT_LEAST) if way == "datasketch" else "-"
    return Row(WAYS[way], _seconds(usages), None, typical(usages).memory, len(usages), words, target)
