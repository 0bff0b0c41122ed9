"""The event log: what Dagster's own storage would hold, from however many threads and processes."""

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from datetime import date
from pathlib import Path
from queue import Queue
from typing import Any

import dagster as dg
import pytest
from dagster import EventLogEntry
from dagster._core.events import BATCH_WRITABLE_EVENTS
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.event_log import KEPT, EventLog
from tests.lab import Lab

FRIDAY, SATURDAY = date(2025, 3, 14), date(2025, 3, 15)
TABLES = ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions")
NOT_OF_THE_EVENT = ("create_timestamp",)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An event log in a folder of its own."""
    made = EventLog(str(tmp_path / "log"))
    yield made
    made.dispose()


def note(run_id: str, message: str) -> EventLogEntry:
    """An event that concerns nobody but its run."""
    return EventLogEntry(None, logging.INFO, message, run_id, time.time())  # type: ignore[no-untyped-call]


def messages(log: SqliteEventLogStorage, run_id: str) -> list[str]:
    """What the notes of a run say, in order."""
    return [entry.user_message for entry in log.get_logs_for_run(run_id)]


def dump(folder: Path, file: str, table: str) -> list[dict[str, Any]]:
    """A table's rows, in the order in which they were stored, without the time of storing."""
    with closing(sqlite3.connect(folder / f"{file}.db")) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]  # noqa: S608
    return [{name: value for name, value in row.items() if name not in NOT_OF_THE_EVENT} for row in rows]


def batches(events: Sequence[EventLogEntry]) -> Iterator[list[EventLogEntry]]:
    """The events as Dagster hands them over: runs of one kind together, where that kind may be batched."""

    def kind(event: EventLogEntry) -> str:
        planned = str(event.dagster_event_type).endswith("PLANNED")
        step = "" if planned else event.step_key
        return f"{planned} {step}" if event.dagster_event_type in BATCH_WRITABLE_EVENTS else str(id(event))

    for _, together in itertools.groupby(events, kind):
        yield list(together)


@pytest.mark.parametrize("last", [FRIDAY, SATURDAY])
def test_a_batch_leaves_what_dagster_leaves_event_by_event(sample_lab: Lab, tmp_path: Path, last: date) -> None:
    (outcome,) = sample_lab.backfill(FRIDAY, last)
    assert outcome.success
    events = sample_lab.instance.all_logs(outcome.run_id)
    theirs, ours = SqliteEventLogStorage(str(tmp_path / "theirs")), EventLog(str(tmp_path))
    for event in events:
        theirs.store_event(event)
    sizes = []
    for batch in batches(events):
        sizes.append(len(batch))
        ours.store_event_batch(batch) if len(batch) > 1 else ours.store_event(batch[0])
    ours.dispose()
    assert max(sizes) > 2
    for file, tables in ((outcome.run_id, TABLES[:1]), ("index", TABLES)):
        for table in tables:
            expected = dump(tmp_path / "theirs", file, table)
            assert dump(tmp_path / "history" / "runs", file, table) == expected
            assert expected


