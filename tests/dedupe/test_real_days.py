"""Any order of real days, with any of them run again, gives the works of all of them at once.

Beside the two feeds stands a mirror, which lists papers of theirs a few days later under ids of its own: hard-wrapped,
cut, with initials for names.
"""

import gzip
import json
import textwrap
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.clean.clean import clean
from assets.dedupe.identity import WORK
from assets.fetch.archive import ArchiveSource
from assets.fetch.source import frame
from orchestration.runs import days_between
from orchestration.warehouse import Warehouse
from tests.dedupe.records import all_at_once
from tests.dedupe.test_resolve import again, publish_clean
from tests.lab import DAILY_PAPERS, DATA

DAYS = days_between(date(2025, 3, 10), date(2025, 3, 15))
LISTED_BY_ARXIV = 60
"""Papers of arXiv's lists of a day, which hold hundreds."""

pytestmark = pytest.mark.skipif(not DAILY_PAPERS.is_dir(), reason=f"the real days are not here: {DAILY_PAPERS}")


def mirrored(row: dict[str, Any]) -> dict[str, Any]:
    names = [f"{name.split()[-1]}, {name[0]}." for name in row["authors"]]
    abstract = textwrap.fill(row["abstract"][:900], 70)
    facts = {"source": "mirror", "source_id": f"m-{row['source_id']}", "day": row["day"] + timedelta(days=2)}
    return {**row, **facts, "title": row["title"].upper(), "abstract": abstract, "authors": names, "url": None}


def arxiv_list(day: date) -> list[dict[str, Any]]:
    file = DATA / f"arxiv/daily_lists/{day}.jsonl.gz"
    lines = gzip.decompress(file.read_bytes()).splitlines()[:LISTED_BY_ARXIV] if file.exists() else []
    keys = ("title", "abstract", "authors", "categories")
    rows = (json.loads(line) for line in lines)
    return [
        {"day": day, "source": "arxiv", "source_id": row["id"], "body": "", "record": "", **{k: row[k] for k in keys}}
        for row in rows
    ]


@cache
def records() -> pl.DataFrame:
    """Rows of `clean_papers` of the days."""
    archive = ArchiveSource(Path(DAILY_PAPERS))
    lists = [row for day in DAYS for row in archive.parse(day, archive.fetch(day).bodies)]
    rows = [*lists, *(row for day in DAYS for row in arxiv_list(day)), *map(mirrored, lists[::3])]
    return clean(frame([{**row, "position": 0} for row in rows])).filter(pl.col("day").is_in(DAYS))


def test_the_mirror_is_seen_through() -> None:
    works = all_at_once(records())
    sources = pl.col("members").list.eval(pl.element().struct.field("source"))
    mirrored_days = records().filter(source="mirror").height
    alone = works.filter(sources.list.unique() == ["mirror"])
    assert mirrored_days > 20
    assert alone.height <= mirrored_days / 20, alone["title"].to_list()
    assert works.height < records()["paper_id"].n_unique() - 20


@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_any_order_of_real_days_gives_the_same_works(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    warehouse = Warehouse(path=str(tmp_path_factory.mktemp("real") / "warehouse.duckdb"))
    order = data.draw(st.permutations(DAYS), label="order")
    cut = data.draw(st.integers(0, len(DAYS)), label="days in one run")
    more = data.draw(st.lists(st.sampled_from(DAYS), max_size=2), label="run again")
    thinned = data.draw(st.sampled_from(DAYS), label="came in part at first")
    whole = records()
    publish_clean(warehouse, [thinned], whole.filter(day=thinned)[::2])
    again(warehouse, [thinned])
    for days in (*([day] for day in order[cut:]), order[:cut], *([day] for day in more)):
        publish_clean(warehouse, days, whole.filter(pl.col("day").is_in(days)))
        again(warehouse, days)
    standing = warehouse.rows("unique_papers", DAYS).select(WORK.names()).sort("day", "work_id")
    assert standing.rows() == all_at_once(whole).rows()
