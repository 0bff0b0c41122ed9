"""Real ids and real lists through all of arXiv's ways, over real HTTP."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from assets.fetch.arxiv.ids import month
from assets.fetch.arxiv.query import papers as answered
from tests.fetch.arxiv_lab import CALENDAR, RECORDED, at, in_time, query, recorded, source
from tests.replay_arxiv import Arxiv, Paper, arxiv

TUESDAY = date(2025, 3, 11)
NOW = datetime(2025, 3, 25, 18, tzinfo=UTC)
REAL_LISTS = RECORDED / "daily_lists"


def listed(home: Path, server: Arxiv, day: date, now: datetime) -> list[str]:
    upstream = source(home, server, at(server, now))
    return [row["source_id"] for row in upstream.parse(day, upstream.fetch(day).bodies)]


def test_ids_of_every_kind_stay_as_they_are_by_all_three_ways(tmp_path: Path) -> None:
    corpus = gzip.decompress(recorded(".", "corpus_80k.jsonl.gz").content).splitlines()
    named = (json.loads(line)["id"] for line in corpus)
    # One of each archive and of each number of digits, by its last digit: every tenth ends in zero.
    kinds = {(one.rpartition("/")[0], len(one), one[-1]): one for one in named if month(one) <= TUESDAY}
    papers = [Paper(one, (in_time(TUESDAY),), TUESDAY, categories=("cs.CL",)) for one in sorted(kinds.values())]
    expected = [one.id for one in papers]
    assert len({one.partition("/")[0] for one in expected if "/" in one}) > 20
    assert {one[-1] for one in expected} == set("0123456789")
    with arxiv(papers, page_size=100) as server:
        assert listed(tmp_path, server, TUESDAY, NOW) == expected
        server.announced = TUESDAY, [("new", one) for one in papers]
        morning = datetime(2025, 3, 11, 13, tzinfo=UTC)
        assert listed(tmp_path / "feed", server, TUESDAY, morning) == expected
        answers = query(tmp_path, server).papers(expected)
        assert [one["source_id"] for answer in answers for one in answered(answer)] == expected


def test_real_lists_of_a_month_come_back_day_by_day(tmp_path: Path) -> None:
    if not REAL_LISTS.is_dir():
        pytest.skip(f"the real lists are not here: {REAL_LISTS}")
    papers: dict[str, Paper] = {}
    days: dict[date, list[str]] = {}
    for file in sorted(REAL_LISTS.glob("*.jsonl.gz")):
        day = date.fromisoformat(file.name[:10])
        if not CALENDAR.lists(day) or day < date(2025, 3, 5):
            continue
        for told in map(json.loads, gzip.open(file)):
            categories = tuple(term for term in told["categories"] if " " not in term)
            if told["id"] not in papers and any(term.startswith("cs.") for term in categories):
                fields = {"title": told["title"], "abstract": told["abstract"], "authors": tuple(told["authors"])}
                papers[told["id"]] = Paper(told["id"], (in_time(day),), day, categories=categories, **fields)
                days.setdefault(day, []).append(told["id"])
    chosen = sorted({term for one in papers.values() for term in one.categories if term.startswith("cs.")})
    with arxiv(list(papers.values()), page_size=400) as server:
        upstream = source(tmp_path, server, at(server, NOW + timedelta(days=14)), categories=chosen)
        for day, expected in days.items():
            rows = upstream.parse(day, upstream.fetch(day).bodies)
            assert [row["source_id"] for row in rows] == sorted(expected), day
            assert {row["announced"] for row in rows} <= {"new", "cross"}
    assert len(papers) == 2_346
