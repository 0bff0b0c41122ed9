"""A terminal on an archive whose papers a test sets, and what its operator types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration import resources
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY, Terminal, body

DAYS = (MONDAY, TUESDAY, WEDNESDAY)
ROWS = 20
NO_CHANGE: Mapping[int, Mapping[str, Any]] = {}


@dataclass(frozen=True)
class Desk(Terminal):
    """A terminal on an archive of days of twenty papers each, some of whose fields a test sets."""

    @property
    def folder(self) -> Path:
        return Path(self.environment["ARCHIVE__FOLDER"])

    def put(self, day: date, papers: Mapping[int, Mapping[str, Any]] = NO_CHANGE) -> None:
        """Write the day's list, with other fields in some of its papers."""
        listed = json.loads(body(day, ROWS))
        for place, fields in papers.items():
            listed[place]["paper"] |= fields
        (self.folder / f"{day}.json").write_text(json.dumps(listed))

    def make(self, first: date, last: date) -> None:
        result = self.run("backfill", first, last)
        assert result.exit_code == 0, result.output

    def said(self, *arguments: object, code: int = 0) -> str:
        """What a command says, on a real terminal of its own, without a run."""
        result = self(*arguments)
        assert result.exit_code == code, result.output
        return result.output

    def listed(self, *arguments: object) -> list[tuple[Any, ...]]:
        """The rows of `quarantine list` as (day, table, key, expectation, value, state)."""
        rows = json.loads(self.said("quarantine", "list", "--json", *arguments))
        return [(row["day"], row["table"], row["key"], row["expectation"], row["value"], row["state"]) for row in rows]

    def read(self, query: str) -> list[Any]:
        return resources.warehouse(self.settings).read(query).rows()

    def titles(self, table: str, day: date) -> set[str]:
        return set(resources.warehouse(self.settings).rows(table, [day])["title"])

    def tamper(self, statement: str) -> None:
        """What no route of ours does: another program writes into the file."""
        with duckdb.connect(resources.warehouse(self.settings).path) as connection:
            connection.execute(statement)


def opened(folder: Path) -> Desk:
    """The desk of a folder."""
    return Desk(folder / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder / "archive")})


def listed(folder: Path) -> Desk:
    """The desk of a new folder, with its days listed."""
    (folder / "archive").mkdir()
    desk = opened(folder)
    for day in DAYS:
        desk.put(day)
    return desk


def key(day: date, place: int) -> str:
    return f"archive/{day:%y%m.%d}{place:03}"


def release(day: date, place: int, *options: object) -> tuple[object, ...]:
    return ("quarantine", "release", key(day, place), "--day", day, "--why", "It is the title.", *options)


def drop(day: date, place: int, *options: object) -> tuple[object, ...]:
    return ("quarantine", "drop", key(day, place), "--day", day, "--why", "Spam.", *options)
