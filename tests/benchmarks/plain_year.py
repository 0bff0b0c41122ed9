"""The floor of the year: a plain script that reads, parses and stores the same files, and does nothing else.

`python plain_year.py FOLDER FIRST LAST DATABASE`, days as YYYY-MM-DD.
"""

import gzip
import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

COLUMNS = pl.Schema(
    {
        "day": pl.Date(),
        "id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "votes": pl.Int64(),
        "record": pl.String(),
    }
)


def main(folder: str, first: str, last: str, database: str) -> None:
    """Store the papers of the days from first to last, both included, in one table of a new database."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    papers = pl.DataFrame([row for day in days for row in rows(day, Path(folder))], schema=COLUMNS, orient="row")
    with duckdb.connect(database) as connection:
        connection.register("papers_frame", papers.to_arrow())
        connection.execute("CREATE TABLE papers AS SELECT * FROM papers_frame")
    print(f"{papers.height} papers of {papers['day'].n_unique()} days")


def rows(day: date, folder: Path) -> list[dict[str, Any]]:
    """A day's papers; none where the day has no file."""
    file = folder / f"{day}.json.gz"
    if not file.exists():
        return []
    return [_row(day, item) for item in json.loads(gzip.decompress(file.read_bytes()))]


def _row(day: date, item: dict[str, Any]) -> dict[str, Any]:
    paper = item["paper"]
    return {
        "day": day,
        "id": paper["id"],
        "title": paper["title"],
        "abstract": paper["summary"],
        "authors": [author["name"] for author in paper["authors"]],
        "votes": paper["upvotes"],
        "record": json.dumps(item, ensure_ascii=False),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
