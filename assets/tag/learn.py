"""Training: categories, a prior and the use of keywords, learned from what the operator's sources say of papers.

What belongs here: how each part is trained, and measured on the newest papers before it is trained on all. Nothing
here decides whether a training is used: the gate does. scikit-learn is imported where it is needed only.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.tag.keywords import NO_RATES, Rates, Vocabulary, extracted, folded, key, phrases_in
from assets.tag.learned import MODEL, Categories, Learned, Prior, Terms, author, features, texts, version_of
from assets.tag.tag import earned
from assets.tag.taxonomy import Taxonomy

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

LEAST = 2_000
"""Papers below which a part is not trained."""

NEWEST = 20_000
"""Papers that a part is trained from at most, so that a training takes minutes."""

TRAINED = 0.7
"""The share of the papers, the oldest, from which what is measured is trained; the rest is held out."""

LEAST_COMPARED = 100
"""Held-out papers below which a training is not compared with the one in use."""

CATEGORY_PAPERS = 3
"""Papers below which a category is not learned."""

FOLDS = 5
"""In how many parts the papers are held out by turns, so that thresholds are of papers that were not trained from."""

SURE = 100
"""Papers of a category from which the scores of the others count for it, and its threshold is the best one for them;
few would say little about either."""

PAYS = 0.35
"""How likely a category must be for naming it to raise micro F1: half of that F1, which is about .70."""

FIRST = 5
"""Papers at the top of a day that the prior is to find, of days of at least twice as many."""

TIMES_NAMED = 2
"""How often a keyword must have been given before its use is counted."""

_MOST_TERMS = 50_000
_PAPERS = """
    WITH listed AS (
        SELECT day, work_id, unnest(members) AS member FROM unique_papers WHERE day <= $day
    ),
    seen AS (
        SELECT source, source_id, arg_max(votes, seen_at) AS votes FROM popularity
        WHERE votes IS NOT NULL AND seen_at < $until GROUP BY source, source_id
    ),
    latest AS (
        SELECT listed.day, listed.work_id, max(seen.votes) AS votes FROM listed
        JOIN seen ON seen.source = member.source AND seen.source_id = member.source_id
        GROUP BY listed.day, listed.work_id
    )
    SELECT works.day, works.work_id, title, abstract, authors, categories, keywords,
           coalesce(latest.votes, works.votes) AS votes
    FROM unique_papers AS works LEFT JOIN latest USING (day, work_id)
    WHERE works.day <= $day AND title IS NOT NULL AND abstract IS NOT NULL
    ORDER BY works.day, works.work_id
