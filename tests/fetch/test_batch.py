"""What becomes of fetched records beside stored ones: first figures stay, nothing is lost, gaps are told."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.fetch.batch import SNAPSHOT, batch, changed_days, merged, snapshots
from assets.fetch.drift import SHARE
from assets.fetch.fetch import Fetched
from assets.fetch.source import RECORD, frame

FRIDAY, SATURDAY = date(2025, 3, 14), date(2025, 3, 15)
MORNING, NOON = datetime(2025, 3, 14, 8), datetime(2025, 3, 14, 12)
NO_HISTORY = pl.DataFrame(schema=SHARE)


def row(source_id: str | None, **fields: Any) -> dict[str, Any]:
    told = {"title": f"The Title of {source_id}", "body": "0", "record": "{}", **fields}
    return {"day": FRIDAY, "source": "feed", "source_id": source_id, "position": 0, **told}


def asked(state: str, fetched: int = 0, expected: int | None = None, source: str = "feed") -> dict[str, Any]:
    return {"source": source, "day": FRIDAY, "state": state, "expected": expected, "fetched": fetched,
            "attempts": 1, "seconds": 0.0, "reason": f"why {state}", "recorded_at": NOON}  # fmt: skip


def facts(*ledger: dict[str, Any], rows: pl.DataFrame, deliver: bool = False) -> dict[str, Any]:
    fetched = Fetched([rows], list(ledger))
    return batch(fetched, frame(()), NO_HISTORY, NOON, deliver_incomplete=deliver).facts.row(0, named=True)


def test_a_record_keeps_its_first_figures_and_time() -> None:
    stored = merged(frame([row("a", votes=3, comments=1, stars=9)]), frame(()), MORNING)
    later = frame([row("a", votes=40, comments=2, stars=10, position=5, body="1", record='{"votes":40}')])
    assert merged(later, stored, NOON).equals(stored)


def test_what_a_record_says_is_the_lists_of_now() -> None:
    stored = merged(frame([row("a", votes=3)]), frame(()), MORNING)
    (now,) = merged(frame([row("a", votes=40, title="A Better Title", body="1")]), stored, NOON).rows(named=True)
    assert (now["title"], now["body"], now["votes"], now["seen_at"]) == ("A Better Title", "1", 3, MORNING)


def test_what_was_joined_stays_when_it_cannot_be_asked_for_again() -> None:
    joined = {"version": 2, "categories": ["cs.CL"], "doi": "10.1234/a", "note": "12 pages"}
    stored = merged(frame([row("a", **joined)]), frame(()), MORNING)
    assert merged(frame([row("a", body="1")]), stored, NOON).equals(stored)
    (now,) = merged(frame([row("a", version=3, title="Better")]), stored, NOON).select("title", *joined).rows()
    assert now == ("Better", 3, ["cs.CL"], "10.1234/a", "12 pages")


def test_a_new_record_joins_and_one_that_is_gone_stays() -> None:
    stored = merged(frame([row("a"), row("b")]), frame(()), MORNING)
    now = merged(frame([row("b"), row("c")]), stored, NOON)
    assert sorted(now.select("source_id", "seen_at").rows()) == [("a", MORNING), ("b", MORNING), ("c", NOON)]


def test_an_id_that_is_listed_twice_stays_twice_for_the_gate() -> None:
    stored = merged(frame([row("a")]), frame(()), MORNING)
    assert merged(frame([row("a"), row("a"), row(None)]), stored, NOON).height == 3


@given(st.lists(st.lists(st.integers(0, 9), unique=True), max_size=5))
def test_after_any_fetches_every_record_stands_once_as_first_seen(lists: list[list[int]]) -> None:
    stored = frame(())
    first: dict[str, datetime] = {}
    for hour, ids in enumerate(lists):
        now = datetime(2025, 3, 14, hour)
        first = {**{str(number): now for number in ids}, **first}
        stored = merged(frame(row(str(number), votes=hour) for number in ids), stored, now)
    assert sorted(stored.select("source_id", "seen_at").rows()) == sorted(first.items())
    assert all(row["votes"] == row["seen_at"].hour for row in stored.rows(named=True))


def test_the_days_whose_rows_changed() -> None:
    rows = frame([row("a"), {**row("b"), "day": SATURDAY}])
    assert changed_days(rows, rows[::-1]) == set()
    assert changed_days(rows, rows.head(1)) == {SATURDAY}
    assert changed_days(rows, rows.with_columns(title=pl.lit("New"))) == {FRIDAY, SATURDAY}


@pytest.mark.parametrize(
    ("ledger", "rows", "missing", "shortfall"),
    [
        pytest.param([asked("fresh", 2)], 2, 0, 0, id="whole"),
        pytest.param([asked("quiet")], 0, 0, 0, id="quiet"),
        pytest.param([asked("incomplete", 2, 5)], 2, 1, 3, id="in part, of a known number"),
        pytest.param([asked("incomplete", 2)], 2, 1, 1, id="in part, of an unknown number"),
        pytest.param([asked("incomplete")], 0, 1, 1, id="nothing, though due"),
        pytest.param([asked("waiting")], 0, 1, 1, id="nothing yet"),
        pytest.param([asked("fresh", 2), asked("failed", source="other")], 2, 1, 0, id="one of two is down"),
        pytest.param([asked("quiet"), asked("failed", source="other")], 0, 1, 1, id="one is down, one is quiet"),
        pytest.param([asked("fresh", 2), asked("waiting", source="other")], 2, 1, 0, id="one of two is late"),
        pytest.param([asked("fresh", 2), asked("incomplete", 1, 9, "other")], 3, 1, 8, id="one of two is in part"),
    ],
)
def test_what_is_missing_is_counted(ledger: list[dict[str, Any]], rows: int, missing: int, shortfall: int) -> None:
    found = facts(*ledger, rows=frame(row(str(number)) for number in range(rows)))
    assert (found["sources_missing"], found["shortfall"]) == (missing, shortfall)
    assert all(f"{one['source']} {one['state']}" in found["sources_missing_told"]
               for one in ledger if one["state"] not in ("fresh", "quiet"))  # fmt: skip


def test_a_list_in_part_is_delivered_where_the_operator_says_so_but_nothing_never() -> None:
    one = frame([row("a")])
    assert facts(asked("incomplete", 1, 5), rows=one, deliver=True)["shortfall"] == 0
    assert facts(asked("incomplete", 1, 5), rows=one, deliver=True)["sources_missing"] == 1
    assert facts(asked("incomplete", 0, 5), rows=frame(()), deliver=True)["shortfall"] == 5


def test_the_figures_of_a_shortfall_are_told() -> None:
    told = facts(asked("incomplete", 1, 5), rows=frame([row("a")]))["shortfall_told"]
    assert told == "feed 1 of 5: why incomplete"


def test_lists_and_records_that_vanished_are_counted_and_kept() -> None:
    stored = merged(frame([row("a"), row("b")]), frame(()), MORNING)
    shorter = batch(Fetched([frame([row("a")])], [asked("fresh", 1)]), stored, NO_HISTORY, NOON)
    assert shorter.facts.select("expected", "forgotten", "vanished_lists").row(0) == (2, 1, 0)
    assert shorter.rows.height == 2
    empty = batch(Fetched([], [asked("quiet")]), stored, NO_HISTORY, NOON)
    assert empty.facts.select("expected", "forgotten", "vanished_lists").row(0) == (2, 0, 1)
    assert empty.rows.height == 2
    failed = batch(Fetched([], [asked("failed")]), stored, NO_HISTORY, NOON)
    assert failed.facts.select("expected", "forgotten", "vanished_lists").row(0) == (2, 0, 0)


def test_the_rows_of_a_source_that_is_no_longer_asked_stay_and_are_counted() -> None:
    stored = merged(frame([{**row("a"), "source": "former"}]), frame(()), MORNING)
    made = batch(Fetched([frame([row("b")])], [asked("fresh", 1)]), stored, NO_HISTORY, NOON)
    assert sorted(made.rows["source"]) == ["feed", "former"]
    assert made.facts.select("expected", "forgotten", "vanished_lists").row(0) == (2, 0, 0)


def test_a_list_that_came_in_part_forgets_nothing() -> None:
    stored = merged(frame([row("a"), row("b")]), frame(()), MORNING)
    part = batch(Fetched([frame([row("a")])], [asked("incomplete", 1, 2)]), stored, NO_HISTORY, NOON)
    assert part.facts.select("forgotten", "shortfall").row(0) == (0, 1)


@pytest.mark.parametrize("wrong", [{"source_id": 2503.1230}, {"votes": 1.5}, {"authors": "Ada"}, {"title": 5}])
def test_a_value_of_another_type_is_refused_and_not_cast(wrong: dict[str, Any]) -> None:
    with pytest.raises((TypeError, pl.exceptions.PolarsError)):
        frame([{**row("a"), **wrong}])


def records(*votes: tuple[str, int | None, int | None]) -> pl.DataFrame:
    return frame({**row(source_id), "votes": votes, "comments": comments} for source_id, votes, comments in votes)


def test_a_snapshot_is_taken_only_where_figures_changed() -> None:
    first = snapshots(records(("a", 1, 0), ("b", 2, None)), pl.DataFrame(schema=SNAPSHOT), NOON)
    assert first.schema == SNAPSHOT
    assert first.rows() == [("feed", "a", NOON, 1, 0, None), ("feed", "b", NOON, 2, None, None)]
    assert snapshots(records(("a", 1, 0), ("b", 2, None)), first, NOON).is_empty()
    later = snapshots(records(("a", 0, 0), ("b", 2, 1), ("c", 5, 0)), first, NOON)
    assert later["source_id"].to_list() == ["a", "b", "c"], "votes that fall, and comments, are news too"


def test_there_is_no_snapshot_of_what_was_not_told() -> None:
    unknown = records(("a", None, None)).vstack(frame([row(None, votes=3)]))
    assert snapshots(unknown, pl.DataFrame(schema=SNAPSHOT), NOON).is_empty()


def test_a_record_listed_twice_has_one_snapshot() -> None:
    assert snapshots(records(("a", 1, 0), ("a", 4, 0)), pl.DataFrame(schema=SNAPSHOT), NOON)["votes"].to_list() == [4]


def test_the_rows_have_the_tables_columns() -> None:
    assert merged(frame([row("a")]), frame(()), NOON).schema == RECORD
    assert merged(frame([row("a")]), merged(frame([row("a")]), frame(()), MORNING), NOON).schema == RECORD
