"""What was known at an edition's time: no snapshot from after it counts, whenever the ranking is made."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.known import Morning, as_of
from orchestration.resources import warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.test_digest import publish

DAY = date(2025, 3, 12)
AT = datetime(2025, 3, 13, 7, 30)
HOUR = timedelta(hours=1)
SNAPSHOT = pl.Schema(
    {
        "source": pl.String(),
        "source_id": pl.String(),
        "seen_at": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
    }
)
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
    rows = [("huggingface", name, AT + hours * HOUR, votes, 2 * votes) for name, hours, votes in snapshots]
    return pl.DataFrame(rows, schema=SNAPSHOT, orient="row")


def figures(works: pl.DataFrame, snapshots: pl.DataFrame) -> Any:
    return as_of(works, snapshots, TIMES).select("votes", "comments", "gained").row(0)


@pytest.mark.parametrize(
    ("snapshots", "expected"),
    [
        ([("x", -1, 5)], (5, 10, None)),
        ([("x", -30, 5), ("x", -1, 9)], (9, 18, 4)),
        ([("x", -50, 1), ("x", -30, 5)], (5, 10, 0)),
        ([("x", -30, 5), ("x", -1, 3)], (3, 6, 0)),
        ([("x", -24, 5), ("x", 0, 7)], (7, 14, 2)),
        ([("x", -1, 5), ("x", 1, 90)], (5, 10, None)),
        ([("x", 40, 90), ("x", 60, 95)], (90, 180, None)),
        ([("x", -30, 2), ("y", -1, 8)], (8, 16, 6)),
        ([("z", -30, 2)], (7, 0, None)),
        ([], (7, 0, None)),
    ],
    ids=[
        "one snapshot", "two", "none within the day", "votes that fell", "to the second", "a later one",
        "none so early: the first", "the larger of two records", "of another record", "none at all",
    ],
)  # fmt: skip
def test_the_figures_of_then(snapshots: list[tuple[str, float, int]], expected: tuple[int, ...]) -> None:
    assert figures(work("x", "y", votes=7), seen(*snapshots)) == expected


@given(
    st.lists(st.tuples(st.sampled_from("xy"), st.integers(-80, 0), st.integers(0, 50)), min_size=1, max_size=8),
    st.lists(st.tuples(st.sampled_from("xy"), st.integers(1, 80), st.integers(0, 50)), max_size=8),
)
def test_later_snapshots_do_not_leak_in(before: list[Any], after: list[Any]) -> None:
    """Of records that were seen in time; the first snapshot of any other is all that there is."""
    in_time = {name for name, _, _ in before}
    after = [snapshot for snapshot in after if snapshot[0] in in_time]
    works = work("x", "y", votes=7)
    assert figures(works, seen(*before, *after)) == figures(works, seen(*before))


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", datetime(2025, 3, 30, 7, 30)), ("Europe/Berlin", datetime(2025, 3, 30, 5, 30))],
)
def test_the_morning_after_is_the_operators(zone: str, expected: datetime) -> None:
    """Berlin's clocks went forward in that night."""
    assert Morning(time(7, 30), zone).after(date(2025, 3, 29)) == expected


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
