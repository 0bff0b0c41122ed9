"""Killed with SIGKILL at any statement of a publish: the old day or the new one, in every table, and never a mix."""

import json
import multiprocessing
import random
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from orchestration.warehouse import Warehouse
from tests.audited import unaudited
from tests.faults.killed_publish import NEVER, PRELOADED, make
from tests.lab import STEPS, Lab, lab
from tests.orchestration.terminal import MONDAY, TUESDAY, body

MADE = STEPS[:5]
OF_THE_RUN = {"run_id", "number", "recorded_at", "seconds", "attempts", "seen_at", "body"}
"""What differs between two runs over the same lists."""

APPENDED = ("quality_results", "outcomes")
"""Tables that keep every evaluation and every attempt: run twice, they say the same twice."""

AT_RANDOM = 6
SEED = 20250310


def put(folder: Path, generation: int) -> None:
    """Write Monday's list: another title for every paper, another one in quarantine, one paper more each time."""
    listed = json.loads(body(MONDAY, 20 + generation))
    for paper in listed:
        paper["paper"]["title"] += f", edition {generation}"
        paper["paper"]["upvotes"] += generation
    listed[3 + generation]["paper"]["upvotes"] = -5
    listed[9 + generation]["paper"]["title"] = "?"
    (folder / f"{MONDAY}.json").write_text(json.dumps(listed))


@dataclass(frozen=True)
class Home:
    """A home whose warehouse is looked at, and whose lists lie beside it."""

    path: Path
    folder: Path

    def lab(self) -> AbstractContextManager[Lab]:
        return lab(self.path, SOURCES="archive", ARCHIVE__FOLDER=str(self.folder))

    def copied(self, to: Path) -> "Home":
        shutil.copytree(self.path, to)
        return Home(to, self.folder)

    def state(self) -> dict[str, Any]:
        """Every table of the warehouse, and what the audit says of them."""
        tables = Warehouse(path=str(self.path / "warehouse.duckdb"))
        with tables.kept_open():
            return {**_tables(tables), "trouble": unaudited(tables)}

    def materialized(self, step: str) -> int:
        """How often the instance heard that Monday was made."""
        with self.lab() as made:
            wanted = dg.AssetRecordsFilter(dg.AssetKey(step), asset_partitions=[str(MONDAY)])
            return len(made.instance.fetch_materializations(wanted, limit=100).records)

    def again(self, step: str) -> None:
        with self.lab() as made:
            assert made.ui_run(MONDAY, [step]).success


def _tables(tables: Warehouse) -> dict[str, list[str]]:
    found = {}
    names = tables.read("SELECT table_name FROM duckdb_tables() WHERE table_name <> 'migrations' ORDER BY ALL")
    for name in names["table_name"].to_list():
        frame = tables.read(f"SELECT * FROM {name}")  # noqa: S608
        if name == "quality_results":
            # Who looks again sees no figure change, and so has fewer snapshots to judge.
            frame = frame.filter(pl.col("asset") != "popularity")
        rows = sorted(map(repr, frame.drop(OF_THE_RUN.intersection(frame.columns)).rows()))
        found[name] = sorted(set(rows)) if name in APPENDED else rows
    return found


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts processes that have all they need imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *PRELOADED])
    return context


@dataclass(frozen=True)
class Child:
    """How a process ended, and what it had reached."""

    exitcode: int | None
    reached: list[str]
    commit_seconds: float


def run(
    processes: ForkServerContext, home: Home, step: str, last: str, after_commit_began: float | None = None
) -> Child:
    """Make a step in a process that ends at a statement, or so many seconds after its COMMIT began."""
    ours, theirs = processes.Pipe(duplex=False)
    process = processes.Process(target=make, args=(home.path, home.folder, MONDAY, step, last, theirs))
    process.start()
    theirs.close()
    reached: list[str] = []
    began = seconds = 0.0
    try:
        while True:
            heard = ours.recv()
            if heard == "committing":
                began = time.perf_counter()
                if after_commit_began is not None:
                    time.sleep(after_commit_began)
                    process.kill()
            elif heard == "committed":
                seconds = time.perf_counter() - began
            else:
                reached = heard
    except EOFError:
        process.join()
    return Child(process.exitcode, reached, seconds)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Home]:
    """For each step a home in which the day is made, and then all steps before this one of another list."""
    folder = tmp_path_factory.mktemp("lists")
    put(folder, 1)
    (folder / f"{TUESDAY}.json").write_text(body(TUESDAY, 20))
    home = Home(tmp_path_factory.mktemp("home") / "home", folder)
    with home.lab() as made:
        assert all(outcome.success for outcome in made.backfill(MONDAY, TUESDAY))
    put(folder, 2)
    homes = {}
    for step in MADE:
        homes[step] = home.copied(tmp_path_factory.mktemp("before") / step)
        home.again(step)
    return homes


@pytest.mark.parametrize("step", MADE)
def test_killed_at_any_statement_all_tables_hold_the_same_day(
    tmp_path: Path, before: Mapping[str, Home], processes: ForkServerContext, step: str
) -> None:
    old = before[step].state()
    undisturbed = before[step].copied(tmp_path / "undisturbed")
    whole = run(processes, undisturbed, step, NEVER)
    assert whole.exitcode == 0
    new = undisturbed.state()
    assert old["trouble"] == new["trouble"] == []
    assert {name for name in new if new[name] != old[name]} >= {step, "quality_results"}
    assert whole.reached[0] == "BEGIN 1"
    assert whole.reached[-1] == "after COMMIT 1", "one transaction a step"
    assert len(whole.reached) >= 9
    for number, statement in enumerate(_chosen(step, whole.reached)):
        home = before[step].copied(tmp_path / str(number))
        assert run(processes, home, step, statement).exitcode == -signal.SIGKILL, statement
        assert home.state() == (new if statement == "after COMMIT 1" else old), statement
        if statement in ("COMMIT 1", "after COMMIT 1"):
            assert home.materialized(step) == before[step].materialized(step), statement
            home.again(step)
            assert home.state() == new, statement
            assert home.materialized(step) == undisturbed.materialized(step), statement


def _chosen(step: str, reached: Sequence[str]) -> Sequence[str]:
    """Every statement of the two steps that write most, of the others every third and the last two."""
    return reached if step in ("fetched_papers", "unique_papers") else [*reached[:-2:3], *reached[-2:]]


def test_killed_while_it_commits_the_day_is_the_old_or_the_new_one(
    tmp_path: Path, before: Mapping[str, Home], processes: ForkServerContext
) -> None:
    step = "fetched_papers"
    undisturbed = before[step].copied(tmp_path / "undisturbed")
    whole = run(processes, undisturbed, step, NEVER)
    old, new = before[step].state(), undisturbed.state()
    at = random.Random(SEED)  # noqa: S311 - moments, not secrets
    for number in range(AT_RANDOM):
        home = before[step].copied(tmp_path / str(number))
        moment = at.uniform(0, whole.commit_seconds)
        assert run(processes, home, step, NEVER, moment).exitcode == -signal.SIGKILL
        assert home.state() in (old, new), f"{moment:.4f} s after COMMIT began"
        home.again(step)
        assert home.state() == new
