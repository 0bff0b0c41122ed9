"""The gate catches what is done to real days; `python -m tests.benchmarks detection` tries them all."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.data_faults import FAULTS
from tests.faults.detection import Kind, drawn, kinds, trials, tried
from tests.faults.trials import Outcome

SEED = 11
EVERY = 4
"""So many kinds are skipped for one that is tried."""

LEAST = 0.95
"""The share of the kinds that must be caught."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """What became of every fourth kind on a drawn day; unharmed, that day is not blocked."""
    from tests.lab import DAILY_PAPERS

    if not DAILY_PAPERS.is_dir():
        pytest.skip(f"the real days are not here: {DAILY_PAPERS}")
    home: Path = tmp_path_factory.mktemp("detection")
    (day,) = drawn(DAILY_PAPERS, SEED, 1)
    found: list[Outcome] = []
    for trial in trials(home, DAILY_PAPERS, [day]):
        with trial.at_the_gate() as unharmed:
            assert [alarm for alarm in unharmed if alarm.state == "blocked"] == []
            found = list(tried(trial, FAULTS[::EVERY], SEED))
    return found


def test_nearly_every_kind_is_blocked_or_told_as_it_deserves(outcomes: list[Outcome]) -> None:
    tried_kinds = kinds(outcomes)
    missed = [kind for kind in tried_kinds if not kind.always]
    assert 1 - len(missed) / len(tried_kinds) >= LEAST, _told(missed)


def test_what_is_not_caught_is_listed_with_its_reason(outcomes: list[Outcome]) -> None:
    unexplained = [kind for kind in kinds(outcomes) if not kind.always and not kind.fault.missed]
    assert unexplained == [], _told(unexplained)


def test_each_asset_is_tried(outcomes: list[Outcome]) -> None:
    assert len(Counter(outcome.fault.table for outcome in outcomes)) == 6


def test_there_are_many_kinds_and_each_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names)) >= 60
    assert all((fault.harm is None) != (fault.spoil is None) for fault in FAULTS)
    assert sum(bool(fault.missed) for fault in FAULTS) <= (1 - LEAST) * len(FAULTS)


def _told(missed: list[Kind]) -> str:
    return "; ".join(f"{kind.fault.name} ({kind.fault.severity}): {kind.ends}" for kind in missed)
