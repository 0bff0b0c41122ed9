"""The published formula of the ranking: what each part of a score is, and the arithmetic of one, line by line.

A part is a weight, which the operator sets, times a term, which follows from the figures that were known at the
edition's time. Both are kept with every row of the digest, so that anybody can recompute a place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import inf, isfinite
from typing import Any

import polars as pl

from assets.mail.words import ENGLISH, N_, Words, read_back

TERMS: Mapping[str, str] = {
    "votes": N_("ln(1 + votes)"),
    "velocity": N_("ln(1 + votes of the last 24 h)"),
    "comments": N_("ln(1 + comments)"),
    "prior": N_("what text and authors promise / (1 + votes)"),
    "code": N_("if code or data are there"),
}
"""The terms of a score as readers are told them, by the parts that they make with a weight."""

LESS = N_("%(formula)s − %(weight)s for each paper of its topic above it")
HALVED = N_("%(formula)s; votes and comments halve every %(hours)s h")


@dataclass(frozen=True)
class Weights:
    """What each term of the formula counts; the half-life is in hours."""

    half_life: float = 24.0
    votes: float = 1.0
    velocity: float = 0.2
    comments: float = 0.3
    prior: float = 1.0
    code: float = 0.25
    variety: float = 0.15


DEFAULT = Weights()
PARTS = ("votes", "velocity", "comments", "prior", "code", "variety")
"""The parts of a score, each the column `score_<part>`; their sum is the score."""

WEIGHTS = pl.Struct(dict.fromkeys(asdict(DEFAULT), pl.Float64()))
"""The weights of an edition, as they are kept with its rows."""

HOURS_A_DAY = 24


def parts(weights: Weights) -> list[pl.Expr]:
    """The parts that follow from a work's own figures: all but `variety`; a withdrawn work has none.

    Reads `votes`, `comments`, `gained` and `prior` (null: not known), `code`, and `age`, the days since the list of it.
    """
    decay = 0.5 ** (HOURS_A_DAY * pl.col("age") / weights.half_life)
    votes = figure("votes") * decay
    terms = {
        "votes": weights.votes * votes.log1p(),
        "velocity": weights.velocity * figure("gained").log1p(),
        "comments": weights.comments * (figure("comments") * decay).log1p(),
        "prior": weights.prior * pl.col("prior").fill_null(0) / (1 + votes),
        "code": weights.code * pl.col("code").cast(pl.Float64),
    }
    return [pl.when("withdrawn").then(0.0).otherwise(term).alias(f"score_{part}") for part, term in terms.items()]


def variety(weights: Weights) -> pl.Expr:
    """What a work loses to those of its best topic that stand above it, `alike_above`: one after the other, more."""
    return (0.0 - weights.variety * pl.col("alike_above").cast(pl.Float64)).alias("score_variety")


def total() -> pl.Expr:
    """The score of a row, from its parts."""
    return pl.sum_horizontal(f"score_{part}" for part in PARTS)


def kept(weights: Weights) -> pl.Expr:
    """The weights as a column of the digest."""
    return pl.struct(pl.lit(float(value)).alias(name) for name, value in asdict(weights).items()).alias("weights")


def in_words(weights: Mapping[str, float], words: Words = ENGLISH) -> str:
    """The formula as readers are told it."""
    told = {part: (words.weight(weights[part]), words.gettext(term)) for part, term in TERMS.items() if weights[part]}
    terms = [f"{weight} × {term}" for weight, term in told.values()]
    formula = " + ".join(terms) or "0"
    if weights["variety"]:
        formula = words.gettext(LESS, formula=formula, weight=words.weight(weights["variety"]))
    if isfinite(weights["half_life"]):
        formula = words.gettext(HALVED, formula=formula, hours=words.weight(weights["half_life"]))
    return formula


def formula_in(formula: str, words: Words) -> str:
    """A formula that is stored in English in other words; one that cannot be read stays as it is."""
    weights = {**dict.fromkeys(asdict(DEFAULT), 0.0), "half_life": inf}
    rest = formula
    for name, text, value in (("half_life", HALVED, "hours"), ("variety", LESS, "weight")):
        if found := read_back(text, rest):
            rest, weights[name] = found["formula"], float(found[value])
    for part, term in TERMS.items():
        if weighed := re.search(rf"(?:^| )([\d.e+-]+) × {re.escape(term)}(?: |$)", rest):
            weights[part] = float(weighed[1])
    return in_words(weights, words) if in_words(weights) == formula else formula


def arithmetic(row: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """The parts of a row of the digest, as (part, the term in figures, points); the points' sum is its score."""
    weights, age = row["weights"], (row["day"] - row["listed_on"]).days
    hours = HOURS_A_DAY * age
    decay = f" × 2^(−{hours}/{weights['half_life']:g})" if age and isfinite(weights["half_life"]) else ""
    votes, comments, gained = (max(row[name] or 0, 0) for name in ("votes", "comments", "gained"))
    terms = {
        "votes": f"ln(1 + {votes}{decay})",
        "velocity": f"ln(1 + {gained})" if row["gained"] is not None else "0, first seen less than a day before",
        "comments": f"ln(1 + {comments}{decay})",
        "prior": f"{row['prior']:.4f} / (1 + {votes}{decay})" if row["prior"] is not None else "0, no model yet",
        "code": "1" if row["score_code"] else "0",
        "variety": f"(−{row['alike_above']})" if row["alike_above"] else "0",
    }
    for part, term in terms.items():
        yield part, f"{weights[part]:g} × {term}", row[f"score_{part}"]


def figure(column: str) -> pl.Expr:
    """A count that is known or 0, never below."""
    return pl.col(column).fill_null(0).clip(lower_bound=0)
