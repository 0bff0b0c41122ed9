"""A process that makes one step of a day and ends by SIGKILL at a named statement of its publish, for the test.

Statements are counted from BEGIN to COMMIT: `BEGIN 1`, `DELETE FROM quarantine 1`, `COMMIT 1`, and `after COMMIT 1`
once the transaction is over and Dagster has not heard of it.
"""

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import duckdb

from tests.lab import lab

NEVER = "never"
PRELOADED = (
    "tests.faults.killed_publish", "pandas", "pyarrow", "pyarrow.dataset", "great_expectations",
    "great_expectations.expectations", "orchestration.event_log", "dagster._daemon", "dagster._core.storage.runs",
    "dagster._core.storage.schedules", "dagster._core.storage.legacy_storage", "dagster._core.instance.factory",
    "orchestration.migrations",
)  # fmt: skip
"""What a run imports late as well, because each process would do so anew."""


@dataclass
class Statements:
    """Those that were reached, in their order; at `last` the process ends. `told` hears of the COMMIT before it is."""

    last: str
    told: Connection
    reached: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def reach(self, name: str) -> None:
        self.counts[name] += 1
        self.reached.append(f"{name} {self.counts[name]}")
        if self.reached[-1] == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A connection whose statements are counted while it is in a publish."""

    def __init__(self, connection: Any, statements: Statements) -> None:
        self._connection, self._statements, self._publishing = connection, statements, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *parameters: Any) -> Any:
        self._publishing |= statement == "BEGIN"
        if not self._publishing:
            return self._connection.execute(statement, *parameters)
        self._statements.reach(" ".join(statement.split()[:3]))
        if statement != "COMMIT":
            return self._connection.execute(statement, *parameters)
        self._publishing = False
        self._statements.told.send("committing")
        answer = self._connection.execute(statement)
        self._statements.told.send("committed")
        self._statements.reach("after COMMIT")
        return answer


def make(home: Path, folder: Path, day: date, step: str, last: str, told: Connection) -> None:
    """Make one step of a day, up to a statement; what was reached is sent if that is none of them."""
    statements, opened = Statements(last, told), duckdb.connect

    def connect(*arguments: Any, **options: Any) -> Watched:
        return Watched(opened(*arguments, **options), statements)

    cast(Any, duckdb).connect = connect
    with lab(home, SOURCES="archive", ARCHIVE__FOLDER=str(folder)) as made:
        assert made.ui_run(day, [step]).success
    told.send(statements.reached)
    told.close()
