"""Good batches of every table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from assets.clean.clean import CLEAN
from assets.dedupe.identity import WORK
from assets.fetch.batch import SNAPSHOT
from assets.fetch.fetch import LEDGER
from assets.fetch.source import RECORD
from assets.mail.desk import DELIVERY
from assets.mail.rank import DIGEST
from assets.tag.learned import MODEL
from assets.tag.tag import TAGGED
from quality import drift, gate
from quality.suites import EVERY
from quality.verdict import Finding, Verdict

Row = dict[str, Any]

MONDAY, TUESDAY, WEDNESDAY, SUNDAY = (date(2025, 3, day) for day in (10, 11, 12, 16))
ROWS = 20
"""Rows of a day: enough for two of them to go to quarantine."""

SCHEMAS: Mapping[str, pl.Schema] = {
    "fetched_papers": RECORD,
    "clean_papers": CLEAN,
    "unique_papers": WORK,
    "tagged_papers": TAGGED,
    "digest": DIGEST,
    "deliveries": DELIVERY,
    "models": MODEL,
    "fetch_ledger": LEDGER,
    "popularity": pl.Schema({"day": pl.Date(), **SNAPSHOT}),
}
TOPIC = {"topic": "agents", "label": "Agents", "area": "Acting", "phrase": "agent", "field": "title", "score": 3.0}


MODEL_ROW: Row = {
    "held_out": 6,
    "measure": "micro F1",
    "score": 0.7,
    "floor": 0.5,
    "compared_score": 0.6,
    "replaced_score": 0.6,
    "told": "macro F1 0.400 of 17 categories",
    "weights": b"npz",
}
"""What a row of `models` has beside; its score is a share, and that of an edition is none."""


@dataclass(frozen=True)
class Batch:
    """The arguments of `judge`."""

    asset: str
    days: Sequence[date]
    frame: pl.DataFrame
    upstream_rows: pl.DataFrame | None = None
    facts: pl.DataFrame = field(default_factory=pl.DataFrame)

    def judged(self) -> Verdict:
        return gate.judge(self.asset, self.days, self.frame, self.upstream_rows, self.facts)

    @property
    def step_facts(self) -> pl.DataFrame:
        """What a step tells the gate; the other facts the gate finds by itself."""
        return self.facts.select("day", *(name for name in self.facts.columns if name in told_by_a_step(self.asset)))

    def finding(self, expectation: str, day: date = MONDAY) -> Finding:
        """What an expectation says of a day."""
        (found,) = [
            finding
            for finding in self.judged().findings
            if finding.expectation.name == expectation and finding.day == day
        ]
        return found

    def set(self, column: str, value: object, places: Sequence[int]) -> "Batch":
        """The batch with another value in some of its rows, counted from 0."""
        kind = self.frame.schema[column]
        there = pl.int_range(pl.len()).is_in(list(places))
        new = (
            pl.Series(column, [value], dtype=kind).first() if value is None else pl.lit(pl.Series([value], dtype=kind))
        )
        changed = pl.when(there).then(new).otherwise(pl.col(column)).alias(column)
        return replace(self, frame=self.frame.with_columns(changed))

    def rows_again(self, count: int) -> "Batch":
        """The batch with its first rows twice."""
        return replace(self, frame=pl.concat([self.frame, self.frame.head(count)]))


def row(day: date, place: int) -> Row:
    """A good row of every table at once."""
    number = 1_000 * ((day - MONDAY).days % 90) + place
    listed = {"source": "sample", "source_id": f"{day:%y%m}.{number:05}", "day": day}
    return {
        **listed,
        "paper_id": f"arxiv:{day:%y%m}.{number:05}",
        "work_id": f"arxiv:{day:%y%m}.{number:05}",
        "position": place,
        "place": place + 1,
        "title": f"The title of paper {place}, as its list has it",
        "abstract": f"The abstract of paper {place} is long enough to be one.",
        "summary": f"The abstract of paper {place} is long enough to be one.",
        "title_tex": f"The title of paper {place}, as its list has it",
        "abstract_tex": f"The abstract of paper {place} is long enough to be one.",
        "title_key": f"thetitleofpaper{place}",
        "authors": ["Ada Example", "Bo Example"],
        "author_keys": ["example a", "example b"],
        "author_count": 2,
        "affiliations": ["Example University"],
        "language": "en",
        "words": 11,
        "categories": ["cs.LG"],
        "keywords": ["agents"],
        "keywords_from": "source",
        "categories_from": "source",
        "prior": 0.25,
        "model": "2025-03-08-0a1b2c3d",
        "published": datetime(2025, 3, 9, 18),
        "votes": place,
        "comments": 0,
        "links": [],
        "url": f"https://papers.example.org/abs/{place}",
        "body": "0" * 64,
        "record": "{}",
        "withdrawn": False,
        "members": [{**listed, "paper_id": f"arxiv:{listed['source_id']}", "version": 1, "url": None}],
        "canonical": listed,
        "reasons": [],
        "topic": "Agents",
        "score": 1.5,
        "score_votes": 1.0,
        "score_comments": 0.5,
        "score_code": 0.0,
        **dict.fromkeys(("score_velocity", "score_prior", "score_variety"), 0.0),
        "why": "new, no votes yet",
        "listed_on": day,
        "arrival": "new",
        "version": 1,
        "reader": f"r{place:012x}",
        "state": "sent",
        "message_id": f"<{place}@lab.example>",
        "edition": "0" * 64,
        "papers": 20,
        "reason": "",
        "name": f"part {place}",
    }


def listed_by(day: date, place: int) -> Row:
    """What a row of `fetch_ledger` has beside: a source that gave all that it has."""
    at = datetime.combine(day + timedelta(days=1), time(7, 30))
    counts = {"expected": 20, "fetched": 20, "attempts": 1, "seconds": 0.5}
    return {"source": f"source-{place}", "state": "fresh", "recorded_at": at, **counts}


def seen(day: date, place: int) -> Row:
    """What a row of `popularity` has beside."""
    return {"seen_at": datetime.combine(day, time(7, 30)), "stars": place}


BESIDE: Mapping[str, Callable[[date, int], Row]] = {
    "models": lambda day, place: MODEL_ROW,
    "fetch_ledger": listed_by,
    "popularity": seen,
}
"""What rows of a table have beside those of every table, or otherwise."""


def frame(asset: str, *days: date, rows: int = ROWS) -> pl.DataFrame:
    """Good rows of a table, so many of each day."""
    schema = SCHEMAS[asset]
    best = [{**TOPIC, "topic": topic} for topic in ("agents", "vision")]
    every = [
        {**row(day, place), "topics": [best[place % 2]] if asset == "tagged_papers" else ["Agents"]}
        | (BESIDE[asset](day, place) if asset in BESIDE else {})
        for day in days
        for place in range(rows)
    ]
    listed = [{name: one.get(name) for name in schema} for one in every]
    return pl.DataFrame(listed, schema=schema, orient="row")


def batch(asset: str, *days: date, rows: int = ROWS) -> Batch:
    """A batch that keeps every promise of its suite; of Monday, where no day is named."""
    days = days or (MONDAY,)
    figures = pl.DataFrame({"day": days}, schema={"day": pl.Date}).with_columns(pl.lit(rows).cast(pl.Int64).alias("n"))
    upstream = None if EVERY[asset].upstream is None else figures.rename({"n": "rows"})
    return Batch(asset, days, frame(asset, *days, rows=rows), upstream, facts(asset, dict.fromkeys(days, rows)))


STEP_FACTS: Mapping[str, Sequence[str]] = {
    "fetched_papers": ("vanished_lists", "shortfall", "sources_missing", "forgotten", "fields_changed"),
    "tagged_papers": ("unknown_topics",),
    "digest": ("unwritten_lines",),
}
"""What a step tells the gate of a day, where 0 is good."""

EXPECTED: Mapping[str, str] = {"fetched_papers": "expected", "digest": "edition_size"}
"""The figure by which a step says how many rows a day must have."""


def told_by_a_step(asset: str) -> list[str]:
    """The facts that the table's step gives."""
    return [name for name in (EXPECTED.get(asset), *STEP_FACTS.get(asset, ())) if name]


def fetched_facts(expected: Mapping[date, int]) -> pl.DataFrame:
    """What is known of days whose lists came whole, with so many rows each."""
    return facts("fetched_papers", expected)


def facts(asset: str, expected: Mapping[date, int]) -> pl.DataFrame:
    """What a step, and the stored tables, say of good days with so many rows each."""
    known = step_facts(asset, expected)
    found = ("misfits", *EVERY[asset].queries, *(f"{family}_drifted" for family in drift.families(EVERY[asset])))
    return known.with_columns(pl.lit(0, pl.Int64).alias(name) for name in found).with_columns(times_usual=pl.lit(1.0))


def step_facts(asset: str, expected: Mapping[date, int]) -> pl.DataFrame:
    """What a step says of good days with so many rows each."""
    known = pl.DataFrame({"day": list(expected)}, schema={"day": pl.Date})
    if asset in EXPECTED:
        known = known.with_columns(pl.Series(EXPECTED[asset], list(expected.values()), pl.Int64))
    return known.with_columns(pl.lit(0, pl.Int64).alias(name) for name in STEP_FACTS.get(asset, ()))
