"""Deduplication at scale: a thousand new records beside ten thousand to a million stored, and the bulk."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, PYTHON, run
from tests.benchmarks.table import Row, at_most, lines

CORPUS = CHECKOUT / "../shared/data/arxiv/corpus_80k.jsonl.gz"
SIZES = (10_000, 150_000, 1_000_000)
MAX_SECONDS = 0.5
MAX_MEMORY = 4 << 30
Seconds = tuple[float, float]
"""Of wall clock and of processor."""

RECORDS = str(CHECKOUT / "tests/benchmarks/million_records.py")


def report() -> Iterator[str]:
    """The table."""
    if not CORPUS.exists():
        yield f"million: the corpus is not here: {CORPUS}"
        return
    with TemporaryDirectory() as folder:
        usage = run([PYTHON, RECORDS, str(CORPUS), folder, *map(str, SIZES)], Path(folder))
    measured, bulk = json.loads(usage.printed)
    floor = _again(measured[0][1])[1]
    rows = [row for stored, seconds, _ in measured for row in _rows(stored, seconds, floor)]
    share = usage.memory / MAX_MEMORY
    rows.append(Row(f"{SIZES[-1]:,} in bulk", bulk, None, usage.memory, 1, f"{share:.2f} of 4 GiB", at_most(share, 1)))
    found = ", ".join(str(works) for _, _, works in measured)
    yield from lines(
        "million: 1,000 new records beside so many stored",
        rows,
        [f"of the 100 revised ones among them, found to be stored works: {found}"],
    )


def _rows(stored: int, seconds: list[Seconds], floor: float) -> Iterator[Row]:
    wall, cpu = _again(seconds)
    growth = f"{cpu / floor:.2f} x the first's cpu, {stored / SIZES[0]:.0f} x the records"
    target = at_most(wall, MAX_SECONDS)
    yield Row(f"1,000 new, {stored:,} stored", wall, cpu, None, len(seconds) - 1, growth, target)
    yield Row("the same, of a file just opened", *seconds[0], None, 1, "-")


def _again(seconds: list[Seconds]) -> Seconds:
    """The medians of the times after the first, which reads the file."""
    walls, cpus = zip(*seconds[1:], strict=True)
    return median(walls), median(cpus)
