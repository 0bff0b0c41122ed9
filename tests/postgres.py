"""A real PostgreSQL of the tests' own, in a private folder and on a free port of loopback, with a database a test."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa

from assets.mail.database.opened import opened
from assets.mail.database.tables import TABLES

BINARIES = max(
    (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    key=lambda path: float(path.parent.name),
    default=None,
)
"""The newest of Debian's."""

UNPRIVILEGED = "postgres"
"""Who runs the server where the tests run as root, as which it refuses to; Debian's package makes the user."""

SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": 0, "autovacuum": "off",
    "shared_buffers": "16MB", "max_connections": 60, "listen_addresses": "127.0.0.1", "lc_messages": "C",
}  # fmt: skip

READY_SECONDS = 60


@dataclass
class Server:
    """A server that runs, with a user `paperboy`: by the private socket without a password, by TCP with `password`."""

    folder: Path
    port: int
    password: str
    process: "subprocess.Popen[bytes]"

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def url(self, name: str) -> sa.URL:
        """A database by the socket, as `mail.database` names it: three times as fast as by TCP."""
        return sa.URL.create("postgresql", "paperboy", None, None, self.port, name, {"host": str(self.folder)})

    def by_tcp(self, url: sa.URL) -> sa.URL:
        """The same database by TCP, with the password."""
        return url.set(password=self.password, host="127.0.0.1", query={})

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """A statement of the superuser's."""
        at = f"host={self.folder} port={self.port} user=postgres dbname={database}"
        with psycopg.connect(at, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, template: str = "migrated") -> Iterator[sa.URL]:
        """A new database, with all tables or with `template1` none, which nothing outlives."""
        name = f"paperboy_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} OWNER paperboy TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def emptied(self, url: sa.URL) -> sa.URL:
        """A database with all tables, which hold nothing."""
        self.sql(f"TRUNCATE {', '.join(TABLES.tables)} RESTART IDENTITY", str(url.database))
        return url

    def hang_up(self) -> None:
        """End every session of Paperboy's, as a server that is restarted does."""
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'paperboy'")


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    if BINARIES is None:
        return "no PostgreSQL here; Debian: sudo apt install postgresql"
    if shutil.which("setpriv") is None:
        return "no setpriv here, by which the server ends with the tests, and is not root's; Debian: util-linux"
    return ""


@contextmanager
def running() -> Iterator[Server]:
    """A server until the end, or that of this process, however it ends."""
    folder, process = _folder(), None
    try:
        _made(folder)
        port, password = _port(), secrets.token_urlsafe(12)
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = ["postgres", "-D", folder / "data", "-k", folder, "-p", port, *settings]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(_as_its_user(*command), cwd="/", stderr=log, stdout=log)
        server = Server(folder, port, password, process)
        _prepare(server)
        yield server
    finally:
        if process:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        shutil.rmtree(folder)


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _folder() -> Path:
    """A private folder that its user can reach: pytest's own are for ours only."""
    for place in (tempfile.gettempdir(), "/dev/shm", "/tmp"):  # noqa: S108 - mkdtemp makes it private
        if all(path.stat().st_mode & 0o001 for path in (Path(place), *Path(place).parents)) or os.getuid():
            break
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=place))
    if os.getuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
    return folder


def _as_its_user(*command: object) -> list[str]:
    """A command of PostgreSQL's, by a user whom it does not refuse, which ends with this process."""
    assert BINARIES is not None
    root = ["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups"] if os.getuid() == 0 else []
    program, *arguments = map(str, command)
    return ["setpriv", *root, "--pdeathsig", "QUIT", str(BINARIES / program), *arguments]


def _made(folder: Path) -> None:
    command = ("initdb", "-D", folder / "data", "-U", "postgres", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")
    subprocess.run(_as_its_user(*command), cwd="/", check=True, capture_output=True)
    rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    (folder / "data/pg_hba.conf").write_text(rules, encoding="ascii")


def _prepare(server: Server) -> None:
    """The user, and a database with all tables, of which a test's is a copy."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            server.sql(f"CREATE ROLE paperboy LOGIN PASSWORD '{server.password}'")
            break
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((server.folder / "log").read_text(errors="replace")) from None
            time.sleep(0.02)
    server.sql("CREATE DATABASE migrated OWNER paperboy")
    opened(server.url("migrated")).dispose()
