"""`paperboy check`: what is stored, before the expectations again."""

import json
from datetime import timedelta

import pytest

from orchestration import checked
from tests.orchestration.quality.desk import DAYS, Desk, drop, key, release
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY


def failures(desk: Desk, *arguments: object, code: int = 0) -> list[tuple[str, str, str, str]]:
    found = json.loads(desk.said("check", *arguments, "--json", code=code))["failures"]
    return [(failure["table"], failure["day"], failure["severity"], failure["expectation"]) for failure in found]


def test_what_is_stored_keeps_its_promises_and_checking_writes_nothing(desk: Desk) -> None:
    desk.put(MONDAY, {3: {"title": "Q?"}, 5: {"upvotes": -5}})
    desk.make(MONDAY, WEDNESDAY)
    desk.said(*release(MONDAY, 3))
    desk.said(*drop(MONDAY, 5))
    desk.make(MONDAY, MONDAY)
    tables = [name for (name,) in desk.read("SELECT table_name FROM duckdb_tables() ORDER BY ALL")]
    before = {name: desk.read(f"SELECT * FROM {name} ORDER BY ALL") for name in tables}  # noqa: S608
    said = desk.said("check")
    assert said.splitlines()[-1] == "9 tables, 4 days, 357 rows: 0 ERROR, 0 WARN failed."
    assert {name: desk.read(f"SELECT * FROM {name} ORDER BY ALL") for name in tables} == before  # noqa: S608


def test_what_only_the_step_knew_is_said_to_be_unjudged(made: Desk) -> None:
    made.tamper("DELETE FROM fetch_ledger WHERE day = '2025-03-10'")
    found = json.loads(made.said("check", "--json", code=1))
    assert [failure["expectation"] for failure in found["failures"]] == ["every_day_entered"]
    unjudged = {(one["table"], one["expectation"]): one["days"] for one in found["not_judged"]}
    every_day = [str(day) for day in DAYS]
    assert unjudged[("fetched_papers", "lists_still_there")] == every_day
    assert unjudged[("digest", "edition_full")] == every_day
    assert unjudged[("fetched_papers", "complete")] == [str(MONDAY)]
    said = made.said("check", "fetched_papers", MONDAY, TUESDAY)
    assert "not judged, for its figures are not stored: fetched_papers: complete on 1 of 2 days" in said


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE clean_papers SET title = '<html>' WHERE day = '{day}' AND votes = 4",
         [("clean_papers", "ERROR", "text_is_prose"), ("unique_papers", "ERROR", "text_of_the_canonical_record")]),
        ("DELETE FROM clean_papers WHERE day = '{day}' AND votes = 4",
         [("clean_papers", "ERROR", "every_record_cleaned"), ("clean_papers", "ERROR", "no_record_lost"),
          ("unique_papers", "ERROR", "no_more_works_than_records"),
          ("unique_papers", "ERROR", "members_are_records")]),
        ("INSERT INTO digest SELECT * FROM digest WHERE day = '{day}' AND place = 1",
         [("digest", "ERROR", "work_id_unique"), ("digest", "ERROR", "place_unique"),
          ("digest", "ERROR", "places_without_gap")]),
        ("DELETE FROM fetched_papers WHERE day = '{day}' AND votes = 4",
         [("fetched_papers", "ERROR", "complete"), ("clean_papers", "ERROR", "every_record_cleaned"),
          ("clean_papers", "ERROR", "no_record_lost"), ("fetch_ledger", "ERROR", "records_stand"),
          ("popularity", "WARN", "papers_known")]),
        ("UPDATE clean_papers SET abstract = 'Short.' WHERE day = '{day}' AND votes = 4",
         [("clean_papers", "WARN", "abstract_length"), ("unique_papers", "ERROR", "text_of_the_canonical_record")]),
        ("UPDATE fetch_ledger SET state = 'incomplete', expected = 30 WHERE day = '{day}'",
         [("fetched_papers", "ERROR", "no_shortfall"), ("fetched_papers", "WARN", "every_source_answered"),
          ("fetch_ledger", "ERROR", "gaps_explained")]),
        ("UPDATE fetch_ledger SET expected = 21 WHERE day = '{day}'", [("fetch_ledger", "ERROR", "shortfall_is_said")]),
        ("UPDATE fetch_ledger SET recorded_at = now()::TIMESTAMP + INTERVAL 2 DAY WHERE day = '{day}'",
         [("fetch_ledger", "WARN", "not_recorded_ahead")]),
        ("DELETE FROM fetch_ledger WHERE day = '{day}'", [("fetch_ledger", "ERROR", "every_day_entered")]),
        ("DELETE FROM partitions WHERE day = '{day}'", [("fetch_ledger", "ERROR", "of_a_run")]),
    ],
)  # fmt: skip
def test_what_is_broken_in_the_tables_is_found(made: Desk, statement: str, found: list[tuple[str, str, str]]) -> None:
    made.tamper(statement.format(day=TUESDAY))
    ((today,),) = made.read("SELECT DISTINCT seen_at::DATE FROM popularity")
    days = {"popularity": str(today)}
    expected = [(table, days.get(table, str(TUESDAY)), severity, name) for table, severity, name in found]
    of_one = [row for row in expected if row[0] == found[0][0]]
    blocks = any(severity == "ERROR" for _, _, severity, _ in expected)
    assert failures(made, code=int(blocks)) == expected
    assert failures(made, MONDAY, MONDAY) == []
    code = int(any(severity == "ERROR" for _, _, severity, _ in of_one))
    assert failures(made, found[0][0], TUESDAY, TUESDAY, code=code) == of_one


