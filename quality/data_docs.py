"""Great Expectations' Data Docs of every run, as files below one folder, and for how long they are kept.

A folder a run, a page a judgement, an index of runs. What a page looks like is in `pages`; what is judged is the
gate's. Nothing here is needed for a verdict: whoever calls this logs what fails and goes on.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from quality import pages
from quality.verdict import Verdict

FOLDER = "data-docs"
RECORD = "run.json"
"""What the index says of a run, in the run's folder."""

LISTED = 100
"""Runs on the index, which is written with each run: a year that is made a day at a time leaves more."""


@dataclass(frozen=True)
class Page:
    """Where the page of a judgement lies, and where a browser finds it."""

    file: Path
    url: str

    def at(self, expectation: str) -> str:
        """The address of one expectation on the page."""
        return f"{self.url}#{expectation}"


@dataclass(frozen=True)
class DataDocs:
    """Data Docs below the folder `reports`, whose address is `url`; a run's pages are kept for `days`.

    With 0 days none are written, and those of earlier runs go.
    """

    reports: Path
    days: int
    url: str

    @property
    def folder(self) -> Path:
        """The folder of all runs; nothing outside of it is ever removed."""
        return self.reports / FOLDER

    def write(self, gx: Any, verdict: Verdict, run_id: str, job: str) -> Page:
        """The page of a judgement, written; `gx` is the package Great Expectations, as `pages.judgement` wants it.

        A table that is judged more than once in a run, as in a second attempt, has a page each time.
        Raises `OSError` where the folder cannot be written, and what Great Expectations raises.
        """
        run = self.folder / run_id
        record = _record(run) or {"run_id": run_id, "pages": []}
        again = sum(page["table"] == verdict.asset for page in record["pages"])
        name = f"{verdict.asset}-{again + 1}.html" if again else f"{verdict.asset}.html"
        made = datetime.now(UTC)
        html = pages.judgement(gx, verdict, run_id=run_id, job=job, made=made)
        run.mkdir(parents=True, exist_ok=True)
        replace(run / name, html)
        record |= {"job": job, "made": made.isoformat(timespec="seconds")}
        record["pages"].append(_entry(verdict, name))
        replace(run / RECORD, json.dumps(record, indent=1))
        return Page(run / name, f"{self.url}/{FOLDER}/{run_id}/{name}")

    def finish(self) -> None:
        """Once a run is over: old runs' folders are removed, and the index names those that are kept.

        Raises `OSError`.
        """
        if not self.folder.is_dir():
            return
        for folder in self._outdated(datetime.now(UTC)):
            shutil.rmtree(folder)
        kept = sorted(self._runs(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        runs = [record for folder in kept[:LISTED] if (record := _record(folder))]
        runs.sort(key=lambda record: str(record["made"]), reverse=True)
        replace(self.folder / "index.html", pages.runs(runs, len(kept), self.days))
        index(self.reports)

    def _outdated(self, now: datetime) -> Iterator[Path]:
        oldest = (now - timedelta(days=self.days)).timestamp()
        yield from (folder for folder in self._runs() if folder.stat().st_mtime < oldest)

    def _runs(self) -> list[Path]:
        """The folders that are a run's by their names; a link that leads elsewhere is none."""
        there = self.folder.iterdir()
        return [path for path in there if _is_run_id(path.name) and path.is_dir() and not path.is_symlink()]


def index(reports: Path) -> None:
    """Write the page that leads to everything in the folder `reports`: its own pages, newest first, and Data Docs.

    Raises `OSError`.
    """
    found = sorted(reports.glob("*.html"), key=lambda file: file.stat().st_mtime, reverse=True)
    written = {file.name: datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in found}
    written.pop("index.html", None)
    docs = (reports / FOLDER / "index.html").exists()
    replace(reports / "index.html", pages.index(written, f"{FOLDER}/index.html" if docs else None))


def _entry(verdict: Verdict, name: str) -> dict[str, Any]:
    days = sorted({finding.day for finding in verdict.findings})
    return {
        "table": verdict.asset,
        "page": name,
        "days": _span(days),
        "state": pages.state(verdict.findings),
        "failed": sorted({finding.expectation.name for finding in verdict.findings if not finding.passed}),
    }


def _span(days: list[date]) -> list[str]:
    return [str(days[0]), str(days[-1])] if days else []


def _record(run: Path) -> dict[str, Any] | None:
    """What is known of a run; nothing, where its folder was left half made."""
    try:
        known: dict[str, Any] = json.loads((run / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known


def _is_run_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def replace(file: Path, text: str) -> None:
    """Write the file so that a reader sees the old one or the new one, and that nothing is left of one half written.

    Raises `OSError`.
    """
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
