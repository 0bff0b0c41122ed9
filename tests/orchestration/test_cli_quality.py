"""`paperboy quarantine` and `paperboy check`: what the operator decides the next run does."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import checked, resources
from orchestration.quarantined import DECISION
from quality.suites import SUITES
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY, Terminal, body

DAYS = (MONDAY, TUESDAY, WEDNESDAY)
ROWS = 20
NO_CHANGE: Mapping[int, Mapping[str, Any]] = {}


@dataclass(frozen=True)
class Desk(Terminal):
    """A terminal on an archive of days of twenty papers each, some of whose fields a test sets."""

    @property
    def folder(self) -> Path:
        return Path(self.environment["ARCHIVE__FOLDER"])

    def put(self, day: date, papers: Mapping[int, Mapping[str, Any]] = NO_CHANGE) -> None:
        """Write the day's list, with other fields in some of its papers."""
        listed = json.loads(body(day, ROWS))
        for place, fields in papers.items():
            listed[place]["paper"] |= fields
        (self.folder / f"{day}.json").write_text(json.dumps(listed))

    def make(self, first: date, last: date) -> None:
        result = self.run("backfill", first, last)
        assert result.exit_code == 0, result.output

    def said(self, *arguments: object, code: int = 0) -> str:
        """What a command says, on a real terminal of its own, without a run."""
        result = self(*arguments)
        assert result.exit_code == code, result.output
        return result.output

    def listed(self, *arguments: object) -> list[tuple[Any, ...]]:
        """The rows of `quarantine list` as (day, table, key, expectation, value, state)."""
        rows = json.loads(self.said("quarantine", "list", "--json", *arguments))
        return [(row["day"], row["table"], row["key"], row["expectation"], row["value"], row["state"]) for row in rows]

    def read(self, query: str) -> list[Any]:
        return resources.warehouse(self.settings).read(query).rows()

    def titles(self, table: str, day: date) -> set[str]:
        return set(resources.warehouse(self.settings).rows(table, [day])["title"])

    def tamper(self, statement: str) -> None:
        """What no route of ours does: another program writes into the file."""
        with duckdb.connect(resources.warehouse(self.settings).path) as connection:
            connection.execute(statement)


def _desk(folder: Path) -> Desk:
    return Desk(folder / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder / "archive")})


def _listed(folder: Path) -> Desk:
    (folder / "archive").mkdir()
    desk = _desk(folder)
    for day in DAYS:
        desk.put(day)
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three days are listed, and none is made."""
    return _listed(tmp_path)


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a desk of which three days are made; one of Monday's titles is in quarantine."""
    folder = tmp_path_factory.mktemp("three")
    desk = _listed(folder)
    desk.put(MONDAY, {3: {"title": "Q?"}})
    desk.make(MONDAY, WEDNESDAY)
    return folder


@pytest.fixture
def made(three_days: Path, tmp_path: Path) -> Desk:
    """Three days are made; one of Monday's titles is in quarantine."""
    shutil.copytree(three_days, tmp_path, dirs_exist_ok=True)
    return _desk(tmp_path)


