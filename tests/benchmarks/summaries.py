"""The two sentences below a title beside the abstract's first two, by Hugging Face's one-sentence summaries."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from statistics import mean

from assets.clean.text import prose
from assets.mail.summary import SENTENCES, sentences, summary
from orchestration.command import in_columns
from tests.mail.real_votes import FOLDER

Summarise = Callable[[str], str]
Pair = tuple[str, str]

WAYS: dict[str, Summarise] = {
    "sentences that say what the paper does": summary,
    "the first two sentences": lambda abstract: " ".join(sentences(abstract)[:SENTENCES]),
    "the first and the last": lambda abstract: " ".join(
        dict.fromkeys(sentences(abstract)[:: max(1, len(sentences(abstract)) - 1)])
    ),
    "the whole abstract": lambda abstract: abstract,
}


def report() -> Iterator[str]:
    """The table."""
    if not FOLDER.exists():
        yield f"summaries: the recorded days are not here: {FOLDER}"
        return
    papers = list(_papers())
    yield f"summaries: of {len(papers):,} papers beside those that a language model wrote (ai_summary)"
    yield ""
    yield from in_columns(
        [["shown", "ROUGE-1", "ROUGE-2", "letters"], *([name, *_figures(way, papers)] for name, way in WAYS.items())]
    )
    yield ""
    yield "ROUGE: F1 of the words, or pairs of words, that the two have in common; the mean over the papers."


def _papers() -> Iterator[Pair]:
    """Abstracts with their written summaries."""
    seen = set()
    for file in sorted((FOLDER / "daily_papers").glob("*.json.gz")):
        for paper in (entry["paper"] for entry in json.loads(gzip.decompress(file.read_bytes()))):
            if paper.get("ai_summary") and paper["id"] not in seen:
                seen.add(paper["id"])
                yield prose(paper["summary"]), paper["ai_summary"]


def _figures(way: Summarise, papers: Sequence[Pair]) -> list[str]:
    shown = [way(abstract) for abstract, _ in papers]
    words, pairs = (
        mean(_rouge(text, paper[1], size) for text, paper in zip(shown, papers, strict=True)) for size in (1, 2)
    )
    return [f"{words:.3f}", f"{pairs:.3f}", f"{mean(map(len, shown)):.0f}"]


def _rouge(text: str, written: str, size: int) -> float:
    ours, theirs = (_grams(words, size) for words in (text, written))
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def _grams(text: str, size: int) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(zip(*(words[first:] for first in range(size)), strict=False))
