"""The same records make the same tables, by whatever route they came and in whatever order the days were made.

No real paper is listed by Hugging Face twice within the recorded days. So the real week here holds, beside its
lists, those papers of arXiv's own lists of the same days that one of these lists names on another day too.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.fetch.archive import ArchiveSource
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.sample import SampleSource
from assets.fetch.source import Source
from orchestration.resources import warehouse
from orchestration.runs import days_between
from orchestration.warehouse import Warehouse
from tests.conftest import NewLab
from tests.lab import DAILY_PAPERS, DATA, STEPS, Lab
from tests.orchestration.steps import Steps
from tests.replay import replaying

Tables = dict[str, list[tuple[Any, ...]]]
Make = Callable[[Source, Sequence[Sequence[date]]], Tables]
Plan = list[list[int]]
"""Runs one after the other: the places of each run's days."""

MARCH = days_between(date(2025, 3, 1), date(2025, 3, 31))
REAL_WEEK = days_between(date(2025, 3, 23), date(2025, 3, 28))
SAMPLE_WEEK = days_between(date(2025, 3, 6), date(2025, 3, 12))
"""Thursday to Wednesday: what is revised three weekdays later stands on two of its days."""


def tables(warehouse: Warehouse) -> Tables:
    """Every row of the six tables, sorted, but for when it was fetched."""
    queries = dict.fromkeys(STEPS, "SELECT * FROM {table}") | {
        "fetched_papers": "SELECT * EXCLUDE (seen_at) FROM {table}"
    }
    return {table: sorted(warehouse.read(sql.format(table=table)).rows(), key=repr) for table, sql in queries.items()}


def without_route(warehouse: Warehouse, source: str) -> Tables:
    """The tables but for what names the route: the source in each column that holds it, the hashes of rows that do, and
    the body's address."""
    read = warehouse.read
    members = "[struct_update(member, source := 'route') FOR member IN members]"
    reasons = f"[replace(reason, '{source} ', 'route ') FOR reason IN reasons]"
    canonical = "struct_update(canonical, source := 'route')"
    queries = dict.fromkeys(STEPS, "SELECT * FROM {table}") | {
        "fetched_papers": "SELECT * EXCLUDE (source, body, seen_at) FROM {table}",
        "clean_papers": "SELECT * EXCLUDE (source) FROM {table}",
        "unique_papers": f"""SELECT * EXCLUDE (whole, as_read)
                             REPLACE ({members} AS members, {reasons} AS reasons, {canonical} AS canonical)
                             FROM {{table}}""",  # noqa: S608
    }
    return {table: sorted(read(query.format(table=table)).rows(), key=repr) for table, query in queries.items()}


def in_api_shape(listed: dict[str, Any]) -> dict[str, Any]:
    authors = [{"name": name} for name in listed["authors"]]
    keys = {"id": listed["id"], "title": listed["title"], "summary": listed["abstract"], "authors": authors}
    return {"paper": keys}


def record_real_week(folder: Path) -> None:
    """Write the real week as an archive."""
    lists: dict[date, list[dict[str, Any]]] = {}
    named: dict[str, set[date]] = defaultdict(set)
    arxiv: dict[date, list[dict[str, Any]]] = {}
    for day in REAL_WEEK:
        file = DAILY_PAPERS / f"{day}.json.gz"
        lists[day] = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else []
        lines = gzip.decompress((DATA / f"arxiv/daily_lists/{day}.jsonl.gz").read_bytes()).splitlines()
        here = {item["paper"]["id"] for item in lists[day]}
        arxiv[day] = [listed for line in lines if (listed := json.loads(line))["id"] not in here]
        for name in here | {listed["id"] for listed in arxiv[day]}:
            named[name].add(day)
    folder.mkdir()
    for day in REAL_WEEK:
        again = [in_api_shape(listed) for listed in arxiv[day] if len(named[listed["id"]]) > 1]
        (folder / f"{day}.json").write_text(json.dumps([*lists[day], *again]))


@pytest.fixture(scope="module")
def real_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the real week."""
    if not DAILY_PAPERS.is_dir():
        pytest.skip(f"the real days are not here: {DAILY_PAPERS}")
    folder = tmp_path_factory.mktemp("real") / "week"
    record_real_week(folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The tables after runs of the steps in a warehouse of their own."""

    def make(source: Source, windows: Sequence[Sequence[date]]) -> Tables:
        home = tmp_path_factory.mktemp("home")
        steps = Steps(Warehouse(path=str(home / "warehouse.duckdb")), Feeds([source], BodyStore(home / "bodies")))
        for window in windows:
            steps.run(window)
        return tables(steps.warehouse)

    return make


