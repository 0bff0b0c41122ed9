"""A SQLite file that several processes and threads may use; what is in it is its user's business."""

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from filelock import FileLock

BUSY_SECONDS = 60


@dataclass(frozen=True)
class Database:
    """The file, made with `tables` where it does not exist. Nothing is opened, or made, before it is needed."""

    file: Path
    tables: str = field(repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection for one transaction; threads take turns."""
        with self._turn, self._connection:
            yield self._connection

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        """Kept open: SQLite tidies up whenever the last connection closes, which takes longer than all the rest."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=BUSY_SECONDS, check_same_thread=False)
        weakref.finalize(self, connection.close)
        connection.execute("PRAGMA synchronous = NORMAL")
        # SQLite does not wait for another process that changes the journal mode too: it fails.
        with FileLock(f"{self.file}.lock"):
            connection.executescript(f"PRAGMA journal_mode = WAL; {self.tables}")
        return connection
