"""Deduplication over a real warehouse: the works are those of all records at once, whatever order the days came in."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.dedupe import candidates, fingerprint
from assets.dedupe.decisions import NONE, Decisions
from assets.dedupe.identity import WORK
from assets.dedupe.neighbours import outdated
from assets.dedupe.resolve import Resolved, resolve
from orchestration.warehouse import Warehouse
from quality import entries
from tests.dedupe.records import ABSTRACTS, FIRST, TITLE, all_at_once, put, record, record_lists, table

FOUR_DAYS = [date.fromordinal(FIRST.toordinal() + number) for number in range(4)]
MONDAY, TUESDAY, WEDNESDAY, THURSDAY = FOUR_DAYS
IDENTITY = ("blocks", "fingerprints", "edges", "decisions")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(path=str(tmp_path / "warehouse.duckdb"))


def store(warehouse: Warehouse, days: Sequence[date], *records: dict[str, Any]) -> None:
    """What the step before does: the days' records, whole."""
    publish_clean(warehouse, days, table(*records))


def publish_clean(warehouse: Warehouse, days: Sequence[date], rows: pl.DataFrame) -> None:
    """These rows of `clean_papers`, as that step publishes them."""
    published = entries.partitions("clean_papers", rows, days, "run")
    warehouse.publish("clean_papers", days, {"clean_papers": rows, "partitions": published})


def step(warehouse: Warehouse, days: Sequence[date], *records: dict[str, Any], decisions: Decisions = NONE) -> Resolved:
    """What a run does with days: their records are stored, the works resolved and published."""
    store(warehouse, days, *records)
    return again(warehouse, days, decisions)


def again(warehouse: Warehouse, days: Sequence[date], decisions: Decisions = NONE) -> Resolved:
    """The works of stored records, resolved and published."""
    with warehouse.kept_open():
        resolved = resolve(warehouse, days, decisions)
        put(warehouse, days, resolved)
    return resolved


