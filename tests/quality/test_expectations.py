"""Every promise of every table can be kept, and can be broken without breaking another."""

from dataclasses import replace

import polars as pl
import pytest

from quality.expectations import MIN_ROWS_FOR_ONE, Expectation
from quality.suites import EVERY
from tests.quality.batches import MONDAY, SCHEMAS, SUNDAY, TUESDAY, batch
from tests.quality.broken import BROKEN, nothing

ALL = [(asset, expectation) for asset, suite in EVERY.items() for expectation in suite.expectations]
TOLERANT = [(asset, expectation) for asset, expectation in ALL if expectation.tolerance]
ALONE = [(asset, expectation) for asset, expectation in TOLERANT if expectation.tolerance == 1]
NAMES = [f"{asset}-{expectation.name}" for asset, expectation in ALL]


def test_every_expectation_has_a_way_to_break_it() -> None:
    assert set(BROKEN) == {(asset, expectation.name) for asset, expectation in ALL}


@pytest.mark.parametrize("asset", EVERY)
def test_a_good_batch_passes_whole(asset: str) -> None:
    good = batch(asset, MONDAY, TUESDAY)
    verdict = good.judged()
    assert [finding for finding in verdict.findings if not finding.passed or finding.unexpected] == []
    assert verdict.blocked == set()
    assert verdict.publishable(good.days).equals(good.frame)
    assert len(verdict.findings) == 2 * len(EVERY[asset].expectations)


@pytest.mark.parametrize(("asset", "expectation"), ALL, ids=NAMES)
def test_an_expectation_can_fail_alone(asset: str, expectation: Expectation) -> None:
    verdict = BROKEN[asset, expectation.name](batch(asset)).judged()
    if (asset, expectation) in ALONE:
        assert {finding.expectation.name for finding in verdict.findings if finding.unexpected} == {expectation.name}
        assert verdict.blocked == set()
        assert 0 < verdict.publishable([MONDAY]).height < verdict.frame.height
        return
    assert {finding.expectation.name for finding in verdict.findings if not finding.passed} == {expectation.name}
    assert verdict.blocked == ({MONDAY} if expectation.severity == "ERROR" else set())


@pytest.mark.parametrize("asset", sorted(EVERY.keys() - {"fetch_ledger"}))
def test_a_day_without_rows_breaks_no_promise_that_blocks(asset: str) -> None:
    empty = nothing(batch(asset, SUNDAY))
    if empty.upstream_rows is not None:
        empty = replace(empty, upstream_rows=empty.upstream_rows.clear())
    verdict = empty.judged()
    assert all(finding.passed for finding in verdict.findings)
    assert verdict.publishable([SUNDAY]).is_empty()


@pytest.mark.parametrize(
    ("asset", "column"),
    [
        (asset, column)
        for asset, suite in EVERY.items()
        for expectation in suite.expectations
        if (column := expectation.arguments.get("column")) in SCHEMAS[asset] and expectation.name != "source_id_present"
    ],
)
def test_a_column_that_is_null_throughout_can_be_judged(asset: str, column: str) -> None:
    good = batch(asset)
    verdict = good.set(column, None, range(good.frame.height)).judged()
    judged = {finding.expectation.name: finding for finding in verdict.findings}
    required = judged.get(f"{column}_present")
    assert required is None or required.unexpected


@pytest.mark.parametrize(
    ("tolerance", "rows", "allowed"),
    [
        (0.0, 1_000, 0),
        (0.1, 0, 0),
        (0.1, MIN_ROWS_FOR_ONE - 1, 0),
        (0.1, MIN_ROWS_FOR_ONE, 1),
        (0.1, 19, 1),
        (0.1, 20, 2),
        (0.01, MIN_ROWS_FOR_ONE, 1),
        (0.01, 250, 2),
    ],
)
def test_a_tolerance_lets_a_share_of_a_day_pass_and_of_ten_rows_one(tolerance: float, rows: int, allowed: int) -> None:
    assert Expectation("x", "Kind", {}, "Why.", tolerance=tolerance).allowed(rows) == allowed


