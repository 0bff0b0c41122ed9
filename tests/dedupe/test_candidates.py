"""Records are compared if their papers share a block that is not too full."""

import itertools
from collections import defaultdict

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.dedupe.candidates import MOST, pairs
from assets.dedupe.fingerprint import BLOCK
from tests.dedupe.records import FIRST

Row = tuple[int, str, str]
ROWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcdef"), st.sampled_from(["1", "2"])), max_size=20)


def frame(rows: list[Row]) -> pl.DataFrame:
    """Blocks of rows (key, paper, record of the paper)."""
    named = [(FIRST, "archive", f"{paper}{record}", paper, "band", key) for key, paper, record in rows]
    return pl.DataFrame(named, schema=BLOCK, orient="row")


def found(blocks: pl.DataFrame, papers: pl.Series | None = None) -> list[tuple[str, str]]:
    """The pairs of records, sorted."""
    return sorted(pairs(blocks, papers).select("left_source_id", "right_source_id").rows())


def full(papers: int) -> list[Row]:
    """One block of that many papers."""
    return [(7, f"p{number:03}", "1") for number in range(papers)]


@settings(deadline=None)
@given(ROWS)
def test_they_are_the_pairs_that_share_a_key(rows: list[Row]) -> None:
    records = defaultdict(set)
    for key, paper, record in rows:
        records[key].add((paper, f"{paper}{record}"))
    shared = {
        (left[1], right[1])
        for block in records.values()
        for left, right in itertools.combinations(sorted(block), 2)
        if left[0] != right[0]
    }
    assert found(frame(rows)) == sorted(shared)


@settings(deadline=None)
@given(ROWS, st.sets(st.sampled_from("abcdef")))
def test_papers_restrict_them_to_their_own(rows: list[Row], papers: set[str]) -> None:
    every = pairs(frame(rows))
    own = every.filter(pl.col("left").is_in(papers) | pl.col("right").is_in(papers))
    assert sorted(pairs(frame(rows), pl.Series(sorted(papers), dtype=pl.String)).rows()) == sorted(own.rows())


@settings(deadline=None)
@given(ROWS)
def test_the_order_of_blocks_does_not_matter(rows: list[Row]) -> None:
    assert found(frame(rows)) == found(frame(rows[::-1]))


def test_the_smaller_paper_stands_left() -> None:
    (row,) = pairs(frame([(1, "b", "1"), (1, "a", "2")])).rows(named=True)
    assert (row["left"], row["left_source_id"], row["left_source"], row["left_day"]) == ("a", "a2", "archive", FIRST)
    assert (row["right"], row["right_source_id"]) == ("b", "b1")


def test_a_full_block_still_counts() -> None:
    assert len(found(frame(full(MOST)))) == MOST * (MOST - 1) // 2


def test_a_fuller_block_says_nothing() -> None:
    assert found(frame(full(MOST + 1))) == []


def test_another_key_says_it_all_the_same() -> None:
    assert found(frame([*full(MOST + 1), (1, "p000", "1"), (1, "p001", "1")])) == [("p0001", "p0011")]


def test_the_records_of_one_paper_do_not_fill_a_block() -> None:
    rows = [(1, "a", str(number)) for number in range(2 * MOST)]
    assert len(found(frame([*rows, (1, "b", "1")]))) == 2 * MOST
