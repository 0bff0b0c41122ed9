"""The mail's database on a server of PostgreSQL: how it is reached, and what is told where it cannot be."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from psycopg.types.string import StrDumper
from sqlalchemy.pool import ConnectionPoolEntry

CONNECT_SECONDS = 10

KEEPALIVE = {"idle": 30, "interval": 10, "count": 3}
"""After a minute without a sign of the other machine both sides end the session, and the server its locks."""

ADVICE = (
    (r"password|authentication|no pg_hba.conf entry",
     "PAPERBOY_MAIL__DATABASE, PGPASSWORD or ~/.pgpass has the password, and pg_hba.conf of the server who is let in"),
    (r"role .* does not exist", "make the user with createuser, or name another in mail.database"),
    (r"database .* does not exist", "make the database with createdb, or name another in mail.database"),
    (r"permission denied", "make the user of mail.database the owner of the database"),
    (r"refused|timed? ?out|timeout|translate host name|resolve|No such file|unreachable",
     "is the server up, and does it listen there? mail.database names it"),
)  # fmt: skip


class DatabaseUnusable(Exception):
    """PostgreSQL cannot be used as it is; the text names the database, without a password, and says what to do."""


def made(url: sa.URL, wait: float) -> sa.Engine:
    """The engine of a database; a transaction waits so many seconds for another's, and then fails.

    No connection outlives its transaction. Errors hold no value that was written.
    """
    server = {f"tcp_keepalives_{name}": value for name, value in KEEPALIVE.items()}
    options = {"lock_timeout": int(wait * 1000), **server}
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=sa.NullPool,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "application_name": "paperboy",
            "client_encoding": "utf8",
            "connect_timeout": CONNECT_SECONDS,
            "target_session_attrs": "read-write",  # not the one that follows another, where the server has two
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
            **{f"keepalives_{name}": value for name, value in KEEPALIVE.items()},
        },
    )
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "handle_error", _without_values)
    return engine


@contextmanager
def told(name: str) -> Iterator[None]:
    """What fails within is told of the database with this name, in one line. Raises `DatabaseUnusable`."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        said = " ".join(str(error.orig).split())
        advice = next((advice for pattern, advice in ADVICE if re.search(pattern, said)), "look at the server's log")
        raise DatabaseUnusable(f"{name} cannot be used: {said}; {advice}") from error


class _Text(StrDumper):
    """Text without what PostgreSQL cannot hold: a token that a visitor made up, an answer of a broken mail server."""

    def dump(self, obj: str) -> bytes | bytearray | memoryview | None:
        return super().dump(obj.replace("\0", "\ufffd"))


def _configure(connection: psycopg.Connection, _: ConnectionPoolEntry) -> None:
    connection.adapters.register_dumper(str, _Text)


def _without_values(context: sa.engine.ExceptionContext) -> None:
    """The details of an error quote the rows, and so addresses; what is wrong stands in its first line."""
    error = context.original_exception
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        error.args = (error.diag.message_primary,)
        if context.sqlalchemy_exception:
            context.sqlalchemy_exception.args = error.args