@pytest.mark.parametrize(
    ("asset", "column", "value", "expectation"),
    [
        ("fetched_papers", "votes", 100_001, "votes_range"),
        ("fetched_papers", "authors", None, "authors_present"),
        ("clean_papers", "title", "x" * 501, "title_length"),
        ("clean_papers", "abstract", "x" * 10_001, "abstract_length"),
        ("clean_papers", "title", "Caf&eacute; science", "text_is_prose"),
        ("clean_papers", "title", "Newton&#39;s method", "text_is_prose"),
        ("clean_papers", "title", "Control \x08 characters", "text_is_prose"),
        ("clean_papers", "title", "An error page <!DOCTYPE html>", "text_is_prose"),
        ("digest", "url", "data:text/html,x", "links_are_web"),
        ("digest", "url", "http://", "links_are_web"),
        ("digest", "url", "javascript:alert(1)//https://papers.example.org", "links_are_web"),
        ("digest", "url", "see https://papers.example.org", "links_are_web"),
        ("digest", "url", "https://papers.example.org/a b", "links_are_web"),
        ("digest", "url", "https://papers.example.org/a\n", "links_are_web"),
        ("deliveries", "state", "retry", "state_sent"),
    ],
)
def test_these_values_are_unexpected(asset: str, column: str, value: object, expectation: str) -> None:
    assert batch(asset).set(column, value, [4]).finding(expectation).unexpected == (4,)


@pytest.mark.parametrize(
    ("asset", "column", "value"),
    [
        ("fetched_papers", "votes", None),
        ("fetched_papers", "votes", 100_000),
        ("clean_papers", "title", "abc"),
        ("clean_papers", "title", "Bounds for $1<p <\\infty$ & beyond"),
        ("clean_papers", "title", "R&D in Q&A; a survey"),
        ("clean_papers", "title", "流体力学における学習"),
        ("unique_papers", "abstract", None),
        ("digest", "url", None),
        ("digest", "url", "http://papers.example.org/?a=1&b=2#c"),
        ("digest", "arrival", None),
    ],
)
def test_these_values_are_expected(asset: str, column: str, value: object) -> None:
    findings = batch(asset).set(column, value, [4]).judged().findings
    assert [finding.expectation.name for finding in findings if finding.unexpected] == []


def test_rows_without_an_id_are_tolerated_like_others_and_not_called_the_same() -> None:
    verdict = batch("fetched_papers").set("source_id", None, [3, 7]).judged()
    assert verdict.blocked == set()
    assert sorted(verdict.quarantined) == [3, 7]


def test_the_same_key_on_two_days_is_two_papers() -> None:
    good = batch("fetched_papers", MONDAY, TUESDAY)
    same = replace(good, frame=good.frame.with_columns(pl.col("source_id").first().over("position")))
    assert same.judged().blocked == set()


def test_the_same_id_from_two_sources_is_two_records() -> None:
    good = batch("fetched_papers")
    other = good.set("source", "archive", [0]).set("source_id", good.frame["source_id"][1], [0])
    assert other.judged().blocked == set()


@pytest.mark.parametrize(("asset", "expectation"), ALL, ids=NAMES)
def test_an_expectation_explains_itself(asset: str, expectation: Expectation) -> None:
    assert expectation.why.endswith(".")
    columns = [value for name, value in expectation.arguments.items() if name.startswith("column")]
    named = columns[0] if isinstance(columns[0], list) else columns
    assert all(column in expectation.threshold for column in named)
    assert "None" not in expectation.threshold
    assert ("may be kept out" in expectation.threshold) == bool(expectation.tolerance)


@pytest.mark.parametrize("asset", EVERY)
def test_the_names_of_a_suite_differ_and_its_key_is_of_its_table(asset: str) -> None:
    suite = EVERY[asset]
    names = [expectation.name for expectation in suite.expectations]
    assert len(names) == len(set(names))
    assert set(suite.key) <= set(SCHEMAS[asset])
    assert suite.upstream is None or suite.upstream in EVERY


def test_only_what_blocks_can_be_tolerated() -> None:
    assert all(expectation.severity == "ERROR" and expectation.of == "row" for _, expectation in TOLERANT)
