"""A database of each kind for all cases of a module, which each case finds empty, and servers that follow scripts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from assets.mail.database.opened import Place, opened, transaction
from assets.mail.database.tables import TABLES
from assets.mail.outbox import Outbox
from tests import postgres
from tests.faults.mail.judge import READERS
from tests.mail.conftest import Script, Scripted, scripted_server
from tests.mail.outboxes import subscribe


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where the mail's database is."""
    if request.param == "sqlite":
        yield tmp_path_factory.mktemp("mail") / "outbox.db"
        return
    running: postgres.Server = request.getfixturevalue("server")
    with running.database() as url:
        yield url


@pytest.fixture
def place(database: Place) -> Place:
    """The same, with nothing in it."""
    with transaction(opened(database)) as connection:
        for table in reversed(TABLES.sorted_tables):
            connection.execute(table.delete())
    return database


@pytest.fixture
def box(place: Place) -> Outbox:
    """An outbox with the readers of a batch, to whom nothing is written down yet."""
    made = Outbox(place)
    subscribe(made, *READERS)
    return made


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], Scripted]]:
    """Start a server that follows a script and ends with the case."""
    with ExitStack() as running:
        yield lambda script: running.enter_context(scripted_server(script))
