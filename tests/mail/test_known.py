"""What was known at an edition's time: no snapshot from after it counts, whenever the ranking is made."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.fetch.batch import SNAPSHOT
from assets.mail.known import Morning, as_of, times
from orchestration.resources import warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.test_digest import publish

DAY = date(2025, 3, 12)
AT = datetime(2025, 3, 13, 7, 30)
HOUR = timedelta(hours=1)
MEMBER = pl.Struct({"source": pl.String(), "source_id": pl.String()})
WORK = pl.Schema(
    {
        "day": pl.Date(),
        "listed_on": pl.Date(),
        "work_id": pl.String(),
        "members": pl.List(MEMBER),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
    }
)
TIMES = pl.DataFrame({"day": [DAY], "at": [AT]}, schema={"day": pl.Date, "at": pl.Datetime("us")})


def work(*ids: str, votes: int | None = None) -> pl.DataFrame:
    members = [{"source": "huggingface", "source_id": name} for name in ids]
    return pl.DataFrame([(DAY, DAY, "a", members, votes, 0)], schema=WORK, orient="row")


def seen(*snapshots: tuple[str, float, int]) -> pl.DataFrame:
    """Snapshots by record, hours after the edition's time (below zero: before), and votes."""
    rows = [("huggingface", name, AT + hours * HOUR, votes, 2 * votes, 0) for name, hours, votes in snapshots]
    return pl.DataFrame(rows, schema=SNAPSHOT, orient="row")


def figures(works: pl.DataFrame, snapshots: pl.DataFrame, began: float = -100) -> Any:
    """What was known of a work whose first record was fetched so many hours after the edition's time."""
    row = (DAY, "huggingface", "x", AT + began * HOUR)
    fetched = pl.DataFrame([row], schema=["day", "source", "source_id", "seen_at"], orient="row")
    return as_of(works, fetched, snapshots, TIMES).select("votes", "comments", "gained").row(0)


@pytest.mark.parametrize(
    ("began", "snapshots", "expected"),
    [
        (-1, [], (7, 0, None)),
        (-30, [], (7, 0, 0)),
        (-24, [("x", 0, 9)], (9, 18, 2)),
        (-1, [("x", -1, 5)], (7, 0, None)),
        (-30, [("x", -1, 9)], (9, 18, 2)),
        (-50, [("x", -30, 8), ("x", -1, 12)], (12, 24, 4)),
        (-50, [("x", -30, 5), ("x", -1, 3)], (3, 6, 0)),
        (-2, [("x", -1, 5), ("x", 1, 90)], (5, 10, None)),
        (40, [("x", 40, 90), ("x", 60, 95)], (7, 0, None)),
        (40, [("x", -9, 90)], (7, 0, None)),
        (-50, [("x", -30, 2), ("y", -1, 8)], (8, 16, 6)),
        (-30, [("z", -3, 2)], (7, 0, 0)),
    ],
    ids=[
        "the list's", "the list's of two days before", "to the second", "the list's own snapshot", "a later one",
        "two", "votes that fell", "one after the edition", "fetched after it", "of another list, seen before",
        "the larger of two records", "of another record",
    ],
)  # fmt: skip
def test_the_figures_of_then(began: float, snapshots: list[tuple[str, float, int]], expected: tuple[int, ...]) -> None:
    assert figures(work("x", "y", votes=7), seen(*snapshots), began) == expected


@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.integers(-80, 0), st.integers(0, 50)), max_size=8),
    st.lists(st.tuples(st.sampled_from("xy"), st.integers(1, 80), st.integers(0, 50)), max_size=8),
    st.integers(-100, 100),
)
def test_later_snapshots_do_not_leak_in(before: list[Any], after: list[Any], began: float) -> None:
    works = work("x", "y", votes=7)
    assert figures(works, seen(*before, *after), began) == figures(works, seen(*before), began)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", datetime(2025, 3, 30, 7, 30)), ("Europe/Berlin", datetime(2025, 3, 30, 5, 30))],
)
def test_the_morning_after_is_the_operators(zone: str, expected: datetime) -> None:
    """Berlin's clocks went forward in that night."""
    assert Morning(time(7, 30), zone).after(date(2025, 3, 29)) == expected


def test_an_edition_is_of_the_morning_or_of_the_first_fetch_after_it() -> None:
    days = [DAY, date(2025, 3, 13), date(2025, 3, 14)]
    rows = [(DAY, AT - HOUR), (days[1], AT + 90 * HOUR), (days[1], AT + 99 * HOUR)]
    fetched = pl.DataFrame(rows, schema=["day", "seen_at"], orient="row")
    found = times(days, fetched, Morning(time(7, 30), "UTC")).sort("day")["at"].to_list()
    assert found == [AT, AT + 90 * HOUR, AT + 48 * HOUR]


def test_a_past_day_is_ranked_again_as_it_was(new_lab: NewLab, tmp_path: Path) -> None:
    """Votes that were seen after the first run change `popularity`, and not the digest."""
    (tmp_path / "archive").mkdir()
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(tmp_path / "archive")) as lab:
        publish(lab, DAY, {"Harbours": 9, "Buoys": 5, "Tides": 1})
        assert lab.backfill(DAY, DAY)[0].success
        first = ranking(lab)
        publish(lab, DAY, {"Harbours": 9, "Buoys": 50, "Tides": 500})
        assert lab.backfill(DAY, DAY)[0].success
        tables = warehouse(lab.settings)
        assert tables.read("SELECT max(votes) AS votes FROM popularity")["votes"].item() == 500
        assert ranking(lab) == first
        assert [votes for _, votes, _ in first] == [9, 5, 1]


def ranking(lab: Lab) -> list[Any]:
    rows = warehouse(lab.settings).rows("digest", [DAY]).sort("place")
    return rows.select("title", "votes", "score").rows()
