"""Works are what links hold together, in whatever order they came; the operator's word comes first."""

import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.dedupe.components import components
from assets.dedupe.verify import EDGE

PAPERS = "abcdefgh"
PAIRS = st.sampled_from(list(itertools.combinations(PAPERS, 2)))
LINKS = st.dictionaries(PAIRS, st.tuples(st.booleans(), st.sampled_from([0.5, 0.7, 0.9])), max_size=14)
DECIDED = st.lists(PAIRS, max_size=4)

Links = dict[tuple[str, str], tuple[bool, float]]


def edges(links: Links) -> pl.DataFrame:
    """Links as (pair: (strong, score))."""
    rows = [(*pair, strong, score, "") for pair, (strong, score) in links.items()]
    return pl.DataFrame(rows, schema=EDGE, orient="row")


def groups(papers: str, links: Links, **decided: list[tuple[str, str]]) -> list[str]:
    """The groups, each as its papers' names run together."""
    return ["".join(sorted(group)) for group in components(set(papers), edges(links), **decided)]


def strong(*pairs: str) -> Links:
    return {(pair[0], pair[1]): (True, 0.9) for pair in pairs}


def weak(*pairs: str, score: float = 0.8) -> Links:
    return {(pair[0], pair[1]): (False, score) for pair in pairs}


def test_without_links_each_paper_is_a_work() -> None:
    assert groups("cab", {}) == ["a", "b", "c"]


def test_strong_links_hold_a_chain_together() -> None:
    assert groups("abcd", strong("ab", "bc")) == ["abc", "d"]


def test_a_weak_link_makes_a_pair() -> None:
    assert groups("abc", weak("ab")) == ["ab", "c"]


def test_a_chain_of_weak_links_stays_apart_at_its_weakest() -> None:
    assert groups("abc", weak("ab", score=0.7) | weak("bc")) == ["a", "bc"]


def test_weak_links_that_agree_merge_all() -> None:
    assert groups("abc", weak("ab", "bc", "ac")) == ["abc"]


def test_a_weak_link_to_a_part_is_one_to_all_that_is_strongly_linked_with_it() -> None:
    assert groups("abcd", strong("ab", "cd") | weak("bc")) == ["abcd"]


def test_it_must_link_each_strong_part_of_a_weak_group() -> None:
    linked = strong("ab") | weak("ac", score=0.9) | weak("cd")
    assert groups("abcd", linked) == ["abc", "d"]
    assert groups("abcd", linked | weak("bd")) == ["abcd"]


def test_decisions_come_before_all_links() -> None:
    assert groups("abc", strong("ab"), same=[("c", "b")]) == ["abc"]
    assert groups("ab", strong("ab"), different=[("b", "a")]) == ["a", "b"]


@pytest.mark.parametrize("links", [strong("ab", "bc"), weak("ab", "bc", "ac")])
def test_different_papers_do_not_meet_by_a_third(links: Links) -> None:
    assert sorted(map(len, groups("abc", links, different=[("a", "c")]))) == [1, 2]


def test_what_is_said_of_other_papers_is_ignored() -> None:
    assert groups("ab", strong("ax", "bx"), same=[("a", "y"), ("y", "b")], different=[("a", "z")]) == ["a", "b"]


@settings(deadline=None)
@given(LINKS, DECIDED, DECIDED, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(
    links: Links, same: list[tuple[str, str]], different: list[tuple[str, str]], chance: random.Random
) -> None:
    shuffled = dict(chance.sample(sorted(links.items()), len(links)))
    turned = [pair[::-1] for pair in chance.sample(same, len(same))]
    papers = chance.sample(PAPERS, len(PAPERS))
    once = components(PAPERS, edges(links), same, different)
    assert components(papers, edges(shuffled), turned, different[::-1]) == once


@settings(deadline=None)
@given(LINKS, DECIDED, DECIDED)
def test_every_paper_has_one_work_and_no_two_that_differ_share_one(
    links: Links, same: list[tuple[str, str]], different: list[tuple[str, str]]
) -> None:
    made = components(PAPERS, edges(links), same, different)
    assert sorted(paper for group in made for paper in group) == list(PAPERS)
    assert not any(set(pair) <= group for pair in different for group in made)


@settings(deadline=None)
@given(LINKS)
def test_strong_links_are_always_kept(links: Links) -> None:
    made = components(PAPERS, edges(links))
    assert all(any(set(pair) <= group for group in made) for pair, (is_strong, _) in links.items() if is_strong)


@settings(deadline=None)
@given(LINKS)
def test_works_that_share_no_link_do_not_depend_on_each_other(links: Links) -> None:
    """A day's works are made of the papers that are connected with it, without the rest."""
    inside = {pair: link for pair, link in links.items() if set(pair) <= set("abcd")}
    apart = {pair: link for pair, link in links.items() if set(pair) <= set("efgh")}
    whole = components(PAPERS, edges(inside | apart))
    assert whole == components("abcd", edges(inside)) + components("efgh", edges(apart))
