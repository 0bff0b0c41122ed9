"""The labelled sets of real records, cleaned as the product cleans them, with the pairs that are one work.

Nothing here tells what it should not: each side of a true pair has an id of its own, under a source that has no
versions, and what a set does not say (authors, abstracts) is missing, as it is with poor sources.
"""

import csv
import gzip
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from assets.clean.clean import clean
from assets.fetch.source import RECORD

DATA = Path(__file__).parents[2] / "../shared/data"
CORPUS = DATA / "arxiv/corpus_80k.jsonl.gz"
DUPLICATES = DATA / "duplicates"

Row = dict[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Labelled:
    """Cleaned records, and every pair of their paper ids, in order, that is one work."""

    records: pl.DataFrame
    true: frozenset[Pair]


def cleaned(rows: Iterable[Row]) -> pl.DataFrame:
    """Rows with a `source_id` and any other columns of `fetched_papers`, as rows of `clean_papers`."""
    plain = [{"day": date(2025, 3, 3), "source": "labelled", **row} for row in rows]
    return clean(pl.DataFrame(plain, schema=RECORD))


def dblp_acm() -> Labelled:
    """Conference papers of databases: title, authors and year; no abstracts."""
    rows = [
        _bibliographic(f"{base}:{row['id']}", row, row["authors"].split(", "))
        for base in ("DBLP2", "ACM")
        for row in _table(f"dblp_acm/{base}.csv.gz")
    ]
    matched = _table("dblp_acm/DBLP-ACM_perfectMapping.csv.gz", ["dblp", "acm"])
    return Labelled(cleaned(rows), pairs_of((f"DBLP2:{row['dblp']}", f"ACM:{row['acm']}") for row in matched))


def bib_dedupe(name: str) -> Labelled:
    """A review's records of several databases: some with abstract and DOI, most with authors."""
    rows = [
        _bibliographic(row["ID"], row, (row["author"] or row.get("editor") or "").split(" and "))
        for row in _table(f"bib_dedupe_{name}/records_pre_merged.csv.gz")
    ]
    groups = _table(f"bib_dedupe_{name}/merged_record_ids.csv.gz")
    return Labelled(cleaned(rows), pairs_of(row["merged_ids"].split(";") for row in groups))


def revisions(name: str, most: int | None = None) -> Labelled:
    """Two texts of each arXiv id, of the first lines or of all, without authors."""
    rows, groups = [], defaultdict(list)
    for number, line in enumerate(itertools.islice(_lines(DUPLICATES / f"{name}.jsonl.gz"), most)):
        for side in ("a", "b"):
            rows.append({"source_id": f"{number}{side}", **{key: line[side][key] for key in ("title", "abstract")}})
            groups[line["id"]].append(f"{number}{side}")
    return Labelled(cleaned(rows), pairs_of(groups.values()))


def lookalikes(name: str, marked: str | None = None) -> Labelled:
    """Groups of arXiv records that share a title or an abstract, all or the marked ones: many are different works."""
    lines = [line for line in _lines(DUPLICATES / f"{name}.jsonl.gz") if marked is None or line[marked]]
    rows = {row["id"]: _of_arxiv(row) for line in lines for row in line["records"]}
    return Labelled(cleaned(rows.values()), pairs_of((line["ids"] for line in lines), "arxiv"))


def corpus(most: int | None = None) -> pl.DataFrame:
    """The first records of the arXiv corpus, or all."""
    return cleaned(_of_arxiv(row) for row in itertools.islice(_lines(CORPUS), most))


def pairs_of(groups: Iterable[Iterable[str]], source: str = "labelled") -> frozenset[Pair]:
    """Every pair of paper ids of which one group holds both sides, in order."""
    named = ([f"{source}:{name.lower()}" for name in group] for group in groups)
    return frozenset(pair for group in named for pair in itertools.combinations(sorted(group), 2))


def _bibliographic(name: str, row: Row, authors: Iterable[str]) -> Row:
    return {
        "source_id": name,
        "title": row["title"],
        "abstract": row.get("abstract"),
        "authors": [author for author in authors if author.strip("., ") and author != "UNKNOWN"],
        "published": datetime(int(row["year"]), 1, 1) if row["year"].isdecimal() else None,
        "doi": row.get("doi"),
    }


def _of_arxiv(row: Row) -> Row:
    published = datetime.fromisoformat(row["published"][:10]) if row["published"] else None
    return {
        "source_id": row["id"],
        **{key: row[key] for key in ("title", "abstract", "authors", "categories")},
        "published": published,
        "doi": row.get("doi"),
        "note": row.get("comment"),
    }


def _table(name: str, header: list[str] | None = None) -> list[Row]:
    with gzip.open(DUPLICATES / name, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        return list(csv.DictReader(lines, header))


def _lines(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
