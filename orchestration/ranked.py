"""What the commands about the ranking print: the arithmetic of a place, and the best of a span of days."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
import polars as pl

from assets.clean.ids import named
from assets.mail.formula import arithmetic, in_words
from assets.mail.period import Period, best
from assets.mail.personal import Personal, formula_for_one
from assets.mail.rank import EVERY, Ranking
from assets.mail.selection import Selection, selection
from assets.mail.words import ENGLISH
from orchestration import resources
from orchestration.readers import for_reader
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse

WORKS = """
    SELECT work_id, day, title FROM unique_papers
    WHERE len(list_filter(members, lambda one: one['paper_id'] = $paper)) > 0
"""
SHOWS = "SELECT * FROM digest WHERE day = $day AND work_id IN (SELECT unnest($works))"

SHOWN = ("place", "score", "work_id", "title", "why", "topics", "url", "listed_on")


class NotRanked(Exception):
    """The edition of a day does not show a paper; the text says what is known of it instead."""


def explained(settings: Settings, day: date, written: str) -> Iterator[str]:
    """The arithmetic of a paper's place in the digest of a day, a line a part. Raises `NotRanked`."""
    tables = resources.warehouse(settings)
    with tables.kept_open():
        paper = named(written)
        works = tables.read(WORKS, {"paper": paper})
        # A digest that was mailed keeps the id that a work had then.
        found = tables.read(SHOWS, {"day": day, "works": [paper, *works["work_id"]]})
        if found.is_empty():
            raise NotRanked(_unranked(tables, day, paper, works))
    (row,) = found.to_dicts()
    if row["weights"] is None:
        raise NotRanked(
            f"The digest of {day} shows {row['work_id']} as number {row['place']} with {row['score']:.4f} points; it "
            "was made by an earlier Paperboy, which did not keep the figures."
        )
    yield f"{row['work_id']}  {row['title']}"
    yield f"number {row['place']} of {day}, listed on {row['listed_on']}: {row['why']}"
    if row["withdrawn"]:
        yield "withdrawn: it scores nothing and comes last"
        return
    lines = list(arithmetic(row))
    width = max(len(term) for _, term, _ in lines)
    yield from (f"  {part:9} {term:{width}} = {points:8.4f}" for part, term, points in lines)
    yield f"  {'score':9} {'':{width}}   {row['score']:8.4f}"


def _unranked(tables: Warehouse, day: date, paper: str, works: pl.DataFrame) -> str:
    if works.is_empty():
        return f"Paperboy has no paper {paper}: look at the id, or fetch the day that lists it."
    first, title = works.select("day", "title").row(0)
    made = tables.rows("digest", [day]).height
    of_day = f"the digest of {day} holds {made} papers and not this one" if made else f"there is no digest of {day}"
    return f"{paper}, “{title}”, was listed on {first}; {of_day}."


def top(settings: Settings, period: Period, size: int, profile: Path | None, *, as_json: bool) -> Iterator[str]:
    """The best of a period, a paragraph a paper, or as a JSON array; with a `profile`, as that reader wants it."""
    every, found = _best(settings, period, size, profile)
    rows = found.rows.head(size)
    if as_json:
        shown = [*SHOWN, *({"because", "score_follows", "score_taste"} & set(rows.columns))]
        yield json.dumps(rows.select(shown).to_dicts(), ensure_ascii=False, indent=2, default=str)
        return
    if every.is_empty():
        yield f"No papers from {period.first} to {period.last}: make these days with paperboy backfill."
        return
    for row in rows.iter_rows(named=True):
        yield from _paragraph(row)
    if found.muted:
        yield f"{found.muted} of {every.height} papers are muted."
    told = in_words(every["weights"][0])
    yield f"Ranked by {formula_for_one(told, ENGLISH) if profile else told}."


def page(settings: Settings, period: Period, size: int, profile: Path | None) -> Selection:
    """The same as a page of the digest's looks."""
    _, found = _best(settings, period, size, profile)
    tables = resources.warehouse(settings)
    return selection(
        tables,
        period,
        found.rows.head(size),
        settings.yesterday(),
        left_out=found.muted,
        language=settings.mail.language,
    )


def _best(settings: Settings, period: Period, size: int, profile: Path | None) -> tuple[pl.DataFrame, Personal]:
    """What is ranked, and what of it a reader gets."""
    desk, tables = resources.desk(settings), resources.warehouse(settings)
    every = best(tables, period, Ranking(size if profile is None else EVERY, desk.ranking.weights), desk.morning)
    return every, Personal(every, 0) if profile is None else for_reader(tables, profile, every)


def _paragraph(row: Mapping[str, Any]) -> Iterator[str]:
    yield click.style(f"{row['place']:3}  {row['title']}", bold=True)
    topics = ", ".join(row["topics"] or ())
    because = f"{row['because']} · " if row.get("because") else ""
    yield f"     {row['score']:.2f}: {because}{row['why']}{f' · {topics}' if topics else ''} · {row['listed_on']}"
    yield f"     {row['url'] or row['work_id']}"
    yield ""
