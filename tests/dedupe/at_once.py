"""All of deduplication over records in memory, without a warehouse; and how right it is about labelled ones."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from assets.dedupe.candidates import pairs
from assets.dedupe.components import components
from assets.dedupe.fingerprint import blocks
from assets.dedupe.verify import judged
from tests.dedupe.labelled import Labelled, Pair


@dataclass(frozen=True)
class Accuracy:
    """How the pairs of papers that share a work compare with those that are labelled as one."""

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """The share of the found pairs that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of the true pairs that is found."""
        return self.right / self.true

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.found + self.true)


def works_at_once(records: pl.DataFrame) -> list[frozenset[str]]:
    """The papers of these rows of `clean_papers` in groups, each of them one work."""
    edges = judged(pairs(blocks(records)), records)
    return components(set(records["paper_id"]), edges)


def pairs_within(groups: Iterable[Iterable[str]]) -> frozenset[Pair]:
    """Every pair of papers that share a group, in order."""
    return frozenset(pair for group in groups for pair in itertools.combinations(sorted(group), 2))


def accuracy(labelled: Labelled) -> Accuracy:
    """Of the works that all records of a set come to, thrown into one pot."""
    found = pairs_within(works_at_once(labelled.records))
    return Accuracy(len(found), len(found & labelled.true), len(labelled.true))