"""


@dataclass(frozen=True)
class Scored:
    """How well a model does on held-out papers: `score` from 0 to 1, `floor` what needs no model, the rest in words."""

    score: float
    floor: float
    told: str


@dataclass(frozen=True)
class Part:
    """One of the three things that are learned: from which papers, how, and how it is measured.

    `trained` makes it of papers; `scored` measures what was learned on others, and is None where they say nothing.
    """

    name: str
    wanted: str
    labelled: pl.Expr
    measure: str
    trained: Callable[[pl.DataFrame], Learned]
    scored: Callable[[Learned, pl.DataFrame], Scored | None]


def papers(warehouse: "Warehouse", day: date) -> pl.DataFrame:
    """What was stored of all days up to `day`, oldest first: day, work_id, texts, authors, what sources say, votes.

    The votes of each are those last seen by the end of that day.
    """
    until = datetime.combine(day + timedelta(days=1), time())
    return warehouse.read(_PAPERS, {"day": day, "until": until})


def trained(day: date, stored: pl.DataFrame, taxonomy: Taxonomy, used: Learned) -> pl.DataFrame:
    """Rows of `MODEL`, one a part, learned from `stored` papers; `used` is what is in use.

    A part with too few papers has no weights, and `told` says why.
    """
    made = [_row(part, stored, used) for part in parts(taxonomy)]
    packed = {row["name"]: row["weights"] for row in made if "weights" in row}
    version = version_of(day, packed)
    return pl.DataFrame([{"day": day, "version": version, **row} for row in made], schema=MODEL)


def parts(taxonomy: Taxonomy) -> list[Part]:
    """What is learned."""
    vocabulary = Vocabulary.of(taxonomy)
    return [
        Part(
            "categories", "papers with categories", pl.col("categories").list.len() > 0, "micro F1",
            lambda found: Learned(categories=_categories(found)), _categories_scored,
        ),
        Part(
            "prior", "papers with votes", pl.col("votes").is_not_null(), f"precision of the first {FIRST} of a day",
            lambda found: Learned(prior=_prior(found)), _prior_scored,
        ),
        Part(
            "keywords", "papers with keywords", pl.col("keywords").list.len() > 0, "F1 of the first ten",
            lambda found: Learned(rates=rates(found, vocabulary)),
            lambda learned, found: _keywords_scored(learned, found, taxonomy, vocabulary),
        ),
    ]  # fmt: skip


def _row(part: Part, stored: pl.DataFrame, used: Learned) -> dict[str, Any]:
    labelled = stored.filter(part.labelled).tail(NEWEST)
    row: dict[str, Any] = {"name": part.name, "papers": labelled.height, "measure": part.measure}
    if labelled.height < LEAST:
        return row | {"told": f"{labelled.height:,} {part.wanted}, {LEAST:,} wanted"}
    older, held_out = split(labelled)
    tried = part.trained(older)
    if not tried.packed() or (scored := part.scored(tried, held_out)) is None:
        return row | {"told": f"{labelled.height:,} {part.wanted}, but too alike or of too few days to be measured"}
    row |= {"held_out": held_out.height, "score": scored.score, "floor": scored.floor, "told": scored.told}
    row |= _compared(part, tried, used, held_out.filter(pl.col("day") > used.day) if used.day else held_out.clear())
    return row | {"weights": part.trained(labelled).packed()[part.name]}


def _compared(part: Part, tried: Learned, used: Learned, unseen: pl.DataFrame) -> dict[str, Any]:
    """Both on the same papers, and only on those that the one in use was not trained from: on its own it would win."""
    if part.name not in used.packed() or unseen.height < LEAST_COMPARED:
        return {}
    ours, theirs = part.scored(tried, unseen), part.scored(used, unseen)
    if ours is None or theirs is None:
        return {}
    return {"compared": unseen.height, "compared_score": ours.score, "replaced_score": theirs.score}


def split(labelled: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The older papers, and those of the newest days: no day is on both sides."""
    first = labelled["day"][int(labelled.height * TRAINED)]
    return labelled.filter(pl.col("day") < first), labelled.filter(pl.col("day") >= first)


def _first(found: pl.DataFrame) -> date:
    first: date = found["day"].to_list()[0]
    return first


