"""The ranking: which works an edition shows, in which order, and why.

One formula (`formula`), with its figures and parts kept beside the sum, so that every place can be explained and
replayed. What a reader sees of it is `edition`'s and `render`'s business.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.mail.carried import ARRIVALS, NEW
from assets.mail.formula import DEFAULT, PARTS, WEIGHTS, Weights, figure, kept, parts, total, variety
from assets.mail.summary import summary

DIGEST = pl.Schema(
    {
        "day": pl.Date(),
        "place": pl.Int32(),
        "work_id": pl.String(),
        "topic": pl.String(),
        "score": pl.Float64(),
        **{f"score_{part}": pl.Float64() for part in PARTS},
        "why": pl.String(),
        "title": pl.String(),
        "summary": pl.String(),
        "authors": pl.List(pl.String()),
        "affiliations": pl.List(pl.String()),
        "topics": pl.List(pl.String()),
        "links": pl.List(pl.Struct({"url": pl.String(), "kind": pl.String()})),
        "url": pl.String(),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "gained": pl.Int32(),
        "prior": pl.Float64(),
        "alike_above": pl.Int32(),
        "weights": WEIGHTS,
        "withdrawn": pl.Boolean(),
        "listed_on": pl.Date(),
        "arrival": pl.String(),
        "line": pl.String(),
        "line_by": pl.String(),
    }
)
"""The columns of `digest`; `day` is the edition's, `place` counts from 1 within it. `line` is `writer`'s to fill."""

AVAILABLE = ("code", "data")
"""What a paper earns the part `code` for, as kinds of links."""

PLACES = 9
"""Decimals to which scores are compared: below, the processors of two machines may differ."""


EVERY = 1_000_000
"""As a size: more works than days have."""


@dataclass(frozen=True)
class Ranking:
    """What the operator decides: at most `size` works of each arrival in an edition, and what each part counts."""

    size: int
    weights: Weights = DEFAULT


def rank(works: pl.DataFrame, tags: pl.DataFrame, ranking: Ranking) -> pl.DataFrame:
    """The best works of each edition and arrival as rows of `DIGEST`, by day and place.

    `works` are `entries` with what was known of them then (`known`); `tags` are rows of `tagged_papers`: a work's
    section is its best topic's area, or "Other". New works come first, then late ones, then those of missed days. Equal
    scores are ordered by `work_id`, so the order of the input does not matter. A withdrawn work scores 0 and comes
    after every other of its arrival. Raises `polars.exceptions.ComputeError` for a work that a day holds twice.
    """
    weights = ranking.weights
    arrival = pl.col("arrival").cast(pl.Enum(ARRIVALS))
    best_first = ("withdrawn", pl.col("score").round(PLACES), "work_id")
    descending = [False, False, False, True, False]
    age = (pl.col("day") - pl.col("listed_on")).dt.total_days()
    scored = (
        _tagged(works, tags)
        .with_columns(age=age, code=_available())
        .with_columns(*parts(weights), score_variety=pl.lit(0.0))
        .with_columns(score=total())
    )
    return (
        scored.sort("day", arrival, *best_first, descending=descending)
        .with_columns(alike_above=_alike_above())
        .with_columns(variety(weights))
        .with_columns(score=total())
        .sort("day", arrival, *best_first, descending=descending)
        .filter(pl.int_range(pl.len()).over("day", "arrival") < ranking.size)
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("day"), why=_why(), weights=kept(weights))
        .with_columns(summary=pl.col("abstract").map_elements(summary, return_dtype=pl.String))
        .with_columns(pl.lit(None, pl.String).alias(name) for name in ("line", "line_by"))
        .select(DIGEST.names())
        .cast(DIGEST)
    )


def entries(works: pl.DataFrame, edition: date | None = None) -> pl.DataFrame:
    """Rows of `unique_papers`, with their `arrival`, as what is ranked for `edition`, or each for its own day's.

    Adds `listed_on`, the work's own day, and `withdrawn`, whether it was known to be so on the edition's day.
    """
    day = pl.col("day") if edition is None else pl.lit(edition)
    withdrawn = (pl.col("withdrawn_on") <= day).fill_null(False)
    return works.with_columns(day=day, listed_on=pl.col("day"), withdrawn=withdrawn)


def _tagged(works: pl.DataFrame, tags: pl.DataFrame) -> pl.DataFrame:
    """The works with their section `topic`, the labels of their `topics`, and their `prior`."""
    labels = pl.col("topics").list.eval(pl.element().struct.field("label"))
    area = pl.col("topics").list.first().struct.field("area").alias("area")
    editions = works.select("day", "listed_on").unique()
    topics = tags.select("work_id", "prior", area, topics=labels, listed_on="day").join(editions, on="listed_on")
    joined = works.join(topics, on=["day", "listed_on", "work_id"], how="left", validate="1:1")
    return joined.with_columns(topic=pl.col("area").fill_null("Other"))


def _alike_above() -> pl.Expr:
    """How many works of the same best topic stand above each, the rows being sorted; of no topic, none is alike.

    A work loses more for each, so those of a topic keep their order among themselves: one pass settles it.
    """
    best = pl.col("topics").list.first()
    above = pl.int_range(pl.len()).over("day", "arrival", best)
    return pl.when(best.is_null() | pl.col("withdrawn")).then(0).otherwise(above)


def _why() -> pl.Expr:
    unvoted = pl.when(pl.col("arrival") == NEW).then(pl.lit("new, no votes yet")).otherwise(pl.lit("no votes yet"))
    votes = _counted("votes").fill_null(unvoted)
    gained = pl.when((figure("gained") > 0) & (figure("votes") > figure("gained")))
    rising = gained.then(pl.format("{} of them in the last day", figure("gained")))
    code = pl.when(_linked("code")).then(pl.lit("code available"))
    data = pl.when(_linked("data")).then(pl.lit("data available"))
    reasons = pl.concat_str(votes, rising, _counted("comments"), code, data, separator=", ", ignore_nulls=True)
    return pl.when("withdrawn").then(pl.lit("withdrawn")).otherwise(reasons)


def _counted(column: str) -> pl.Expr:
    """A figure with its noun, "1 vote" or "24 votes"; null where there is nothing to count."""
    words = pl.format(f"{{}} {column}", figure(column))
    return pl.when(figure(column) == 1).then(pl.lit(f"1 {column[:-1]}")).when(figure(column) > 1).then(words)


def _available() -> pl.Expr:
    return pl.any_horizontal(_linked(kind) for kind in AVAILABLE)


def _linked(kind: str) -> pl.Expr:
    return pl.col("links").list.eval(pl.element().struct.field("kind") == kind).list.any().fill_null(False)
