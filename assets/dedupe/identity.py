"""Which records are one work: equal ids, or equal titles by the same authors; and the row that a work becomes.

Whether two records are linked depends on these two alone, and a work is a connected component of links, so the
works are the same in whatever order the days arrive.
"""

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

MEMBER = pl.Struct(
    {
        "source": pl.String(),
        "source_id": pl.String(),
        "paper_id": pl.String(),
        "version": pl.Int32(),
        "day": pl.Date(),
        "url": pl.String(),
    }
)
WORK = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "links": pl.List(pl.String()),
        "url": pl.String(),
        "withdrawn_on": pl.Date(),
        "version": pl.Int32(),
        "members": pl.List(MEMBER),
        "reasons": pl.List(pl.String()),
        "revision": pl.Boolean(),
    }
)
"""The columns of `unique_papers`."""

REVISIONS = ("replace", "replace-cross")
"""How a list announces a new version of a paper."""

MIN_AUTHOR_OVERLAP = 0.5
MIN_TITLE_KEY = 12
"""Shorter titles ("Discussion", "Editorial") are shared by different works of the same authors."""

Record = dict[str, Any]
Link = tuple[int, int, str]


def works(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of `clean_papers`, of any days, as one row per work, in the order of day and work."""
    listed = sorted(records.iter_rows(named=True), key=_order)
    links = list(_links(listed))
    rows = [_work(members, reasons) for members, reasons in _components(listed, links)]
    return pl.DataFrame(rows, schema=WORK, orient="row").sort("day", "work_id")


def _order(record: Record) -> tuple[Any, ...]:
    return record["day"], _arxiv_first(record["paper_id"]), record["source"], record["source_id"]


def _richest_first(record: Record) -> tuple[Any, ...]:
    """The canonical record: arXiv's, else the one that is voted on, else the longest; never by chance."""
    return (
        not record["paper_id"].startswith("arxiv:"),
        -(record["votes"] or 0),
        -len(record["abstract"] or ""),
        _order(record),
    )


def _arxiv_first(paper_id: str) -> tuple[bool, str]:
    return not paper_id.startswith("arxiv:"), paper_id


def _links(records: Sequence[Record]) -> Iterator[Link]:
    for key in ("paper_id", "doi"):
        for value, block in _blocks(records, key):
            yield from (
                (left, right, f"same {key.removeprefix('paper_')} {value}") for left, right in itertools.pairwise(block)
            )
    for value, block in _blocks(records, "title_key"):
        if len(value) >= MIN_TITLE_KEY:
            for left, right in itertools.combinations(block, 2):
                overlap = author_overlap(records[left]["authors"], records[right]["authors"])
                if overlap >= MIN_AUTHOR_OVERLAP:
                    yield left, right, f"same title, {overlap:.0%} of the authors"


def _blocks(records: Sequence[Record], key: str) -> Iterator[tuple[str, list[int]]]:
    blocks = defaultdict(list)
    for place, record in enumerate(records):
        if record[key]:
            blocks[record[key]].append(place)
    return ((value, block) for value, block in blocks.items() if len(block) > 1)


def author_overlap(left: Sequence[str] | None, right: Sequence[str] | None) -> float:
    """The share of the shorter list of names that stands in the other too, from 0 to 1; 0 where one is empty."""
    ours, theirs = {_name_key(name) for name in left or ()}, {_name_key(name) for name in right or ()}
    return len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 0.0


def _name_key(name: str) -> tuple[str, str]:
    """Family name and first initial without accents: `J. García` and `Jane Garcia` are taken for one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    family, _, given = plain.partition(",") if "," in plain else plain.rpartition(" ")[::-1]
    return family.strip(), given.strip()[:1]


def _components(records: Sequence[Record], links: Sequence[Link]) -> Iterator[tuple[list[Record], list[str]]]:
    parent = list(range(len(records)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    for left, right, _ in links:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    members = defaultdict(list)
    for place, record in enumerate(records):
        members[root(place)].append(record)
    reasons: dict[int, list[str]] = defaultdict(list)
    for left, right, why in links:
        reasons[root(left)].append(f"{_name(records[left])} = {_name(records[right])}: {why}")
    return ((block, reasons[first]) for first, block in members.items())


def _name(record: Record) -> str:
    return f"{record['source']} {record['source_id']} of {record['day']}"


def _work(members: Sequence[Record], reasons: Sequence[str]) -> dict[str, Any]:
    """The work's row: the canonical record as of the first day, and what only grows with later ones.

    A list that announces a new version is not where the work was first listed, unless no other list names it.
    """
    listed = [member for member in members if member["announced"] not in REVISIONS]
    first = (listed or members)[0]["day"]
    first_day = [member for member in listed or members if member["day"] == first]
    canonical = min(first_day, key=_richest_first)
    return {
        "day": canonical["day"],
        "work_id": min((member["paper_id"] for member in members), key=_arxiv_first),
        **{key: canonical[key] for key in ("title", "abstract", "authors", "published", "url")},
        **{key: _merged(first_day, key) for key in ("categories", "keywords", "links")},
        **{key: _largest(first_day, key) for key in ("votes", "comments")},
        "withdrawn_on": min((member["day"] for member in members if member["withdrawn"]), default=None),
        "version": _largest(members, "version"),
        "members": [{field.name: member[field.name] for field in MEMBER.fields} for member in members],
        "reasons": list(reasons),
        "revision": not listed,
    }  # fmt: skip


def _merged(members: Sequence[Record], key: str) -> list[str]:
    return list(dict.fromkeys(value for member in members for value in member[key] or ()))


def _largest(members: Sequence[Record], key: str) -> int | None:
    return max((member[key] for member in members if member[key] is not None), default=None)
