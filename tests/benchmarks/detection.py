"""Detection: every kind of fault on real days drawn by a seed, how often it is caught, and by which expectation."""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import CHECKOUT, DAILY_PAPERS
from tests.benchmarks.table import at_least
from tests.faults.data_faults import FAULTS
from tests.faults.detection import Kind, drawn, kinds, trials, tried
from tests.faults.trials import Outcome
from tests.lab import STEPS

SEEDS = (1, 2, 3)
"""A fortnight each, with its own history."""

DAYS = 2
"""Of each fortnight."""

LEAST = 95
"""Per cent of the kinds."""


def report() -> Iterator[str]:
    """A line a kind, then the shares by asset."""
    if not DAILY_PAPERS.is_dir():
        yield f"detection: skipped, the real days are not here: {DAILY_PAPERS.relative_to(CHECKOUT)}"
        return
    warnings.filterwarnings("ignore", module="dagster")
    outcomes, unharmed = [], []
    for seed in SEEDS:
        found, alarms = _fortnight(seed)
        outcomes += found
        unharmed += alarms
    found_kinds = kinds(outcomes)
    days = sorted({str(outcome.day) for outcome in outcomes})
    yield f"detection: {len(found_kinds)} kinds of faults on {len(days)} real days: {', '.join(days)}"
    yield from (_line(kind) for kind in found_kinds)
    yield from _by_asset(found_kinds)
    told = [f"{alarm.day} {alarm.state} by {alarm.table}.{alarm.by}" for alarm in unharmed]
    yield f"the same days unharmed: {'; '.join(told) or 'nothing blocked, nothing told'}"


def _fortnight(seed: int) -> tuple[list[Outcome], list[Outcome]]:
    found: list[Outcome] = []
    alarms: list[Outcome] = []
    with TemporaryDirectory() as folder:
        for trial in trials(Path(folder), DAILY_PAPERS, drawn(DAILY_PAPERS, seed, DAYS)):
            with trial.at_the_gate() as unharmed:
                alarms += unharmed
                found += tried(trial, FAULTS, seed)
    return found, alarms


def _line(kind: Kind) -> str:
    caught = f"{kind.caught}/{len(kind.outcomes)}"
    why = f" [{kind.fault.missed}]" if kind.fault.missed else ""
    return f"{caught:>5}  {kind.fault.severity:<5}  {kind.fault.table}: {kind.fault.name}: {kind.ends}{why}"


def _by_asset(found: Sequence[Kind]) -> Iterator[str]:
    tables: dict[str, list[Kind]] = defaultdict(list)
    for kind in found:
        tables[kind.fault.table].append(kind)
    for table in STEPS:
        yield f"{table}: {_share(tables[table])}"
    whole = 100 * sum(kind.always for kind in found) / len(found)
    yield f"all: {_share(found)}; {at_least(round(whole, 1), LEAST)} % of the kinds on each of their days"


def _share(of: Sequence[Kind]) -> str:
    caught, times = sum(kind.caught for kind in of), sum(len(kind.outcomes) for kind in of)
    share = f"{caught} of {times} trials ({100 * caught / times:.1f} %)"
    return f"{sum(kind.always for kind in of)} of {len(of)} kinds, {share}"
