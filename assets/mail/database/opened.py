"""The mail's database, opened and brought up to date: a file of SQLite, or a database of PostgreSQL.

Many small transactions of several processes touch it, which the warehouse would exclude: the sender, the command,
the web service.
"""

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0008"
"""The newest migration."""

BUSY_SECONDS = 30
"""How long a transaction waits for another process's."""

MIGRATIONS = Path(__file__).parent / "migrations"


Place = Path | sa.URL
"""A file of SQLite, or a database of PostgreSQL, whose password may be left out as libpq allows."""


def advisory(name: str) -> int:
    """The number of a lock of PostgreSQL by its name; Paperboy's own, and the same for ever."""
    return int.from_bytes(hashlib.sha256(f"paperboy {name}".encode()).digest()[:8], signed=True)


BEGIN = {
    "sqlite": "BEGIN IMMEDIATE",
    # SQLite has one writer, and what follows from a question within a transaction relies on it: that an address is
    # nobody's, that a visitor may ask once more. A lock gives PostgreSQL the same, for every transaction that writes
    # and none that only reads. SERIALIZABLE would too, but each of them would have to be tried again at any statement;
    # with the lock each statement after it, READ COMMITTED, sees all that was committed before.
    # And as in `_configure`: what is committed stays so, also where the server is told to be hasty.
    "postgresql": f"""SELECT pg_advisory_xact_lock({advisory("writing")}), CASE current_setting('synchronous_commit')
        WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END""",
}
"""What begins a transaction that nobody else's can come between."""


class NewerDatabase(Exception):
    """The database was written by a newer Paperboy; the text names it."""


def opened(place: Place) -> sa.Engine:
    """The database at a place with all its tables, made where they do not exist; a file is made too.

    Any number of processes may open it, also at once. Raises `NewerDatabase`, and `DatabaseUnusable` where PostgreSQL
    cannot be used.
    """
    return _file(place) if isinstance(place, Path) else _server(place)


@contextmanager
def transaction(at: sa.Engine | sa.Connection) -> Iterator[sa.Connection]:
    """A transaction that nobody else's can come between; committed at its end, undone by an exception."""
    with nullcontext(at) if isinstance(at, sa.Connection) else at.connect() as connection, connection.begin():
        connection.exec_driver_sql(BEGIN[connection.dialect.name])
        yield connection


def shown(place: Place) -> str:
    """A place in words, without its password."""
    if isinstance(place, Path):
        return str(place)
    query = {name: value for name, value in place.query.items() if name == "host"}
    return str(sa.URL.create("postgresql", place.username, None, place.host, place.port, place.database, query))


def now() -> datetime.datetime:
    """The time as the tables hold it: UTC without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _migrate(connection: sa.Connection, place: Place) -> None:
    """All that is missing, or nothing, if the process ends in between."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    connection.rollback()
    connection.exec_driver_sql(BEGIN[connection.dialect.name])  # SQLite's driver begins none before it changes tables
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerDatabase(f"{shown(place)} was written by a newer Paperboy: update this one ({error})") from error
    connection.commit()


def _server(url: sa.URL) -> sa.Engine:
    from assets.mail.database.server import made, told  # its driver takes as long to import as all of this

    engine = made(url, BUSY_SECONDS)
    with told(shown(url)), engine.connect() as connection:
        if _version(connection) != HEAD:
            _migrate(connection, url)
    return engine


def _file(path: Path) -> sa.Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # it holds addresses, and what unsubscribes them
    # No connection outlives its transaction, so that there is nothing to close.
    # An error that is logged or shown is not to hold what was written: an address, say.
    engine = sa.create_engine(
        f"sqlite:///{path}", poolclass=sa.NullPool, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )
    sa.event.listen(engine, "connect", _configure)
    # SQLite does not wait for another process that changes the journal mode too: it fails.
    with FileLock(f"{path}.setup"), engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.commit()
        if _version(connection) != HEAD:
            path.chmod(0o600)
            _migrate(connection, path)
    return engine


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Else a power cut may take a committed `sending` back, and the message be sent again.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
