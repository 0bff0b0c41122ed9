"""The gate's judgement beside plain Polars on a million rows, and beside a batch a day on a year of days."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, PYTHON, Usage, run, typical
from tests.benchmarks.table import Row, at_least, lines

ROWS, OF_DAYS = 1_000_000, 1_000
YEAR, MONTH, A_DAY = 365, 30, 40
RUNS = 3
AT_LEAST = 10
CHECK = str(CHECKOUT / "tests/benchmarks/validate_rows.py")


def report() -> Iterator[str]:
    """Two tables."""
    polars, gate = (_runs(way, ROWS, OF_DAYS) for way in ("polars", "gate"))
    yield from lines(
        f"validate: what clean_papers promises of a row, on {ROWS:,} rows of {OF_DAYS:,} days",
        [
            _row("the same checks as plain Polars expressions", polars, "the floor"),
            _row("the gate, by Great Expectations", gate, f"{_cpu(gate) / _cpu(polars):.0f} floors of processor time"),
        ],
        [_agreement(polars, gate)],
    )
    yield ""
    by_day, month, year = (_runs(way, days * A_DAY, days) for way, days in
                           (("by-day", MONTH), ("gate", MONTH), ("gate", YEAR)))  # fmt: skip
    scaled = _cpu(by_day) / MONTH * YEAR
    faster = scaled / _cpu(year)
    yield from lines(
        f"validate: the same on days of {A_DAY} rows",
        [
            _row(f"the gate, {YEAR} days as one batch", year, "the floor"),
            _row(f"Great Expectations, a batch a day, {MONTH} days", by_day, "-"),
            Row(f"the same, scaled to {YEAR} days", _wall(by_day) / MONTH * YEAR, scaled, None, RUNS,
                f"{faster:.0f} floors of processor time",
                at_least(faster, AT_LEAST)),
        ],
        [_agreement(by_day, month)],
    )  # fmt: skip


def _runs(way: str, rows: int, days: int) -> list[Usage]:
    with TemporaryDirectory() as folder:
        return [run([PYTHON, CHECK, way, str(rows), str(days)], Path(folder)) for _ in range(RUNS)]


def _wall(usages: Sequence[Usage]) -> float:
    return _median("wall", usages)


def _cpu(usages: Sequence[Usage]) -> float:
    """What is compared: another program on the machine stretches the clock, and hardly this."""
    return _median("cpu", usages)


def _median(taken: str, usages: Sequence[Usage]) -> float:
    return median(float(json.loads(usage.printed)[taken]) for usage in usages)


def _row(what: str, usages: Sequence[Usage], ratio: str, target: str = "-") -> Row:
    """Imports and the making of the rows are not in the seconds; the memory is the whole process'."""
    return Row(what, _wall(usages), _cpu(usages), typical(usages).memory, len(usages), ratio, target)


def _agreement(*sides: Sequence[Usage]) -> str:
    """Both sides must have found the same, else the comparison says nothing."""
    found = [json.loads(side[0].printed)["unexpected"] for side in sides]
    if any(other != found[0] for other in found):
        raise RuntimeError(f"the two sides found different rows: {found}")
    return f"both found {sum(found[0].values()):,} unexpected rows by {len(found[0])} expectations"
