"""The index of all works, a SQLite file: what is in it, and how it is brought up to date.

A derived file: one that is missing, damaged or of another version is made anew from the warehouse. It is read by
`find.py`, which needs no warehouse, so that a search works while a run holds that.
"""

import json
import os
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

VERSION = 3
"""Of the tables below and of what is put into them; a file of another is made anew."""

TABLES = """
    -- The days that are in it, each with the making that it was read from.
    CREATE TABLE days (day TEXT PRIMARY KEY, making TEXT NOT NULL, works INTEGER NOT NULL) WITHOUT ROWID;

    CREATE TABLE works (
        number INTEGER PRIMARY KEY,
        day TEXT NOT NULL,
        work_id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        abstract TEXT NOT NULL,
        authors TEXT NOT NULL,          -- these two with "; " between
        tags TEXT NOT NULL,
        categories TEXT NOT NULL,       -- small, archives too, with a space around each: " cs.lg cs "
        url TEXT NOT NULL,
        withdrawn INTEGER NOT NULL
    );
    CREATE INDEX works_by_day ON works (day, work_id);

    -- In how many titles each word stands: what a misspelt word may have been.
    CREATE TABLE words (word TEXT PRIMARY KEY, titles INTEGER NOT NULL) WITHOUT ROWID;

    CREATE VIRTUAL TABLE texts USING fts5(
        title, abstract, authors, tags,
        content = 'works', content_rowid = 'number', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    -- The titles again: to rank by them reads a tenth of what is read for whole texts, and finds a known work sooner.
    CREATE VIRTUAL TABLE titles USING fts5(
        title, content = 'works', content_rowid = 'number', tokenize = 'porter unicode61 remove_diacritics 2'
    );
"""
PUT = """
    INSERT INTO works (day, work_id, title, abstract, authors, tags, categories, url, withdrawn)
    VALUES (:day, :work_id, :title, :abstract, :authors, :tags, :categories, :url, :withdrawn)
"""
# Many works by one statement: one for each, as by a trigger, makes FTS5 write a piece of its index for each.
PUT_TEXTS = (
    """
    INSERT INTO texts (rowid, title, abstract, authors, tags)
    SELECT number, title, abstract, authors, tags FROM works WHERE number > ? ORDER BY number
    """,
    "INSERT INTO titles (rowid, title) SELECT number, title FROM works WHERE number > ? ORDER BY number",
)
TAKE_TEXTS = (
    """
    INSERT INTO texts (texts, rowid, title, abstract, authors, tags)
    SELECT 'delete', number, title, abstract, authors, tags FROM works
    WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number
    """,
    """
    INSERT INTO titles (titles, rowid, title) SELECT 'delete', number, title FROM works
    WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number
    """,
)
ONE_PIECE = "INSERT INTO texts (texts) VALUES ('optimize'); INSERT INTO titles (titles) VALUES ('optimize');"
OUTGOING = """
    SELECT number, title FROM works WHERE day IN (SELECT value FROM json_each(:days))
    UNION SELECT number, title FROM works WHERE work_id IN (SELECT value FROM json_each(:work_ids))
"""
COUNT = """
    INSERT INTO words VALUES (?, ?) ON CONFLICT (word) DO UPDATE SET titles = titles + excluded.titles
"""
DAYS_AT_ONCE = 31
"""So many days are in memory at a time."""

BUSY_SECONDS = 60
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What SQLite says of a file that is none of its own, is broken, or lacks tables."""

Read = Callable[[Sequence[date]], "pl.DataFrame"]
"""The works of some days, as rows of `works.WORK`."""


class IndexUnusable(Exception):
    """The index cannot be read or written; the text says what to do."""


@dataclass(frozen=True)
class Update:
    """What was done: the days that were read, the works of all days that are in the index now, and if it is new."""

    days: Sequence[date]
    works: int
    anew: bool


def update(file: Path, makings: Mapping[date, str], read: Read) -> Update:
    """Bring each day to the making that is given for it, in one transaction; days that are not given go.

    Where the file cannot be used, another is made and takes its place. Raises `IndexUnusable` where neither can be
    written; what was there before stays.
    """
    try:
        if file.exists():
            try:
                with closing(_opened(file)) as connection:
                    return Update(*_brought_up(connection, makings, read), anew=False)
            except sqlite3.DatabaseError as error:
                if not damaged(error):
                    raise
        return _anew(file, makings, read)
    except (sqlite3.Error, OSError) as error:
        raise IndexUnusable(
            f"the search index {file} cannot be written: {error}. What it held can still be found; the next run "
            "brings it up to date once there is room, and the folder can be written."
        ) from error


def damaged(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is broken, rather than out of reach."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in DAMAGED


def version(connection: sqlite3.Connection) -> int:
    """Of the tables of a file; 0 where it has none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def held_works(connection: sqlite3.Connection) -> tuple[int, str | None]:
    """How many works are in it, and the last day that has any; to count a million takes longer than to find."""
    works, newest = connection.execute("SELECT coalesce(sum(works), 0), max(day) FROM days WHERE works > 0").fetchone()
    return works, newest


