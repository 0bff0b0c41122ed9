"""Every kind of fault on real days drawn by a seed, and what became of each: for the test and the benchmark."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.faults.harm import Fault, Given, recorded_days
from tests.faults.trials import HISTORY, Outcome, Trials, history

AFTER = timedelta(days=45)
"""So many days after a drawn one are recorded, too: some faults bring a list too early."""


@dataclass(frozen=True)
class Kind:
    """What became of one kind of fault on the days that show it."""

    fault: Fault
    outcomes: Sequence[Outcome]

    @property
    def caught(self) -> int:
        """On how many days it ended as its severity demands."""
        return sum(outcome.caught for outcome in self.outcomes)

    @property
    def always(self) -> bool:
        """Whether it did so on each of them."""
        return self.caught == len(self.outcomes)

    @property
    def ends(self) -> str:
        """How it ended, the most frequent first: `blocked by clean_papers.title_length 3, missed 1`."""
        ends = Counter(
            f"{one.state} by {one.table}.{one.by}" if one.by else one.state for one in self.outcomes
        ).most_common()
        return ends[0][0] if len(ends) == 1 else ", ".join(f"{end} {times}" for end, times in ends)


def drawn(folder: Path, seed: int, days: int, rows: int = 10) -> list[date]:
    """So many recorded days of one fortnight, with a history before them, of at least so many papers each."""
    dice = Random(seed)  # noqa: S311 - draws of a test, not secrets
    recorded = recorded_days(folder)
    known = [day for day in recorded if recorded[0] + HISTORY <= day <= recorded[-1] - AFTER]
    full = [day for day in known if len(Given(folder, day, dice).papers) >= rows]
    start = dice.choice(full[:-days])
    return sorted(dice.sample([day for day in full if timedelta() <= day - start < timedelta(days=14)], days))


def trials(home: Path, folder: Path, days: Sequence[date]) -> Iterator[Trials]:
    """The days as trials, in order; what lies between them is stored as it was."""
    with history(home, folder, days[0]) as lab:
        for day, following in zip(days, [*days[1:], None], strict=True):
            yield Trials(lab, folder, day)
            if following:
                lab.backfill(day, following - timedelta(days=1))


def tried(trials: Trials, faults: Sequence[Fault], seed: int) -> Iterator[Outcome]:
    """Each fault that the day can show, tried on it; the day's control must be made."""
    for fault in faults:
        dice = Random(f"{seed} {trials.day} {fault.name}")  # noqa: S311
        given = Given(trials.folder, trials.day, dice)
        if fault.shows(given):
            yield trials.trial(fault, given)


def kinds(outcomes: Sequence[Outcome]) -> list[Kind]:
    """The outcomes by kind, in the order in which the kinds came."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.fault.name].append(outcome)
    return [Kind(listed[0].fault, listed) for listed in found.values()]
