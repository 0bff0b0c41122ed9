"""What the gate costs: its share of a warm run of one day of the embedded sample."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

from tests.benchmarks.measure import PYTHON, RUN_A_DAY, run
from tests.benchmarks.table import Row, lines

WEEK = ("2025-03-10", "2025-03-14")
SECONDS_A_DAY = """
    SELECT sum(seconds) FROM (SELECT DISTINCT asset, day, seconds FROM quality_results WHERE day BETWEEN $1 AND $2)
    GROUP BY day ORDER BY day
"""


def report() -> Iterator[str]:
    """The table."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        command = [PYTHON, RUN_A_DAY, *WEEK]
        days = json.loads(run(command, Path(folder), HOME=str(home), SOURCES="sample").printed)
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            judging = [seconds for (seconds,) in connection.execute(SECONDS_A_DAY, WEEK).fetchall()]
    run_seconds, gate_seconds = median(days), median(judging)
    yield from lines(
        f"gate: a warm run of one day of the sample, {WEEK[0]} to {WEEK[1]}",
        [
            Row("the run, five assets", run_seconds, None, None, len(days)),
            Row("of it judging in the gate", gate_seconds, None, None, len(days), f"{gate_seconds / run_seconds:.0%}"),
        ],
    )