def words(text: str) -> list[str]:
    """The words of a text as the index tells them apart, small and without accents, but with their endings."""
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", text.lower())


def _opened(file: Path) -> sqlite3.Connection:
    """Raises `sqlite3.DatabaseError` for a file of another version, as for one that is damaged."""
    connection = _connect(file)
    if version(connection) != VERSION:
        connection.close()
        other = sqlite3.DatabaseError("the tables are of another version")
        other.sqlite_errorcode = sqlite3.SQLITE_ERROR
        raise other
    return connection


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _anew(file: Path, makings: Mapping[date, str], read: Read) -> Update:
    """Made beside the old file, which it replaces when it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    _remove(new)
    with closing(_connect(new)) as connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; {TABLES} PRAGMA user_version = {VERSION};")
        done = _brought_up(connection, makings, read)
        connection.executescript(ONE_PIECE)
    # SQLite would take the log of the old file for the new one's.
    _remove(file)
    os.replace(new, file)
    return Update(*done, anew=True)


def _remove(file: Path) -> None:
    for ending in ("-wal", "-shm", ""):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _brought_up(connection: sqlite3.Connection, makings: Mapping[date, str], read: Read) -> tuple[Sequence[date], int]:
    with _transaction(connection):
        held = {date.fromisoformat(day): making for day, making in connection.execute("SELECT day, making FROM days")}
        changed = sorted(day for day, making in makings.items() if held.get(day) != making)
        # All of them before any comes: a work may have moved from one day to another.
        _take(connection, days=[*changed, *(held.keys() - makings.keys())])
        for start in range(0, len(changed), DAYS_AT_ONCE):
            days = changed[start : start + DAYS_AT_ONCE]
            works = read(days)
            _put(connection, works)
            count = Counter(works["day"])
            rows = [(str(day), makings[day], count[str(day)]) for day in days]
            connection.executemany("INSERT INTO days VALUES (?, ?, ?)", rows)
        return changed, held_works(connection)[0]


def _take(connection: sqlite3.Connection, days: Iterable[date] = (), work_ids: Iterable[str] = ()) -> None:
    named = {"days": json.dumps([str(day) for day in days]), "work_ids": json.dumps(list(work_ids))}
    if outgoing := connection.execute(OUTGOING, named).fetchall():
        numbers = (json.dumps([number for number, _ in outgoing]),)
        for take in TAKE_TEXTS:
            connection.execute(take, numbers)
        connection.execute("DELETE FROM works WHERE number IN (SELECT value FROM json_each(?))", numbers)
        _count(connection, (title for _, title in outgoing), by=-1)
        connection.execute("DELETE FROM words WHERE titles <= 0")
    connection.execute("DELETE FROM days WHERE day IN (SELECT value FROM json_each(:days))", named)


def _put(connection: sqlite3.Connection, works: "pl.DataFrame") -> None:
    _take(connection, work_ids=works["work_id"])
    last = connection.execute("SELECT coalesce(max(number), 0) FROM works").fetchone()
    connection.executemany(PUT, works.rows(named=True))
    for put in PUT_TEXTS:
        connection.execute(put, last)
    _count(connection, works["title"], by=1)


def _count(connection: sqlite3.Connection, titles: Iterable[str], by: int) -> None:
    counted = Counter(word for title in titles for word in set(words(title)))
    connection.executemany(COUNT, [(word, by * count) for word, count in counted.items()])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
