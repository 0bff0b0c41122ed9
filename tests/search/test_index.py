"""The index as a file: the same whatever the order of its days, whole whatever breaks, made anew if unusable."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.search import index
from assets.search.index import IndexUnusable
from tests.lab import CHECKOUT
from tests.search.made import MONDAY, TUESDAY, WEDNESDAY, Days, a_day_each, found, frame, ids, indexed, work

TITLES = ("Robots that lift boxes", "Agents and tools", "Graphs of agents", "Lifting graphs")
DAYS: Days = a_day_each([work(number, title) for number, title in enumerate(TITLES)])


def content(file: Path) -> list[Any]:
    """All that an index says, but for the numbers that its works have inside."""
    with closing(sqlite3.connect(file)) as connection:
        for table in ("texts", "titles"):
            connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
        columns = "day, work_id, title, abstract, authors, tags, categories, url, withdrawn"
        queries = (f"SELECT {columns} FROM works ORDER BY work_id", "SELECT * FROM days", "SELECT * FROM words")  # noqa: S608
        return [connection.execute(query).fetchall() for query in queries]


@given(st.permutations(list(DAYS)), st.integers(0, len(DAYS)))
def test_any_order_of_days_gives_the_same_index(
    tmp_path_factory: pytest.TempPathFactory, order: list[date], together: int
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    once, stepwise = folder / "once.sqlite", folder / "stepwise.sqlite"
    indexed(once, DAYS)
    for upto in range(together, len(order) + 1):
        indexed(stepwise, {day: DAYS[day] for day in order[:upto]})
    assert content(stepwise) == content(once)
    assert ids(stepwise, "agents") == ids(once, "agents")


def test_only_days_of_another_making_are_read(tmp_path: Path) -> None:
    file, asked = tmp_path / "search.sqlite", []

    def read(days: Sequence[date]) -> pl.DataFrame:
        asked.append(list(days))
        return frame(DAYS, days)

    makings = dict.fromkeys(DAYS, "first")
    assert index.update(file, makings, read) == index.Update(sorted(DAYS), len(DAYS), anew=True)
    assert index.update(file, makings, read) == index.Update([], len(DAYS), anew=False)
    assert index.update(file, {**makings, TUESDAY: "second"}, read).days == [TUESDAY]
    assert asked == [sorted(DAYS), [TUESDAY]]


def test_a_day_that_is_made_again_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "search.sqlite"
    indexed(file, {MONDAY: [work(1, "Robots"), work(2, "Robotics")]})
    indexed(file, {MONDAY: [work(1, "Agents", withdrawn=True)]}, making="2")
    assert ids(file, "robots") == []
    (hit,) = found(file, "agents").hits
    assert hit.withdrawn
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM words").fetchall() == [("agents", 1)]


def test_a_work_that_moves_stands_on_its_new_day_only(tmp_path: Path) -> None:
    file, moving = tmp_path / "search.sqlite", work(1, "Robots")
    indexed(file, {MONDAY: [], TUESDAY: [moving]})
    indexed(file, {MONDAY: [moving], TUESDAY: []}, making="2")
    assert [hit.day for hit in found(file, "robots").hits] == [MONDAY]
    indexed(file, {MONDAY: [], TUESDAY: [moving]}, making="3")
    assert [hit.day for hit in found(file, "robots").hits] == [TUESDAY]


def test_days_that_are_no_more_go(tmp_path: Path) -> None:
    file = tmp_path / "search.sqlite"
    indexed(file, DAYS)
    indexed(file, {WEDNESDAY: DAYS[WEDNESDAY]})
    once = tmp_path / "once.sqlite"
    indexed(once, {WEDNESDAY: DAYS[WEDNESDAY]})
    assert content(file) == content(once)


def test_many_works_are_put_into_one_piece_of_the_index(tmp_path: Path) -> None:
    """A search looks into every piece, and each is written and merged for itself."""

    def pieces() -> int:
        with closing(sqlite3.connect(file)) as connection:
            return int(connection.execute("SELECT count(DISTINCT segid) FROM texts_idx").fetchone()[0])

    file, many = tmp_path / "search.sqlite", [work(number, f"Title {number}") for number in range(20)]
    indexed(file, {MONDAY: many[:10]})
    assert pieces() == 1
    indexed(file, {MONDAY: many[:10], TUESDAY: many[10:]})
    assert pieces() == 2


# What breaks.


def garbage(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


def torn(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + os.urandom(len(content) - 4096))


def other_version(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {index.VERSION + 1}")


def without_tables(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE works")


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("harm", [garbage, torn, other_version, without_tables, emptied, Path.unlink])
def test_an_index_that_cannot_be_used_is_told_and_made_anew(tmp_path: Path, harm: Any) -> None:
    file, untouched = tmp_path / "search.sqlite", tmp_path / "untouched.sqlite"
    for made in (file, untouched):
        indexed(made, DAYS)
    harm(file)
    with pytest.raises(IndexUnusable, match="the next run makes it"):
        found(file, "agents")
    assert indexed(file, DAYS).anew
    assert content(file) == content(untouched)
    assert {path.name for path in tmp_path.iterdir()} == {"search.sqlite", "untouched.sqlite"}


def test_what_was_left_of_an_index_that_never_was_finished_is_no_hindrance(tmp_path: Path) -> None:
    file = tmp_path / "search.sqlite"
    indexed(tmp_path / "search.sqlite.new", {MONDAY: [work(9, "Leftovers")]})
    indexed(file, DAYS)
    assert ids(file, "leftovers") == []


def test_a_failed_update_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "search.sqlite"
    indexed(file, DAYS)
    before = content(file)

    def read(days: Sequence[date]) -> pl.DataFrame:
        raise RuntimeError("the warehouse went away")

    for broken in (file, tmp_path / "another.sqlite"):
        with pytest.raises(RuntimeError, match="went away"):
            index.update(broken, dict.fromkeys(DAYS, "2"), read)
    assert content(file) == before
    assert not (tmp_path / "another.sqlite").exists()


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from assets.search import index
from tests.search.made import frame, work

def read(days):
    # The first days are put in already, and the later ones read.
    if date(2025, 4, 20) in days:
        os.kill(os.getpid(), signal.SIGKILL)
    many = {day: [work(f"{day}/{n}", "Robots again " * 50, "Words " * 500) for n in range(100)] for day in days}
    return frame(many, days)

days = [date.fromordinal(date(2025, 3, 10).toordinal() + number) for number in range(60)]
index.update(Path(sys.argv[1]), dict.fromkeys(days, "2"), read)
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_process_that_is_killed_leaves_the_old_index(tmp_path: Path, there: bool) -> None:
    file = tmp_path / "search.sqlite"
    if there:
        indexed(file, DAYS)
        before = content(file)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(file)], cwd=CHECKOUT, check=False)
    assert killed.returncode == -signal.SIGKILL
    if there:
        assert ids(file, "robots") == ["made:0"]
        assert content(file) == before
    assert indexed(file, DAYS).anew is not there
    assert ids(file, "agents") == ["made:2", "made:1"]


def test_an_index_is_read_while_another_process_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "search.sqlite"
    indexed(file, DAYS)
    seen = []

    def read(days: Sequence[date]) -> pl.DataFrame:
        seen.append(ids(file, "robots"))
        return frame({day: [work(day.day, "Robots")] for day in days}, days)

    index.update(file, dict.fromkeys(DAYS, "2"), read)
    assert seen == [["made:0"]]
    assert len(ids(file, "robots")) == len(DAYS)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexUnusable, match=r"search\.sqlite cannot be written: .*the next run brings it up to date"):
        indexed(tmp_path / "file" / "search.sqlite", DAYS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(IndexUnusable, match="cannot be written"):
            indexed(tmp_path / "search.sqlite", DAYS)
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_is_full_is_told_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "search.sqlite"
    indexed(file, DAYS)
    before, connect = content(file), sqlite3.connect

    def on_a_small_disk(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    many = {MONDAY: [work(number, f"Robots {number}", "full " * 200) for number in range(500)]}
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", on_a_small_disk)
        with pytest.raises(IndexUnusable, match="database or disk is full"):
            indexed(file, many, making="2")
    assert content(file) == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Schrödinger's Cats", ["schrodinger", "s", "cats"]), ("GPT-4_o", ["gpt", "4", "o"]), ("ﬁnal", ["final"])],
)
def test_words(text: str, expected: list[str]) -> None:
    assert index.words(text) == expected
