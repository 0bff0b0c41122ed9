"""Deduplication at scale: a thousand new records beside a quarter of a million to a million stored, and the bulk."""

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, PYTHON, run
from tests.benchmarks.table import Row, at_most, lines

CORPUS = CHECKOUT / "../shared/data/arxiv/corpus_80k.jsonl.gz"
SIZES = (250_000, 500_000, 1_000_000)
MAX_SECONDS = 0.5
MAX_MEMORY = 4 << 30
RECORDS = str(CHECKOUT / "tests/benchmarks/million_records.py")


def report() -> Iterator[str]:
    """The table."""
    if not CORPUS.exists():
        yield f"million: the corpus is not here: {CORPUS}"
        return
    with TemporaryDirectory() as folder:
        usage = run([PYTHON, RECORDS, str(CORPUS), folder, *map(str, SIZES)], Path(folder))
    measured, bulk = json.loads(usage.printed)
    floor = median(measured[0][1])
    rows = [_row(stored, seconds, floor) for stored, seconds, _ in measured]
    share = usage.memory / MAX_MEMORY
    rows.append(Row(f"{SIZES[-1]:,} in bulk", bulk, None, usage.memory, 1, f"{share:.2f} of 4 GiB", at_most(share, 1)))
    found = ", ".join(str(works) for _, _, works in measured)
    yield from lines(
        "million: 1,000 new records beside so many stored",
        rows,
        [f"of the 100 revised ones among them, found to be stored works: {found}"],
    )


def _row(stored: int, seconds: list[float], floor: float) -> Row:
    wall = median(seconds)
    growth = f"{wall / floor:.2f} x the first, {stored / SIZES[0]:.0f} x the records"
    return Row(f"1,000 new, {stored:,} stored", wall, None, None, len(seconds), growth, at_most(wall, MAX_SECONDS))