def state(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that identity has written."""
    tables = ("unique_papers", *IDENTITY)
    return {name: sorted(warehouse.read(f"SELECT * FROM {name}").rows(), key=repr) for name in tables}  # noqa: S608


def standing(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.rows("unique_papers", FOUR_DAYS).select(WORK.names()).sort("day", "work_id")


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
    step(warehouse, [MONDAY], record("2503.00010", doi="10.5555/x", title="Renamed", abstract=None))
    step(warehouse, [TUESDAY], record("2503.00020", 1, title=TITLE, abstract=None), record("2503.00030", 1))
    link = record("m", 3, doi="10.5555/x", title=TITLE, abstract=None)
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


def test_a_further_listing_is_noted_and_restates_nothing(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", version=1))
    again = step(warehouse, [TUESDAY], record("2503.00010", 1, version=2))
    assert (again.touched, again.restated) == ([MONDAY], [])
    assert again.gone.rows() == [(MONDAY, "arxiv:2503.00010")]
    withdrawn = step(warehouse, [WEDNESDAY], record("2503.00010", 2, version=3, withdrawn=True))
    assert (withdrawn.touched, withdrawn.restated) == ([MONDAY], [MONDAY])
    merged = step(warehouse, [THURSDAY], record("m", 3, title=TITLE), record("2503.00010", 3, title=TITLE))
    assert merged.restated == [MONDAY], "another paper is part of the work now"


def test_no_more_than_the_changed_works_of_other_days_are_written(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010"), record("2503.00020"), record("2503.00030"))
    assert step(warehouse, [TUESDAY], record("2503.00020", 1)).frame["work_id"].to_list() == ["arxiv:2503.00020"]
    counts = warehouse.read("SELECT day, rows FROM partitions WHERE asset = 'unique_papers'")
    assert dict(counts.iter_rows()) == {MONDAY: 3, TUESDAY: 0}


def test_what_a_day_had_said_before_goes_when_it_is_run_again(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", title=TITLE))
    nothing_else = state(warehouse)
    step(warehouse, [TUESDAY], record("m", 1, "sample", title=TITLE))
    assert len(state(warehouse)["edges"]) == 2, "both ways round"
    step(warehouse, [TUESDAY])
    assert {**state(warehouse), "fingerprints": []} == {**nothing_else, "fingerprints": []}


def test_a_record_whose_text_changed_is_judged_anew(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", title=TITLE))
    step(warehouse, [TUESDAY], record("m", 1, "sample", title=TITLE))
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY}
    step(warehouse, [TUESDAY], record("m", 1, "sample", title="A Wholly Different Subject", authors=["Carl Sample"]))
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY, "sample:m": TUESDAY}


def test_a_revised_text_under_another_id_is_found_by_its_bands(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", title="Counting Invented Objects", abstract=ABSTRACTS[0]))
    step(warehouse, [TUESDAY], record("m", 1, "sample", title="Invented Objects, Counted", abstract=ABSTRACTS[1]))
    assert days_of_works(warehouse) == {"arxiv:2503.00010": MONDAY}


def test_a_block_that_fills_up_says_nothing_any_more(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST", 2)
    same: dict[str, Any] = {"title": TITLE, "doi": None, "abstract": None}
    step(warehouse, [MONDAY], record("a", 0, **same), record("b", 0, **same))
    assert len(standing(warehouse)) == 1
    assert step(warehouse, [TUESDAY], record("c", 1, **same)).touched == [MONDAY]
    assert len(standing(warehouse)) == 3, "three papers share the blocks: more than two"
    assert step(warehouse, [TUESDAY]).touched == [MONDAY]
    assert len(standing(warehouse)) == 1


def test_a_new_algorithm_makes_every_day_anew_and_goes_on_where_it_was_killed(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [record("2503.00010", 0, title=TITLE), record("m", 1, title=TITLE), record("2503.00010", 2, version=2)]
    for day, row in zip(FOUR_DAYS, records, strict=False):
        step(warehouse, [day], row)
    before = standing(warehouse)
    keys = set(warehouse.rows("blocks", FOUR_DAYS)["key"])
    assert outdated(warehouse, []) == []

    monkeypatch.setattr(fingerprint, "ALGORITHM", fingerprint.ALGORITHM + 1)
    assert outdated(warehouse, []) == [MONDAY, TUESDAY, WEDNESDAY]
    assert outdated(warehouse, [TUESDAY]) == [MONDAY, WEDNESDAY]
    again(warehouse, [MONDAY])
    assert outdated(warehouse, []) == [TUESDAY, WEDNESDAY], "one day is done, as before a kill"
    again(warehouse, [TUESDAY])
    again(warehouse, [WEDNESDAY])
    assert outdated(warehouse, []) == []
    assert keys.isdisjoint(warehouse.rows("blocks", FOUR_DAYS)["key"])
    assert standing(warehouse).equals(before)


LEFT, RIGHT = "arxiv:2503.00010", "sample:m"


def test_decisions_are_followed_at_the_next_run_of_any_day_and_taken_back(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010"))
    step(warehouse, [TUESDAY], record("m", 1, "sample"))
    untouched = state(warehouse)
    decided = step(warehouse, [THURSDAY], decisions=Decisions({(LEFT, RIGHT): "the journal's"}, {}))
    assert decided.touched == [MONDAY, TUESDAY]
    (row,) = standing(warehouse).rows(named=True)
    assert row["reasons"] == [f"{LEFT} = {RIGHT}: decided by the operator: the journal's"]
    assert step(warehouse, [THURSDAY], decisions=NONE).touched == [MONDAY, TUESDAY]
    assert state(warehouse)["unique_papers"] == untouched["unique_papers"]
    assert state(warehouse)["decisions"] == []


def test_papers_decided_to_be_different_stay_apart(warehouse: Warehouse) -> None:
    records = record("2503.00010", title=TITLE), record("m", 0, "sample", title=TITLE)
    step(warehouse, [MONDAY], *records)
    assert len(standing(warehouse)) == 1
    step(warehouse, [MONDAY], *records, decisions=Decisions({}, {(LEFT, RIGHT): ""}))
    assert len(standing(warehouse)) == 2


@settings(max_examples=12, deadline=None)
@given(first=record_lists(), last=record_lists(), data=st.data())
def test_any_order_of_days_gives_the_works_of_all_records(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[dict[str, Any]],
    last: list[dict[str, Any]],
    data: st.DataObject,
) -> None:
    """Days come in any order, some of them first with other records, and some together in one run.

    A block holds three papers at the most, so that blocks fill up and empty; and the operator has decided something.
    """
    warehouse = Warehouse(path=str(tmp_path_factory.mktemp("any") / "warehouse.duckdb"))
    papers = st.sampled_from(["arxiv:2503.00010", "arxiv:2503.00020", "archive:a", "sample:b"])
    pair = st.tuples(papers, papers).filter(lambda two: two[0] < two[1])
    same, different = data.draw(pair, label="same"), data.draw(pair, label="different")
    decisions = Decisions({same: "so it is"}, {} if different == same else {different: ""})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(candidates, "MOST", 3)
        for day in data.draw(
            st.lists(st.sampled_from(FOUR_DAYS), max_size=3, unique=True), label="days with other records"
        ):
            step(warehouse, [day], *(row for row in first if row["day"] == day))
        order = data.draw(st.permutations(FOUR_DAYS), label="order")
        cut = data.draw(st.integers(0, 4), label="days in one run")
        for days in (*([day] for day in order[cut:]), order[:cut]):
            step(warehouse, days, *(row for row in last if row["day"] in days), decisions=decisions)
        expected = all_at_once(table(*last), decisions)
    assert standing(warehouse).rows() == expected.rows()