def test_a_window_comes_in_batches(sample_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    store = EventLog.store_event_batch

    def counted(self: EventLog, events: Sequence[EventLogEntry]) -> None:
        sizes.append(len(events))
        store(self, events)

    monkeypatch.setattr(EventLog, "store_event_batch", counted)
    sample_lab.backfill(FRIDAY, SATURDAY)
    assert sizes.count(2) == 6
    assert sample_lab.materialized("digest") == {"2025-03-14", "2025-03-15"}


def test_what_checks_found_is_stored_together_and_missed_by_no_reader(sample_lab: Lab, log: EventLog) -> None:
    (outcome,) = sample_lab.backfill(FRIDAY, FRIDAY)
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    found = [entry for entry in sample_lab.instance.all_logs(outcome.run_id) if entry.dagster_event_type == kind]
    assert len(found) > 100
    for entry in found[:3]:
        log.store_event(entry)
    assert len(log.get_logs_for_run(outcome.run_id)) == 3
    for entry in found[3:]:
        log.store_event(entry)
    log.store_event(note(outcome.run_id, "done"))
    assert log.get_logs_for_run(outcome.run_id)[:-1] == found


def test_what_a_step_says_of_its_checks_is_one_transaction(
    sample_lab: Lab, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outcome,) = sample_lab.backfill(FRIDAY, FRIDAY)
    of_clean = [entry for entry in sample_lab.instance.all_logs(outcome.run_id) if entry.step_key == "clean_papers"]
    checks = [entry for entry in of_clean if entry.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION]
    together, sizes = EventLog._store_together, []

    def counted(self: EventLog, events: Sequence[EventLogEntry]) -> None:
        sizes.append(len(events))
        together(self, events)

    monkeypatch.setattr(EventLog, "_store_together", counted)
    for entry in of_clean:
        log.store_event(entry)
    assert len(sizes) == 1
    assert sizes[0] >= 2 * len(checks) > 20, "each check is followed by an output of its own"
    assert log.get_logs_for_run(outcome.run_id) == of_clean


def test_a_batch_that_cannot_be_stored_leaves_nothing(
    sample_lab: Lab, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outcome,) = sample_lab.backfill(FRIDAY, SATURDAY)
    records = sample_lab.instance.fetch_materializations(dg.AssetKey("digest"), limit=2).records
    events = [record.event_log_entry for record in records]

    def break_off(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk is full"):
        patch.setattr(log, "_store_asset_event", break_off)
        log.store_event_batch(events)
    assert not log.get_logs_for_run(outcome.run_id)
    assert not log.get_materialized_partitions(dg.AssetKey("digest"))
    log.store_event_batch(events)
    assert log.get_materialized_partitions(dg.AssetKey("digest")) == {"2025-03-14", "2025-03-15"}


def test_more_runs_than_connections_are_kept(log: EventLog) -> None:
    names = [f"run-{number}" for number in range(3 * KEPT)]
    for round_ in ("first", "second"):
        for name in names:
            log.store_event(note(name, f"{round_} of {name}"))
    for name in names:
        assert messages(log, name) == [f"first of {name}", f"second of {name}"]


def test_threads_and_other_readers_see_every_event_once(log: EventLog, tmp_path: Path) -> None:
    runs = [f"run-{number}" for number in range(3)]
    others = [EventLog(str(tmp_path / "log")), SqliteEventLogStorage(str(tmp_path / "log" / "history" / "runs"))]

    stored = threading.Event()
    everything = [[str(number) for number in range(40)]] * len(runs)

    def store(name: str) -> None:
        for number in range(40):
            log.store_event(note(name, str(number)))

    def follow(other: SqliteEventLogStorage) -> None:
        while not stored.is_set():
            for name in runs:
                found = messages(other, name)
                assert found == [str(number) for number in range(len(found))]
        assert [messages(other, name) for name in runs] == everything

    with ThreadPoolExecutor() as pool:
        followers = [pool.submit(follow, other) for other in others]
        writers = [pool.submit(store, name) for name in runs]
        wait(writers)
        stored.set()
        for done in [*writers, *followers]:
            done.result()
    for other in others:
        other.dispose()


def test_the_ui_hears_of_each_event_at_once(log: EventLog, tmp_path: Path) -> None:
    ui = EventLog(str(tmp_path / "log"))
    log.store_event(note("run", "before"))
    heard: Queue[str] = Queue()

    def hear(entry: EventLogEntry, _: str) -> None:
        heard.put(entry.user_message)

    ui.watch("run", None, hear)
    for message in ("first", "second"):
        log.store_event(note("run", message))
        while heard.get(timeout=30) != message:
            pass
    ui.end_watch("run", hear)
    ui.dispose()


def test_wiping_forgets_everything_and_goes_on(log: EventLog) -> None:
    log.store_event(note("run", "before"))
    log.wipe()
    assert messages(log, "run") == []
    log.store_event(note("run", "after"))
    assert messages(log, "run") == ["after"]
