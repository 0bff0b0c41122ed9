"""What is learned from real papers: how good it is on the newest, and how fast beside its own TF-IDF."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.tag.learn import Part, Scored, f1, labels, parts, split
from assets.tag.learned import Categories, Learned, features, texts
from assets.tag.taxonomy import load
from tests.benchmarks.table import Row, at_least, in_process, lines
from tests.tag.real_labels import CORPUS, DAYS, LABELS, labelled, of_arxiv, recorded

RUNS = 5
RARE = 5
"""Papers of a category from which it is among those that F1 is asked of, be they too few to learn it."""

NEAR = ("cs.", "eess.", "stat.")
OTHERS = 17_000
"""Papers of arXiv beside those of Hugging Face."""

BLOCKS = 0.40, 0.55, 0.70, 0.85
"""Where each of the blocks that are looked at in turn begins, as a share of the papers, the oldest first."""

MICRO, MACRO, PRECISION, KEYWORDS = 0.70, 0.36, 0.40, 0.30


def report() -> Iterator[str]:
    """The tables."""
    if not LABELS.exists() or not DAYS.is_dir():
        yield f"learned: the real papers are not here: {LABELS.parents[1]}"
        return
    same = pl.col("categories").list.eval(pl.element().replace("eess.SY", "cs.SY")).list.unique()  # two names of one
    given, of_days = labelled().with_columns(same), recorded()
    by_name = {part.name: part for part in parts(load())}
    categories, scored, seconds = _measured(by_name["categories"], given)
    yield f"learned: of {given.height:,} labelled papers and {of_days.height:,} of recorded days, the oldest 70 %"
    yield _told("categories, micro F1 of those learned", scored, None, seconds)
    yield "categories, " + _of_all(categories, given)
    if CORPUS.exists():
        yield _with_arxiv(by_name["categories"], given, same)
        yield "the same, in four blocks one after another, each by what was learned from all papers before it:"
        yield from _in_turn(by_name["categories"], given, same)
    prior, scored, seconds = _measured(by_name["prior"], of_days)
    yield _told("prior, first 5 of a day", scored, PRECISION, seconds)
    _, scored, seconds = _measured(by_name["keywords"], given)
    yield _told("keywords, F1 of the first ten", scored, KEYWORDS, seconds)
    yield from _speed(Learned(categories=categories.categories, prior=prior.prior), given)


def _measured(part: Part, stored: pl.DataFrame) -> tuple[Learned, Scored, float]:
    """What the older papers taught, how it does on the newest, and the processor's seconds that it took."""
    older, newest = split(stored.filter(part.labelled))
    began = time.process_time()
    learned = part.trained(older)
    seconds = time.process_time() - began
    scored = part.scored(learned, newest)
    assert scored is not None
    return learned, scored, seconds


def _told(what: str, found: Scored, target: float | None, seconds: float) -> str:
    aimed = f" ({at_least(found.score, target)})" if target else ""
    return f"{what}: {found.score:.3f}{aimed}, without a model {found.floor:.3f}; {found.told}; {seconds:.0f} cpu s"


def _with_arxiv(part: Part, given: pl.DataFrame, same: pl.Expr) -> str:
    """The same of what those papers teach together with others of arXiv, all older than what it is measured on."""
    older, newest = split(given.filter(part.labelled))
    together = _beside_arxiv(older, newest, given, same)
    began = time.process_time()
    learned = part.trained(together)
    seconds = time.process_time() - began
    return f"with others of arXiv, {together.height:,} papers in {seconds:.0f} cpu s, {_of_all(learned, given)}"


def _beside_arxiv(older: pl.DataFrame, newest: pl.DataFrame, given: pl.DataFrame, same: pl.Expr) -> pl.DataFrame:
    before = newest["day"].to_list()[0]
    others = of_arxiv(before, OTHERS, NEAR).join(given, "work_id", how="anti").with_columns(same)
    return pl.concat([older, others]).sort("day", "work_id")


