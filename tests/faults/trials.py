"""A harmed day before the gate: the steps' own functions and the gate's own judgement, without Dagster.

The history is stored by the backfill's own runs. What a trial writes is taken away again after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import orjson
import polars as pl

from assets.clean.clean import clean
from assets.dedupe.resolve import resolve
from assets.fetch.archive import ArchiveSource
from assets.fetch.calendar import Calendar
from assets.fetch.calendar import load as load_calendar
from assets.fetch.fetch import Feeds
from assets.fetch.round import Round
from assets.fetch.source import Body, Listing
from assets.mail.desk import day_material
from assets.mail.digest import digests
from assets.tag.tag import facts as topics_known
from assets.tag.tag import tag
from orchestration import resources
from quality import gate
from quality.verdict import Finding, Verdict
from tests.faults.harm import Fault, Given, Papers
from tests.lab import STEPS, Lab, lab

HISTORY = timedelta(weeks=9)
PROVENANCE = ("body", "record", "seen_at")
"""What differs of a record whose harm was undone."""

Made = tuple[pl.DataFrame, pl.DataFrame | None, gate.Amendment | None, pl.DataFrame | None]
"""The rows, facts, amendment and shares of fields that a step passes to `gate.publish`."""

GRAVEST = ("blocked", "warned", "quarantined")
State = Literal["blocked", "warned", "quarantined", "repaired", "missed"]


UNHARMED = Fault("unharmed", "fetched_papers", "WARN")


@dataclass(frozen=True)
class Outcome:
    """What became of a fault on a day, and by which expectation of which table."""

    fault: Fault
    day: date
    state: State
    table: str = ""
    by: str = ""

    @property
    def caught(self) -> bool:
        """Whether it ended as its severity demands."""
        return self.state == "blocked" or (self.fault.severity == "WARN" and self.state != "missed")


@dataclass(frozen=True)
class Handed:
    """The archive, if it had handed over this list; it promises one on the days on which the live source does."""

    archive: ArchiveSource
    listing: Listing
    name: str = ArchiveSource.name
    calendar: Calendar = field(default_factory=lambda: load_calendar("huggingface"))

    def fetch(self, day: date) -> Listing:
        return self.listing

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return self.archive.parse(day, bodies)

    def newest_day(self, until: date) -> date | None:
        return self.archive.newest_day(until)


class Stopped(Exception):
    """A step could not make its rows at all; the text says which and why."""


@dataclass
class Trials:
    """A day with its history in store, unharmed as a control, to be harmed again and again."""

    made: Lab
    folder: Path
    day: date

    def __post_init__(self) -> None:
        settings = self.made.settings
        self.warehouse = resources.warehouse(settings)
        self.archive = ArchiveSource(self.folder)
        self.store = resources.web(settings).store
        self.taxonomy = resources.taxonomy(settings)
        self.decisions = resources.decisions(settings)
        self.desk = resources.desk(settings)
        self.control: dict[str, Verdict] = {}
        self.good: dict[str, pl.DataFrame] = {}
        self.empty: dict[str, pl.DataFrame] = {}
        self.standing: dict[str, pl.DataFrame] = {}

    @contextmanager
    def at_the_gate(self) -> Iterator[list[Outcome]]:
        """Make the control, and say what blocks it or warns of it; at the end nothing of the day is left."""
        with self.warehouse.kept_open():
            self.empty = {table: self.warehouse.rows(table, []) for table in STEPS}
            try:
                yield [outcome for table in STEPS for outcome in self._unharmed(table)]
            finally:
                self._write(self.empty)

    def _unharmed(self, table: str) -> Iterator[Outcome]:
        verdict = self.control[table] = self._judged(table, self.archive.fetch(self.day))
        self.good[table] = verdict.publishable([self.day])
        self._write({table: self.good[table]})
        for finding in verdict.findings:
            if finding.day == self.day and not finding.passed:
                state: State = "blocked" if finding.blocks else "warned"
                yield Outcome(UNHARMED, self.day, state, table, finding.expectation.name)

    def trial(self, fault: Fault, given: Given) -> Outcome:
        """Harm the day, and go down the steps until something blocks, or warns of what need not be blocked."""
        listing = _listing(fault.harm(given)) if fault.harm else self.archive.fetch(self.day)
        first = 0 if fault.harm else STEPS.index(fault.table)
        self._write(
            {table: self.good[table] if place < first else self.empty[table] for place, table in enumerate(STEPS)}
        )
        told = None
        # The outbox holds the control's mails already: what was mailed is mailed.
        for table in STEPS[first:] if fault.table == "deliveries" else STEPS[first:-1]:
            try:
                verdict = self._judged(table, listing, fault, given)
                told = _graver(told, self._told(fault, verdict))
                if told and (told.state == "blocked" or fault.severity == "WARN"):
                    return told
                if fault.harm and table == "clean_papers" and self._as_before(verdict):
                    # Nothing of the harm is left, so the steps after cleaning have nothing to see.
                    undone: State = "repaired" if fault.table == "clean_papers" else "missed"
                    return told or Outcome(fault, self.day, undone, table)
                self._write({table: verdict.publishable([self.day])})
            except Stopped as stop:
                return Outcome(fault, self.day, "blocked", table, str(stop))
        return told or Outcome(fault, self.day, "missed")

    def _judged(self, table: str, listing: Listing, fault: Fault | None = None, given: Given | None = None) -> Verdict:
        try:
            frame, facts, amendment, shares = self._made(table, listing)
        except (TypeError, ValueError, KeyError, pl.exceptions.PolarsError, duckdb.Error) as error:
            raise Stopped(f"the step: {type(error).__name__}") from error
        if fault and given and fault.spoil and table == fault.table:
            frame = fault.spoil(frame, given)
        if table == "tagged_papers":
            facts = topics_known([self.day], frame, self.taxonomy)
        verdict, _ = gate.audit(self.warehouse, table, [self.day], frame, facts, amendment, shares)
        return verdict

    def _made(self, table: str, listing: Listing) -> Made:
        """What the step hands to the gate."""
        if table == "fetched_papers":
            made = Round.of(self.warehouse, Feeds([Handed(self.archive, listing)], self.store), [self.day], [])
            if made.failures:
                raise Stopped("the parser")
            return made.rows, made.facts, None, made.shares
        if table == "clean_papers":
            return clean(self.warehouse.rows("fetched_papers", [self.day])), None, None, None
        if table == "unique_papers":
            works = resolve(self.warehouse, [self.day], self.decisions)
            return works.frame, None, gate.Amendment(works.touched, works.gone, works.restated), None
        if table == "tagged_papers":
            return tag(self.warehouse.rows("unique_papers", [self.day]), self.taxonomy), None, None, None
        if table == "digest":
            edition = digests(self.warehouse, [self.day], [], self.desk.ranking, self.desk.morning)
            return edition.rows, edition.facts, None, None
        material = day_material(self.warehouse, self.day)
        self.desk.mail(material, self.desk.pools(self.warehouse, material))
        return self.desk.delivered([self.day]), None, None, None

    def _told(self, fault: Fault, verdict: Verdict) -> Outcome | None:
        """The gravest thing that is said of the day, and would not be said if nothing had been harmed."""
        control = self.control.get(verdict.asset)
        before = {f.expectation.name: f for f in control.findings if f.day == self.day} if control else {}
        ranked: dict[str, Outcome] = {}
        for finding in (f for f in verdict.findings if f.day == self.day and f.unexpected):
            if not _new(finding, before.get(finding.expectation.name)):
                continue
            state: State = "blocked" if finding.blocks else "quarantined" if finding.passed else "warned"
            ranked.setdefault(state, Outcome(fault, self.day, state, verdict.asset, finding.expectation.name))
        return next((ranked[state] for state in GRAVEST if state in ranked), None)

    def _as_before(self, verdict: Verdict) -> bool:
        ours, theirs = verdict.frame, self.control[verdict.asset].frame
        return ours.drop(PROVENANCE, strict=False).equals(theirs.drop(PROVENANCE, strict=False))

    def _write(self, rows: Mapping[str, pl.DataFrame]) -> None:
        """Let these rows stand, and no others of the day, in these tables; what stands already is not written again."""
        changed = {table: frame for table, frame in rows.items() if self.standing.get(table) is not frame}
        if not changed:
            return
        try:
            self.warehouse.publish("fetched_papers", [self.day], changed)
        except duckdb.Error as error:
            raise Stopped(f"the table: {type(error).__name__}") from error
        self.standing |= changed


def _new(finding: Finding, usual: Finding | None) -> bool:
    """Whether it says something that is not said of the unharmed day."""
    if usual is None or not usual.unexpected:
        return True
    if finding.expectation.of == "day":
        return finding.observed != usual.observed
    return len(finding.unexpected) > len(usual.unexpected)


def _graver(told: Outcome | None, found: Outcome | None) -> Outcome | None:
    return min((one for one in (told, found) if one), key=lambda one: GRAVEST.index(one.state), default=None)


def _listing(sent: Papers | bytes | Listing) -> Listing:
    if isinstance(sent, Listing):
        return sent
    return Listing([body(sent)])


def body(sent: Papers | bytes) -> Body:
    """What the source sends, as it comes over the wire."""
    content = sent if isinstance(sent, bytes) else orjson.dumps(sent)
    return Body(content, "https://archive.example/day.json", datetime.now(UTC))


@contextmanager
def history(home: Path, folder: Path, first: date) -> Iterator[Lab]:
    """A lab in which the `HISTORY` before the first day is stored, made by the backfill."""
    with lab(home, SOURCES="archive", ARCHIVE__FOLDER=str(folder)) as made:
        outcomes = made.backfill(first - HISTORY, first - timedelta(days=1))
        if failed := [outcome.reason for outcome in outcomes if not outcome.success]:
            raise AssertionError(f"real days were blocked: {failed}")
        yield made
