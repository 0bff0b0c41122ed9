"""The published ranking for one reader: what they follow and like counts more, what they mute is left out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from assets.mail.profile import Profile, Wishes, plain
from assets.mail.taste import Shares

FOLLOWED: Mapping[str, float] = {"authors": 2.0, "topics": 1.0, "keywords": 1.0, "categories": 0.5}
"""Points for a paper of what is followed, once for each of the four."""

TASTE = 3.0
"""Points of a paper that is wholly to the reader's taste."""

TOLD_FROM = 0.4
"""The share of taste from which the reader is told of it: 95 of 100 papers by others have less."""


@dataclass(frozen=True)
class Personal:
    """The papers in the reader's order, with `score_follows`, `score_taste` and `because`; how many are muted."""

    rows: pl.DataFrame
    muted: int


def personal(ranked: pl.DataFrame, tags: pl.DataFrame, profile: Profile, taste: Shares) -> Personal:
    """The papers of `ranked`, rows of `DIGEST` of one list with their `abstract`, as a reader wants them.

    `tags` are their rows of `tagged_papers`, `taste` is that of each paper.
    """
    labelled = tags.select("work_id", "keywords", "categories", earned="topics").unique("work_id")
    papers = ranked.join(labelled, on="work_id", how="left", maintain_order="left")
    rows = list(papers.iter_rows(named=True))
    found = [dict(_matches(row, profile.follow)) for row in rows]
    muted = [any(_matches(row, profile.mute)) for row in rows]
    follows = [sum(FOLLOWED[kind] for kind in matches) for matches in found]
    because = [_because(matches, share) for matches, share in zip(found, taste, strict=True)]
    ordered = (
        ranked.with_columns(
            score_follows=pl.Series(follows, dtype=pl.Float64),
            score_taste=pl.Series(TASTE * np.asarray(taste, np.float64)),
            because=pl.Series(because, dtype=pl.String),
            muted=pl.Series(muted, dtype=pl.Boolean),
        )
        .with_columns(score=pl.col("score") + pl.col("score_follows") + pl.col("score_taste"))
        .sort("withdrawn", "score", "place", descending=[False, True, False])
    )
    kept = ordered.filter(~pl.col("muted")).drop("muted")
    return Personal(kept.with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int32)), sum(muted))


def _matches(row: Mapping[str, Any], wishes: Wishes) -> Iterator[tuple[str, str]]:
    """Which of the wishes a paper fulfils: each kind once, with what fulfils it."""
    topics = {plain(topic["label"]): topic["label"] for topic in row["earned"] or ()}
    topics |= {plain(topic["topic"]): topic["label"] for topic in row["earned"] or ()}
    categories = {plain(name): name for name in row["categories"] or ()}
    categories |= {name.partition(".")[0]: name for name in categories}
    authors = {plain(name): name for name in row["authors"] or ()}
    said = plain(f"{row['title']} {row['abstract'] or ''} {' '.join(row['keywords'] or ())}")
    for kind, names in (("authors", authors), ("topics", topics), ("categories", categories)):
        if both := sorted(getattr(wishes, kind) & names.keys()):
            yield kind, names[both[0]]
    if stands := sorted(word for word in wishes.keywords if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said)):
        yield "keywords", stands[0]


def _because(matches: Mapping[str, str], share: float) -> str:
    followed = [f"you follow {', '.join(dict.fromkeys(matches.values()))}"] if matches else []
    return ", ".join([*followed, *([f"{share:.0%} to your taste"] if share >= TOLD_FROM else [])])
