"""The gaps of a harvested month: arXiv numbers its papers one by one, so an id that was never seen was lost, or never
given, or is of an archive that is not harvested. The query API knows which.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from assets.fetch.arxiv import ids
from assets.fetch.arxiv.query import AT_ONCE, Query, papers
from assets.fetch.arxiv.store import HarvestStore


@dataclass(frozen=True)
class Audit:
    """A month's ids that begin with `series`: how many were seen between the lowest and the highest, and the others.

    Deleted records were seen. `missing` are those of `unseen` that exist in a category that is harvested; None where
    nobody was asked.
    """

    series: str
    lowest: str
    highest: str
    seen: int
    unseen: tuple[str, ...]
    missing: tuple[str, ...] | None = None


def audit(store: HarvestStore, month: date, ask: Query | None = None, categories: Collection[str] = ()) -> list[Audit]:
    """An audit for each series of ids of the month: one, or one for each archive before April 2007.

    With `ask`, each unseen id costs a hundredth of a request. Raises `SourceError` where arXiv does not answer.
    """
    first = month.replace(day=1)
    beginnings = [ids.series(first), *(ids.series(first, archive) for archive in store.archives(f"{first:%y%m}"))]
    return [_audit(beginning, seen, ask, categories) for beginning in beginnings if (seen := store.seen(beginning))]


def _audit(beginning: str, seen: Sequence[str], ask: Query | None, categories: Collection[str]) -> Audit:
    lowest, highest = (int(paper.removeprefix(beginning)) for paper in (seen[0], seen[-1]))
    known = set(seen)
    named = (ids.name(beginning, number) for number in range(lowest, highest + 1))
    unseen = tuple(paper for paper in named if paper not in known)
    missing = tuple(_missing(unseen, seen[0], ask, categories)) if ask else None
    return Audit(beginning, seen[0], seen[-1], len(seen), unseen, missing)


def _missing(unseen: Sequence[str], known: str, ask: Query, categories: Collection[str]) -> Iterator[str]:
    # An answer without any paper may be a mistake of arXiv, so each question names one that exists.
    most = AT_ONCE - 1
    for start in range(0, len(unseen), most):
        wanted = unseen[start : start + most]
        for body in ask.papers([known, *wanted]):
            exist = {paper["source_id"]: paper["categories"] for paper in papers(body)}
            yield from (paper for paper in wanted if ids.chosen(exist.get(paper, ()), categories))
