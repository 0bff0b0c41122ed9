"""`paperboy explain` and `paperboy top` over days made of invented lists."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from orchestration.resources import warehouse
from tests.lab import lab
from tests.mail.test_digest import publish
from tests.orchestration.terminal import Terminal

MONDAY, WEDNESDAY, NEXT_MONDAY = date(2025, 3, 10), date(2025, 3, 12), date(2025, 3, 17)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Two days of one week and one of the next."""
    folder = tmp_path_factory.mktemp("ranked")
    (folder / "archive").mkdir()
    made = Terminal(folder / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder / "archive")})
    with lab(made.home, **made.environment) as one:
        publish(one, MONDAY, {"Harbours": 9, "Buoys": 4})
        publish(one, WEDNESDAY, {"Tides": 6, "Sails": 0})
        publish(one, NEXT_MONDAY, {"Anchors": 2})
        for day in (MONDAY, WEDNESDAY, NEXT_MONDAY):
            assert all(outcome.success for outcome in one.backfill(day, day))
    yield made


def id_of(terminal: Terminal, subject: str) -> str:
    query = "SELECT work_id FROM unique_papers WHERE title LIKE '%' || $subject || '%'"
    return str(warehouse(terminal.settings).read(query, {"subject": subject})["work_id"].item())


def test_explain_prints_the_arithmetic_of_a_place(terminal: Terminal) -> None:
    found = terminal("explain", MONDAY, id_of(terminal, "Buoys"))
    assert found.exit_code == 0, found.output
    lines = found.output.splitlines()
    assert "On Buoys, Day 10" in lines[0]
    assert lines[1].startswith("number 2 of 2025-03-10, listed on 2025-03-10: 4 votes")
    assert any(line.split() == ["votes", *"1 × ln(1 + 4) = 1.6094".split()] for line in lines)
    points = [float(line.rsplit("=", 1)[1]) for line in lines[2:-1]]
    assert float(lines[-1].split()[-1]) == pytest.approx(sum(points), abs=5e-4)


@pytest.mark.parametrize("written", ["arXiv:{}v3", "https://arxiv.org/abs/{}", "{}"])
def test_an_id_may_be_written_as_people_do(terminal: Terminal, written: str) -> None:
    bare = id_of(terminal, "Harbours").removeprefix("arxiv:")
    assert "number 1" in terminal("explain", MONDAY, written.format(bare)).output


@pytest.mark.parametrize(
    ("day", "subject", "told"),
    [
        (WEDNESDAY, "Harbours", "was listed on 2025-03-10; the digest of 2025-03-12 holds 2 papers and not this one."),
        (date(2025, 3, 11), "Harbours", "was listed on 2025-03-10; there is no digest of 2025-03-11."),
    ],
)
def test_a_paper_that_is_not_shown_is_told_where_it_is(terminal: Terminal, day: date, subject: str, told: str) -> None:
    found = terminal("explain", day, id_of(terminal, subject))
    assert found.exit_code == 1
    assert told in found.output


def test_an_unknown_paper_is_told(terminal: Terminal) -> None:
    found = terminal("explain", MONDAY, "2503.99999")
    assert found.exit_code == 1
    assert "Paperboy has no paper arxiv:2503.99999" in found.output


def titles(terminal: Terminal, *arguments: object) -> list[str]:
    found = terminal("top", *arguments, "--json")
    assert found.exit_code == 0, found.output
    return [paper["title"].split()[1].rstrip(",") for paper in json.loads(found.output)]


def test_the_best_of_a_week_are_those_listed_in_it_whatever_the_day(terminal: Terminal) -> None:
    assert titles(terminal, "week", WEDNESDAY) == ["Harbours", "Tides", "Buoys", "Sails"]
    assert titles(terminal, "week", NEXT_MONDAY) == ["Anchors"]


def test_a_month_is_the_calendars(terminal: Terminal) -> None:
    assert titles(terminal, "month", MONDAY) == ["Harbours", "Tides", "Buoys", "Anchors", "Sails"]
    assert titles(terminal, "month", date(2025, 2, 28)) == []


def test_what_trends_is_recent(terminal: Terminal) -> None:
    """Nine votes of Monday count less on Wednesday than six of the day itself, and all of it less a week later."""
    assert titles(terminal, "trending", WEDNESDAY) == ["Tides", "Harbours", "Buoys", "Sails"]
    assert titles(terminal, "trending", NEXT_MONDAY, "--days", "8") == [
        "Anchors",
        "Tides",
        "Harbours",
        "Buoys",
        "Sails",
    ]
    assert titles(terminal, "trending", NEXT_MONDAY, "--days", "1") == ["Anchors"]


def test_the_list_is_for_people_too(terminal: Terminal) -> None:
    found = terminal("top", "week", MONDAY, "--size", "1").output
    assert "1  On Harbours, Day 10" in found
    assert "9 votes" in found
    assert "Ranked by 1 × ln(1 + votes)" in found
    assert "Tides" not in found


def test_a_span_without_papers_says_what_to_do(terminal: Terminal) -> None:
    assert "make these days with paperboy backfill" in terminal("top", "week", date(2025, 1, 6)).output


def test_the_file_of_the_warehouse_is_read_only(terminal: Terminal) -> None:
    before = Path(terminal.home / "warehouse.duckdb").read_bytes()
    terminal("top", "week", MONDAY)
    terminal("explain", MONDAY, "2503.99999")
    assert Path(terminal.home / "warehouse.duckdb").read_bytes() == before


def test_a_week_is_written_as_a_page_and_as_text(terminal: Terminal, tmp_path: Path) -> None:
    page, text = tmp_path / "week.html", tmp_path / "week.txt"
    found = terminal("top", "week", WEDNESDAY, "--size", "3", "--html", page, "--text", text)
    assert found.exit_code == 0, found.output
    assert found.output.splitlines() == [str(page), str(text)]
    html, words = page.read_text(encoding="utf-8"), " ".join(text.read_text(encoding="utf-8").split())
    for part in (html, words):
        assert "On Harbours, Day 10" in part
        assert "10 March: 9 votes" in part
        assert "3 of 4 new papers, listed on 2 days." in part
        assert "Nothing was read of 11 March and 13 to 16 March" in part
        assert "Sails" not in part
    assert "Best of the week, 10 to 16 March 2025<" in html
    assert "Paperboy, Best of the week, 10 to 16 March 2025, incomplete" in words


def test_a_page_is_as_its_reader_wants_it(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "me.toml").write_text('[follow]\nkeywords = ["sails"]\n[mute]\nkeywords = ["buoys"]\n')
    page = tmp_path / "day.txt"
    assert terminal("top", "week", MONDAY, "--for", tmp_path / "me.toml", "--text", page).exit_code == 0
    words = " ".join(page.read_text(encoding="utf-8").split())
    assert "12 March: you follow sails, new, no votes yet" in words
    assert "Left out as muted: 1 paper." in words
    assert "Buoys" not in words


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--json", "--html", "week.html"], "--json prints, --html and --text write a file: choose."),
        (["--html", "no-such-folder/week.html"], "no-such-folder/week.html"),
    ],
)
def test_a_page_that_cannot_be_written_is_told(terminal: Terminal, arguments: list[str], told: str) -> None:
    found = terminal("top", "week", MONDAY, *arguments)
    assert found.exit_code != 0
    assert told in found.output
