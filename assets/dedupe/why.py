"""Why two papers are one work, or what keeps them apart: for an operator who doubts it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.dedupe import candidates, fingerprint
from assets.dedupe.decisions import Decisions, Pair
from assets.dedupe.verify import Verdict, verdict

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

RECORDS = "SELECT * FROM clean_papers WHERE paper_id = $paper ORDER BY day, source, source_id"
WORK = "SELECT work_id FROM unique_papers WHERE list_contains([member.paper_id FOR member IN members], $paper)"
EDGES = "SELECT other_id, strong, score, reason FROM edges WHERE paper_id = $paper ORDER BY strong DESC, score DESC"
FULLNESS = """
    WITH listed AS MATERIALIZED (
        SELECT paper_id, kind, key FROM blocks JOIN profiles USING (number) WHERE paper_id IN ($left, $right)
    ),
    shared AS (
        SELECT mine.kind, key FROM listed AS mine JOIN listed AS theirs USING (key)
        WHERE mine.paper_id = $left AND theirs.paper_id = $right GROUP BY ALL
    )
    SELECT shared.kind, key, count(DISTINCT paper_id) AS papers
    FROM blocks JOIN shared USING (key) JOIN profiles USING (number) GROUP BY ALL
"""


class UnknownPaper(Exception):
    """Nothing is stored of a paper; the text says what to do."""


def why(warehouse: "Warehouse", left: str, right: str, decisions: Decisions) -> Iterator[str]:
    """In lines: the records of both papers, and which edges join them or what keeps them apart.

    `left` and `right` are ids as in `paper_id`. Raises `UnknownPaper` where no record of one is stored.
    """
    records = {paper: _records(warehouse, paper) for paper in (left, right)}
    for paper, listed in records.items():
        yield from _listed(paper, listed)
    if left == right:
        yield f"One paper: both ids are spellings of {left}."
        return
    (ours,), (theirs,) = (warehouse.read(WORK, {"paper": paper})["work_id"].to_list() or [""] for paper in records)
    if not ours or not theirs:
        yield f"Not resolved yet: {right if ours else left}. Make its day: paperboy digest DAY, or paperboy backfill."
    elif ours == theirs:
        yield f"One work, {ours}:"
        yield from (f"  {line}" for line in _path(warehouse, left, right, decisions))
    else:
        yield f"Two works, {ours} and {theirs}:"
        yield from (f"  {line}" for line in _apart(warehouse, records, (left, right), decisions))


def _records(warehouse: "Warehouse", paper: str) -> list[dict[str, Any]]:
    found = warehouse.read(RECORDS, {"paper": paper}).rows(named=True)
    if not found:
        raise UnknownPaper(
            f"no record of {paper} is stored; write an arXiv id, or source:id as in the column paper_id of clean_papers"
        )
    return found


def _listed(paper: str, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{paper}  {records[-1]['title']}"
    for record in records:
        version = f" v{record['version']}" if record["version"] else ""
        yield f"  {record['day']}  {record['source']} {record['source_id']}{version}"


def _path(warehouse: "Warehouse", left: str, right: str, decisions: Decisions) -> list[str]:
    """The shortest way from one paper to the other, a line an edge."""
    came: dict[str, list[str]] = {left: []}
    frontier = [left]
    while frontier and right not in came:
        paper = frontier.pop(0)
        for other, line in _steps(warehouse, paper, decisions):
            if other not in came:
                came[other] = [*came[paper], line]
                frontier.append(other)
    return came[right]


def _steps(warehouse: "Warehouse", paper: str, decisions: Decisions) -> Iterator[tuple[str, str]]:
    for pair, reason in decisions.same.items():
        if paper in pair:
            other = pair[pair[0] == paper]
            yield other, f"{paper} = {other}: {_decided('the same', reason)}"
    for other, strong, score, reason in warehouse.read(EDGES, {"paper": paper}).iter_rows():
        yield other, f"{paper} = {other}: {reason} ({'strong' if strong else 'weak'}, {score:.2f})"


def _apart(
    warehouse: "Warehouse", records: Mapping[str, Sequence[Mapping[str, Any]]], pair: Pair, decisions: Decisions
) -> Iterator[str]:
    ordered = (min(pair), max(pair))
    if ordered in decisions.different:
        yield _decided("different", decisions.different[ordered])
        return
    found = _best(records[pair[0]], records[pair[1]])
    yield f"{'alike' if found.linked else 'not alike'}: {found.reason} ({found.score:.2f})"
    edges = warehouse.read(EDGES, {"paper": pair[0]})
    if pair[1] in edges["other_id"]:
        yield (
            "the edge between them is weak, and other papers that hang on either are not alike: a chain that only weak "
            "edges hold together is not merged, nor are papers over which others would join that are decided different"
        )
    elif found.linked:
        yield _uncompared(warehouse, pair)


def _best(left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]) -> Verdict:
    verdicts = (verdict(ours, theirs) for ours in left for theirs in right)
    return max(verdicts, key=lambda found: (found.linked, found.strong, found.score))


def _uncompared(warehouse: "Warehouse", pair: Pair) -> str:
    shared = warehouse.read(FULLNESS, {"left": pair[0], "right": pair[1]})
    full = shared.filter(pl.col("papers") > candidates.MOST)
    if full.height:
        kinds = ", ".join(sorted(full["kind"].unique()))
        return f"never compared: more than {candidates.MOST} papers have in common what these two have ({kinds})"
    return f"never compared: no blocking key in common (algorithm {fingerprint.ALGORITHM}); decide it in a file"


def _decided(verdict_: str, why_: str) -> str:
    return f"decided by the operator to be {verdict_}{f': {why_}' if why_ else ''}"
