"""Terminals for the tests of the command, and a warehouse."""

from pathlib import Path

import pytest

from orchestration.warehouse import Warehouse
from tests.orchestration.terminal import ERROR_PAGE, MONDAY, TUESDAY, WEDNESDAY, NewTerminal, Terminal, body


@pytest.fixture
def terminal(tmp_path: Path) -> NewTerminal:
    """Makes terminals, with settings as environment variables without their prefix."""

    def make(**environment: str) -> Terminal:
        return Terminal(tmp_path / "home", environment)

    return make


@pytest.fixture
def archive(tmp_path: Path) -> Terminal:
    """A terminal on an archive of three days, of which Tuesday is an error page."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for day, content in ((MONDAY, body(MONDAY)), (TUESDAY, ERROR_PAGE), (WEDNESDAY, body(WEDNESDAY))):
        (folder / f"{day}.json").write_text(content)
    return Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder)})


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse that does not wait, where none is yet."""
    return Warehouse(path=str(tmp_path / "home" / "warehouse.duckdb"), lock_wait_seconds=0)