def _terms(texts: Sequence[str], longest: int) -> Terms:
    """The terms of up to so many words that stand in at least three texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    fitted = TfidfVectorizer(ngram_range=(1, longest), min_df=3, sublinear_tf=True, max_features=_MOST_TERMS)
    fitted.fit(texts)
    return Terms(fitted.get_feature_names_out().tolist(), fitted.idf_.astype(np.float32))


def _known_authors(authors: Sequence[Iterable[str] | None]) -> list[str]:
    """Those of at least two papers."""
    seen = Counter(name for names in authors for name in {author(one) for one in names or ()})
    return sorted(name for name, times in seen.items() if times >= 2)


# Categories.


def labels(found: pl.DataFrame, names: Sequence[str]) -> NDArray[np.bool_]:
    """Which papers are in which of some categories: a row a paper, a column a category."""
    return np.array([[name in given for name in names] for given in found["categories"].to_list()], bool)


def _categories(found: pl.DataFrame) -> Categories | None:
    """A linear model a category, with what suits those of papers with votes that it was not trained from: what the
    scores of all categories say of each common one, and a threshold for each. Of both a single linear model is made."""
    names = _known(found, CATEGORY_PAPERS)
    if not names:
        return None
    read, authors, right, voted = texts(found), found["authors"].to_list(), labels(found, names), _voted(found)
    terms, known = _terms(read, 1), _known_authors(authors)
    seen, fold = features(terms, known, read, authors), np.arange(len(read)) % FOLDS
    guessed = np.zeros(right.shape, np.float32)
    for held_out in (fold == one for one in range(FOLDS)):
        weights, offsets = _linear(seen[~held_out], right[~held_out])
        guessed[held_out] = seen[held_out] @ weights + offsets
    weights, offsets = _linear(seen, right)
    together, beside = _together(guessed[voted], right[voted])
    thresholds = _thresholds(guessed[voted] @ together + beside, right[voted])
    return Categories(terms, known, names, weights @ together, offsets @ together + beside - thresholds)


def _voted(found: pl.DataFrame) -> NDArray[np.bool_]:
    """Which papers are of sources with votes, if there are enough; else all: those are the ones without categories."""
    voted = found["votes"].is_not_null().to_numpy()
    return voted if voted.sum() >= LEAST else np.ones_like(voted)


def _known(found: pl.DataFrame, least: int) -> list[str]:
    """The categories of at least so many papers, but not of all of them."""
    counts = found.select(pl.col("categories").list.unique().explode()).to_series().value_counts()
    return sorted(name for name, count in counts.iter_rows() if least <= count < found.height)


def _linear(seen: Any, labels: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A column of weights and an offset for each category."""
    from sklearn.svm import LinearSVC

    weights = np.zeros((seen.shape[1], labels.shape[1]), np.float32)
    offsets = np.full(labels.shape[1], -1, np.float32)  # of a category that these papers do not tell apart: never
    for place, right in enumerate(labels.T):
        if 0 < right.sum() < len(right):
            fitted = LinearSVC(C=0.1, random_state=0).fit(seen, right)
            weights[:, place], offsets[place] = fitted.coef_[0], fitted.intercept_[0]
    return weights, offsets


