"""`paperboy quarantine`: what the operator decides the next run does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration import resources
from orchestration.quarantined import DECISION
from quality.suites import SUITES
from tests.orchestration.quality.desk import ROWS, Desk, drop, key, release
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY


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
