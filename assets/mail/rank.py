"""The published ranking: which works an edition shows, in which order, and why.

One formula, with its parts kept beside the sum, so that every place can be explained and replayed. What a
reader sees of it is `edition`'s and `render`'s business.
"""

import re
from datetime import date
from itertools import pairwise

import polars as pl

from assets.mail.carried import ARRIVALS, NEW

DIGEST = pl.Schema(
    {
        "day": pl.Date(),
        "place": pl.Int32(),
        "work_id": pl.String(),
        "topic": pl.String(),
        "score": pl.Float64(),
        "score_votes": pl.Float64(),
        "score_comments": pl.Float64(),
        "score_code": pl.Float64(),
        "why": pl.String(),
        "title": pl.String(),
        "summary": pl.String(),
        "authors": pl.List(pl.String()),
        "topics": pl.List(pl.String()),
        "links": pl.List(pl.Struct({"url": pl.String(), "kind": pl.String()})),
        "url": pl.String(),
        "votes": pl.Int32(),
        "withdrawn": pl.Boolean(),
        "listed_on": pl.Date(),
        "arrival": pl.String(),
    }
)
"""The columns of `digest`; `day` is the edition's, `place` counts from 1 within it."""

COMMENTS_WEIGHT = 0.3
CODE_BONUS = 0.5
FORMULA = f"ln(1 + votes) + {COMMENTS_WEIGHT} × ln(1 + comments) + {CODE_BONUS} if code is available"
"""The ranking as readers are told it."""

_CLOSERS = "\"'”’)]}"
_OPENERS = "\"'“‘([{"
_ABBREVIATION = re.compile(
    r"(?:[A-Za-z]{1,2}\.){2,}|[A-Z]\."
    r"|(?i:al|figs?|eqs?|eqn|sect?|refs?|tab|thm|prop|lem|def|alg|vol|pp)\."
    r"|(?i:vs|cf|ca|approx|resp|viz|incl|dr|prof|mrs?|ms|st)\."
    r"|(?:Nos?|Ch|Phys|Rev|Lett|Math|Proc|Appl|Comm)\."
)


def rank(works: pl.DataFrame, tags: pl.DataFrame, size: int) -> pl.DataFrame:
    """The best `size` works of each edition and arrival as rows of `DIGEST`, by day and place.

    `works` are `entries`; `tags` are rows of `tagged_papers`: a work's section is its best topic's area, or "Other".
    New works come first, then late ones, then those of missed days. Equal scores are ordered by `work_id`, so the order
    of the input does not matter. A withdrawn work scores 0 and comes after every other of its arrival. Raises
    `polars.exceptions.ComputeError` for a work that a day holds twice.
    """
    labels = pl.col("topics").list.eval(pl.element().struct.field("label"))
    area = pl.col("topics").list.first().struct.field("area").alias("area")
    editions = works.select("day", "listed_on").unique()
    topics = tags.select("work_id", area, topics=labels, listed_on="day").join(editions, on="listed_on")
    arrival = pl.col("arrival").cast(pl.Enum(ARRIVALS))
    best_first = ("withdrawn", "score", "work_id")
    return (
        works.join(topics, on=["day", "listed_on", "work_id"], how="left", validate="1:1")
        .with_columns(*_parts(), why=_why(), topic=pl.col("area").fill_null("Other"))
        .with_columns(score=pl.sum_horizontal("score_votes", "score_comments", "score_code"))
        .sort("day", arrival, *best_first, descending=[False, False, False, True, False])
        .filter(pl.int_range(pl.len()).over("day", "arrival") < size)
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("day"))
        .with_columns(summary=pl.col("abstract").map_elements(opening, return_dtype=pl.String))
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


def opening(abstract: str) -> str:
    """The first two sentences of an abstract, verbatim; all of it where no second sentence ends.

    In doubt (after "et al.", an initial, "Fig.") a full stop ends nothing: too long reads better than cut.
    """
    words = re.finditer(r"\S+", abstract)
    ends = [word.end() for word, following in pairwise(words) if _ends_sentence(word[0], following[0])]
    return abstract[: ends[1] if len(ends) > 1 else None].strip()


def _ends_sentence(word: str, following: str) -> bool:
    stem = word.rstrip(_CLOSERS)
    if not stem.endswith((".", "!", "?")) or following.lstrip(_OPENERS)[:1].islower():
        return False
    return not _ABBREVIATION.fullmatch(stem.lstrip(_OPENERS))


def _parts() -> list[pl.Expr]:
    """The three parts of the score; a withdrawn work has none."""
    parts = {
        "score_votes": _figure("votes").log1p(),
        "score_comments": _figure("comments").log1p() * COMMENTS_WEIGHT,
        "score_code": _has_code().cast(pl.Float64) * CODE_BONUS,
    }
    return [pl.when("withdrawn").then(0.0).otherwise(part).alias(name) for name, part in parts.items()]


def _why() -> pl.Expr:
    unvoted = pl.when(pl.col("arrival") == NEW).then(pl.lit("new, no votes yet")).otherwise(pl.lit("no votes yet"))
    votes = _counted("votes").fill_null(unvoted)
    code = pl.when(_has_code()).then(pl.lit("code available"))
    reasons = pl.concat_str(votes, _counted("comments"), code, separator=", ", ignore_nulls=True)
    return pl.when("withdrawn").then(pl.lit("withdrawn")).otherwise(reasons)


def _counted(column: str) -> pl.Expr:
    """A figure with its noun, "1 vote" or "24 votes"; null where there is nothing to count."""
    words = pl.format(f"{{}} {column}", _figure(column))
    return pl.when(_figure(column) == 1).then(pl.lit(f"1 {column[:-1]}")).when(_figure(column) > 1).then(words)


def _figure(column: str) -> pl.Expr:
    return pl.col(column).fill_null(0).clip(lower_bound=0)


def _has_code() -> pl.Expr:
    return pl.col("links").list.eval(pl.element().struct.field("kind") == "code").list.any().fill_null(False)
