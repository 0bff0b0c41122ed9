"""What was harvested: records by id, the versions that they name, and how far each set has got.

One SQLite file that several processes may read while one harvests. How to ask arXiv does not belong here.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from defusedxml.ElementTree import fromstring, tostring

from assets.fetch.arxiv import lists, oai
from assets.fetch.calendar import Calendar
from assets.fetch.database import Database

TABLES = """
    CREATE TABLE IF NOT EXISTS records (
        id TEXT PRIMARY KEY,
        datestamp TEXT NOT NULL,
        deleted INTEGER NOT NULL,
        page TEXT NOT NULL,             -- SHA-256 of the stored body that held it
        xml BLOB NOT NULL               -- deflated
    );
    CREATE TABLE IF NOT EXISTS versions (
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        counts_from TEXT NOT NULL,      -- UTC; see lists.py
        PRIMARY KEY (id, version)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS versions_by_time ON versions (counts_from);
    CREATE TABLE IF NOT EXISTS coverage (
        harvest_set TEXT PRIMARY KEY,
        first TEXT NOT NULL,
        through TEXT NOT NULL,
        asked_at TEXT
    );
    -- The slice that a set is at. `last` is null for one without an end.
    CREATE TABLE IF NOT EXISTS slices (
        harvest_set TEXT PRIMARY KEY,
        first TEXT NOT NULL,
        last TEXT,
        asked_at TEXT NOT NULL,
        token TEXT NOT NULL,
        responded_at TEXT,
        expected INTEGER
    );
    CREATE TABLE IF NOT EXISTS slice_ids (
        harvest_set TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (harvest_set, id)
    ) WITHOUT ROWID;
    -- Slices that twice gave fewer records than the server counts.
    CREATE TABLE IF NOT EXISTS short_slices (
        harvest_set TEXT NOT NULL,
        first TEXT NOT NULL,
        last TEXT NOT NULL,
        received INTEGER NOT NULL,
        expected INTEGER NOT NULL,
        PRIMARY KEY (harvest_set, first)
    );
"""


@dataclass(frozen=True)
class Slice:
    """A part of a harvest by datestamp, both days included; without a `last` day it has no end.

    `asked_at` is when it began, by our clock; `responded_at` is the server's time of the first page, None before it;
    `token` asks for the next page.
    """

    harvest_set: str
    first: date
    last: date | None
    asked_at: datetime
    token: str = ""
    responded_at: datetime | None = None
    expected: int | None = None


@dataclass(frozen=True)
class Coverage:
    """The datestamps of a set that were harvested whole: from `first` to `through`, the server's time, without a gap.

    Everything that was modified up to `asked_at`, by our clock, is in it. That is None where older datestamps were
    harvested last: what was modified in between is neither there nor here.
    """

    first: date
    through: datetime
    asked_at: datetime | None


@dataclass(frozen=True)
class Short:
    """A slice that came short of what the server counts."""

    harvest_set: str
    first: date
    last: date
    received: int
    expected: int

    def __str__(self) -> str:
        days = f"{self.first} to {self.last}"
        return f"the harvest of {self.harvest_set}, {days}, has {self.received} of {self.expected} records"


@dataclass(frozen=True)
class HarvestStore:
    """The file, opened when it is needed; versions are placed by the `calendar`."""

    file: Path
    calendar: Calendar

    def add(self, part: Slice, page: oai.Page, sha256: str) -> Slice:
        """Take a page of a slice, and note where the next one is; returns the slice as it stands."""
        now = replace(
            part,
            token=page.token,
            responded_at=part.responded_at or page.responded_at,
            expected=page.complete_size or part.expected,
        )
        with self._database.transaction() as connection:
            for record in page.records:
                _add(connection, record, sha256, self.calendar)
            seen = [(part.harvest_set, record.id) for record in page.records]
            connection.executemany("INSERT OR IGNORE INTO slice_ids VALUES (?, ?)", seen)
            _note(connection, now)
        return now

    def take(self, records: Sequence[oai.Record], sha256: str) -> list[date]:
        """Take records that belong to no slice; returns the days whose lists name them."""
        with self._database.transaction() as connection:
            for record in records:
                _add(connection, record, sha256, self.calendar)
        placed = [moment for record in records for _, _, moment in _placed(record, self.calendar)]
        return sorted({lists.listed_on(datetime.fromisoformat(moment), self.calendar) for moment in placed})

    def repeats(self, part: Slice, page: oai.Page) -> bool:
        """Whether a page brings only records that the slice has given already, just as they were."""
        given = "SELECT 1 FROM slice_ids JOIN records USING (id) WHERE harvest_set = ? AND id = ? AND datestamp = ?"
        places = ([part.harvest_set, record.id, record.datestamp.isoformat()] for record in page.records)
        with self._database.transaction() as connection:
            return bool(page.records) and all(connection.execute(given, place).fetchone() for place in places)

    def at(self, harvest_set: str) -> Slice | None:
        """The slice that a harvest of the set broke off in."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM slices WHERE harvest_set = ?", [harvest_set]).fetchone()
        if row is None:
            return None
        _, first, last, asked_at, token, responded_at, expected = row
        end = _day(last) if last else None
        asked = datetime.fromisoformat(asked_at)
        return Slice(harvest_set, _day(first), end, asked, token, _moment(responded_at), expected)

    def begin(self, part: Slice) -> None:
        """Note that a slice begins, or begins anew."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM slice_ids WHERE harvest_set = ?", [part.harvest_set])
            _note(connection, part)

    def received(self, part: Slice) -> int:
        """How many records the slice has given so far."""
        count = "SELECT count(*) FROM slice_ids WHERE harvest_set = ?"
        with self._database.transaction() as connection:
            number: int = connection.execute(count, [part.harvest_set]).fetchone()[0]
        return number

    def end(self, part: Slice, coverage: Coverage, short: Short | None) -> None:
        """Note that a slice is through, and what its set covers now; a slice that came whole is no longer short."""
        place = [part.harvest_set, part.first.isoformat()]
        asked = _utc(coverage.asked_at) if coverage.asked_at else None
        covered = [part.harvest_set, coverage.first.isoformat(), _utc(coverage.through), asked]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM short_slices WHERE harvest_set = ? AND first = ?", place)
            if short:
                row = [*place, short.last.isoformat(), short.received, short.expected]
                connection.execute("INSERT INTO short_slices VALUES (?, ?, ?, ?, ?)", row)
            connection.execute("DELETE FROM slices WHERE harvest_set = ?", place[:1])
            connection.execute("DELETE FROM slice_ids WHERE harvest_set = ?", place[:1])
            connection.execute("INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?)", covered)

    def coverage(self, harvest_set: str) -> Coverage | None:
        """What is there of a set; None before its first slice is through."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM coverage WHERE harvest_set = ?", [harvest_set]).fetchone()
        return Coverage(_day(row[1]), datetime.fromisoformat(row[2]), _moment(row[3])) if row else None

    def short(self, harvest_set: str, since: date) -> list[Short]:
        """The set's slices with datestamps of `since` or later that came short."""
        slices = "SELECT * FROM short_slices WHERE harvest_set = ? AND last >= ? ORDER BY first"
        with self._database.transaction() as connection:
            rows = connection.execute(slices, [harvest_set, since.isoformat()]).fetchall()
        return [Short(row[0], _day(row[1]), _day(row[2]), *row[3:]) for row in rows]

    def announced(self, day: date) -> Iterator[tuple[oai.Record, int]]:
        """The records of which a version stood on the day's list, with the lowest such version, by id."""
        start, end = lists.window(day, self.calendar)
        placed = """
            SELECT xml, min(version) FROM versions JOIN records USING (id)
            WHERE counts_from >= ? AND counts_from < ? AND NOT deleted GROUP BY id ORDER BY id
        """
        with self._database.transaction() as connection:
            found = connection.execute(placed, [_utc(start), _utc(end)]).fetchall()
        for xml, version in found:
            yield oai.record(fromstring(zlib.decompress(xml))), version

    def seen(self, beginning: str) -> list[str]:
        """The ids that begin so, deleted ones too, in order."""
        # "/" and "." come right before "0" in ASCII; after "9" comes ":".
        between = "SELECT id FROM records WHERE id >= ? AND id < ? ORDER BY id"
        with self._database.transaction() as connection:
            return [row[0] for row in connection.execute(between, [beginning, f"{beginning}:"])]

    def archives(self, yymm: str) -> list[str]:
        """The archives that have ids of the old style in a month."""
        of_month = "SELECT DISTINCT substr(id, 1, instr(id, '/') - 1) FROM records WHERE id LIKE '%/' || ? || '___'"
        with self._database.transaction() as connection:
            return sorted(row[0] for row in connection.execute(of_month, [yymm]))

    @cached_property
    def _database(self) -> Database:
        return Database(self.file, TABLES)


def _add(connection: sqlite3.Connection, record: oai.Record, sha256: str, calendar: Calendar) -> None:
    """Keep a record, unless a newer one of its id is there already."""
    stamp = record.datestamp.isoformat()
    newer = "SELECT 1 FROM records WHERE id = ? AND datestamp > ?"
    if connection.execute(newer, [record.id, stamp]).fetchone():
        return
    row = [record.id, stamp, record.deleted, sha256, zlib.compress(tostring(record.element), level=1)]
    connection.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)", row)
    connection.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?)", _placed(record, calendar))


def _placed(record: oai.Record, calendar: Calendar) -> Iterable[tuple[str, int, str]]:
    for version in record.versions:
        moment = lists.counts_from(record.id, version.submitted, calendar)
        yield record.id, version.number, _utc(moment)


def _note(connection: sqlite3.Connection, part: Slice) -> None:
    last = part.last.isoformat() if part.last else None
    responded = _utc(part.responded_at) if part.responded_at else None
    row = [part.harvest_set, part.first.isoformat(), last, _utc(part.asked_at), part.token, responded, part.expected]
    connection.execute("INSERT OR REPLACE INTO slices VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str) -> date:
    return date.fromisoformat(text)
