"""The web service over a database of its own, a mail server of aiosmtpd before it, and whoever asks by HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.mail.conftest import Server
from tests.mail.web.site import Site


@pytest.fixture
def relay(serve: Callable[..., Server]) -> Server:
    """A mail server that accepts whatever comes."""
    return serve()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> dict[str, str | None]:
    """The setting of the database: the file, but where a test asks for `place`, which then says which."""
    place = request.getfixturevalue("place") if "place" in request.fixturenames else None
    return {"MAIL__DATABASE": str(place)} if isinstance(place, sa.URL) else {}


@pytest.fixture
def start(tmp_path: Path, relay: Server, database: dict[str, str | None]) -> Iterator[Callable[..., Site]]:
    """Start the service with settings of its own."""
    with ExitStack() as running:
        yield lambda **variables: running.enter_context(Site(tmp_path, relay.port, database | variables).running())


@pytest.fixture
def site(start: Callable[..., Site]) -> Site:
    """The service as it is by default."""
    return start()
