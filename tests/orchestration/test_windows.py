"""A backfill by the command: days in windows, and what becomes of one that fails."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import NewLab
from tests.lab import Lab
from tests.orchestration.terminal import body

BAD = "<html><title>502 Bad Gateway</title></html>"
TEN_DAYS = [date(2025, 3, day) for day in range(1, 11)]
UNREADABLE, UNTITLED = date(2025, 3, 3), date(2025, 3, 7)


@pytest.fixture
def dirty_lab(new_lab: NewLab, tmp_path: Path) -> Iterator[Lab]:
    """A lab on an archive of ten days; one is an error page, and the papers of another have no titles."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for day in TEN_DAYS:
        listed = json.loads(body(day))
        if day == UNTITLED:
            for entry in listed:
                entry["paper"]["title"] = None
        (folder / f"{day}.json").write_text(BAD if day == UNREADABLE else json.dumps(listed))
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(folder)) as made:
        yield made


def test_what_a_command_makes_again_of_a_failed_window_is_its_bad_days_and_the_rest_together(dirty_lab: Lab) -> None:
    outcomes = dirty_lab.backfill(TEN_DAYS[0], TEN_DAYS[-1])
    ended = [(outcome.days[0].day, outcome.days[-1].day, outcome.success) for outcome in outcomes]
    assert ended == [(1, 2, True), (3, 3, False), (4, 6, True), (7, 7, False), (8, 10, True)]
    assert dirty_lab.materialized("digest") == {str(day) for day in TEN_DAYS} - {str(UNREADABLE), str(UNTITLED)}
    assert "502 Bad Gateway" in dirty_lab.status(UNREADABLE).reason
    assert "title_present" in dirty_lab.status(UNTITLED).reason
    window, *parts = dirty_lab.instance.get_runs()[::-1]
    assert len(parts) == 6, "a window of which one bad day is known, and its seven days in five parts"
    assert {run.tags["paperboy/window"] for run in parts} == {window.run_id}


def test_a_command_makes_each_day_alone_where_the_failure_is_of_all_of_them(
    dirty_lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = TEN_DAYS[0], TEN_DAYS[1]

    def breaks(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("assets.clean.asset.clean", breaks)
    outcomes = dirty_lab.backfill(first, last)
    assert [(outcome.days, outcome.success) for outcome in outcomes] == [([first], False), ([last], False)]
