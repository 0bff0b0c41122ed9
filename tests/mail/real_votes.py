"""Real days of Hugging Face with the votes of the morning and those of six to ten hours later."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from assets.clean.text import prose
from assets.mail.carried import NEW
from assets.mail.rank import entries
from tests.mail.test_rank import WORKS

FOLDER = Path(__file__).parents[2] / "../shared/data/huggingface"
MORNING = time(9)
"""About when the lists were read, in UTC."""

FEWEST = 10
"""Papers that a day must have for an order to mean something."""

LATER = pl.Schema(
    {
        **WORKS,
        "keywords": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "hours": pl.Float64(),  # since arXiv published it
        "later": pl.Int32(),  # the votes of later
    }
)


def days() -> Iterator[pl.DataFrame]:
    """Each day's papers that both lists have, as `rank` reads them, with their `hours` and the votes of `later`.

    Left out are days with few papers, and those of which the first list was read after the second: it has more votes.
    """
    for file in sorted((FOLDER / "daily_papers_later").glob("*.json.gz")):
        if (FOLDER / "daily_papers" / file.name).exists():
            frame = _day(date.fromisoformat(file.name.partition(".")[0]), file)
            if frame.height >= FEWEST and frame["votes"].sum() <= frame["later"].sum():
                yield frame


def _day(day: date, file: Path) -> pl.DataFrame:
    later = {entry["paper"]["id"]: entry["paper"]["upvotes"] for entry in _entries(file)}
    morning = {entry["paper"]["id"]: entry for entry in _entries(FOLDER / "daily_papers" / file.name)}
    rows = [_row(day, entry) | {"later": later[name]} for name, entry in sorted(morning.items()) if name in later]
    return entries(pl.DataFrame(rows, schema=LATER))


def _entries(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress(file.read_bytes()))
    return found


def _row(day: date, entry: dict[str, Any]) -> dict[str, Any]:
    paper = entry["paper"]
    published = datetime.fromisoformat(paper["publishedAt"])
    code = "github.com" in paper["summary"]
    return {
        "day": day,
        "work_id": f"arxiv:{paper['id']}",
        "title": prose(paper["title"]),
        "abstract": prose(paper["summary"]),
        "keywords": [],
        "categories": [],
        "links": [{"url": "https://github.com/", "kind": "code"}] if code else [],
        "votes": paper["upvotes"],
        "comments": entry.get("numComments"),
        "arrival": NEW,
        "hours": max((datetime.combine(day, MORNING, UTC) - published).total_seconds() / 3600, 0.0),
    }
