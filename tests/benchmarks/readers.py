"""Taste learned from likes: an author's earlier papers are what a reader likes, the later ones what is to be found.

Beside it, on the same split and words, the scores that arxiv-sanity-lite and zotero-arxiv-daily publish; and what the
readers of mails cost by their taste.
"""

import gzip
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from assets.mail import tasting
from assets.mail.profile import text
from assets.mail.taste import BACKGROUND, LINEAR_FROM, Background, Shares, background, taste
from orchestration.command import in_columns
from tests.benchmarks.table import in_process

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"
READERS = 400
OTHERS = 200
PAPERS = {"few": range(4, 15), f"{LINEAR_FROM} and more": range(15, 61)}
"""Papers of an author: with fewer there is nothing to learn, with more the name is often that of several people."""

EARLIER = 0.7
FIRST = 10
SEED = 20261129

DAY = 60
"""Papers of a usual day."""

LIKES = (1, LINEAR_FROM - 1, LINEAR_FROM, 50, tasting.MOST)
ASKED = 20
RUNS = 3

Way = Callable[[Background, Sequence[str], Sequence[str]], Shares]


@dataclass(frozen=True)
class Reader:
    """What is liked, the newest first, and the list: first the `found` ones, then others of the same archive."""

    liked: list[str]
    listed: list[str]
    found: int


def report() -> Iterator[str]:
    """The table."""
    if not CORPUS.exists():
        yield f"readers: the corpus is not here: {CORPUS}"
        return
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        papers = [paper for line in lines for paper in [json.loads(line)] if paper["categories"] and _day(paper)]
    chance = random.Random(SEED)  # noqa: S311 - nothing here is secret
    known = background([_text(paper) for paper in chance.sample(papers, BACKGROUND)])
    for told, span in PAPERS.items():
        readers = _readers(papers, span, chance)
        yield f"readers: {len(readers)} authors as readers with {told} likes; lists of {OTHERS} others"
        yield ""
        heads = ["by", "MRR", f"R@{FIRST}", "cpu s for 1,000"]
        yield from in_columns([heads, *([name, *_figures(way, known, readers)] for name, way in WAYS.items())])
        yield ""
    yield f"MRR: of the first of the author's later papers; R@{FIRST}: how many of them are among the first {FIRST}."
    yield ""
    yield f"readers of mails: a day of {DAY} papers, weighed once; cpu s for 1,000 readers"
    heads = ["likes", "their taste", "of it, the words", "taste / words"]
    yield from in_columns([heads, *(_cost(known, papers, likes, chance) for likes in LIKES)])


def _cost(known: Background, papers: Sequence[Mapping[str, Any]], likes: int, chance: random.Random) -> list[str]:
    """What the readers of a mail cost who like so many papers each; the floor is to read the words of these."""
    asked = known.weighed([_text(paper) for paper in chance.sample(papers, DAY)])
    liked = [[_text(paper) for paper in chance.sample(papers, likes)] for _ in range(ASKED)]
    words = in_process("words", lambda: [known.weighed(texts) for texts in liked], RUNS).cpu
    whole = in_process("taste", lambda: [taste(known, known.weighed(texts), asked) for texts in liked], RUNS).cpu
    assert words is not None and whole is not None
    a_thousand = 1_000 / ASKED
    return [f"{likes}", f"{whole * a_thousand:.1f}", f"{words * a_thousand:.1f}", f"{whole / words:.1f}"]


def _readers(papers: Sequence[Mapping[str, Any]], span: range, chance: random.Random) -> list[Reader]:
    by_author, by_archive = defaultdict(list), defaultdict(list)
    for place, paper in enumerate(papers):
        by_archive[_archive(paper)].append(place)
        for name in paper["authors"]:
            by_author[name].append(place)
    names = sorted(name for name, listed in by_author.items() if len(listed) in span and len(name.split()[0]) > 2)
    readers: list[Reader] = []
    for name in chance.sample(names, len(names)):
        own = sorted(by_author[name], key=lambda place: _day(papers[place]))
        likes = max(2, int(EARLIER * len(own)))
        later = own[likes:]
        others = [place for place in by_archive[_archive(papers[own[-1]])] if place not in own]
        if later and len(others) >= OTHERS and len(readers) < READERS:
            listed = [*later, *chance.sample(others, OTHERS)]
            liked = [_text(papers[place]) for place in reversed(own[:likes])]
            readers.append(Reader(liked, [_text(papers[place]) for place in listed], len(later)))
    return readers


def _day(paper: Mapping[str, Any]) -> str:
    return str(paper["published"] or paper["first_seen"] or "")


def _archive(paper: Mapping[str, Any]) -> str:
    return str(paper["categories"][0]).partition(".")[0]


def _text(paper: Mapping[str, Any]) -> str:
    return text(paper["title"], paper["abstract"])


def _figures(way: Way, known: Background, readers: Sequence[Reader]) -> list[str]:
    began = time.process_time()
    places = [_places(way(known, reader.liked, reader.listed), reader.found) for reader in readers]
    seconds = (time.process_time() - began) / len(readers) * 1000
    recall = mean(sum(place < FIRST for place in found) / len(found) for found in places)
    return [f"{_mrr(places):.3f}", f"{recall:.3f}", f"{seconds:.1f}"]


def _places(scores: Shares, found: int) -> list[int]:
    order = np.argsort(-np.asarray(scores), kind="stable").tolist()
    return sorted(order.index(place) for place in range(found))


def _mrr(places: Sequence[Sequence[int]]) -> float:
    return mean(1 / (1 + found[0]) for found in places) if places else 0.0


def _by_paperboy(known: Background, liked: Sequence[str], listed: Sequence[str]) -> Shares:
    return taste(known, known.weighed(liked), known.weighed(listed))


def _by_sanity(known: Background, liked: Sequence[str], listed: Sequence[str]) -> Shares:
    """A support vector machine with C = 0.01, for any number of likes."""
    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    both = vstack([known.words.transform(liked), known.papers])
    right = np.arange(both.shape[0]) < len(liked)
    model = LinearSVC(C=0.01, class_weight="balanced", max_iter=10_000, tol=1e-6, random_state=0).fit(both, right)
    found: Shares = model.decision_function(known.words.transform(listed))
    return found


def _by_zotero(known: Background, liked: Sequence[str], listed: Sequence[str]) -> Shares:
    """The mean likeness, the newer likes counting more; of words here, where the tool itself uses embeddings."""
    weights = 1 / (1 + np.log10(np.arange(len(liked)) + 1))
    found: Shares = (known.words.transform(listed) @ known.words.transform(liked).T).toarray() @ (
        weights / weights.sum()
    )
    return found


def _by_chance(_: Background, liked: Sequence[str], listed: Sequence[str]) -> Shares:
    return np.random.default_rng(len(liked[0])).random(len(listed))


WAYS: Mapping[str, Way] = {
    "Paperboy's taste": _by_paperboy,
    "zotero-arxiv-daily's score": _by_zotero,
    "arxiv-sanity-lite's score": _by_sanity,
    "chance": _by_chance,
}
