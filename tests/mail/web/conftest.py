"""The web service over a database of its own, a mail server of aiosmtpd before it, and whoever asks by HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mail.conftest import Server
from tests.mail.web.site import Site


@pytest.fixture
def relay(serve: Callable[..., Server]) -> Server:
    """A mail server that accepts whatever comes."""
    return serve()


@pytest.fixture
def start(tmp_path: Path, relay: Server) -> Iterator[Callable[..., Site]]:
    """Start the service with settings of its own."""
    with ExitStack() as running:
        yield lambda **variables: running.enter_context(Site(tmp_path, relay.port, variables).running())


@pytest.fixture
def site(start: Callable[..., Site]) -> Site:
    """The service as it is by default."""
    return start()
