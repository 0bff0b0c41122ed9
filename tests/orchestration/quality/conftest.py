"""Desks to start from; what takes runs is made once and copied."""

import shutil
from pathlib import Path

import pytest

from tests.orchestration.quality.desk import Desk, listed, opened
from tests.orchestration.terminal import MONDAY, WEDNESDAY


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three days are listed, and none is made."""
    return listed(tmp_path)


@pytest.fixture(scope="session")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a desk of which three days are made; one of Monday's titles is in quarantine."""
    folder = tmp_path_factory.mktemp("three")
    desk = listed(folder)
    desk.put(MONDAY, {3: {"title": "Q?"}})
    desk.make(MONDAY, WEDNESDAY)
    return folder


@pytest.fixture
def made(three_days: Path, tmp_path: Path) -> Desk:
    """Three days are made; one of Monday's titles is in quarantine."""
    shutil.copytree(three_days, tmp_path, dirs_exist_ok=True)
    return opened(tmp_path)


@pytest.fixture(scope="session")
def two_held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a desk of which Monday is made; two of its titles are in quarantine."""
    folder = tmp_path_factory.mktemp("two")
    desk = listed(folder)
    desk.put(MONDAY, {3: {"title": "Q?"}, 5: {"title": "R!"}})
    desk.make(MONDAY, MONDAY)
    return folder


@pytest.fixture
def held(two_held: Path, tmp_path: Path) -> Desk:
    """Monday is made; two of its titles are in quarantine."""
    shutil.copytree(two_held, tmp_path, dirs_exist_ok=True)
    return opened(tmp_path)
