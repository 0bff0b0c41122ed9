"""What Data Docs cost: their share of warm windows of 31 real days."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, DAILY_PAPERS, DOCUMENTED_WINDOWS, PYTHON, run
from tests.benchmarks.table import Row, at_most, lines

FIRST = "2025-01-01"
WINDOWS = 4
MAX_SHARE = 0.04


def report() -> Iterator[str]:
    """The table, or why there is none."""
    if not DAILY_PAPERS.is_dir():
        yield f"data_docs: skipped, the real days are not here: {DAILY_PAPERS.relative_to(CHECKOUT)}"
        return
    with TemporaryDirectory() as folder:
        archive = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(DAILY_PAPERS)}
        command = [PYTHON, DOCUMENTED_WINDOWS, FIRST, str(WINDOWS)]
        measured = json.loads(run(command, Path(folder), HOME=f"{folder}/home", **archive).printed)
    windows, docs, sizes = zip(*measured, strict=True)
    share = sum(docs) / sum(windows)
    yield from lines(
        f"data_docs: {WINDOWS} windows of 31 days after one from {FIRST}, in processor time",
        [
            Row("a window, five tables", median(windows), median(windows), None, WINDOWS),
            Row("of it Data Docs", median(docs), median(docs), None, WINDOWS, f"{share:.1%}",
                at_most(share, MAX_SHARE)),
        ],
        [f"The pages of a window have {median(sizes) / 1000:.0f} kB."],
    )  # fmt: skip
