"""One Paperboy, one `dagster dev` and one Chromium for all tests of this folder; none of them outlives it.

The fixtures are the package's and not the session's, because playwright keeps an event loop running in this thread.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.stage import CHROMIUM, DagsterUI, Stage, chromium, dagster_dev, new_stage, operator

# A machine that runs the daemon, Chromium and other tests at once answers late; what is there is found at once.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A Paperboy whose newest day is made and mailed, and whose two weekdays before it were rejected."""
    made = new_stage(tmp_path_factory.mktemp("stage"))
    made.make_days()
    return made


@pytest.fixture(scope="package")
def ui(stage: Stage) -> Iterator[DagsterUI]:
    """The UI and the daemon over that."""
    with dagster_dev(stage) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here; Debian: apt install chromium")
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def console(browser: Browser, ui: DagsterUI) -> Iterator[BrowserContext]:
    """The operator's browser on the UI."""
    with operator(browser, ui) as context:
        yield context


@pytest.fixture
def page(console: BrowserContext) -> Iterator[Page]:
    """A page of the UI."""
    opened = console.new_page()
    yield opened
    opened.close()
