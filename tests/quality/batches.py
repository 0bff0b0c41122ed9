"""Good batches of every table, and how each expectation of its suite is broken."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from assets.clean.clean import CLEAN
from assets.dedupe.identity import WORK
from assets.fetch.source import RECORD
from assets.mail.desk import DELIVERY
from assets.mail.rank import DIGEST
from assets.tag.tag import TAGGED
from quality import gate
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
}
TOPIC = {"topic": "agents", "label": "Agents", "phrase": "agent", "field": "title", "score": 3.0}


@dataclass(frozen=True)
class Batch:
    """The arguments of `judge`."""

    asset: str
    days: Sequence[date]
    frame: pl.DataFrame
    upstream_rows: pl.DataFrame | None = None
    facts: pl.DataFrame | None = None

    def judged(self) -> Verdict:
        return gate.judge(self.asset, self.days, self.frame, self.upstream_rows, self.facts)

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
    return {
        "day": day,
        "source": "sample",
        "source_id": f"{day:%y%m}.{place:05}",
        "paper_id": f"arxiv:{day:%y%m}.{place:05}",
        "work_id": f"arxiv:{day:%y%m}.{place:05}",
        "position": place,
        "place": place + 1,
        "title": f"The title of paper {place}",
        "abstract": f"The abstract of paper {place} is long enough to be one.",
        "title_tex": f"The title of paper {place}",
        "abstract_tex": f"The abstract of paper {place} is long enough to be one.",
        "title_key": f"thetitleofpaper{place}",
        "authors": ["Ada Example", "Bo Example"],
        "author_keys": ["example a", "example b"],
        "author_count": 2,
        "language": "en",
        "words": 11,
        "categories": ["cs.LG"],
        "keywords": ["agents"],
        "published": datetime(2025, 3, 9, 18),
        "votes": place,
        "comments": 0,
        "links": [],
        "url": f"https://papers.example.org/abs/{place}",
        "body": "0" * 64,
        "record": "{}",
        "withdrawn": False,
        "members": [
            {"source": "sample", "source_id": str(place), "paper_id": "", "version": 1, "day": day, "url": None}
        ],
        "reasons": [],
        "topic": "Agents",
        "score": 1.5,
        "score_votes": 1.0,
        "score_comments": 0.5,
        "score_code": 0.0,
        "why": "new, no votes yet",
        "recipient": f"reader{place}@lab.example",
        "state": "sent",
        "message_id": f"<{place}@lab.example>",
        "edition": "0" * 64,
        "papers": 20,
        "reason": "",
    }


def frame(asset: str, *days: date, rows: int = ROWS) -> pl.DataFrame:
    """Good rows of a table, so many of each day."""
    schema = SCHEMAS[asset]
    topics = [TOPIC] if asset == "tagged_papers" else ["Agents"]
    every = [{**row(day, place), "topics": topics} for day in days for place in range(rows)]
    listed = [{name: one.get(name) for name in schema} for one in every]
    return pl.DataFrame(listed, schema=schema, orient="row")


def batch(asset: str, *days: date, rows: int = ROWS) -> Batch:
    """A batch that keeps every promise of its suite; of Monday, where no day is named."""
    days = days or (MONDAY,)
    figures = pl.DataFrame({"day": days}, schema={"day": pl.Date}).with_columns(pl.lit(rows).cast(pl.Int64).alias("n"))
    upstream = None if asset in ("fetched_papers", "deliveries") else figures.rename({"n": "rows"})
    known = figures.rename({"n": "edition_size"}) if asset == "digest" else None
    known = fetched_facts(dict.fromkeys(days, rows)) if asset == "fetched_papers" else known
    return Batch(asset, days, frame(asset, *days, rows=rows), upstream, known)


def fetched_facts(expected: Mapping[date, int]) -> pl.DataFrame:
    """What the gate knows of days whose lists came whole, with so many rows each."""
    gaps = ("vanished_lists", "shortfall", "sources_missing", "forgotten", "fields_changed")
    facts = pl.DataFrame({"day": list(expected), "expected": list(expected.values())})
    return facts.with_columns(pl.lit(0, pl.Int64).alias(gap) for gap in gaps)


def fewer(good: Batch) -> Batch:
    """The batch with a row less than it should have."""
    return replace(good, frame=good.frame.slice(1))


def nothing(good: Batch) -> Batch:
    """A day without rows of which none were expected."""
    facts = None if good.facts is None else good.facts.with_columns(pl.lit(0, pl.Int64).alias(good.facts.columns[1]))
    return replace(good, frame=good.frame.clear(), facts=facts)


def fact(name: str) -> Callable[[Batch], Batch]:
    """Breaks a promise about a figure that must be 0."""
    return lambda good: replace(good, facts=_facts(good).with_columns(pl.lit(1, pl.Int64).alias(name)))


def _facts(good: Batch) -> pl.DataFrame:
    assert good.facts is not None
    return good.facts


def more_upstream(good: Batch) -> Batch:
    """The batch with a row more than the table before it."""
    assert good.upstream_rows is not None
    return replace(good, upstream_rows=good.upstream_rows.with_columns(pl.col("rows") - 1))


def again(good: Batch) -> Batch:
    """The batch with one row in the place of another."""
    return replace(good, frame=pl.concat([good.frame.slice(1), good.frame.tail(1)]))


def setting(column: str, value: object, rows: int) -> Callable[[Batch], Batch]:
    """Breaks a promise in the first rows of a batch: one row more than is tolerated."""
    return lambda good: good.set(column, value, range(rows))


BROKEN: Mapping[tuple[str, str], Callable[[Batch], Batch]] = {
    ("fetched_papers", "source_id_present"): setting("source_id", None, 3),
    ("fetched_papers", "source_id_unique"): again,
    ("fetched_papers", "title_present"): setting("title", None, 3),
    ("fetched_papers", "abstract_present"): setting("abstract", None, 3),
    ("fetched_papers", "authors_present"): setting("authors", [], 3),
    ("fetched_papers", "votes_range"): setting("votes", -1, 3),
    ("fetched_papers", "complete"): fewer,
    ("fetched_papers", "lists_still_there"): fact("vanished_lists"),
    ("fetched_papers", "no_shortfall"): fact("shortfall"),
    ("fetched_papers", "every_source_answered"): fact("sources_missing"),
    ("fetched_papers", "records_still_listed"): fact("forgotten"),
    ("fetched_papers", "fields_as_before"): fact("fields_changed"),
    ("fetched_papers", "weekday_has_papers"): nothing,
    ("clean_papers", "every_record_cleaned"): fewer,
    ("clean_papers", "paper_id_present"): setting("paper_id", None, 1),
    ("clean_papers", "source_id_unique"): again,
    ("clean_papers", "title_present"): setting("title", None, 3),
    ("clean_papers", "abstract_present"): setting("abstract", None, 3),
    ("clean_papers", "title_length"): setting("title", "ab", 3),
    ("clean_papers", "abstract_length"): setting("abstract", "Too short.", 1),
    ("clean_papers", "text_is_prose"): setting("title", "<html><head>502 Bad Gateway", 3),
    ("clean_papers", "abstract_is_prose"): setting(
        "abstract", "An abstract with an entity: &eacute; is left in it.", 1
    ),
    ("clean_papers", "title_tex_present"): setting("title_tex", None, 3),
    ("clean_papers", "author_keys_complete"): setting("author_keys", ["example a"], 1),
    ("clean_papers", "words_range"): setting("words", 0, 1),
    ("unique_papers", "work_id_present"): setting("work_id", None, 1),
    ("unique_papers", "work_id_unique"): again,
    ("unique_papers", "work_has_members"): setting("members", [], 1),
    ("unique_papers", "title_present"): setting("title", None, 1),
    ("unique_papers", "no_more_works_than_records"): more_upstream,
    ("tagged_papers", "every_work_tagged"): fewer,
    ("tagged_papers", "work_id_unique"): again,
    ("tagged_papers", "works_with_topics"): setting("topics", [], 11),
    ("digest", "work_id_unique"): lambda good: good.set("work_id", "arxiv:2503.00001", [0]),
    ("digest", "place_unique"): setting("place", 2, 1),
    ("digest", "edition_full"): fewer,
    ("digest", "score_range"): setting("score", -0.1, 1),
    ("digest", "links_are_web"): setting("url", "javascript:alert(1)", 3),
    ("deliveries", "recipient_unique"): again,
    ("deliveries", "state_sent"): setting("state", "unknown", 1),
}
"""For each expectation of each suite, what makes a good batch break it and no other."""
