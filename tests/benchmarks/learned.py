"""What is learned from real papers: how good it is on the newest, and how fast beside its own TF-IDF."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.tag.learn import TRAINED, Part, Scored, f1, labels, parts, split
from assets.tag.learned import Learned, features, texts
from assets.tag.taxonomy import load
from tests.benchmarks.table import Row, at_least, in_process, lines
from tests.tag.real_labels import CORPUS, DAYS, LABELS, labelled, of_arxiv, recorded

RUNS = 5
RARE = 5
"""Papers of a category from which it is among those that F1 is asked of, be they too few to learn it."""

NEAR = ("cs.", "eess.", "stat.")
OTHERS = 17_000
"""Papers of arXiv beside those of Hugging Face."""

BLOCKS = 0.40, 0.55, TRAINED, 0.85
"""Where each of the blocks that are looked at in turn begins, as a share of the papers, the oldest first."""

MICRO, MACRO, PRECISION, KEYWORDS = 0.70, 0.36, 0.40, 0.30


@dataclass(frozen=True)
class Taught:
    """What all papers before the day `first` taught, how many they were, and the processor's seconds that it took."""

    first: date
    papers: int
    learned: Learned
    seconds: float


def report() -> Iterator[str]:
    """The tables."""
    if not LABELS.exists() or not DAYS.is_dir():
        yield f"learned: the real papers are not here: {LABELS.parents[1]}"
        return
    same = pl.col("categories").list.eval(pl.element().replace("eess.SY", "cs.SY")).list.unique()  # two names of one
    given, of_days = labelled().with_columns(same), recorded()
    by_name = {part.name: part for part in parts(load())}
    categories, scored, seconds = _measured(by_name["categories"], given)
    named = given.filter(by_name["categories"].labelled)
    yield f"learned: of {given.height:,} labelled papers and {of_days.height:,} of recorded days, the oldest 70 %"
    yield _told("categories, micro F1 of those learned", scored, None, seconds)
    yield "categories, " + _of_all(categories, named)
    if CORPUS.exists():
        arxiv = of_arxiv(NEAR).with_columns(same)
        days = named["day"].to_list()
        firsts = [days[int(share * len(days))] for share in BLOCKS]
        taught = [_with_arxiv(by_name["categories"], first, given, arxiv) for first in firsts]
        yield _of_newest(taught[BLOCKS.index(TRAINED)], named)
        yield "the same, in four blocks one after another, each by what was learned from all papers before it:"
        yield from _in_turn(taught, named)
    prior, scored, seconds = _measured(by_name["prior"], of_days)
    yield _told("prior, first 5 of a day", scored, PRECISION, seconds)
    _, scored, seconds = _measured(by_name["keywords"], given)
    yield _told("keywords, F1 of the first ten", scored, KEYWORDS, seconds)
    yield from _speed(Learned(categories=categories.categories, prior=prior.prior), given)


def _trained(part: Part, older: pl.DataFrame) -> tuple[Learned, float]:
    """What papers taught, and the processor's seconds that it took."""
    began = time.process_time()
    learned = part.trained(older)
    return learned, time.process_time() - began


def _measured(part: Part, stored: pl.DataFrame) -> tuple[Learned, Scored, float]:
    """What the older papers taught, how it does on the newest, and the processor's seconds that it took."""
    older, newest = split(stored.filter(part.labelled))
    learned, seconds = _trained(part, older)
    scored = part.scored(learned, newest)
    assert scored is not None
    return learned, scored, seconds


def _told(what: str, found: Scored, target: float | None, seconds: float) -> str:
    aimed = f" ({at_least(found.score, target)})" if target else ""
    return f"{what}: {found.score:.3f}{aimed}, without a model {found.floor:.3f}; {found.told}; {seconds:.0f} cpu s"


def _with_arxiv(part: Part, first: date, given: pl.DataFrame, arxiv: pl.DataFrame) -> Taught:
    """What the given papers teach together with the newest others of arXiv, all of them older than `first`."""
    before = pl.col("day") < first
    others = arxiv.filter(before).tail(OTHERS).join(given, "work_id", how="anti")
    together = pl.concat([given.filter(part.labelled, before), others]).sort("day", "work_id")
    return Taught(first, together.height, *_trained(part, together))


def _of_newest(taught: Taught, named: pl.DataFrame) -> str:
    """How what was learned with others of arXiv does on the newest papers."""
    spent = f"{taught.papers:,} papers in {taught.seconds:.0f} cpu s"
    return f"with others of arXiv, {spent}, {_of_all(taught.learned, named)}"


def _in_turn(taught: Sequence[Taught], named: pl.DataFrame) -> Iterator[str]:
    """Rolling origin: blocks of papers one after another, each looked at by what the papers before it taught."""
    names = _near(named)
    looked = []
    for one, after in zip(taught, [*(later.first for later in taught[1:]), date.max], strict=True):
        block = named.filter(pl.col("day").is_between(one.first, after, "left"))
        found = _guessed(one.learned, block, names), labels(block, names)
        yield f"  {block.height:,} papers from {one.first}: {_both(*found)}"
        looked.append(found)
    guessed, right = map(np.concatenate, zip(*looked, strict=True))
    yield f"  all {len(right):,} of these blocks: {_both(guessed, right)}"


def _near(named: pl.DataFrame) -> list[str]:
    """Every category of computing and near it that has a few papers."""
    counts = named.select(pl.col("categories").explode()).to_series().value_counts()
    return sorted(name for name, count in counts.iter_rows() if count >= RARE and name.startswith(NEAR))


def _guessed(learned: Learned, papers: pl.DataFrame, names: Sequence[str]) -> NDArray[np.bool_]:
    """A row a paper, a column a name; nothing is guessed of a category too rare to be learned."""
    model = learned.categories
    assert model is not None
    found = model.scores(texts(papers), papers["authors"].to_list()) > 0
    never = np.zeros(papers.height, bool)
    return np.array([found[:, model.names.index(name)] if name in model.names else never for name in names]).T


def _of_all(learned: Learned, named: pl.DataFrame) -> str:
    """F1 over every category of computing and near it that has a few papers, those that were too rare to learn too."""
    assert learned.categories is not None
    names = _near(named)
    _, newest = split(named)
    guessed, right = _guessed(learned, newest, names), labels(newest, names)
    whole = newest["authors"].is_not_null().to_numpy()
    return (
        f"all {len(names)} with {RARE} papers, {len(set(names) & set(learned.categories.names))} of them learned: "
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
