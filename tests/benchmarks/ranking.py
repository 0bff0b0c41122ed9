"""The order of the morning beside the votes of later the same day: the formula, and others that are well known."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from statistics import mean

import polars as pl

from assets.mail.formula import DEFAULT, Weights
from assets.mail.rank import Ranking, rank
from assets.tag.tag import tag
from assets.tag.taxonomy import load
from orchestration.command import in_columns
from tests.mail.real_votes import FOLDER, days

FIRST = 5
HN_GRAVITY = 1.8
REDDIT_HOURS = 12.5

PEERS: Mapping[str, pl.Expr] = {
    "raw votes": pl.col("votes").cast(pl.Float64),
    "newest first": -pl.col("hours"),
    "Hacker News": pl.col("votes") / (pl.col("hours") + 2) ** HN_GRAVITY,
    "Reddit": pl.col("votes").clip(lower_bound=1).log(10) - pl.col("hours") / REDDIT_HOURS,
}
"""Scores by which others order, the last two as their sites published them; hours count from arXiv's publication."""


def report() -> Iterator[str]:
    """The table."""
    if not FOLDER.exists():
        yield f"ranking: the recorded days are not here: {FOLDER}"
        return
    every, taxonomy = list(days()), load()
    tagged = [tag(day, taxonomy) for day in every]
    ours = {
        "Paperboy's formula": DEFAULT,
        "without variety": replace(DEFAULT, variety=0),
        "without variety and code": replace(DEFAULT, variety=0, code=0),
    }
    found = {
        name: [_by_formula(*day, weights) for day in zip(every, tagged, strict=True)] for name, weights in ours.items()
    }
    found |= {name: [day.select("later", score=score) for day in every] for name, score in PEERS.items()}
    yield f"ranking: {len(every)} days of {sum(day.height for day in every)} papers, by the morning's votes"
    yield ""
    rows = [
        [name, f"{mean(map(_precision, scored)):.3f}", f"{mean(map(_spearman, scored)):.3f}"]
        for name, scored in found.items()
    ]
    yield from in_columns([["order", f"P@{FIRST}", "Spearman"], *rows])
    yield ""
    yield f"P@{FIRST}: how many of the first {FIRST} are among the {FIRST} with most votes six to ten hours later."


def _by_formula(day: pl.DataFrame, tags: pl.DataFrame, weights: Weights) -> pl.DataFrame:
    ranked = rank(day, tags, Ranking(day.height, weights))
    return ranked.select("work_id", "score").join(day.select("work_id", "later"), on="work_id")


def _precision(scored: pl.DataFrame) -> float:
    first, right = (
        set(scored.with_row_index().sort(-pl.col(by), "index")["index"][:FIRST]) for by in ("score", "later")
    )
    return len(first & right) / FIRST


def _spearman(scored: pl.DataFrame) -> float:
    return float(scored.select(pl.corr("score", "later", method="spearman")).item())
