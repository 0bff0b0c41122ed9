"""Dagster's event log in SQLite, with its connections kept open and a window's events written together.

Dagster opens and closes a database for every event, and each close of the last connection makes SQLite write its
log back and wait for the disk: a year's backfill stores thousands of events, and most of its time went there.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData

INDEX = "index"
"""Dagster's name for the file that answers questions about assets over all runs."""

KEPT = 4
"""Files whose connections stay open: the index, and those of the latest runs."""

BATCH = 1000
"""Events that Dagster hands over at once, at most; what a window holds of one kind is fewer."""

HELD = {DagsterEventType.ASSET_CHECK_EVALUATION, DagsterEventType.STEP_OUTPUT}
"""What a step says of each of its checks, one after the other."""

OF_THE_INDEX = ASSET_EVENTS | ASSET_CHECK_EVENTS
"""Events that stand in the index beside their run's file."""

PLANNED_AS = ("asset_key", "check_name", "run_id", "partition")
"""What tells the row of a check that a run plans."""


class EventLog(SqliteEventLogStorage):
    """The same files in the same places as Dagster's own; `base_dir` is the instance's folder."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._held: list[EventLogEntry] = []
        self._holding = threading.RLock()
        # Dagster's only switch for `store_event_batch`: without it events come one by one.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH))
        super().__init__(os.path.join(base_dir, "history", "runs"), inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "EventLog":
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; asked at every event, and a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event; what a step says of its checks waits for an event of another kind, and is stored together.

        A step says what all its checks found, and goes on to say that it made its days or failed.
        """
        if event.dagster_event_type in HELD and event.run_id:
            self._hold(event)
            return
        super().store_event(event)
        self._announce(event.run_id)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run, all or none: what it plans, what its checks found, or what a step says of its days.

        The rows are those that `store_event` would leave behind for one event after the other.
        """
        self._release()
        self._store_together(events)

    def _hold(self, event: EventLogEntry) -> None:
        """Keep an event back until another one is stored, or anything is read: no reader misses it."""
        with self._holding:
            if self._held and (self._held[0].run_id != event.run_id or len(self._held) == BATCH):
                self._release()
            self._held.append(event)

    def _release(self) -> None:
        with self._holding:
            if self._held:
                held, self._held = self._held, []
                self._store_together(held)

    def _store_together(self, events: Sequence[EventLogEntry]) -> None:
        rows = [self._event_to_row(event) for event in events]
        run_id = events[0].run_id
        indexed = [pair for pair in zip(events, rows, strict=True) if pair[0].dagster_event_type in OF_THE_INDEX]
        with self._db_lock, self._engine(run_id).begin() as run, self._engine(INDEX).begin() as index:
            run.execute(SqlEventLogStorageTable.insert(), rows)
            if indexed:
                self._index(index, *zip(*indexed, strict=True))
        self._announce(run_id)

    def _index(self, index: sa.Connection, events: Sequence[EventLogEntry], rows: Sequence[Mapping[str, Any]]) -> None:
        table = SqlEventLogStorageTable
        ids = index.scalars(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows).all()
        self._store_asset_event_tags(index, events, ids)
        stored = list(zip(events, rows, ids, strict=True))
        latest = {event.get_dagster_event().asset_key: (event, place) for event, _, place in stored}
        for event, place in latest.values():
            self._store_asset_event(index, event, place)
        if planned := [check for each in stored for check in _planned_checks(*each)]:
            index.execute(AssetCheckExecutionsTable.insert(), planned)
        for found in filter(None, (_found(*each) for each in stored)):
            if index.execute(_update(found)).rowcount == 0:
                index.execute(AssetCheckExecutionsTable.insert(), found)

    def wipe(self) -> None:
        with self._holding:
            self._held = []
        self._close()
        super().wipe()

    def dispose(self) -> None:
        self._release()
        super().dispose()
        self._close()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        self._release()
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sa.Engine:
        engine = self._engines.pop(shard, None) or self._new_engine(shard)
        self._engines[shard] = engine
        if len(self._engines) > KEPT:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def _new_engine(self, shard: str) -> sa.Engine:
        # The lock of the storage lets one thread at a time in, so one connection serves all.
        engine = sa.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=sa.StaticPool,
            connect_args={"timeout": 60, "check_same_thread": False},
        )
        sa.event.listen(engine, "connect", _relax)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def _announce(self, run_id: str) -> None:
        # The UI follows a run by its file's changes, and in WAL mode an event does not change it by itself.
        os.utime(self.path_for_shard(run_id))

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()


def _planned_checks(event: EventLogEntry, row: Mapping[str, Any], place: int) -> list[dict[str, Any]]:
    """The index's rows for a check that an event plans, one a partition."""
    if event.dagster_event_type != DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
        return []
    planned = event.get_dagster_event().asset_check_planned_data
    about = {
        "asset_key": planned.asset_key.to_string(),
        "check_name": planned.check_name,
        "run_id": event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": place,
    }
    partitions = planned.partitions_subset.get_partition_keys() if planned.partitions_subset else [None]
    return [{**about, "partition": partition} for partition in partitions]


def _found(event: EventLogEntry, row: Mapping[str, Any], place: int) -> dict[str, Any] | None:
    """The index's row for a check, if the event tells what it found."""
    if event.dagster_event_type != DagsterEventType.ASSET_CHECK_EVALUATION:
        return None
    evaluation = event.get_dagster_event().asset_check_evaluation_data
    status = AssetCheckExecutionRecordStatus
    target = evaluation.target_materialization_data
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "run_id": event.run_id,
        "partition": evaluation.partition,
        "execution_status": (status.SUCCEEDED if evaluation.passed else status.FAILED).value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": place,
        "materialization_event_storage_id": target.storage_id if target else None,
    }


def _update(found: Mapping[str, Any]) -> sa.Update:
    """Into the row in which the check was planned; a window's is planned for each day, so that its result has none."""
    table = AssetCheckExecutionsTable
    planned = [table.c[name].is_not_distinct_from(found[name]) for name in PLANNED_AS]
    return table.update().where(*planned).values(found)


def _relax(connection: Any, _: Any) -> None:
    # In WAL mode a power cut may then cost the last events, never the file; the warehouse is the record.
    connection.execute("PRAGMA synchronous = NORMAL")
