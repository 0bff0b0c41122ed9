"""Tagging real papers by phrases: how many a second, and how well the topics agree with arXiv's categories."""

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from assets.tag.tag import earned, tag
from assets.tag.taxonomy import Taxonomy, load
from tests.benchmarks.table import at_least, in_process, lines
from tests.tag.real_labels import LABELS, Agreement, of_keywords, of_topics, papers

RUNS = 5
EVERY = 20
PAPERS_A_CPU_SECOND = 10_000
F1 = 0.55
KEYWORD_F1 = 0.15


def report() -> Iterator[str]:
    """The table."""
    if not LABELS.exists():
        yield f"tags: the labelled papers are not here: {LABELS}"
        return
    listed, taxonomy = papers(), load()
    numbered, sample = listed.with_row_index("place"), listed.gather_every(EVERY)
    floor = in_process("the texts in small letters, by Polars", lambda: _lowered(listed), RUNS)
    phrases = in_process(f"the phrases of {len(taxonomy.topics)} topics", lambda: earned(numbered, taxonomy), RUNS)
    whole = in_process("tag(), with keywords of the texts", lambda: tag(listed, taxonomy), RUNS)
    peer = in_process("one regular expression a topic, by re", lambda: _searched(sample, taxonomy), RUNS, EVERY)
    assert phrases.cpu is not None
    pace = listed.height / phrases.cpu
    target = at_least(pace, PAPERS_A_CPU_SECOND).replace("at least", "papers a cpu second, at least")
    yield from lines(
        f"tags: topics of {listed.height:,} papers",
        [
            floor,
            replace(
                phrases, ratio=f"{phrases.wall / floor.wall:.0f} floors, {pace:,.0f} papers a cpu s", target=target
            ),
            replace(whole, ratio=f"{whole.wall / floor.wall:.0f} floors"),
            replace(peer, ratio=f"{peer.wall / phrases.wall:.0f} times the phrases"),
        ],
        [
            f"re reads every {EVERY}th paper, and its seconds are scaled to all",
            _told(of_topics(listed, taxonomy)),
            _of_keywords(),
        ],
    )


def _told(found: Agreement) -> str:
    target = at_least(found.f1, F1)
    figures = f"precision {found.precision:.3f}, recall {found.recall:.3f}, micro F1 {found.f1:.3f}"
    return f"topics as arXiv's categories: {figures} ({target})"


def _of_keywords() -> str:
    f1 = of_keywords()
    return f"keywords of the texts as the source's own: F1 of the first ten {f1:.3f} ({at_least(f1, KEYWORD_F1)})"


def _lowered(listed: pl.DataFrame) -> pl.DataFrame:
    return listed.select(pl.col("title", "abstract").str.to_lowercase())


def _searched(listed: pl.DataFrame, taxonomy: Taxonomy) -> int:
    """What a plain tagger does: each topic's phrases as one pattern, looked for in each text."""
    patterns = [
        re.compile(r"\b(?:" + "|".join(map(re.escape, topic.phrases)) + r")s?\b", re.IGNORECASE)
        for topic in taxonomy.topics
    ]
    texts = pl.concat([listed["title"], listed["abstract"].alias("title")]).drop_nulls()
    return sum(len(pattern.findall(text)) for text in texts for pattern in patterns)
