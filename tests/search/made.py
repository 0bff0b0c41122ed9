"""Works for the index, made up, and an index of them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.search import index
from assets.search.find import Found, find
from assets.search.query import parse
from assets.search.works import WORK

MONDAY, TUESDAY, WEDNESDAY = (date(2025, 3, day) for day in (10, 11, 12))
Days = Mapping[date, Sequence[dict[str, Any]]]


def work(number: int, title: str, abstract: str = "", **said: Any) -> dict[str, Any]:
    """A work without its day."""
    unsaid = {"authors": "", "tags": "", "categories": "", "url": f"https://papers.example/{number}"}
    return {"work_id": f"made:{number}", "title": title, "abstract": abstract, "withdrawn": False, **unsaid, **said}


def indexed(file: Path, days: Days, making: str = "1") -> index.Update:
    """Bring an index to hold these days, all by one making."""
    return index.update(file, dict.fromkeys(days, making), lambda asked: frame(days, asked))


def frame(days: Days, asked: Sequence[date]) -> pl.DataFrame:
    """The works of the days that are asked for."""
    rows = [{"day": str(day), **one} for day in asked for one in days[day]]
    return pl.DataFrame(rows, schema=WORK)


def found(file: Path, typed: str, limit: int = 20, *, newest: bool = False) -> Found:
    """What is found by what somebody types."""
    return find(file, parse(typed), limit, newest=newest)


def ids(file: Path, typed: str, limit: int = 20, *, newest: bool = False) -> list[str]:
    """The works with every word, without those that have only some."""
    return [hit.work_id for hit in found(file, typed, limit, newest=newest).hits if hit.every_word]


def a_day_each(works: Sequence[dict[str, Any]]) -> Days:
    """These works, each on a day of its own."""
    return {MONDAY + timedelta(days=place): [one] for place, one in enumerate(works)}
