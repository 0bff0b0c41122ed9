"""The SQLite file of the mail, opened and brought up to date.

Many small transactions of several processes touch it, which the warehouse would exclude: the sender, the command,
the web service.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0004"
"""The newest migration."""

BUSY_SECONDS = 30
"""How long a transaction waits for another process's."""

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabase(Exception):
    """The file was written by a newer Paperboy; the text names it."""


def opened(path: Path) -> sa.Engine:
    """The file at `path` with all its tables, made where it does not exist. Raises `NewerDatabase`.

    Any number of processes may open it, also at once.
    """
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


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that nobody else's can come between; committed at its end, undone by an exception."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def now() -> datetime.datetime:
    """The time as the tables hold it: UTC without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _migrate(connection: sa.Connection, path: Path) -> None:
    """All that is missing, or nothing, if the process ends in between."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    connection.rollback()
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver itself begins none before it changes tables
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerDatabase(f"{path} was written by a newer Paperboy: update this one ({error})") from error
    connection.commit()


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # Else a power cut may take a committed `sending` back, and the message be sent again.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
