"""Identity is right about real labelled records: what is one work is found, what only looks like one is not.

The sets in whole are the benchmark `identity`; here the larger ones are cut short.
"""

import pytest

from tests.dedupe.at_once import accuracy, pairs_within, works_at_once
from tests.dedupe.labelled import DUPLICATES, bib_dedupe, corpus, dblp_acm, lookalikes, revisions

pytestmark = pytest.mark.skipif(not DUPLICATES.exists(), reason=f"no labelled records at {DUPLICATES}")

FEW = 1_000


def test_conference_papers_of_two_bases_without_abstracts() -> None:
    found = accuracy(dblp_acm())
    assert found.f1 >= 0.97
    assert found.precision >= 0.98


@pytest.mark.parametrize(("name", "f1"), [("cytology_screening", 0.97), ("digital_work", 0.98)])
def test_the_records_of_a_review(name: str, f1: float) -> None:
    assert accuracy(bib_dedupe(name)).f1 >= f1


@pytest.mark.parametrize(("name", "recall"), [("arxiv_revisions", 0.87), ("hf_vs_arxiv", 0.99)])
def test_two_texts_of_one_id_without_the_id(name: str, recall: float) -> None:
    found = accuracy(revisions(name, FEW))
    assert found.precision >= 0.99
    assert found.recall >= recall


def test_withdrawn_works_are_not_one_work() -> None:
    """All that these share is the sentence that says that they are withdrawn."""
    labelled = lookalikes("same_abstract_different_id", marked="withdrawn_boilerplate")
    assert len(labelled.true) > 50
    assert not pairs_within(works_at_once(labelled.records)) & labelled.true


def test_a_title_alone_does_not_make_a_work() -> None:
    """Of those that share a title and no author, one pair is one author with and without his last name."""
    labelled = lookalikes("same_title_different_id")
    people = {
        paper: set(names) for paper, names in labelled.records.select("paper_id", "author_keys").iter_rows() if names
    }
    signed = [pair for pair in labelled.true if set(pair) <= people.keys()]
    strangers = {(left, right) for left, right in signed if not people[left] & people[right]}
    merged = pairs_within(works_at_once(labelled.records))
    assert len(strangers) > 100
    assert len(merged & strangers) <= 1
    assert len(merged & labelled.true) > 200


def test_papers_that_arxiv_lists_under_two_ids_are_rare() -> None:
    records = corpus(3 * FEW)
    assert len(records) - len(works_at_once(records)) < 3
