"""The year 2025 backfilled from the archive, beside a plain script and a run a day."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

from tests.benchmarks.measure import (
    CHECKOUT,
    DAILY_PAPERS,
    PAPERBOY,
    PLAIN_YEAR,
    PYTHON,
    RUN_A_DAY,
    Usage,
    run,
    typical,
)
from tests.benchmarks.table import Row, at_least, at_most, lines, measured

YEAR = ("2025-01-01", "2025-12-31")
MONTH = ("2025-03-01", "2025-03-31")
DAYS_OF_YEAR = 365
RUNS = 3
MAX_SECONDS = 40
MAX_GIGABYTES = 1.5
MIN_SPEEDUP = 5

JUDGING = "SELECT sum(seconds) FROM (SELECT DISTINCT run_id, asset, seconds FROM quality_results)"

ARCHIVE = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(DAILY_PAPERS)}


def report() -> Iterator[str]:
    """The table, or why there is none."""
    if not DAILY_PAPERS.is_dir():
        yield f"year: skipped, the real days are not here: {DAILY_PAPERS.relative_to(CHECKOUT)}"
        return
    plain, backfills, judging, by_day = [], [], [], []
    for _ in range(RUNS):
        plain.append(_plain())
        backfill, judged = _backfill()
        backfills.append(backfill)
        judging.append(judged)
        by_day.append(_by_day())
    yield from _table(typical(plain), typical(backfills), median(judging), by_day)


def _plain() -> Usage:
    with TemporaryDirectory() as folder:
        return run([PYTHON, PLAIN_YEAR, str(DAILY_PAPERS), *YEAR, f"{folder}/plain.duckdb"], Path(folder))


def _backfill() -> tuple[Usage, float]:
    """What the backfill takes, and the seconds of it in which the gate judged."""
    with TemporaryDirectory() as folder:
        usage = run([PAPERBOY, "backfill", *YEAR], Path(folder), HOME=f"{folder}/home", **ARCHIVE)
        with duckdb.connect(f"{folder}/home/warehouse.duckdb", read_only=True) as warehouse:
            (judged,) = warehouse.execute(JUDGING).fetchone() or (0.0,)
        return usage, judged


def _by_day() -> Usage:
    with TemporaryDirectory() as folder:
        return run([PYTHON, RUN_A_DAY, *MONTH], Path(folder), HOME=f"{folder}/home", **ARCHIVE)


def _table(plain: Usage, backfill: Usage, judging: float, by_day: list[Usage]) -> Iterator[str]:
    days = (date.fromisoformat(MONTH[1]) - date.fromisoformat(MONTH[0])).days + 1
    month = typical(by_day)
    day = sum(sum(json.loads(usage.printed)) for usage in by_day) / len(by_day) / days
    scaled = month.wall + day * (DAYS_OF_YEAR - days - 1)
    speedup = scaled / backfill.wall
    targets = f"{at_most(backfill.wall, MAX_SECONDS, ' s')}; {at_most(backfill.memory / 1e9, MAX_GIGABYTES, ' GB')}"
    yield from lines(
        f"year: {YEAR[0]} to {YEAR[1]} from the archive, {DAYS_OF_YEAR} days, in a fresh home",
        [
            measured("plain script: read, gunzip, parse, store", plain, RUNS),
            measured("paperboy backfill", backfill, RUNS, f"{backfill.wall / plain.wall:.1f} x plain", targets),
            Row("of it the gate's judging", judging, None, None, RUNS, f"{judging / backfill.wall:.0%}"),
            measured(f"a run a day in one process, {days + 1} days", month, RUNS, f"{day:.2f} s a day"),
            Row("a run a day in one process, scaled to the year", scaled, None, None, RUNS,
                f"{speedup:.1f} x backfill", at_least(speedup, MIN_SPEEDUP)),
        ],
        ["The last row is the one above it and the other days at its seconds a day, start-up counted once; days get",
         "slower as the tables grow, so it is a lower bound."],
    )  # fmt: skip
