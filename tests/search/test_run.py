"""Real runs, and what `paperboy search` finds after them."""

import json
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from assets.search.works import catch_up
from orchestration.resources import warehouse
from orchestration.runs import failure
from orchestration.settings import Settings
from tests.conftest import NewLab
from tests.lab import Lab
from tests.orchestration.terminal import ERROR_PAGE, MONDAY, TUESDAY, WEDNESDAY, Terminal, body
from tests.search.made import found, ids


@pytest.fixture
def archive(tmp_path: Path) -> Terminal:
    """A terminal on an archive of three days, of which Tuesday is an error page."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for day, content in ((MONDAY, body(MONDAY)), (TUESDAY, ERROR_PAGE), (WEDNESDAY, body(WEDNESDAY))):
        (folder / f"{day}.json").write_text(content)
    return Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder), "FIRST_DAY": str(MONDAY)})


def stored(settings: Settings) -> dict[str, date]:
    """The works of the warehouse, each with its day."""
    return dict(warehouse(settings).read("SELECT work_id, day FROM unique_papers").iter_rows())


def indexed(settings: Settings) -> dict[str, date]:
    """The works of the index, each with its day."""
    return {hit.work_id: hit.day for hit in found(settings.search_file, "after:0001-01-01", 10_000).hits}


def test_each_run_brings_the_index_up_to_all_that_is_published(archive: Terminal) -> None:
    none = archive("search", "robots")
    assert (none.exit_code, none.stdout) == (1, "")
    assert f"there is no search index yet at {archive.settings.search_file}: the next run makes it" in none.stderr
    assert archive.run("backfill", MONDAY, WEDNESDAY).exit_code == 1
    assert stored(archive.settings) == indexed(archive.settings)
    assert set(indexed(archive.settings).values()) == {MONDAY, WEDNESDAY}
    folder = Path(archive.environment["ARCHIVE__FOLDER"])
    # Tuesday comes late and lists a paper of Wednesday, which moves.
    late = [*json.loads(body(TUESDAY)), json.loads(body(WEDNESDAY))[0]]
    (folder / f"{TUESDAY}.json").write_text(json.dumps(late))
    assert archive.run("backfill", TUESDAY, TUESDAY).exit_code == 0
    assert stored(archive.settings) == indexed(archive.settings)
    assert sum(day == TUESDAY for day in indexed(archive.settings).values()) == 13


def test_search_prints_what_it_finds(archive: Terminal) -> None:
    archive.run("backfill", MONDAY, MONDAY)
    result = archive("search", "agents", '"paper 3"', "author:example", "after:2025-03-10")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:4] == [
        "Agents that read paper 3 of Monday 10",
        "    2025-03-10  Ada Example 3",
        "    We let agents read paper 3. They report what they understood of it.",
        f"    https://huggingface.co/papers/{MONDAY:%y%m.%d}003",
    ]
    answer = json.loads(archive("search", "--json", "--limit", "1", "agnets").stdout)
    assert answer["corrected"] == {"agnets": "agents"}
    assert answer["works"] == 12
    (hit,) = answer["hits"]
    assert hit["title"].startswith("Agents that read paper")
    assert hit["title_marks"] == [[0, 6]]
    assert archive("search", "agnets").stdout.startswith("showing results for agents (not agnets)\n\nAgents")
    assert "with only some of the words; none has all:" in archive("search", "agents robots").stdout
    assert archive("search", "xyzzyq").stdout == "nothing found in 12 works up to 2025-03-10\n"


def test_what_was_found_is_bold_on_a_terminal_only(archive: Terminal) -> None:
    archive.run("backfill", MONDAY, MONDAY)
    coloured = archive("search", "agents", color=True).stdout
    assert "\x1b[1mAgents\x1b[0m that read" in coloured
    assert "\x1b" not in archive("search", "agents").stdout
    plain = Terminal(archive.home, archive.environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1")
        assert "\x1b" not in plain("search", "agents", color=True).stdout


@pytest.mark.parametrize(("typed", "told"), [("-agents", "only what is not wanted"), ("after:now", "is not a day")])
def test_a_query_that_cannot_be_looked_for_is_bad_usage(archive: Terminal, typed: str, told: str) -> None:
    result = archive("search", "--", typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_search_works_while_a_run_holds_the_warehouse(archive: Terminal) -> None:
    archive.run("backfill", MONDAY, MONDAY)
    with warehouse(archive.settings).connect():
        assert archive.process("search", "agents").returncode == 0


def test_an_index_that_cannot_be_written_is_told_and_does_not_stop_the_mail(sample_lab: Lab) -> None:
    day, file = date(2025, 3, 10), sample_lab.settings.search_file
    file.mkdir(parents=True)
    result = sample_lab.run(dg.RunRequest(partition_key=str(day)))
    assert failure(result.all_events) is None
    (check,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "up_to_date"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "search.sqlite cannot be written" in str(check.description)
    assert sample_lab.materialized("deliveries") == {str(day)}
    assert sample_lab.materialized("search_index") == set()
    file.rmdir()
    # The next run, of whichever day, makes up for it.
    assert sample_lab.backfill(date(2025, 3, 11), date(2025, 3, 11))[0].success
    assert set(indexed(sample_lab.settings).values()) == {day, date(2025, 3, 11)}


def test_nothing_that_the_gate_refused_is_found(new_lab: NewLab, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / f"{MONDAY}.json").write_text(body(MONDAY))
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(folder)) as made:
        assert made.backfill(MONDAY, MONDAY)[0].success
        before = indexed(made.settings)
        refused = json.loads(body(MONDAY))
        for paper in refused:
            paper["paper"]["title"] = ""
        (folder / f"{MONDAY}.json").write_text(json.dumps(refused))
        assert not made.backfill(MONDAY, MONDAY)[0].success
        catch_up(made.settings.search_file, warehouse(made.settings))
        assert indexed(made.settings) == before == stored(made.settings)
        assert len(ids(made.settings.search_file, "agents")) == 4
