"""Dagster's event log in SQLite, with its connections kept open.

Dagster opens and closes a database for every event, and each close of the last connection makes SQLite write its
log back and wait for the disk: a year's backfill stores some seven thousand events, and most of its time went there.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

KEPT = 4
"""Shards whose connections stay open: the index, and those of the latest runs."""


class EventLog(SqliteEventLogStorage):
    """The same files in the same places as Dagster's own; `base_dir` is the instance's folder."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        super().__init__(os.path.join(base_dir, "history", "runs"), inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "EventLog":
        return cls(inst_data=inst_data, **config_value)

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sa.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None or shard not in self._initialized_dbs:
            engine = self._new_engine(shard)
            self._initialized_dbs.add(shard)
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
        return engine


def _relax(connection: Any, _: Any) -> None:
    # In WAL mode a power cut may then cost the last events, never the file; the warehouse is the record.
    connection.execute("PRAGMA synchronous = NORMAL")
