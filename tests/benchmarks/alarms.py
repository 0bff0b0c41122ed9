"""False alarms: every recorded day through the gate in its order, a run a day, and each alarm that was raised."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from tests.benchmarks.measure import CHECKOUT, DAILY_PAPERS, PYTHON, run
from tests.benchmarks.table import at_most

MAKE_DAYS = str(Path(__file__).with_name("make_days.py"))
MOST_BLOCKED = 1.0
"""Per cent of the days that may be blocked."""

ALARMS = """
    SELECT day, asset, expectation, severity, observed FROM quality_results
    WHERE NOT passed ORDER BY day, recorded_at, asset, expectation
"""
QUARANTINED = (
    "SELECT day, asset, expectation, 'row', key || ': ' || coalesce(value, 'nothing') FROM quarantine ORDER BY ALL"
)
FAILED = "SELECT DISTINCT day FROM outcomes WHERE outcome <> 'published'"

Alarm = tuple[object, ...]


def report() -> Iterator[str]:
    """A line an alarm; then how many each expectation raised, and the days that were blocked."""
    if not DAILY_PAPERS.is_dir():
        yield f"alarms: skipped, the real days are not here: {DAILY_PAPERS.relative_to(CHECKOUT)}"
        return
    days = sorted(file.name.split(".")[0] for file in DAILY_PAPERS.glob("*.json.gz"))
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        settings = {"HOME": str(home), "SOURCES": "archive", "ARCHIVE__FOLDER": str(DAILY_PAPERS)}
        run([PYTHON, MAKE_DAYS, *days], Path(folder), **settings)
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            alarms, rows, failed = (connection.execute(asked).fetchall() for asked in (ALARMS, QUARANTINED, FAILED))
    yield f"alarms: {len(days)} recorded days, {days[0]} to {days[-1]}, each in a run of its own"
    yield from (_line(alarm) for alarm in [*alarms, *rows])
    yield from _counts([*alarms, *rows])
    share = 100 * len(failed) / len(days)
    yield f"days blocked: {len(failed)} of {len(days)} ({share:.1f} %; {at_most(share, MOST_BLOCKED, ' %')})"


def _line(alarm: Alarm) -> str:
    day, asset, expectation, severity, observed = alarm
    return f"{day:%a %Y-%m-%d}  {severity:<5}  {asset}.{expectation}: {observed}"


def _counts(alarms: Sequence[Alarm]) -> Iterator[str]:
    days = Counter((asset, expectation, severity) for _, asset, expectation, severity, _ in alarms)
    for (asset, expectation, severity), times in days.most_common():
        yield f"{times:>5}  {severity:<5}  {asset}.{expectation}"