@pytest.fixture(scope="module")
def real_at_once(made: Make, real_week: Path) -> Tables:
    """The tables of the real week made in one run."""
    return made(ArchiveSource(real_week), [REAL_WEEK])


@pytest.fixture(scope="module")
def sample_at_once(made: Make) -> Tables:
    """The tables of the sample's week made in one run."""
    return made(SampleSource(), [SAMPLE_WEEK])


@st.composite
def plans(draw: st.DrawFn, days: int) -> Plan:
    """The days cut into windows that run in any order; then some window once more, and some day."""
    cuts = sorted(draw(st.sets(st.integers(1, days - 1), max_size=3), label="cuts"))
    windows = [list(range(start, end)) for start, end in zip([0, *cuts], [*cuts, days], strict=True)]
    start = draw(st.integers(0, days - 1), label="run again from")
    again = list(range(start, draw(st.integers(start + 1, days), label="to")))
    return [*draw(st.permutations(windows), label="order"), again, [draw(st.integers(0, days - 1), label="and")]]


def test_the_live_api_and_its_recordings_make_the_same_tables(new_lab: NewLab, daily_papers: Path) -> None:
    """The same but for: `source` everywhere, `body`, since the API sends pages, and the source named in `reasons`."""
    with new_lab("archive", SOURCES="archive", ARCHIVE__FOLDER=str(daily_papers)) as recorded:
        assert [outcome.success for outcome in recorded.backfill(MARCH[0], MARCH[-1])] == [True]
    with replaying(daily_papers) as replay:
        environment = {"SOURCES": "huggingface", "HUGGINGFACE__URL": replay.url, "HUGGINGFACE__PAGE_SIZE": "10"}
        with new_lab("live", **environment) as live:
            assert [outcome.success for outcome in live.backfill(MARCH[0], MARCH[-1])] == [True]
    archive = without_route(warehouse(recorded.settings), "archive")
    api = without_route(warehouse(live.settings), "huggingface")
    assert len(archive["fetched_papers"]) == sum(len(json.loads(gzip.decompress(file.read_bytes())))
                                                 for file in daily_papers.glob("2025-03-*"))  # fmt: skip
    assert len({asked.day for asked in replay.asked}) == len(MARCH)
    for table in STEPS:
        assert api[table] == archive[table], table


def _backfill(made: Lab, *windows: Sequence[date]) -> None:
    for window in windows:
        outcomes = made.backfill(window[0], window[-1])
        assert [outcome.reason for outcome in outcomes] == [""]


def _places(made: Lab) -> dict[str, set[tuple[str, date]]]:
    """On which day each work stands, in each table that holds works."""
    query = "SELECT work_id, day FROM {}"
    read = warehouse(made.settings).read
    return {table: set(read(query.format(table)).iter_rows()) for table in ("unique_papers", "tagged_papers", "digest")}


def test_the_real_week_backfilled_in_both_orders(new_lab: NewLab, real_week: Path, real_at_once: Tables) -> None:
    environment = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(real_week)}
    first, second = REAL_WEEK[:3], REAL_WEEK[3:]
    with new_lab("forth", **environment) as forth, new_lab("back", **environment) as back:
        _backfill(forth, first, second)
        _backfill(back, second)
        before = _places(back)
        _backfill(back, first)
        after = _places(back)
        for table, places in before.items():
            moved = places - after[table]
            assert moved, f"{table}: no work moved to an earlier day, so this test shows nothing"
            assert {day for _, day in moved} <= set(second)
        assert tables(warehouse(back.settings)) == tables(warehouse(forth.settings))
        _backfill(back, REAL_WEEK[2:5])
        assert back.digest(REAL_WEEK[1]).success
        assert tables(warehouse(back.settings)) == tables(warehouse(forth.settings))
        assert back.mails() == []
    assert real_at_once == tables(warehouse(forth.settings)), "`Steps` are the assets'"


@settings(max_examples=4, deadline=None)
@given(plan=plans(len(REAL_WEEK)))
def test_real_days_in_any_order(made: Make, real_week: Path, real_at_once: Tables, plan: Plan) -> None:
    runs = [[REAL_WEEK[place] for place in window] for window in plan]
    assert made(ArchiveSource(real_week), runs) == real_at_once


@settings(max_examples=4, deadline=None)
@given(plan=plans(len(SAMPLE_WEEK)))
def test_sample_days_in_any_order(made: Make, sample_at_once: Tables, plan: Plan) -> None:
    runs = [[SAMPLE_WEEK[place] for place in window] for window in plan]
    assert made(SampleSource(), runs) == sample_at_once