def _in_turn(part: Part, given: pl.DataFrame, same: pl.Expr) -> Iterator[str]:
    """Rolling origin: four blocks of papers, each looked at by what all older papers taught, with others of arXiv."""
    named, names = _named(given)
    days = named["day"].to_list()
    bounds = [days[int(share * named.height)] for share in BLOCKS] + [days[-1] + timedelta(days=1)]
    all_guessed, all_right = [], []
    for first, after in pairwise(bounds):
        older, block = named.filter(pl.col("day") < first), named.filter(pl.col("day").is_between(first, after, "left"))
        model = part.trained(_beside_arxiv(older, block, given, same)).categories
        assert model is not None
        guessed, right = _guessed(model, block, names), labels(block, names)
        yield f"  {block.height:,} papers from {first}: {_both(guessed, right)}"
        all_guessed.append(guessed)
        all_right.append(right)
    together = np.concatenate(all_guessed), np.concatenate(all_right)
    yield f"  all {len(together[0]):,} of these blocks: {_both(*together)}"


def _named(given: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The papers with categories, and every category of computing and near it that has a few of them."""
    named = given.filter(pl.col("categories").list.len() > 0)
    counts = named.select(pl.col("categories").explode()).to_series().value_counts()
    return named, sorted(name for name, count in counts.iter_rows() if count >= RARE and name.startswith(NEAR))


def _guessed(model: Categories, papers: pl.DataFrame, names: list[str]) -> NDArray[np.bool_]:
    """A row a paper, a column a name; nothing is guessed of a category too rare to be learned."""
    found = model.scores(texts(papers), papers["authors"].to_list()) > 0
    never = np.zeros(papers.height, bool)
    return np.array([found[:, model.names.index(name)] if name in model.names else never for name in names]).T


def _of_all(learned: Learned, given: pl.DataFrame) -> str:
    """F1 over every category of computing and near it that has a few papers, those that were too rare to learn too."""
    model = learned.categories
    assert model is not None
    named, names = _named(given)
    _, newest = split(named)
    guessed, right = _guessed(model, newest, names), labels(newest, names)
    whole = newest["authors"].is_not_null().to_numpy()
    return (
        f"all {len(names)} with {RARE} papers, {len(set(names) & set(model.names))} of them learned: "
        f"{_both(guessed, right)}; of the {whole.sum()} whose authors are known, as of all that a run stores: "
        f"{_both(guessed[whole], right[whole])}"
    )


def _both(guessed: NDArray[np.bool_], right: NDArray[np.bool_]) -> str:
    micro = f1(guessed, right)
    macro = float(np.mean([f1(*columns) for columns in zip(guessed.T, right.T, strict=True)]))
    return f"micro F1 {micro:.3f} ({at_least(micro, MICRO)}), macro F1 {macro:.3f} ({at_least(macro, MACRO)})"


def _speed(learned: Learned, given: pl.DataFrame) -> Iterator[str]:
    categories, prior = learned.categories, learned.prior
    assert categories is not None and prior is not None
    read, authors = texts(given), given["authors"].to_list()
    seen = features(categories.terms, categories.authors, read, authors)
    floor = in_process("TF-IDF of the texts", lambda: categories.terms.weighed(read), RUNS)
    scored = in_process("categories of the weighed texts and authors", lambda: seen @ categories.weights, RUNS)
    whole = in_process("categories, with TF-IDF", lambda: categories.found(read, authors), RUNS)
    pairs = in_process("TF-IDF with pairs of words", lambda: prior.terms.weighed(read), RUNS)
    of_prior = in_process("prior, with TF-IDF", lambda: prior.found(read, authors), RUNS)
    yield from lines(
        f"learned: {len(read):,} papers",
        [
            floor,
            *(_beside(row, floor, len(read)) for row in (scored, whole)),
            pairs,
            _beside(of_prior, pairs, len(read)),
        ],
    )


def _beside(row: Row, floor: Row, papers: int) -> Row:
    assert row.cpu is not None and floor.cpu is not None
    pace = f"{row.cpu / floor.cpu:.2f} floors, {papers / max(row.cpu, 1e-9):,.0f} papers a cpu s"
    return replace(row, ratio=pace)
