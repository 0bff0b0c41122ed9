"""What the gate judges: each day by itself, tolerated rows aside, and bugs told apart from bad data."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality import findings, gate
from quality.suites import EVERY
from quality.verdict import SAMPLES
from tests.quality.batches import MONDAY, SCHEMAS, SUNDAY, TUESDAY, WEDNESDAY, Batch, batch, fetched_facts, frame

WINDOW = (MONDAY, TUESDAY, WEDNESDAY)


def without_titles(counts: dict[date, tuple[int, int]]) -> Batch:
    """A batch of so many rows a day, so many of which have no title."""
    parts = []
    for day, (rows, bad) in counts.items():
        titled = frame("fetched_papers", day, rows=rows)
        missing = pl.when(pl.col("position") < bad).then(None).otherwise("title").alias("title")
        parts.append(titled.with_columns(missing))
    facts = fetched_facts({day: rows for day, (rows, _) in counts.items()})
    return Batch("fetched_papers", list(counts), pl.concat(parts), facts=facts)


def test_what_is_tolerated_goes_to_quarantine() -> None:
    verdict = batch("fetched_papers").set("title", None, [3, 7]).judged()
    assert verdict.blocked == set()
    assert verdict.publishable([MONDAY])["position"].to_list() == [n for n in range(20) if n not in (3, 7)]
    assert {place: [finding.expectation.name for finding in why] for place, why in verdict.quarantined.items()} == {
        3: ["title_present"],
        7: ["title_present"],
    }


def test_a_row_that_fails_twice_is_quarantined_for_both() -> None:
    verdict = batch("fetched_papers").set("title", None, [3]).set("abstract", None, [3]).judged()
    (reasons,) = verdict.quarantined.values()
    assert [finding.expectation.name for finding in reasons] == ["title_present", "abstract_present"]


def test_more_than_is_tolerated_blocks_the_day() -> None:
    verdict = batch("fetched_papers").set("title", None, [3, 7, 9]).judged()
    assert verdict.blocked == {MONDAY}
    assert verdict.quarantined == {}


def test_of_ten_rows_one_may_fail_and_of_nine_none() -> None:
    assert without_titles({MONDAY: (10, 1)}).judged().blocked == set()
    assert without_titles({MONDAY: (9, 1)}).judged().blocked == {MONDAY}


def test_each_day_of_a_window_is_judged_by_itself() -> None:
    verdict = without_titles({MONDAY: (200, 0), TUESDAY: (20, 3), WEDNESDAY: (20, 2)}).judged()
    assert verdict.blocked == {TUESDAY}
    kept = verdict.publishable([MONDAY, WEDNESDAY])
    assert dict(kept.group_by("day").len().iter_rows()) == {MONDAY: 200, WEDNESDAY: 18}


@given(
    counts=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 4)), min_size=3, max_size=3),
    seed=st.integers(0, 99),
)
@settings(max_examples=6, deadline=None)
def test_a_window_in_any_order_is_judged_like_its_days(counts: list[tuple[int, int]], seed: int) -> None:
    bad = {day: (rows, min(rows, bad)) for day, (rows, bad) in zip(WINDOW, counts, strict=True)}
    window = without_titles(bad)
    together = replace(window, frame=window.frame.sample(fraction=1, shuffle=True, seed=seed)).judged()
    alone = [without_titles({day: bad[day]}).judged() for day in WINDOW]
    assert together.blocked == {day for verdict in alone for day in verdict.blocked}
    assert sorted((f.expectation.name, f.day, len(f.unexpected), f.passed) for f in together.findings) == sorted(
        (f.expectation.name, f.day, len(f.unexpected), f.passed) for verdict in alone for f in verdict.findings
    )
    published = [day for day in WINDOW if day not in together.blocked]
    assert together.publishable(published).height == sum(verdict.publishable(published).height for verdict in alone)


def test_a_warning_neither_blocks_nor_quarantines() -> None:
    short = batch("clean_papers").set("abstract", "Too short.", range(20))
    verdict = short.judged()
    assert not short.finding("abstract_length").passed
    assert verdict.blocked == set()
    assert verdict.quarantined == {}
    assert verdict.publishable([MONDAY]).height == 20


def test_a_weekday_without_papers_is_a_warning_and_a_weekend_is_not() -> None:
    expected = fetched_facts({MONDAY: 0, SUNDAY: 0})
    empty = Batch("fetched_papers", [MONDAY, SUNDAY], frame("fetched_papers"), facts=expected)
    assert not empty.finding("weekday_has_papers", MONDAY).passed
    assert empty.finding("weekday_has_papers", SUNDAY).passed
    assert empty.judged().blocked == set()


def test_a_day_that_has_lost_all_its_rows_is_blocked() -> None:
    good = batch("fetched_papers", MONDAY, TUESDAY)
    lost = replace(good, frame=good.frame.filter(pl.col("day") == MONDAY))
    assert lost.judged().blocked == {TUESDAY}
    assert lost.finding("complete", TUESDAY).observed == "rows 0, expected 20"


def test_a_day_that_upstream_does_not_have_has_no_rows_upstream() -> None:
    good = batch("tagged_papers", MONDAY, TUESDAY)
    assert good.upstream_rows is not None
    unknown = replace(good, upstream_rows=good.upstream_rows.filter(pl.col("day") == MONDAY))
    assert unknown.judged().blocked == {TUESDAY}
    assert unknown.finding("every_work_tagged", TUESDAY).observed == "rows 20, upstream_rows 0"


def test_the_figures_of_a_day_are_observed() -> None:
    half = batch("tagged_papers").set("topics", [], range(10))
    assert half.finding("works_with_topics").observed == "with_topics 0.5"
    assert half.finding("works_with_topics").passed
    assert batch("unique_papers").finding("no_more_works_than_records").observed == "surplus 0"
    assert batch("fetched_papers").finding("weekday_has_papers").observed == "empty_weekday 0"
    assert batch("fetched_papers").set("title", None, [1]).finding("title_present").observed == (
        "1 of 20 rows unexpected"
    )


def test_rows_of_other_days_are_neither_judged_nor_published() -> None:
    other = replace(batch("fetched_papers"), frame=frame("fetched_papers", MONDAY, TUESDAY))
    verdict = other.judged()
    assert {finding.day for finding in verdict.findings} == {MONDAY}
    assert set(verdict.publishable([MONDAY])["day"]) == {MONDAY}


def test_an_expectation_that_cannot_be_evaluated_is_a_bug_not_bad_data() -> None:
    good = batch("fetched_papers")
    with pytest.raises(RuntimeError, match="'url_is_web' could not be evaluated"):
        replace(good, frame=good.frame.drop("url")).judged()


def test_a_fact_that_the_step_does_not_give_is_a_bug() -> None:
    with pytest.raises(RuntimeError, match="'complete' could not be evaluated"):
        replace(batch("fetched_papers"), facts=batch("fetched_papers").facts.drop("expected")).judged()


def test_up_to_ten_keys_are_shown() -> None:
    broken = batch("fetched_papers").set("title", None, range(15))
    verdict, finding = broken.judged(), broken.finding("title_present")
    assert len(finding.unexpected) == 15
    assert verdict.keys(finding) == [f"sample/2503.{place:05}" for place in range(SAMPLES)]
    assert SAMPLES == 10


def test_a_figure_of_a_day_has_no_keys() -> None:
    good = batch("fetched_papers")
    short = replace(good, frame=good.frame.slice(1))
    assert short.judged().keys(short.finding("complete")) == []


def test_the_reason_says_what_failed_where_and_what_to_do() -> None:
    reason = without_titles({MONDAY: (20, 5), TUESDAY: (20, 0)}).judged().reason(MONDAY)
    assert reason == (
        "title_present: 5 of 20 rows failed, 2 allowed (sample/2503.00000, sample/2503.00001, sample/2503.00002). "
        "A list whose titles vanish has changed its shape: the parser must learn it."
    )


def test_the_reason_names_every_broken_promise_of_the_day_and_no_other() -> None:
    good = batch("fetched_papers", MONDAY, TUESDAY)
    broken = replace(good, frame=good.frame.slice(1)).set("votes", -1, range(5)).set("abstract", None, [22, 23, 24])
    reason = broken.judged().reason(MONDAY)
    assert "votes_range: 5 of 19 rows failed, 1 allowed" in reason
    assert "complete: rows 19, expected 20. " in reason
    assert "abstract_present" not in reason
    assert broken.judged().blocked == {MONDAY, TUESDAY}


@pytest.mark.parametrize("asset", EVERY)
def test_a_plan_finds_what_great_expectations_finds_by_itself(asset: str) -> None:
    import great_expectations as gx

    suite, column = EVERY[asset], "title" if "title" in SCHEMAS[asset] else EVERY[asset].key[0]
    bad = batch(asset).set(column, "<a href='b'>", [1, 2]).set(column, None, [3])
    asked = [expectation for expectation in suite.expectations if expectation.of == "row"]
    rows = findings.scalars(bad.frame, suite.derived)
    whole = gx.get_context(mode="ephemeral").data_sources.add_pandas("x").add_dataframe_asset("x")
    by_itself = whole.add_batch_definition_whole_dataframe("x").get_batch({"dataframe": rows.to_pandas()})
    expectations = [getattr(gx.expectations, e.kind)(**e.arguments, meta={"name": e.name}) for e in asked]
    answer = by_itself.validate(gx.ExpectationSuite("x", expectations), result_format="COMPLETE")
    usual = gate.places(answer.results)
    assert gate.places(gate.validate(rows, asked)) == usual
    assert any(usual.values())
