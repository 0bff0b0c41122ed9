"""What the gate found out about a batch, and what follows from it; nothing here knows Dagster or the warehouse."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from quality.decisions import key_of
from quality.expectations import Expectation, Suite

SAMPLES = 10


@dataclass(frozen=True)
class Finding:
    """One expectation judged on one day: which of its rows failed, by their place in the batch.

    Rows that the operator decided about are not among the unexpected: `dropped` ones stay out, released ones pass.
    `figure` is what was observed as a number, where a day's figure was judged that is one.
    """

    expectation: Expectation
    day: date
    rows: int
    unexpected: tuple[int, ...]
    observed: str
    dropped: tuple[int, ...] = ()
    figure: float | None = None

    @property
    def passed(self) -> bool:
        """Whether no more rows failed than the expectation tolerates."""
        return len(self.unexpected) <= self.expectation.allowed(self.rows)

    @property
    def blocks(self) -> bool:
        """Whether the day must not be published."""
        return not self.passed and self.expectation.severity == "ERROR"


@dataclass(frozen=True)
class Verdict:
    """Every finding on a batch, with the batch it is about, and `results` as Great Expectations returned them."""

    asset: str
    suite: Suite
    frame: pl.DataFrame
    findings: tuple[Finding, ...]
    seconds: float
    results: tuple[Any, ...] = ()

    @cached_property
    def blocked(self) -> set[date]:
        """The days that must not be published."""
        return {finding.day for finding in self.findings if finding.blocks}

    @cached_property
    def quarantined(self) -> dict[int, list[Finding]]:
        """The rows that a published day leaves out, by place, with the tolerated or settled failures of each."""
        rows: dict[int, list[Finding]] = {}
        for finding in self.findings:
            tolerated = finding.passed and finding.expectation.of == "row" and finding.expectation.severity == "ERROR"
            for place in (*(finding.unexpected if tolerated else ()), *finding.dropped):
                rows.setdefault(place, []).append(finding)
        return rows

    def waiting(self, day: date) -> int:
        """How many rows of a published day are in quarantine and wait for the operator's word."""
        return len({
            place for place, findings in self.quarantined.items()
            for finding in findings if finding.day == day and place in finding.unexpected
        })  # fmt: skip

    def publishable(self, days: Iterable[date]) -> pl.DataFrame:
        """The rows of these days that may be written."""
        numbered = self.frame.with_row_index("_place")
        kept = numbered.filter(pl.col("day").is_in(list(days)) & ~pl.col("_place").is_in(list(self.quarantined)))
        return kept.drop("_place")

    def keys(self, finding: Finding) -> list[str]:
        """The keys of up to `SAMPLES` rows that failed, for a person to look up."""
        if finding.expectation.of == "day":
            return []
        return [self.key(place) for place in finding.unexpected[:SAMPLES]]

    def key(self, place: int) -> str:
        """A row's key in words: its values joined by a slash."""
        return key_of(self.suite.key, {column: self.frame[column][place] for column in self.suite.key})

    def reason(self, day: date) -> str:
        """Why the day is blocked: each expectation with its figures, sample keys and advice."""
        return " ".join(self._sentence(f) for f in self.findings if f.day == day and f.blocks)

    def _sentence(self, finding: Finding) -> str:
        expectation = finding.expectation
        if expectation.of == "day":
            failed = finding.observed
        else:
            failed = (
                f"{len(finding.unexpected)} of {finding.rows} rows failed, {expectation.allowed(finding.rows)} allowed"
            )
        keys = ", ".join(self.keys(finding)[:3])
        return f"{expectation.name}: {failed}{f' ({keys})' if keys else ''}. {expectation.why}"
