"""Which papers become one work: connected components of the links between papers, with the operator's word first.

What belongs here: edges in, groups out. The groups depend on what is linked and never on the order in which it came
to light: decisions come first, then strong links, then weak ones, each in an order that the links alone determine.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

import polars as pl

Pair = tuple[str, str]
Groups = dict[str, set[str]]
"""Each paper's group: one object that all its papers share."""


def components(
    papers: Collection[str],
    edges: pl.DataFrame,
    same: Collection[Pair] = (),
    different: Collection[Pair] = (),
) -> list[frozenset[str]]:
    """The papers in groups, each of them one work, in the order of their smallest ids.

    `edges` are rows of verification's `EDGE`; `same` and `different` are the pairs that the operator decided. Pairs
    with a paper that is not in `papers` are ignored. A merge that would bring two `different` papers together is not
    made.

    Decisions and strong links merge whatever they link. Weak links merge two groups only if they link every strongly
    linked part of the one with every part of the other: a chain that only weak links hold together stays apart.
    """
    groups = {paper: {paper} for paper in papers}
    barred = _beside(different)
    ranked = edges.sort(["score", "left", "right"], descending=[True, False, False])
    strong, weak = (ranked.filter(strong=kind).select("left", "right").rows() for kind in (True, False))
    for left, right in _known([*sorted(_ordered(same)), *strong], groups):
        _merge(groups, left, right, barred)
    _merge_weakly(groups, _known(weak, groups), barred)
    distinct = {id(group): frozenset(group) for group in groups.values()}
    return sorted(distinct.values(), key=min)


def _merge_weakly(groups: Groups, weak: list[Pair], barred: Groups) -> None:
    part = {paper: min(groups[paper]) for pair in weak for paper in pair}
    parts = {name: {name} for name in part.values()}
    linked = _beside((part[left], part[right]) for left, right in weak)
    for left, right in weak:
        ours, theirs = parts[part[left]], parts[part[right]]
        complete = ours is not theirs and all(theirs <= linked[one] for one in ours)
        if complete and _merge(groups, left, right, barred):
            _merge(parts, part[left], part[right], {})


def _merge(groups: Groups, left: str, right: str, barred: Groups) -> bool:
    """Make two groups one, unless they are already, or a paper of the one is barred from a paper of the other."""
    smaller, larger = sorted((groups[left], groups[right]), key=len)
    if smaller is larger or any(not barred[paper].isdisjoint(larger) for paper in smaller if paper in barred):
        return False
    larger |= smaller
    groups.update(dict.fromkeys(smaller, larger))
    return True


def _beside(pairs: Iterable[Pair]) -> Groups:
    """What each paper is paired with."""
    beside = defaultdict(set)
    for left, right in pairs:
        beside[left].add(right)
        beside[right].add(left)
    return beside


def _ordered(pairs: Iterable[Pair]) -> list[Pair]:
    return [(min(pair), max(pair)) for pair in pairs]


def _known(pairs: Iterable[Pair], papers: Collection[str]) -> list[Pair]:
    return [(left, right) for left, right in pairs if left in papers and right in papers]
