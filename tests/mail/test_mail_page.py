"""What docs/mail.md tells operators to write is what Postfix and Paperboy read."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from orchestration.settings import Mail
from tests.lab import CHECKOUT

PAGE = (CHECKOUT / "docs/mail.md").read_text(encoding="utf-8")


def test_its_settings_are_settings() -> None:
    tables = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(tables) == 3
    for table in tables:
        Mail.model_validate(tomllib.loads(table)["mail"])


@pytest.mark.skipif(not shutil.which("postconf", path="/usr/sbin"), reason="Postfix is not installed")
def test_postfix_knows_every_line_of_its_configuration(tmp_path: Path) -> None:
    (main,) = re.findall(r"```\n(compatibility_level.*?)```", PAGE, re.DOTALL)
    (tmp_path / "main.cf").write_text(main, encoding="ascii")
    (tmp_path / "master.cf").write_text("smtp inet n - n - - smtpd\n", encoding="ascii")
    found = subprocess.run(
        ["/usr/sbin/postconf", "-c", tmp_path, "-n"], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stderr == ""
    assert set(main.splitlines()) <= set(found.stdout.splitlines())
