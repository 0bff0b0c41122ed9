"""Where the command `paperboy` is called, with a home and settings of its own."""

import json
import mailbox
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestration.cli import main
from orchestration.resources import outbox, warehouse
from orchestration.settings import Settings, current, load
from tests.lab import STEPS, Lab, lab

MONDAY, TUESDAY, WEDNESDAY = (date(2025, 3, day) for day in (10, 11, 12))
ERROR_PAGE = "<html><title>502 Bad Gateway</title></html>"
PAPERBOY = Path(sys.executable).with_name("paperboy")
HOUR = datetime.now(UTC).hour
MIDDAY = f"Etc/GMT{HOUR - 12:+}"
"""A time zone in which it is midday, so that no test sees a day end."""


@dataclass(frozen=True)
class Terminal:
    """Where `paperboy` is called, in this process, with settings of its own."""

    home: Path
    environment: dict[str, str]

    @property
    def variables(self) -> dict[str, str]:
        every = {"HOME": str(self.home), "SCHEDULE__TIME_ZONE": MIDDAY, **self.environment}
        return {f"PAPERBOY_{name}": value for name, value in every.items()}

    @property
    def settings(self) -> Settings:
        return load(self.variables, self.home / "no-such.toml")

    def __call__(self, *arguments: object, made_in: Lab | None = None, color: bool = False) -> Result:
        """Call it; the jobs are those of a lab, where one is given. With `color`, as on a terminal."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.variables.items():
                patch.setenv(name, value)
            patch.setenv("DAGSTER_HOME", str(self.home / "dagster"))
            if made_in:
                patch.setattr("orchestration.definitions.defs", made_in.defs)
            current.cache_clear()
            try:
                words = [str(argument) for argument in arguments]
                return CliRunner().invoke(main, words, prog_name="paperboy", color=color)
            finally:
                current.cache_clear()

    def run(self, *arguments: object) -> Result:
        """Call it, with the jobs of these settings."""
        with lab(self.home, **{"SCHEDULE__TIME_ZONE": MIDDAY, **self.environment}) as made:
            return self(*arguments, made_in=made)

    def process(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """Call it as its users do, from another folder."""
        command = [str(PAPERBOY), *map(str, arguments)]
        environment = os.environ | self.variables
        self.home.parent.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            command, env=environment, cwd=self.home.parent, text=True, capture_output=True, check=False
        )

    def mails(self) -> list[Any]:
        folder = self.home / "maildir"
        return list(mailbox.Maildir(folder)) if folder.exists() else []

    def tables(self) -> dict[str, Any]:
        """All rows that a run which changes nothing must leave as they are."""
        found: dict[str, Any] = {}
        stored = warehouse(self.settings)
        with stored.kept_open():
            for table in (*STEPS, "popularity", "partitions", "quarantine"):
                frame = stored.read(f"SELECT * FROM {table}")  # noqa: S608
                of_the_run = {"run_id", "recorded_at"}.intersection(frame.columns)
                found[table] = sorted(frame.drop(of_the_run).rows(), key=repr)
        return found | {"outbox": outbox(self.settings).rows()}


NewTerminal = Callable[..., Terminal]


SUBJECTS = ("Agents", "Robots", "Graphs")


def body(day: date, papers: int = 12) -> str:
    """A day of the daily papers' API."""
    return json.dumps(
        [
            {
                "paper": {
                    "id": f"{day:%y%m.%d}{place:03}",
                    "title": f"{SUBJECTS[place % 3]} that read paper {place} of {day:%A %d}",
                    "summary": f"We let {SUBJECTS[place % 3].lower()} read paper {place}. "
                    "They report what they understood of it.",
                    "authors": [{"name": f"Ada Example {place}"}],
                    "upvotes": place,
                    "publishedAt": f"{day - timedelta(days=1)}T18:00:00.000Z",
                }
            }
            for place in range(papers)
        ]
    )
