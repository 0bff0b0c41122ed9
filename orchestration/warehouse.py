"""The DuckDB resource: the only way into and out of `warehouse.duckdb`.

DuckDB excludes every other process while one has the file open, so a connection is held only as long as a read or
a publish takes, or the short way from one to the other, and who holds it is written beside the file. No step's logic
belongs here.
"""

import json
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
from pydantic import PrivateAttr

POLL_SECONDS = 0.1
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    # A table is one of the file or one that was given by name, never what a variable here happens to be called.
    "python_enable_replacements": "false",
    # A publish is followed by closing the file: what it wrote goes to its place at once, not into a log before.
    "checkpoint_threshold": "1KB",
}
ONE_ROW_AN_ASSET = ("partitions", "quarantine", "day_figures")
"""Tables in which a day's rows of several assets stand side by side."""

KEPT = {"partitions": "outcomes"}
"""Tables of which each row that is ever written is kept in another, so that no later one makes it unheard."""

STALE = """
    SELECT mine.day FROM partitions AS mine JOIN partitions AS theirs USING (day)
    LEFT JOIN redecided ON redecided.asset = mine.asset AND redecided.day = mine.day
    WHERE mine.asset = $asset AND theirs.asset = $upstream AND theirs.outcome = 'published'
      AND greatest(theirs.recorded_at, redecided.decided_at) > mine.recorded_at AND NOT list_contains($days, mine.day)
    ORDER BY mine.day
"""


class WarehouseBusy(Exception):
    """Another process held the warehouse for longer than a run may wait; the text names its job."""


class WarehouseError(Exception):
    """The file cannot be used as a warehouse; the text says what to do."""


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The tables of `path`; every publish replaces whole days in one transaction.

    `lock_wait_seconds` bounds the wait for another process. External access is off and the configuration locked,
    so that no text of a paper can ever make DuckDB read or write a file.
    """

    path: str
    lock_wait_seconds: float = 60
    _job: str = PrivateAttr("a command")
    _run_id: str = PrivateAttr("")
    _kept: threading.local = PrivateAttr(default_factory=threading.local)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        if context.run:
            self._run_id, self._job = context.run.run_id, context.run.job_name

    def read(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        frames: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """The result of a query; `parameters` are bound by name (`$name`), `frames` are tables by their names."""
        with self.connect() as connection:
            for name, frame in (frames or {}).items():
                connection.register(name, frame.to_arrow())
            try:
                return _frame(connection, query, parameters)
            finally:
                for name in frames or {}:
                    connection.unregister(name)

    def ask(self, query: str, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """The result of a query that is not ours, in a transaction that can only read."""
        with self.connect() as connection:
            for name, frame in frames.items():
                connection.register(name, frame.to_arrow())
            connection.execute("BEGIN TRANSACTION READ ONLY")
            try:
                return _frame(connection, query, None)
            finally:
                connection.execute("ROLLBACK")
                for name in frames:
                    connection.unregister(name)

    def rows(self, table: str, days: Collection[date]) -> pl.DataFrame:
        """A table's rows of these days, all columns."""
        query = f"SELECT * FROM {_known(table)} WHERE day IN (SELECT unnest($days))"  # noqa: S608
        return self.read(query, {"days": list(days)})

    def counts(self, table: str, days: Collection[date]) -> pl.DataFrame:
        """How many rows a table holds of each of these days, as (day, rows); days without rows are left out."""
        query = f"SELECT day, count(*) AS rows FROM {_known(table)} WHERE day IN (SELECT unnest($days)) GROUP BY day"  # noqa: S608
        return self.read(query, {"days": list(days)})

    def stale(self, asset: str, upstream: str, days: Collection[date]) -> list[date]:
        """The days beside `days` that `asset` made before `upstream` was made again, or the operator released a row."""
        return self.read(STALE, {"asset": asset, "upstream": upstream, "days": list(days)})["day"].to_list()

    def publish(
        self,
        asset: str,
        days: Collection[date],
        replace: Mapping[str, pl.DataFrame],
        append: Mapping[str, pl.DataFrame] | None = None,
        remove: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        """Replace these days' rows of each table, remove rows of others and append to them, all or nothing.

        In the tables that several assets share (`ONE_ROW_AN_ASSET`) only the rows of `asset` are replaced. A row is
        removed if a row of the frame equals it in all the columns that the frame has.
        Columns are matched by name. Raises `duckdb.Error` for a frame that does not fit; nothing is written then.
        """
        with self.connect() as connection:
            connection.execute("BEGIN")
            try:
                for table, frame in replace.items():
                    _delete(connection, table, asset, days)
                    _insert(connection, table, frame)
                    if table in KEPT:
                        _insert(connection, KEPT[table], frame)
                for table, frame in (remove or {}).items():
                    _remove(connection, table, frame)
                for table, frame in (append or {}).items():
                    _insert(connection, table, frame)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the migrated warehouse, always closed; one at a time over all processes.

        Raises `WarehouseBusy` after `lock_wait_seconds`, `WarehouseError` for a file that is not ours to use.
        """
        if kept := getattr(self._kept, "connection", None):
            yield kept
            return
        path = Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._open(path)
        try:
            _migrate(connection, path)
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            # Else a later program that is not ours would be taken for the last job of ours.
            _holder_file(path).unlink(missing_ok=True)
            connection.close()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """What this thread reads and publishes inside shares one connection: DuckDB takes longer to start than to read.

        For a step between its first read and its publish, never around a wait for a source or a mail server, because
        other processes wait meanwhile. Raises as `connect` does.
        """
        with self.connect() as connection:
            before = getattr(self._kept, "connection", None)
            self._kept.connection = connection
            try:
                yield
            finally:
                self._kept.connection = before

    def _open(self, path: Path) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.lock_wait_seconds
        while True:
            try:
                connection = duckdb.connect(str(path), config=CONFIG)
            except duckdb.IOException as error:
                if "Could not set lock" not in str(error):
                    raise WarehouseError(f"{path} cannot be opened: {error}") from error
                if time.monotonic() >= deadline:
                    raise WarehouseBusy(self._busy(path)) from error
                time.sleep(POLL_SECONDS)
            else:
                _holder_file(path).write_text(json.dumps(self._holder()), encoding="utf-8")
                return connection

    def _holder(self) -> dict[str, Any]:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return {"job": self._job, "run": self._run_id[:8] or "-", "process": os.getpid(), "since": since}

    def _busy(self, path: Path) -> str:
        try:
            holder = json.loads(_holder_file(path).read_text(encoding="utf-8"))
            who = "{job} (run {run}, process {process}, since {since})".format(**holder)
        except (OSError, ValueError, KeyError):
            who = "another program"
        return (
            f"{path} is in use by {who}; waited {self.lock_wait_seconds:g} s. "
            "Nothing was written: let it end or stop it, then run this again."
        )


@contextmanager
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables without a row, in memory and no more open to the world than the file: to try a query on."""
    with duckdb.connect(":memory:", config=CONFIG) as connection:
        _migrate(connection, Path(":memory:"))
        connection.execute("SET lock_configuration = true")
        yield connection


def _holder_file(path: Path) -> Path:
    return path.with_suffix(".holder.json")


def _frame(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, Any] | None) -> pl.DataFrame:
    # Not `sql`, which unpacks what a query with parameters finds, and packs it again: five times the cost for lists.
    frame = pl.from_arrow(connection.execute(query, parameters).to_arrow_table())
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(f"a table was expected, not {type(frame).__name__}")
    return frame