def _together(
    scores: NDArray[np.float32], labels: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A column of weights of all scores, and an offset, for each category; a rare one keeps its own score."""
    from sklearn.linear_model import LogisticRegression

    weights, offsets = np.eye(labels.shape[1], dtype=np.float32), np.zeros(labels.shape[1], np.float32)
    for place, right in enumerate(labels.T):
        if SURE <= right.sum() < len(right):
            fitted = LogisticRegression(solver="newton-cholesky").fit(scores, right)
            weights[:, place], offsets[place] = fitted.coef_[0], fitted.intercept_[0]
    return weights, offsets


def _thresholds(scores: NDArray[np.float32], labels: NDArray[np.bool_]) -> NDArray[np.float32]:
    """For each category the score from which naming it pays; for a rare one, that which as many as are in it reach.

    Either threshold is halfway to the next lower score.
    """
    thresholds = np.zeros(labels.shape[1], np.float32)
    for place in range(labels.shape[1]):
        order = np.argsort(-scores[:, place], kind="stable")
        right, ranked = labels[order, place], scores[order, place]
        if right.sum() >= SURE:
            last = int((np.cumsum(right) - PAYS * np.arange(len(right))).argmax())
        else:
            last = max(int(right.sum()), 1) - 1
        thresholds[place] = ranked[last : last + 2].mean()
    return thresholds


def _categories_scored(learned: Learned, found: pl.DataFrame) -> Scored | None:
    """Micro F1 over the categories learned; `floor` is what naming the most frequent ones for each paper reaches."""
    model = learned.categories
    if model is None or found.is_empty():
        return None
    right = labels(found, model.names)
    guessed = model.scores(texts(found), found["authors"].to_list()) > 0
    each = [f1(guessed[:, place], right[:, place]) for place in range(len(model.names)) if right[:, place].any()]
    if not each:
        return None
    common = np.argsort(-right.sum(axis=0), kind="stable")
    floor = max(f1(np.isin(np.arange(len(common)), common[:most])[None], right) for most in (1, 2, 3, 4))
    told = f"macro F1 {mean(each):.3f} of {len(each)} categories, held out from {_first(found)}"
    return Scored(f1(guessed, right), floor, told)


def f1(guessed: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """F1 over all cells of two tables, the first perhaps one row for all; 0 where nothing is in either."""
    guessed = np.broadcast_to(guessed, right.shape)
    said = int(guessed.sum()) + int(right.sum())
    return 2 * int((guessed & right).sum()) / said if said else 0.0


# The prior.


def _prior(found: pl.DataFrame) -> Prior:
    """A ridge regression over the terms and the authors of at least two papers."""
    from sklearn.linear_model import Ridge

    read, authors = texts(found), found["authors"].to_list()
    known, terms = _known_authors(authors), _terms(read, 2)
    fitted = Ridge(alpha=6, solver="sparse_cg").fit(features(terms, known, read, authors), _targets(found))
    return Prior(terms, known, fitted.coef_.astype(np.float32), float(fitted.intercept_))


def _targets(found: pl.DataFrame) -> NDArray[np.float64]:
    logged = pl.col("votes").clip(lower_bound=0).log1p()
    return found.select(logged - logged.mean().over("day")).to_series().to_numpy()


def _prior_scored(learned: Learned, found: pl.DataFrame) -> Scored | None:
    """The share of a day's first papers by votes that are first by prior too; `floor` is what chance would find."""
    if learned.prior is None:
        return None
    guessed = pl.Series("prior", learned.prior.found(texts(found), found["authors"].to_list()))
    full = found.with_columns(guessed).filter(pl.len().over("day") >= 2 * FIRST)
    if full.is_empty():
        return None
    days = full.group_by("day").agg(
        hits=pl.col("work_id").sort_by("prior", descending=True).head(FIRST)
        .is_in(pl.col("work_id").sort_by("votes", "work_id", descending=True).head(FIRST).implode()).mean(),
        chance=FIRST / pl.len(),
        spearman=pl.corr("prior", "votes", method="spearman").fill_nan(0.0),
    )  # fmt: skip
    hits, chance, spearman = days.select(pl.mean("hits", "chance", "spearman")).row(0)
    return Scored(hits, chance, f"Spearman {spearman:.3f} a day, {days.height} days from {_first(full)}")


# Keywords.


def rates(found: pl.DataFrame, vocabulary: Vocabulary) -> Rates:
    """In how many of the texts that hold a keyword the sources gave it; of few texts, a little below."""
    given = [set(map(key, folded(keywords, vocabulary))) for keywords in found["keywords"].to_list()]
    times = Counter(name for names in given for name in names)
    known = Rates({name: 0.0 for name, count in times.items() if count >= TIMES_NAMED})
    held: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for names, (title, abstract) in zip(given, found.select("title", "abstract").iter_rows(), strict=True):
        stands = phrases_in(f"{abstract} . {title}", known).keys()
        held.update(stands)
        named.update(stands & names)
    return Rates({name: (named[name] + 0.5) / (count + 2) for name, count in sorted(held.items())})


def _keywords_scored(
    learned: Learned, found: pl.DataFrame, taxonomy: Taxonomy, vocabulary: Vocabulary
) -> Scored | None:
    """F1 of the keywords of the texts against the sources' own, as keys; `floor` is that without what was learned."""
    numbered = found.with_row_index("place").with_columns(categories=pl.lit([], pl.List(pl.String)))
    phrases = dict(
        earned(numbered, taxonomy).group_by("place").agg(pl.col("phrase").unique(maintain_order=True)).iter_rows()
    )
    rows = numbered.select("place", "title", "abstract", "keywords").iter_rows()
    scores = []
    for place, title, abstract, given in rows:
        right = set(map(key, folded(given, vocabulary)))
        said = title, abstract, phrases.get(place, ()), vocabulary
        scores.append([_agreement(extracted(*said, known), right) for known in (learned.rates, NO_RATES)])
    if not scores:
        return None
    score, floor = np.mean(scores, axis=0).tolist()
    return Scored(score, floor, f"{len(learned.rates.by_key):,} keywords, held out from {_first(found)}")


def _agreement(found: Sequence[str], right: set[str]) -> float:
    names = set(map(key, found))
    return 2 * len(names & right) / ((len(names) + len(right)) or 1)
