"""The suites on what stands: one bad row is found, decided ones are not, and nothing unjudged passes for judged."""

from dataclasses import replace

import polars as pl
import pytest

from quality.decisions import NONE, Decisions, key_of, value_of
from quality.stored import Stored, judge
from quality.suites import EVERY
from tests.quality.batches import MONDAY, TUESDAY, Batch, batch
from tests.quality.broken import BROKEN

NONE_OUT = pl.DataFrame(schema={"day": pl.Date, "rows": pl.Int64})
OF_ROWS = [
    (asset, name) for asset, name in BROKEN for e in EVERY[asset].expectations if e.name == name and e.of == "row"
]
OF_DAYS = [one for one in BROKEN if one not in OF_ROWS]


def stored(offered: Batch, decided: Decisions = NONE, left_out: pl.DataFrame = NONE_OUT) -> Stored:
    marks = offered.frame.select()
    return Stored(
        offered.asset, offered.days, offered.frame, marks, left_out, offered.upstream_rows, offered.facts, decided
    )


def failing(what: Stored) -> set[str]:
    verdict, unjudged = judge(what)
    assert unjudged == {}
    return {finding.expectation.name for finding in verdict.findings if not finding.passed}


def one_bad_row(asset: str, name: str) -> Batch:
    """A batch with a single row, or pair of rows, that breaks an expectation."""
    good, broken = batch(asset), BROKEN[(asset, name)](batch(asset))
    (place, *_) = broken.finding(name).unexpected
    first = pl.concat([broken.frame.slice(place, 1), good.frame.slice(1)])
    return broken if "unique" in name else replace(good, frame=first)


@pytest.mark.parametrize("asset", EVERY)
def test_what_the_gate_lets_through_stands_well(asset: str) -> None:
    assert failing(stored(batch(asset, MONDAY, TUESDAY))) == set()


@pytest.mark.parametrize(("asset", "name"), OF_ROWS)
def test_one_row_that_breaks_a_promise_is_found_and_nothing_is_tolerated(asset: str, name: str) -> None:
    assert name in failing(stored(one_bad_row(asset, name)))


@pytest.mark.parametrize(("asset", "name"), OF_DAYS)
def test_a_day_that_breaks_a_promise_is_found(asset: str, name: str) -> None:
    assert name in failing(stored(BROKEN[(asset, name)](batch(asset))))


def test_a_released_row_stands_well_and_only_with_the_value_that_was_seen() -> None:
    offered = batch("fetched_papers").set("votes", -7, [3])
    suite, row = EVERY["fetched_papers"], offered.frame.row(3, named=True)
    (votes,) = (e for e in suite.expectations if e.name == "votes_range")
    decided = Decisions({(MONDAY, key_of(suite.key, row), votes.name, value_of(suite, votes, row)): "released"})
    assert failing(stored(offered, decided)) == set()
    assert failing(stored(offered.set("votes", -8, [3]), decided)) == {"votes_range"}
    assert failing(stored(offered.set("votes", -7, [4]), decided)) == {"votes_range"}


def test_what_was_decided_of_a_derived_column_is_of_the_value_that_was_seen() -> None:
    odd, another = ([{"url": f"ftp://papers.example.org/{n}", "kind": "code"}] for n in (1, 2))
    offered = batch("clean_papers").set("links", odd, [3])
    suite, row = EVERY["clean_papers"], offered.frame.row(3, named=True)
    (sound,) = (e for e in suite.expectations if e.name == "links_sound")
    assert value_of(suite, sound, row) == str(odd)
    decided = Decisions({(MONDAY, key_of(suite.key, row), sound.name, value_of(suite, sound, row)): "released"})
    assert failing(stored(offered, decided)) == set()
    assert failing(stored(offered.set("links", another, [3]), decided)) == {"links_sound"}


def test_rows_in_quarantine_are_counted_with_their_day() -> None:
    offered = batch("clean_papers")
    fewer = replace(offered, frame=offered.frame.slice(1))
    out = pl.DataFrame({"day": [MONDAY], "rows": [1]})
    assert failing(stored(fewer)) == {"every_record_cleaned"}
    assert failing(stored(fewer, left_out=out)) == set()
    assert failing(stored(offered, left_out=out)) == {"every_record_cleaned"}


def test_what_rests_on_a_figure_that_is_not_there_is_unjudged() -> None:
    offered = batch("digest", MONDAY, TUESDAY)
    without = replace(offered, facts=offered.facts.drop("edition_size"))
    assert judge(stored(without))[1] == {"edition_full": [MONDAY, TUESDAY]}
    tuesday = pl.when(pl.col("day") == TUESDAY).then("edition_size")
    half = replace(offered, facts=offered.facts.with_columns(edition_size=tuesday))
    verdict, unjudged = judge(stored(half))
    assert unjudged == {"edition_full": [MONDAY]}
    assert [finding.day for finding in verdict.findings if finding.expectation.name == "edition_full"] == [TUESDAY]


def test_a_measure_of_no_rows_is_no_figure_that_is_missing() -> None:
    offered = batch("tagged_papers")
    assert offered.upstream_rows is not None
    nothing = offered.upstream_rows.with_columns(pl.lit(0, pl.Int64).alias("rows"))
    assert failing(stored(replace(offered, frame=offered.frame.clear(), upstream_rows=nothing))) == set()
