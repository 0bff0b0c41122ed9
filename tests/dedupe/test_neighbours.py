"""Deduplication over a real warehouse: the works are those of all records at once, whatever order the days came in."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.dedupe.identity import works
from assets.dedupe.neighbours import Resolved, changed_days, resolve
from orchestration.warehouse import Warehouse
from quality import report
from tests.dedupe.records import FIRST, TITLE, record, record_lists, table

FOUR_DAYS = [date.fromordinal(FIRST.toordinal() + number) for number in range(4)]
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = FOUR_DAYS


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(path=str(tmp_path / "warehouse.duckdb"))


def store(warehouse: Warehouse, days: Sequence[date], *records: dict[str, Any]) -> None:
    """What the step before does: the days' records, whole."""
    rows = table(*records)
    published = report.partitions("clean_papers", rows, days, "run")
    warehouse.publish("clean_papers", days, {"clean_papers": rows, "partitions": published})


def step(warehouse: Warehouse, days: Sequence[date], *records: dict[str, Any]) -> Resolved:
    """What a run does with days: their records are stored, the works resolved and published."""
    store(warehouse, days, *records)
    resolved = resolve(warehouse, days)
    changed = [*days, *resolved.touched]
    published = report.partitions("unique_papers", resolved.frame, changed, "run")
    warehouse.publish("unique_papers", changed, {"unique_papers": resolved.frame, "partitions": published})
    return resolved


def standing(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.rows("unique_papers", FOUR_DAYS).sort("day", "work_id")


def days_of_works(warehouse: Warehouse) -> dict[str, date]:
    return dict(standing(warehouse).select("work_id", "day").iter_rows())


def test_a_day_alone_touches_no_other(warehouse: Warehouse) -> None:
    assert step(warehouse, [MONDAY], record("2503.00010")).touched == []
    assert step(warehouse, [TUESDAY], record("2503.00020", 1)).touched == []
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY, "arxiv:2503.00020": TUESDAY}


def test_a_work_moves_to_an_earlier_day_and_back_again(warehouse: Warehouse) -> None:
    step(warehouse, [WEDNESDAY], record("2503.00010", 2), record("2503.00020", 2))
    earlier = step(warehouse, [MONDAY], record("2503.00010", 0))
    assert earlier.touched == [WEDNESDAY]
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY, "arxiv:2503.00020": WEDNESDAY}

    withdrawn_again = step(warehouse, [MONDAY])
    assert withdrawn_again.touched == [WEDNESDAY]
    assert days_of_works(warehouse) == {"arxiv:2503.00010": WEDNESDAY, "arxiv:2503.00020": WEDNESDAY}
    (row,) = standing(warehouse).filter(work_id="arxiv:2503.00010").rows(named=True)
    assert [member["day"] for member in row["members"]] == [WEDNESDAY]
    assert row["reasons"] == []


def test_a_later_record_is_noted_where_the_work_stands(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", version=1))
    later = step(warehouse, [WEDNESDAY], record("2503.00010", 2, version=2, withdrawn=True))
    assert later.touched == [MONDAY]
    (row,) = standing(warehouse).rows(named=True)
    assert (row["day"], row["version"], row["withdrawn_on"]) == (MONDAY, 2, WEDNESDAY)


def test_a_record_that_links_two_works_makes_them_one_and_its_loss_two(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", doi="10.5555/x"))
    step(warehouse, [TUESDAY], record("2503.00020", 1, title=TITLE), record("2503.00030", 1))
    link = record("m", 3, doi="10.5555/x", title=TITLE)
    assert step(warehouse, [THURSDAY], link).touched == [MONDAY, TUESDAY]
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY, "arxiv:2503.00030": TUESDAY}
    assert step(warehouse, [THURSDAY]).touched == [MONDAY, TUESDAY]
    assert days_of_works(warehouse) == {
        "arxiv:2503.00010": MONDAY,
        "arxiv:2503.00020": TUESDAY,
        "arxiv:2503.00030": TUESDAY,
    }


def test_a_rerun_changes_nothing_and_touches_nothing(warehouse: Warehouse) -> None:
    records = record("2503.00010"), record("2503.00020", 1, doi="10.5555/x"), record("m", 3, doi="10.5555/x")
    for day, row in zip((MONDAY, TUESDAY, THURSDAY), records, strict=True):
        step(warehouse, [day], row)
    before = standing(warehouse)
    for day, row in zip((THURSDAY, MONDAY, TUESDAY), (records[2], records[0], records[1]), strict=True):
        assert step(warehouse, [day], row).touched == []
    assert step(warehouse, FOUR_DAYS, *records).touched == []
    assert standing(warehouse).equals(before)


def test_a_day_that_was_not_resolved_yet_is_not_made_in_part(warehouse: Warehouse) -> None:
    """Its records stand cleaned, as after a crash; another day's run must not pass it off as made."""
    store(warehouse, [MONDAY], record("2503.00010"), record("2503.00020"), record("2503.00030"))
    assert step(warehouse, [TUESDAY], record("2503.00010", 1)).touched == []
    assert days_of_works(warehouse) == {"arxiv:2503.00010": TUESDAY}
    records = record("2503.00010"), record("2503.00020"), record("2503.00030")
    assert step(warehouse, [MONDAY], *records).touched == [TUESDAY]
    assert set(days_of_works(warehouse).values()) == {MONDAY}


def test_changed_days_are_those_outside_that_read_otherwise() -> None:
    old = works(table(record("2503.00010"), record("2503.00020", 1), record("2503.00030", 2)))
    new = works(table(record("2503.00010"), record("2503.00020", 0), record("2503.00030", 2, votes=1)))
    assert changed_days(old, new, [WEDNESDAY]) == [MONDAY, TUESDAY]
    assert changed_days(old, new, []) == [MONDAY, TUESDAY, WEDNESDAY]
    assert changed_days(old, old, []) == []


@settings(max_examples=8, deadline=None)
@given(first=record_lists(), last=record_lists(), data=st.data())
def test_any_order_of_days_gives_the_works_of_all_records(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[dict[str, Any]],
    last: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Days come in any order, some of them first with other records, and some together in one run."""
    warehouse = Warehouse(path=str(tmp_path_factory.mktemp("any") / "warehouse.duckdb"))
    for day in data.draw(
        st.lists(st.sampled_from(FOUR_DAYS), max_size=3, unique=True), label="days with other records"
    ):
        step(warehouse, [day], *(row for row in first if row["day"] == day))
    order = data.draw(st.permutations(FOUR_DAYS), label="order")
    cut = data.draw(st.integers(0, 4), label="days in one run")
    for days in (*([day] for day in order[cut:]), order[:cut]):
        step(warehouse, days, *(row for row in last if row["day"] in days))
    assert standing(warehouse).rows() == works(table(*last)).rows()
