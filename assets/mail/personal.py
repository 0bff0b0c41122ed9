"""The published ranking for one reader: what they follow and like counts more, what they mute is left out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from assets.mail.labels import Labels
from assets.mail.profile import Profile
from assets.mail.taste import Shares
from assets.mail.words import N_, Words

FOLLOWED: Mapping[str, float] = {"authors": 2.0, "topics": 1.0, "keywords": 1.0, "categories": 0.5}
"""Points for a paper of what is followed, once for each of the four."""

TASTE = 3.0
"""Points of a paper that is wholly to the reader's taste."""

TOLD_FROM = 0.4
"""The share of taste from which the reader is told of it: 95 of 100 papers by others have less."""


MORE = N_(
    "%(formula)s; plus %(authors)s for an author that you follow, %(topics)s for a topic, %(keywords)s for a keyword, "
    "%(categories)s for a category, and up to %(taste)s for what is to your taste"
)


@dataclass(frozen=True)
class Personal:
    """The papers in the reader's order, with `score_follows`, `score_taste` and `because`; how many are muted."""

    rows: pl.DataFrame
    muted: int


def personal(ranked: pl.DataFrame, tags: pl.DataFrame, profile: Profile, taste: Shares) -> Personal:
    """The papers of `ranked`, rows of `DIGEST` of one list with their `abstract`, as a reader wants them.

    `tags` are their rows of `tagged_papers`, `taste` is that of each paper.
    """
    labels = Labels(ranked, tags)
    found, muted = labels.matches(profile.follow), labels.matches(profile.mute)
    numbers = range(ranked.height)
    ordered = (
        ranked.with_columns(
            score_follows=pl.Series([points(found.get(number, {})) for number in numbers], dtype=pl.Float64),
            score_taste=pl.Series(TASTE * np.asarray(taste, np.float64)),
            because=pl.Series([because(found.get(n, {}), share) for n, share in enumerate(taste)], dtype=pl.String),
            muted=pl.Series([number in muted for number in numbers], dtype=pl.Boolean),
        )
        .with_columns(score=pl.col("score") + pl.col("score_follows") + pl.col("score_taste"))
        .sort("withdrawn", "score", "place", descending=[False, True, False])
    )
    kept = ordered.filter(~pl.col("muted")).drop("muted")
    return Personal(kept.with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.Int32)), len(muted))


def formula_for_one(formula: str, words: Words) -> str:
    """A formula in words, with what is added for one reader; empty where it is."""
    gains = {kind: words.weight(gain) for kind, gain in FOLLOWED.items()}
    return words.gettext(MORE, formula=formula, **gains, taste=words.weight(TASTE)) if formula else ""


def points(matches: Mapping[str, str]) -> float:
    """What a paper gains that matches what is followed."""
    return sum(FOLLOWED[kind] for kind in matches)


def because(matches: Mapping[str, str], share: float) -> str:
    """Why a reader gets a paper that matches what they follow, or is to their taste; empty for any other."""
    followed = f"you follow {', '.join(dict.fromkeys(matches.values()))}" if matches else ""
    return ", ".join(filter(None, (followed, f"{share:.0%} to your taste" if share >= TOLD_FROM else "")))
