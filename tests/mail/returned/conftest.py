"""A house whose mails come back."""

from pathlib import Path

import pytest

from tests.mail.returned.mails import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
