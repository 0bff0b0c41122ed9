"""The record beside a table is judged with the batch: what came is never lost, and never called whole in vain."""

import dagster as dg
import polars as pl
import pytest

from quality import gate
from quality.suites import BOOKS
from tests.lab import Lab
from tests.quality.batches import MONDAY, TUESDAY, batch, facts
from tests.quality.test_gate import ASSET, Publisher, reason

LEDGER, SNAPSHOTS = "fetch_ledger", "popularity"
STANDS = "SELECT day, count(*) FROM fetch_ledger GROUP BY day ORDER BY day"
SHORT = "In fetch_ledger: shortfall_is_said: 1 of 1 rows failed, 0 allowed (source-0)."


@pytest.fixture
def publish(sample_lab: Lab) -> Publisher:
    return Publisher(sample_lab)


def ledger(*short: int) -> pl.DataFrame:
    """A source's row for each of two days; in these places less came than upstream says."""
    good = batch(LEDGER, MONDAY, TUESDAY, rows=1)
    return good.set("fetched", 19, short).frame


def snapshots() -> pl.DataFrame:
    """The figures of Monday's papers, without the day that a suite gives them."""
    return batch(SNAPSHOTS, MONDAY).frame.drop("day")


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def test_a_sound_record_is_written_with_the_batch_and_every_promise_is_a_check(publish: Publisher) -> None:
    two_days = batch(ASSET, MONDAY, TUESDAY)
    result = publish(two_days, recorded={LEDGER: ledger()}, append={SNAPSHOTS: snapshots()})
    assert result.success
    assert publish.read(STANDS) == [(MONDAY, 1), (TUESDAY, 1)]
    assert publish.read("SELECT count(*) FROM popularity") == [(20,)]
    names = {f"{table}_{e.name}" for table, suite in BOOKS.items() for e in suite.expectations}
    assert names < {check.check_name for check in result.get_asset_check_evaluations()}
    assert failed_checks(result) == set()
    judged = publish.read(
        "SELECT DISTINCT asset, day FROM quality_results WHERE asset <> 'fetched_papers' ORDER BY ALL"
    )
    assert judged == [(LEDGER, MONDAY), (LEDGER, TUESDAY), (SNAPSHOTS, MONDAY)]


def test_a_day_whose_ledger_hides_a_shortfall_is_rejected_and_the_ledger_is_kept(publish: Publisher) -> None:
    result = publish(batch(ASSET, MONDAY, TUESDAY), recorded={LEDGER: ledger(1)}, append={SNAPSHOTS: snapshots()})
    assert not result.success
    assert failed_checks(result) == {"fetch_ledger_shortfall_is_said"}
    assert reason(result).startswith(f"{ASSET} {TUESDAY} was rejected. {SHORT}")
    assert publish.read("SELECT reason FROM partitions")[0][0].startswith(SHORT)
    assert publish.partitions() == {TUESDAY: ("rejected", 0)}
    assert publish.read(STANDS) == [(TUESDAY, 1)]
    assert publish.read("SELECT * FROM fetched_papers UNION ALL BY NAME SELECT * FROM popularity") == []


def test_a_touched_day_whose_ledger_is_wrong_stays_as_it_was_and_stops_nothing(publish: Publisher) -> None:
    result = publish(batch(ASSET, MONDAY, TUESDAY), touched=[TUESDAY], recorded={LEDGER: ledger(1)})
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20)}
    assert publish.read(STANDS) == [(MONDAY, 1)]


@pytest.mark.parametrize(("column", "value"), [("votes", -1), ("seen_at", None), ("source_id", "2503.0819")])
def test_a_snapshot_that_is_wrong_is_left_out_and_stops_nothing(publish: Publisher, column: str, value: object) -> None:
    wrong = batch(SNAPSHOTS).set(column, value, [0, 1, 2]).frame.drop("day")
    result = publish(batch(ASSET), append={SNAPSHOTS: wrong})
    assert result.success
    assert publish.read("SELECT count(*), min(votes) FROM popularity") == [(17, 3)]
    told = {
        check.check_name: check.metadata["unexpected_count"].value for check in result.get_asset_check_evaluations()
    }
    assert sum(int(str(count)) for name, count in told.items() if name.startswith(SNAPSHOTS)) >= 3


def test_a_fetch_without_news_appends_nothing(publish: Publisher) -> None:
    assert publish(batch(ASSET), append={SNAPSHOTS: snapshots().clear()}).success
    assert publish.read("SELECT count(*) FROM popularity") == [(0,)]


def test_a_snapshot_says_what_it_saw_when_it_saw_it() -> None:
    """A paper's figures may be seen twice, at two times, and not two ways at one."""
    again = batch(SNAPSHOTS, MONDAY, TUESDAY)
    assert again.finding("seen_unique").passed
    doubled = pl.concat([again.frame, again.frame.head(1)])
    verdict = gate.judge(SNAPSHOTS, [MONDAY], doubled, None, facts(SNAPSHOTS, {MONDAY: 20}))
    assert {finding.expectation.name for finding in verdict.findings if finding.unexpected} == {"seen_unique"}