def _known(table: str) -> str:
    """A table's name for a statement: names cannot be parameters, so what is not a plain name is refused."""
    if not table.isidentifier():
        raise ValueError(f"{table!r} is not a table")
    return table


def _delete(connection: duckdb.DuckDBPyConnection, table: str, asset: str, days: Collection[date]) -> None:
    parameters: dict[str, Any] = {"days": list(days)}
    of_asset = ""
    if table in ONE_ROW_AN_ASSET:
        of_asset = "AND asset = $asset"
        parameters["asset"] = asset
    connection.execute(f"DELETE FROM {_known(table)} WHERE day IN (SELECT unnest($days)) {of_asset}", parameters)  # noqa: S608


def _remove(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    if frame.is_empty():
        return
    equal = " AND ".join(f"{_known(table)}.{_known(column)} = outgoing.{column}" for column in frame.columns)
    connection.register("outgoing", frame.unique().to_arrow())
    connection.execute(f"DELETE FROM {table} USING outgoing WHERE {equal}")  # noqa: S608
    connection.unregister("outgoing")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    connection.register("incoming", frame.to_arrow())
    connection.execute(f"INSERT INTO {_known(table)} BY NAME SELECT * FROM incoming")  # noqa: S608
    connection.unregister("incoming")


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Apply the numbered SQL files that this warehouse has not seen, each in a transaction of its own."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER, applied_at TIMESTAMP)")
    (done,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone() or (0,)
    scripts = {int(script.name[:4]): script for script in files("orchestration.migrations").iterdir()
               if script.name.endswith(".sql")}  # fmt: skip
    if done > max(scripts):
        raise WarehouseError(
            f"{path} was written by a newer Paperboy (migration {done}, this one knows {max(scripts)}): update Paperboy"
        )
    for number in sorted(number for number in scripts if number > done):
        connection.execute("BEGIN")
        connection.execute(scripts[number].read_text(encoding="utf-8"))
        connection.execute("INSERT INTO migrations VALUES ($number, now()::TIMESTAMP)", {"number": number})
        connection.execute("COMMIT")
