"""The store of bodies: every answer of an upstream, untouched, compressed, under the SHA-256 of its content.

Beside them lies an index, which knows for each answer where it came from and when, and for each list that a source
gave for a day the answers that it was made of. A body is there before the index names it.
"""

import gzip
import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile

from assets.fetch.database import Database
from assets.fetch.source import Body, Listing

_TABLES = """
    CREATE TABLE IF NOT EXISTS bodies (
        id INTEGER PRIMARY KEY,
        url TEXT NOT NULL,
        fetched_at TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        status INTEGER NOT NULL,
        etag TEXT NOT NULL,
        last_modified TEXT NOT NULL,
        UNIQUE (url, fetched_at, sha256)
    );
    CREATE TABLE IF NOT EXISTS listings (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        day TEXT NOT NULL,
        expected INTEGER,
        missing TEXT NOT NULL,
        lacking TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS listings_of_a_day ON listings (source, day);
    CREATE TABLE IF NOT EXISTS listed (
        listing INTEGER NOT NULL REFERENCES listings,
        place INTEGER NOT NULL,
        body INTEGER NOT NULL REFERENCES bodies,
        PRIMARY KEY (listing, place)
    ) WITHOUT ROWID;
"""
_LATEST = """
    SELECT sha256, url, fetched_at, status, etag, last_modified FROM bodies
    WHERE url = ? ORDER BY fetched_at DESC, id DESC LIMIT 1
"""
_LISTED = """
    SELECT sha256, url, fetched_at, status, etag, last_modified
    FROM listed JOIN bodies ON bodies.id = listed.body WHERE listing = ? ORDER BY place
"""


@dataclass(frozen=True)
class BodyStore:
    """A folder of `ab/abcd….gz` with `index.sqlite`; a body is there whole or not at all.

    Any number of processes and threads may use it. Nothing is opened, or made, before it is needed.
    """

    folder: Path

    def put(self, body: Body) -> Path:
        """Keep a body, and note in the index where it came from; content that is there already stays as it is."""
        path = self._write(body)
        with self._index.transaction() as index:
            _note(index, body)
        return path

    def get(self, sha256: str) -> bytes:
        """The content under an address; raises `FileNotFoundError` where there is none, or none that is whole."""
        path = self._path(sha256)
        try:
            content = gzip.decompress(path.read_bytes())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileNotFoundError(f"{path} is damaged: {error}") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileNotFoundError(f"{path} is damaged: it holds something else")
        return content

    def latest(self, url: str) -> Body | None:
        """The newest body that this URL gave; None where there is none, or none that is whole."""
        with self._index.transaction() as index:
            row = index.execute(_LATEST, [url]).fetchone()
        try:
            return self._body(*row) if row else None
        except FileNotFoundError:
            return None

    def keep(self, source: str, day: date, listing: Listing) -> None:
        """Keep the bodies of a listing, and note them as what the source gave for the day."""
        for body in listing.bodies:
            self._write(body)
        with self._index.transaction() as index:
            noted = [_note(index, body) for body in listing.bodies]
            row = [source, day.isoformat(), listing.expected, listing.missing, listing.lacking]
            insert = "INSERT INTO listings (source, day, expected, missing, lacking) VALUES (?, ?, ?, ?, ?)"
            number = index.execute(insert, row).lastrowid
            index.executemany("INSERT INTO listed VALUES (?, ?, ?)", _places(number, noted))

    def listing(self, source: str, day: date) -> Listing | None:
        """The listing of a source's day that was kept last, of those that are whole if there is one.

        Raises `FileNotFoundError` if one of its bodies is gone.
        """
        newest = """
            SELECT id, expected, missing, lacking FROM listings WHERE source = ? AND day = ?
            ORDER BY missing = '' DESC, id DESC LIMIT 1
        """
        with self._index.transaction() as index:
            row = index.execute(newest, [source, day.isoformat()]).fetchone()
            listed = index.execute(_LISTED, row[:1]).fetchall() if row else []
        return Listing([self._body(*body) for body in listed], *row[1:]) if row else None

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.gz"

    def _body(self, sha256: str, url: str, fetched_at: str, *headers: int | str) -> Body:
        return Body(self.get(sha256), url, datetime.fromisoformat(fetched_at), *headers)  # type: ignore[arg-type]

    def _holds(self, sha256: str) -> bool:
        try:
            self.get(sha256)
        except FileNotFoundError:
            return False
        return True

    def _write(self, body: Body) -> Path:
        path = self._path(body.sha256)
        if not self._holds(body.sha256):
            path.parent.mkdir(parents=True, exist_ok=True)
            # A name of its own until it is whole and on the disk: a crash leaves no torn body under its address.
            with NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=".part", delete=False) as part:
                part.write(gzip.compress(body.content, compresslevel=1, mtime=0))
                part.flush()
                os.fsync(part.fileno())
            Path(part.name).replace(path)
        return path

    @cached_property
    def _index(self) -> Database:
        return Database(self.folder / "index.sqlite", _TABLES)


def _note(index: sqlite3.Connection, body: Body) -> int:
    """The number of the body's row, which is added where it is not there yet."""
    fetched_at = body.fetched_at.astimezone(UTC).isoformat(timespec="microseconds")
    row = [body.url, fetched_at, body.sha256, body.status, body.etag, body.last_modified]
    columns = "url, fetched_at, sha256, status, etag, last_modified"
    insert = f"INSERT INTO bodies ({columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608 (constants)
    index.execute(insert, row)
    known = index.execute("SELECT id FROM bodies WHERE url = ? AND fetched_at = ? AND sha256 = ?", row[:3])
    number: int = known.fetchone()[0]
    return number


def _places(listing: int | None, noted: Iterable[int]) -> Iterator[tuple[int | None, int, int]]:
    for place, number in enumerate(noted):
        yield listing, place, number
