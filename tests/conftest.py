"""Fixtures that more than one room needs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from assets.mail.database.opened import Place
from orchestration import warehouse
from tests import postgres
from tests.hook import Hook, hooked
from tests.lab import DAILY_PAPERS, Lab, lab

# How long an example takes is the machine's business; speed is measured in the benchmarks.
settings.register_profile("paperboy", deadline=None)
settings.load_profile("paperboy")

# Each worker has a core, and a test has few rows: a second thread costs DuckDB a fifth of a run and gains nothing.
warehouse.CONFIG["threads"] = 1


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """A module to a worker, and the browser's modules to one, so that one `dagster dev` and one Chromium serve them."""

    def _split_scope(self, nodeid: str) -> str:
        module: str = super()._split_scope(nodeid)
        return "tests/browser" if module.startswith("tests/browser/") else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Ours for `--dist loadscope`, in which the browser's modules would be spread over all workers."""
    return ByModule(config, log) if config.getvalue("dist") == "loadscope" else None


class NewLab(Protocol):
    """Makes a lab in a folder of its own, with settings as environment variables without their prefix."""

    def __call__(self, name: str = "lab", **environment: str) -> AbstractContextManager[Lab]: ...


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that accepts everything unless told otherwise."""
    with hooked() as state:
        yield state


@pytest.fixture
def daily_papers() -> Path:
    """The folder of real recorded days."""
    if not DAILY_PAPERS.is_dir():
        pytest.skip(f"the real days are not here: {DAILY_PAPERS}")
    return DAILY_PAPERS


@pytest.fixture
def new_lab(tmp_path: Path) -> NewLab:
    """Labs in folders of their own."""

    def make(name: str = "lab", **environment: str) -> AbstractContextManager[Lab]:
        return lab(tmp_path / name, **environment)

    return make


@pytest.fixture
def sample_lab(new_lab: NewLab) -> Iterator[Lab]:
    """A lab on the embedded sample, as it is out of the box."""
    with new_lab() as made:
        yield made


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """The PostgreSQL of this process's tests."""
    if why := postgres.missing():
        pytest.skip(why)
    with postgres.running() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Place]]:
    """Gives an empty place for the mail's database, of one kind: a new file, or one of PostgreSQL emptied anew."""
    if request.param == "sqlite":
        yield lambda: tmp_path_factory.mktemp("mail") / "outbox.db"
        return
    running: postgres.Server = request.getfixturevalue("server")
    with running.database() as url:
        yield lambda: running.emptied(url)


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """Where the mail's database is: each test that asks for it runs with a file, and with PostgreSQL."""
    return new_place()
