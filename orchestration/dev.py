"""Dagster's own commands on Paperboy's instance; `python -m orchestration.dev` is the UI, daemon and reports."""

import os
import sys
from pathlib import Path

from orchestration import reports
from orchestration.runs import make_home
from orchestration.settings import CHECKOUT, SettingsError, current

COMMANDS = {
    "dev": ["dagster", "dev", "--workspace", "workspace.yaml", "--host", "127.0.0.1", "--port", "3000"],
    "check": ["dg", "check", "defs"],
}


def main(command: str = "dev", *arguments: str) -> None:
    """Replace this process by the command, with `DAGSTER_HOME` below the home of the settings."""
    try:
        make_home(current())
    except SettingsError as error:
        sys.exit(f"the settings cannot be used:\n{error}")
    os.chdir(CHECKOUT)
    os.environ["VIRTUAL_ENV"] = sys.prefix
    if command == "dev":
        reports.start(current())
    program, *fixed = COMMANDS[command]
    os.execv(Path(sys.executable).with_name(program), [program, *fixed, *arguments])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(*sys.argv[1:])
