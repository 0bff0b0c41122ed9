"""The row that a work becomes: its canonical record, its members, and the reason of every link between them.

Which papers are one work is decided before: `verify.py` links pairs, `components.py` makes groups of them. Whatever
is written here depends on the records and their groups alone, not on the order in which days arrived.
"""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import orjson
import polars as pl

from assets.dedupe.decisions import Decisions
from assets.dedupe.fingerprint import hash64

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
LINK = pl.Struct({"url": pl.String(), "kind": pl.String()})
CANONICAL = pl.Struct({"source": pl.String(), "source_id": pl.String(), "day": pl.Date()})
WORK = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "affiliations": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "links": pl.List(LINK),
        "url": pl.String(),
        "withdrawn_on": pl.Date(),
        "version": pl.Int32(),
        "members": pl.List(MEMBER),
        "reasons": pl.List(pl.String()),
        "revision": pl.Boolean(),
        "canonical": CANONICAL,
        "whole": pl.UInt64(),
        "as_read": pl.UInt64(),
    }
)
"""The columns of `unique_papers`; `whole` is a hash of the row, `as_read` of what later steps look at."""

REVISIONS = ("replace", "replace-cross")
"""How a list announces a new version of a paper."""

Record = dict[str, Any]


def works(
    records: pl.DataFrame, groups: Collection[Collection[str]], edges: pl.DataFrame, decisions: Decisions
) -> pl.DataFrame:
    """Rows of `clean_papers`, of any days, as one row per work, in the order of day and work.

    `groups` are the papers of each work, by `paper_id`; every paper of `records` is in one. `edges` are rows of
    `verify.EDGE` that say why.
    """
    group_of = {paper: number for number, group in enumerate(groups) for paper in group}
    members, reasons = defaultdict(list), _reasons(edges, decisions, group_of)
    for record in sorted(records.iter_rows(named=True), key=_order):
        members[group_of[record["paper_id"]]].append(record)
    made = _frame([_work(listed, reasons[number]) for number, listed in members.items()])
    papers = [sorted({member["paper_id"] for member in listed}) for listed in members.values()]
    # A further listing of the same papers is nothing that a later step looks at.
    as_read = made.drop("reasons", "version").with_columns(members=pl.Series(papers, dtype=pl.List(pl.String)))
    return made.with_columns(whole=_hashes(made), as_read=_hashes(as_read)).sort("day", "work_id")


def _frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Works without their hashes; by way of JSON, for Polars takes five times as long to make structs of Python's."""
    kinds = pl.Struct({name: kind for name, kind in WORK.items() if name not in ("whole", "as_read")})
    written = pl.Series([orjson.dumps(row).decode() for row in rows], dtype=pl.String)
    return written.str.json_decode(kinds).struct.unnest()


def _hashes(rows: pl.DataFrame) -> pl.Series:
    written = rows.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    return pl.Series([hash64(text) for text in written], dtype=pl.UInt64)


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


def _reasons(edges: pl.DataFrame, decisions: Decisions, group_of: Mapping[str, int]) -> dict[int, list[str]]:
    """Why the papers of each group belong together, a line an edge."""
    reasons: dict[int, list[str]] = defaultdict(list)
    decided = ((*pair, f"decided by the operator{f': {why}' * bool(why)}") for pair, why in decisions.same.items())
    for left, right, why in sorted({*edges.select("left", "right", "reason").iter_rows(), *decided}):
        if left in group_of and group_of[left] == group_of.get(right):
            reasons[group_of[left]].append(f"{left} = {right}: {why}")
    return reasons


def _listed_again(members: Sequence[Record]) -> Iterator[str]:
    """The records that are one paper because their ids are."""
    by_paper = defaultdict(list)
    for member in members:
        by_paper[member["paper_id"]].append(member)
    for paper, listed in by_paper.items():
        yield from (f"{_name(one)} = {_name(next_)}: same id {paper}" for one, next_ in itertools.pairwise(listed))


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
        "affiliations": next((one["affiliations"] for one in (canonical, *first_day) if one["affiliations"]), []),
        **{key: _merged(first_day, key) for key in ("categories", "keywords")},
        "links": _links(first_day),
        **{key: _largest(first_day, key) for key in ("votes", "comments")},
        "withdrawn_on": min((member["day"] for member in members if member["withdrawn"]), default=None),
        "version": _largest(members, "version"),
        "members": [{field.name: member[field.name] for field in MEMBER.fields} for member in members],
        "reasons": [*_listed_again(members), *reasons],
        "revision": not listed,
        "canonical": {field.name: canonical[field.name] for field in CANONICAL.fields},
    }  # fmt: skip


def _merged(members: Sequence[Record], key: str) -> list[str]:
    return list(dict.fromkeys(value for member in members for value in member[key] or ()))


def _links(members: Sequence[Record]) -> list[dict[str, str]]:
    """Each address once, of the kind that the first record gives it."""
    links: dict[str, dict[str, str]] = {}
    for member in members:
        for link in member["links"] or ():
            links.setdefault(link["url"], link)
    return list(links.values())


def _largest(members: Sequence[Record], key: str) -> int | None:
    return max((member[key] for member in members if member[key] is not None), default=None)
