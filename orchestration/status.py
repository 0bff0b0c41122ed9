"""What became of each day, as the operator asks for it: a row a day from the tables of the record and the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from assets.fetch.batch import MISSING
from assets.mail.attempt import State
from assets.mail.outbox import Outbox
from orchestration.runs import days_between
from orchestration.warehouse import Warehouse

STEPS = ("fetched_papers", "clean_papers", "unique_papers", "tagged_papers", "digest")

PARTITIONS = """
    SELECT day, asset, outcome, rows, reason FROM partitions WHERE day BETWEEN $first AND $last
"""
LEDGER = """
    SELECT day, source, state, reason FROM fetch_ledger WHERE day BETWEEN $first AND $last ORDER BY ALL
"""
QUARANTINED = """
    SELECT day, count(DISTINCT (asset, key)) AS rows FROM open_quarantine
    WHERE day BETWEEN $first AND $last GROUP BY day
"""


QUARANTINED_KEYS = """
    SELECT DISTINCT key, expectation FROM open_quarantine WHERE day = $day ORDER BY ALL
"""


@dataclass(frozen=True)
class DayStatus:
    """A day: its state, the rows that stand in each table, what was quarantined, and its mails by state.

    `state` is `not run`, `partial` (a later step was never run), `failed` (the last attempt at a step was; the
    rows of an earlier good one stand), or the sources' own: `fresh`, `quiet`, `waiting` (no list yet, and one is due
    later) or `incomplete` (a source is missing, or gave only a part).
    """

    day: date
    state: str
    rows: Mapping[str, int]
    quarantined: int
    mails: Mapping[str, int]
    reason: str

    @property
    def mailed(self) -> bool:
        """Whether at least one mail was accepted and none is open."""
        return State.SENT in self.mails and set(self.mails) <= {State.SENT, State.CANCELLED}


def statuses(warehouse: Warehouse, outbox: Outbox, first: date, last: date) -> list[DayStatus]:
    """The days from first to last, both included."""
    between = {"first": first, "last": last}
    partitions = warehouse.read(PARTITIONS, between).rows(named=True)
    sources = warehouse.read(LEDGER, between).rows(named=True)
    in_quarantine = dict(warehouse.read(QUARANTINED, between).iter_rows())
    mails = outbox.states(first, last)
    return [
        _status(
            day,
            {row["asset"]: row for row in partitions if row["day"] == day},
            [row for row in sources if row["day"] == day],
            in_quarantine.get(day, 0),
            {str(state): count for state, count in mails.get(day, {}).items()},
        )
        for day in days_between(first, last)
    ]


def quarantined(warehouse: Warehouse, day: date) -> list[tuple[str, str]]:
    """The keys of a day's rows in quarantine, each with the expectation that it failed."""
    return [(key, expectation) for key, expectation in warehouse.read(QUARANTINED_KEYS, {"day": day}).iter_rows()]


def _status(
    day: date,
    steps: Mapping[str, dict[str, object]],
    sources: Sequence[dict[str, str]],
    quarantined: int,
    mails: Mapping[str, int],
) -> DayStatus:
    failed = [step for step in (*STEPS, "deliveries") if step in steps and steps[step]["outcome"] != "published"]
    rows = {step: int(str(steps[step]["rows"])) for step in STEPS if step in steps}
    if not steps:
        state, reason = "not run", ""
    elif failed:
        listed = _listed(sources) if failed[0] == STEPS[0] else ""
        reason = f"{failed[0]}: {steps[failed[0]]['reason']}"
        state = listed if listed in ("waiting", "incomplete") else "failed"
    elif len(rows) < len(STEPS):
        state, reason = "partial", f"{STEPS[len(rows)]} was not made"
    else:
        state = "incomplete" if (missing := _missing(sources)) else _listed(sources)
        reason = "; ".join(f"{row['source']} {row['state']}: {row['reason']}" for row in missing)
    return DayStatus(day, state, rows, quarantined, mails, reason)


def _missing(sources: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in sources if row["state"] in MISSING]


def _listed(sources: Sequence[dict[str, str]]) -> str:
    """The state that says most of a day's sources."""
    states = {row["state"] for row in sources}
    return next((state for state in ("incomplete", "waiting", "fresh", "failed") if state in states), "quiet")
