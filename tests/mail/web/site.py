"""The web service as the operator runs it: the real application, uvicorn on loopback, a database in a folder."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette

from assets.mail.database.opened import now
from assets.mail.edition import Edition, Entry
from assets.mail.material import Material
from assets.mail.pool import shared
from assets.mail.readers.reader import Reader
from assets.mail.web.server import configured
from assets.mail.web.service import Service
from orchestration import web
from orchestration.resources import desk, transport
from orchestration.settings import Settings, load
from tests.browser.stage import free_port
from tests.mail.test_plan import Fixed

ADA, BEN, EVE = "ada@reader.example", "ben@reader.example", "eve@reader.example"
FIELD = re.compile(r'name="form" value="([^"]+)"')
TABLES = (
    "readers",
    "suppressions",
    "reader_events",
    "asked",
    "web_uses",
    "outbox",
    "shown",
    "frozen",
    "likes",
    "libraries",
)


def ago(**past: float) -> str:
    """A time as a statement writes it."""
    return f"'{now() - timedelta(**past)}'"


@dataclass
class Site:
    """A Paperboy whose mail goes to a server on `smtp`; ask it while it is `running`."""

    folder: Path
    smtp: int
    variables: dict[str, str | None] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        """The settings, without readers of their own; what is None is left out."""
        usual = {
            "HOME": str(self.folder / "home"), "MAIL__TRANSPORT": "smtp", "MAIL__HOST": "127.0.0.1",
            "MAIL__PORT": str(self.smtp), "MAIL__SECURITY": "none", "MAIL__RECIPIENTS": "",
            "WEB__PORT": str(self.port), "WEB__URL": self.url,
        }  # fmt: skip
        return {f"PAPERBOY_{name}": value for name, value in (usual | self.variables).items() if value is not None}

    @cached_property
    def settings(self) -> Settings:
        return load(self.environment, file=self.folder / "no-such.toml")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def made(self) -> Service:
        return web.service(self.settings)

    @property
    def app(self) -> Starlette:
        return web.app(self.settings, self.made)

    @contextmanager
    def running(self) -> Iterator["Site"]:
        config = configured(self.app, "127.0.0.1", self.port, self.settings.web.trusted_proxies)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()

    def ask(self, path: str, method: str = "GET", **parameters: Any) -> requests.Response:
        """What the service answers; a redirect would be no answer of ours."""
        url = path if path.startswith("http") else self.url + path
        return requests.request(method, url, timeout=60, allow_redirects=False, **parameters)

    def subscribe(self, address: str, headers: dict[str, str] | None = None, **fields: str) -> requests.Response:
        """Fill the form in and send it."""
        (token,) = FIELD.findall(self.ask("/").text)
        form = {"address": address, "website": "", "form": token} | fields
        return self.ask("/subscribe", "POST", data=form, headers=headers or {})

    def work(self) -> None:
        """One round of the thread that sends what was asked for."""
        web.work(self.settings, self.made, transport(self.settings))

    def mail(self, edition: Edition) -> None:
        """Mail an edition to whoever is a reader."""
        papers = [
            Entry(paper, section.label, section.arrival, edition.day)
            for section in edition.sections
            for paper in section.papers
        ]
        made = Material(replace(edition, sections=()), tuple(papers))
        desk(self.settings).mail(made, Fixed(shared(made, {})))

    def reader(self, address: str = ADA) -> Reader:
        return self.made.readers.find(address)

    def sql(self, statement: str) -> list[Any]:
        """A statement at the database, past all that is ours."""
        with self.made.readers._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found = connection.exec_driver_sql(statement)
            return [tuple(row) for row in found] if found.returns_rows else []

    def stored(self) -> list[list[Any]]:
        """All that the database holds."""
        return [self.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]  # noqa: S608 - names of ours