@pytest.mark.parametrize(
    ("statement", "severity", "name"),
    [
        ("UPDATE popularity SET votes = -1 WHERE votes = 4", "ERROR", "votes_range"),
        ("INSERT INTO popularity SELECT * FROM popularity WHERE votes = 4", "ERROR", "seen_unique"),
        ("UPDATE popularity SET source_id = '2503.0819' WHERE votes = 4", "ERROR", "source_id_format"),
        ("UPDATE popularity SET source = 'archive2' WHERE votes = 4", "WARN", "papers_known"),
        ("UPDATE popularity SET seen_at = now()::TIMESTAMP + INTERVAL 2 DAY WHERE votes = 4", "WARN", "not_seen_ahead"),
    ],
)
def test_snapshots_are_of_the_day_on_which_they_were_seen(made: Desk, statement: str, severity: str, name: str) -> None:
    """The rows of three days were fetched today; what is wrong with them is told of today."""
    ((today,),) = made.read("SELECT DISTINCT seen_at::DATE FROM popularity")
    made.tamper(statement)
    found = failures(made, "popularity", code=int(severity == "ERROR"))
    assert {(table, level, expectation) for table, _, level, expectation in found} >= {("popularity", severity, name)}
    assert {day for _, day, _, _ in found} <= {str(today), str(today + timedelta(days=2))}
    assert failures(made, "popularity", MONDAY, WEDNESDAY) == []


def test_a_failure_is_told_with_figures_and_keys(made: Desk) -> None:
    made.tamper("UPDATE clean_papers SET title = '<html>' WHERE votes IN (4, 5)")
    (first, last) = made.said("check", "clean_papers", MONDAY, MONDAY, code=1).splitlines()
    told = f"clean_papers  {MONDAY}  ERROR  text_is_prose  2 of 19 rows unexpected"
    assert first.startswith(f"{told} ({key(MONDAY, 4)}, {key(MONDAY, 5)}); expected: title does not match")
    assert last == "1 table, 1 day, 19 rows: 1 ERROR, 0 WARN failed."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["papers"], "'papers' is neither a day, as 2025-03-12, nor a table: fetched_papers"),
        (["digest", "2025-02-30"], "'2025-02-30' is not a day"),
        ([TUESDAY, MONDAY], f"FROM {TUESDAY} is after TO {MONDAY}."),
        (["digest", MONDAY, MONDAY, MONDAY], "at most a table and two days"),
    ],
)
def test_bad_usage_of_check(made: Desk, arguments: list[object], message: str) -> None:
    assert message in made.said("check", *arguments, code=2)


def test_chunks_find_what_one_validation_finds(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made.tamper("UPDATE clean_papers SET title = '<html>' WHERE votes = 4")
    whole = made.said("check", "--json", code=1)
    assert len(json.loads(whole)["failures"]) == 6
    monkeypatch.setattr(checked, "DAYS_AT_ONCE", 2)
    assert made.said("check", "--json", code=1) == whole
