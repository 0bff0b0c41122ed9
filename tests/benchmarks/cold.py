"""One cold `paperboy digest` in a fresh home, beside the bare imports of its two heaviest libraries."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import DAILY_PAPERS, PAPERBOY, PYTHON, Usage, run, typical
from tests.benchmarks.table import Row, at_most, lines, measured

DAY = "2025-03-12"
RUNS = 5
MAX_RATIO = 2.5


def report() -> Iterator[str]:
    """The table; the archive's row only where the real days are."""
    sources = {"sample": {"SOURCES": "sample"}}
    if DAILY_PAPERS.is_dir():
        sources["archive"] = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(DAILY_PAPERS)}
    bare: list[Usage] = []
    digests: dict[str, list[Usage]] = {name: [] for name in sources}
    for _ in range(RUNS):
        bare.append(_bare())
        for name, settings in sources.items():
            digests[name].append(_digest(settings))
    floor = typical(bare)
    rows = [measured("python -c 'import dagster, great_expectations'", floor, RUNS)]
    rows += [_row(f"paperboy digest {DAY}, {name}", typical(usages), floor) for name, usages in digests.items()]
    notes = [] if "archive" in sources else ["archive: skipped, the real days are not here"]
    yield from lines("cold: one digest in a fresh home", rows, notes)


def _bare() -> Usage:
    with TemporaryDirectory() as folder:
        return run([PYTHON, "-c", "import dagster, great_expectations"], Path(folder))


def _digest(settings: dict[str, str]) -> Usage:
    with TemporaryDirectory() as folder:
        return run([PAPERBOY, "digest", DAY], Path(folder), HOME=f"{folder}/home", **settings)


def _row(what: str, usage: Usage, floor: Usage) -> Row:
    ratio = usage.wall / floor.wall
    words = f"{ratio:.2f} x wall, {usage.cpu / floor.cpu:.2f} x cpu"
    return measured(what, usage, RUNS, words, at_most(ratio, MAX_RATIO))