@pytest.fixture(scope="module")
def two_held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a desk of which Monday is made; two of its titles are in quarantine."""
    folder = tmp_path_factory.mktemp("two")
    desk = _listed(folder)
    desk.put(MONDAY, {3: {"title": "Q?"}, 5: {"title": "R!"}})
    desk.make(MONDAY, MONDAY)
    return folder


@pytest.fixture
def held(two_held: Path, tmp_path: Path) -> Desk:
    """Monday is made; two of its titles are in quarantine."""
    shutil.copytree(two_held, tmp_path, dirs_exist_ok=True)
    return _desk(tmp_path)


def key(day: date, place: int) -> str:
    return f"archive/{day:%y%m.%d}{place:03}"


def release(day: date, place: int, *options: object) -> tuple[object, ...]:
    return ("quarantine", "release", key(day, place), "--day", day, "--why", "It is the title.", *options)


def drop(day: date, place: int, *options: object) -> tuple[object, ...]:
    return ("quarantine", "drop", key(day, place), "--day", day, "--why", "Spam.", *options)


# Decisions.


def test_a_released_row_is_taken_by_the_next_run_and_what_follows_is_made_again(made: Desk) -> None:
    row = (str(MONDAY), "clean_papers", key(MONDAY, 3), "title_length", "Q?")
    assert made.listed() == [(*row, "open")]
    assert "Q?" not in made.titles("clean_papers", MONDAY)
    said = made.said(*release(MONDAY, 3))
    assert said.splitlines() == [
        f"released  clean_papers {MONDAY} {key(MONDAY, 3)}  title_length: Q?",
        f"the next daily run takes it, or now: paperboy backfill {MONDAY} {MONDAY}",
    ]
    assert made.listed() == [(*row, "released, next run")]
    made.make(MONDAY, MONDAY)
    for table in ("clean_papers", "unique_papers", "digest"):
        assert "Q?" in made.titles(table, MONDAY), table
    assert made.listed() == []
    assert made.listed("--all") == [(*row, "released")]
    judged = made.read(
        "SELECT unexpected, observed FROM quality_results WHERE expectation = 'title_length' AND day = '2025-03-10'"
        " ORDER BY recorded_at"
    )
    assert judged == [(1, "1 of 20 rows unexpected"), (0, "0 of 20 rows unexpected, 1 released")]


def test_a_run_of_another_day_takes_it_too(made: Desk) -> None:
    made.said(*release(MONDAY, 3))
    made.make(WEDNESDAY, WEDNESDAY)
    assert "Q?" in made.titles("digest", MONDAY)
    stated = made.read("SELECT asset, recorded_at FROM partitions WHERE day <> '2025-03-12' ORDER BY ALL")
    made.make(WEDNESDAY, WEDNESDAY)
    assert made.read("SELECT asset, recorded_at FROM partitions WHERE day <> '2025-03-12' ORDER BY ALL") == stated


def test_the_daily_run_fetches_an_older_day_once_more_for_a_released_record(tmp_path: Path) -> None:
    """The day is older than those that are looked at for late papers."""
    newest = datetime.now(UTC).date() - timedelta(days=2)
    old = newest - timedelta(days=30)
    folder = tmp_path / "archive"
    folder.mkdir()
    desk = Desk(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder)})
    desk.put(old, {3: {"upvotes": -5}})
    desk.put(newest)
    desk.make(old, old)
    desk.said(*release(old, 3))
    assert desk.run("digest", newest).exit_code == 0
    for table in ("fetched_papers", "clean_papers", "digest"):
        assert len(resources.warehouse(desk.settings).rows(table, [old])) == ROWS, table
    seen = desk.read("SELECT max(attempts) FROM fetch_ledger WHERE day < current_date - 20")
    assert desk.run("digest", newest).exit_code == 0
    assert desk.read("SELECT max(attempts) FROM fetch_ledger WHERE day < current_date - 20") == seen == [(2,)]


@pytest.mark.parametrize("again", [("backfill",), ("refetch",), ("refetch", "--from-store")], ids=" ".join)
def test_a_decision_holds_for_every_later_run(held: Desk, again: tuple[str, ...]) -> None:
    held.said(*release(MONDAY, 3))
    held.said(*drop(MONDAY, 5))
    held.make(MONDAY, MONDAY)
    command, *options = again
    assert held.run(command, MONDAY, MONDAY, *options).exit_code == 0
    assert "Q?" in held.titles("clean_papers", MONDAY)
    assert "R!" not in held.titles("clean_papers", MONDAY)
    assert held.listed() == []


def test_a_decision_outlives_a_day_that_is_rejected(made: Desk) -> None:
    made.said(*release(MONDAY, 3))
    made.put(MONDAY, {3: {"title": "Q?"}, 4: {"title": "a"}, 5: {"title": "b"}, 6: {"title": "c"}})
    assert made.run("backfill", MONDAY, MONDAY).exit_code == 1
    made.put(MONDAY, {3: {"title": "Q?"}})
    made.make(MONDAY, MONDAY)
    assert "Q?" in made.titles("digest", MONDAY)


def test_another_value_is_judged_anew(held: Desk) -> None:
    held.said(*release(MONDAY, 3))
    held.said(*drop(MONDAY, 5))
    held.put(MONDAY, {3: {"title": "x"}, 5: {"title": "yy"}})
    held.make(MONDAY, MONDAY)
    assert [row[2:] for row in held.listed()] == [
        (key(MONDAY, 3), "title_length", "x", "open"),
        (key(MONDAY, 5), "title_length", "yy", "open"),
    ]
    held.put(MONDAY, {3: {"title": "Q?"}, 5: {"title": "A title at last"}})
    held.make(MONDAY, MONDAY)
    assert {"Q?", "A title at last"} <= held.titles("clean_papers", MONDAY)


def test_a_dropped_row_is_settled_and_not_counted(held: Desk) -> None:
    """Of twenty rows two may fail: with one of them settled, a third may."""
    held.said(*drop(MONDAY, 3))
    (status,) = json.loads(held.said("status", MONDAY, MONDAY, "--json"))
    assert status["quarantined"] == 1
    assert [row[2] for row in held.listed()] == [key(MONDAY, 5)]
    assert [row[2] for row in held.listed("--all")] == [key(MONDAY, 3), key(MONDAY, 5)]
    held.put(MONDAY, {3: {"title": "Q?"}, 5: {"title": "R!"}, 7: {"title": "S."}})
    held.make(MONDAY, MONDAY)
    assert [row[2] for row in held.listed()] == [key(MONDAY, 5), key(MONDAY, 7)]
    assert held.titles("clean_papers", MONDAY).isdisjoint({"Q?", "R!", "S."})


def test_a_row_that_broke_two_promises_needs_both_decided(desk: Desk) -> None:
    desk.put(MONDAY, {3: {"upvotes": -5, "authors": []}})
    desk.make(MONDAY, MONDAY)
    assert [row[3] for row in desk.listed()] == ["authors_present", "votes_range"]
    desk.said(*release(MONDAY, 3, "--expectation", "votes_range"))
    desk.make(MONDAY, MONDAY)
    assert [row[3] for row in desk.listed()] == ["authors_present"]
    desk.said(*release(MONDAY, 3, "--table", "fetched_papers"))
    desk.make(MONDAY, MONDAY)
    assert [row[1:4:2] for row in desk.listed()] == [("clean_papers", "authors_present")]
    desk.said(*release(MONDAY, 3, "--table", "clean_papers"))
    desk.make(MONDAY, MONDAY)
    assert desk.listed() == []
    assert desk.read("SELECT votes FROM digest WHERE votes < 0") == [(-5,)]


def test_the_last_decision_counts(made: Desk) -> None:
    made.said(*drop(MONDAY, 3))
    made.said(*release(MONDAY, 3))
    made.make(MONDAY, MONDAY)
    assert "Q?" in made.titles("digest", MONDAY)
    said = made.said(*drop(MONDAY, 3))
    assert said.splitlines()[-1].endswith(f"takes it out, or now: paperboy backfill {MONDAY} {MONDAY}")
    made.make(TUESDAY, TUESDAY)
    assert "Q?" not in made.titles("digest", MONDAY)
    assert made.read("SELECT decision FROM quarantine_decisions ORDER BY decided_at") == [
        ("dropped",), ("released",), ("dropped",)
    ]  # fmt: skip


def test_what_the_table_requires_cannot_be_released(desk: Desk) -> None:
    desk.put(MONDAY, {3: {"title": None}})
    desk.make(MONDAY, MONDAY)
    desk.said(*release(MONDAY, 3))
    desk.make(MONDAY, MONDAY)
    (row, *_) = desk.listed()
    assert row[1:4] == ("clean_papers", key(MONDAY, 3), "title_present")
    said = desk.said(*release(MONDAY, 3, "--expectation", "title_present"), code=1)
    assert f"clean_papers {key(MONDAY, 3)} of {MONDAY} cannot be released from title_present: it has no title" in said
    assert "the table requires it" in said
    assert f"paperboy backfill {MONDAY} {MONDAY}" in said
    assert "paperboy quarantine drop" in said
    assert desk.read("SELECT count(*) FROM quarantine_decisions WHERE asset = 'clean_papers'") == [(0,)]
    desk.said(*drop(MONDAY, 3))
    assert desk.listed() == []


def test_a_row_without_its_key_cannot_be_released(desk: Desk) -> None:
    desk.put(MONDAY, {3: {"id": None}})
    desk.make(MONDAY, MONDAY)
    said = desk.said("quarantine", "release", "archive/None", "--day", MONDAY, "--why", "?", code=1)
    assert "it has no source_id, and a row is told from the others by it" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["release", "nobody", "--day", MONDAY, "--why", "x"], 1, "no such row is in quarantine."),
        (["drop", "nobody", "--day", MONDAY, "--why", "x"], 1, "paperboy quarantine list shows what is"),
        (["release", key(MONDAY, 3), "--day", MONDAY, "--why", "x", "--expectation", "votes_range"], 1,
         "the row did not break votes_range: title_length is what it broke."),
        (["release", key(MONDAY, 3), "--day", MONDAY, "--why", " "], 2, "--why is empty"),
        (["release", key(MONDAY, 3), "--day", MONDAY], 2, "Missing option '--why'"),
        (["release", key(MONDAY, 3), "--why", "x"], 2, "Missing option '--day'"),
        (["list", TUESDAY, MONDAY], 2, f"FROM {TUESDAY} is after TO {MONDAY}."),
        (["list", "--table", "papers"], 2, "'papers' is not a table: fetched_papers, clean_papers"),
        (["show", "nobody"], 1, "no row nobody is or was in quarantine"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_said(made: Desk, arguments: list[object], code: int, message: str) -> None:
    said = made.said("quarantine", *arguments, code=code)
    assert message in said
    assert "Traceback" not in said
    assert made.read("SELECT * FROM quarantine_decisions") == []


def test_a_row_is_shown_with_all_that_is_known_of_it(made: Desk) -> None:
    made.said(*release(MONDAY, 3))
    said = made.said("quarantine", "show", key(MONDAY, 3))
    (why,) = (e.why for e in SUITES["clean_papers"].expectations if e.name == "title_length")
    assert f"broke     title_length: {why}" in said
    assert "value     Q?" in said
    assert "UTC: It is the title." in said
    ((run,),) = made.read("SELECT run_id FROM quarantine")
    assert f"found by  run {run}" in said
    assert json.loads(said[said.index("{") :])["url"] == f"https://huggingface.co/papers/{MONDAY:%y%m.%d}003"


def test_the_list_is_a_table_a_person_reads(desk: Desk) -> None:
    desk.put(MONDAY, {3: {"title": "Q?"}, 4: {"title": "x" * 501}})
    desk.make(MONDAY, TUESDAY)
    lines = desk.said("quarantine", "list", MONDAY, TUESDAY, "--table", "clean_papers").splitlines()
    assert lines[0].split() == ["day", "table", "key", "expectation", "value", "state"]
    assert lines[1].split() == [str(MONDAY), "clean_papers", key(MONDAY, 3), "title_length", "Q?", "open"]
    assert f"{'x' * 60} …" in lines[2]
    assert lines[3] == "2 rows."
    assert desk.said("quarantine", "list", TUESDAY) == "0 rows.\n"


def test_nothing_is_made_by_asking(desk: Desk) -> None:
    assert desk.said("quarantine", "list") == "0 rows.\n"
    assert desk.said("check").endswith("0 ERROR, 0 WARN failed.\n")
    assert "nothing is stored yet" in desk.said(*release(MONDAY, 3), code=1)
    assert not desk.home.exists()


def test_the_frame_of_decisions_has_the_columns_of_its_table(desk: Desk) -> None:
    stored = resources.warehouse(desk.settings).read("SELECT * FROM quarantine_decisions")
    assert dict(stored.schema) == dict(DECISION)


# Check.


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
    assert said.splitlines()[-1] == "7 tables, 3 days, 295 rows: 0 ERROR, 0 WARN failed."
    assert {name: desk.read(f"SELECT * FROM {name} ORDER BY ALL") for name in tables} == before  # noqa: S608


def test_what_only_the_step_knew_is_said_to_be_unjudged(made: Desk) -> None:
    made.tamper("DELETE FROM fetch_ledger WHERE day = '2025-03-10'")
    found = json.loads(made.said("check", "--json"))
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
          ("clean_papers", "ERROR", "no_record_lost")]),
        ("UPDATE clean_papers SET abstract = 'Short.' WHERE day = '{day}' AND votes = 4",
         [("clean_papers", "WARN", "abstract_length"), ("unique_papers", "ERROR", "text_of_the_canonical_record")]),
        ("UPDATE fetch_ledger SET state = 'incomplete', expected = 30 WHERE day = '{day}'",
         [("fetched_papers", "ERROR", "no_shortfall"), ("fetched_papers", "WARN", "every_source_answered")]),
    ],
)  # fmt: skip
def test_what_is_broken_in_the_tables_is_found(made: Desk, statement: str, found: list[tuple[str, str, str]]) -> None:
    made.tamper(statement.format(day=TUESDAY))
    expected = [(table, str(TUESDAY), severity, name) for table, severity, name in found]
    of_one = [row for row in expected if row[0] == found[0][0]]
    assert failures(made, code=1) == expected
    assert failures(made, MONDAY, MONDAY) == []
    code = int(any(severity == "ERROR" for _, _, severity, _ in of_one))
    assert failures(made, found[0][0], TUESDAY, TUESDAY, code=code) == of_one


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
