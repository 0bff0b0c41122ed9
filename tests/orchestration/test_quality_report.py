"""The report on quality over a real warehouse: its figures are those of SQL; when the asset makes it; the command."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.quality_report import LAST_DAYS
from orchestration.resources import reports, warehouse
from orchestration.runs import days_between
from orchestration.sensors import report_after_failure, report_after_success
from quality.report.facts import TABLES, Facts
from tests.lab import Lab, lab
from tests.orchestration.terminal import NewTerminal, Terminal, body
from tests.quality.recorded import Seen

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
FIRST = YESTERDAY - timedelta(days=6)
GOOD, QUARANTINED, REJECTED, RECOVERED, ONE_SIDED, LEFT_OUT, BROKEN = WEEK = days_between(FIRST, YESTERDAY)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def untitled(day: date, every: int) -> str:
    """A day's list, of which each so-manieth paper has lost its title."""
    papers = json.loads(body(day))
    for paper in papers[::every]:
        del paper["paper"]["title"]
    return json.dumps(papers)


class Week:
    """A week in which everything happens that a report tells of."""

    def __init__(self, folder: Path) -> None:
        archive, home = folder / "archive", folder / "home"
        archive.mkdir()
        self.settings = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(archive), "FIRST_DAY": str(FIRST)}
        self.home = home
        bodies = {day: body(day) for day in WEEK}
        spoiled = {QUARANTINED: untitled(QUARANTINED, 12), REJECTED: untitled(REJECTED, 2),
                   RECOVERED: untitled(RECOVERED, 3), BROKEN: "<html>502 Bad Gateway</html>"}  # fmt: skip
        for day, content in {**bodies, **spoiled}.items():
            (archive / f"{day}.json").write_text(content)
        with lab(home, **self.settings) as made:
            made.backfill(GOOD, RECOVERED)
            (archive / f"{RECOVERED}.json").write_text(bodies[RECOVERED])
            made.backfill(RECOVERED, RECOVERED)
            made.backfill(BROKEN, BROKEN)
        nowhere = {"HUGGINGFACE__URL": "http://127.0.0.1:9", "HTTP__ATTEMPTS": "1"}
        with lab(home, **self.settings | {"SOURCES": "archive,huggingface"} | nowhere) as one_down:
            one_down.backfill(ONE_SIDED, ONE_SIDED)

    def lab(self) -> Any:
        """The Paperboy of the week."""
        return lab(self.home, **self.settings)

    @property
    def terminal(self) -> Terminal:
        return Terminal(self.home, self.settings | {"SCHEDULE__TIME_ZONE": "UTC"})


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    return Week(tmp_path_factory.mktemp("week"))


def written(made: Lab) -> tuple[Facts, Seen]:
    """The report of the week."""
    file = made.settings.home / "reports" / "week.html"
    facts = reports(made.settings).write(warehouse(made.settings), FIRST, YESTERDAY, file)
    return facts, Seen(file.read_text(encoding="utf-8"))


def sql(made: Lab, query: str) -> list[tuple[Any, ...]]:
    return warehouse(made.settings).read(query).rows()


# What it tells.


def test_the_days_have_the_states_of_the_status(week: Week) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        assert {day.day: day.state for day in facts.days} == {day: made.status(day).state for day in WEEK}
    states = {day.day: day.state for day in facts.days}
    assert states == {
        GOOD: "fresh", QUARANTINED: "fresh", REJECTED: "failed", RECOVERED: "fresh", ONE_SIDED: "incomplete",
        LEFT_OUT: "not run", BROKEN: "failed",
    }  # fmt: skip
    for day in WEEK:
        told = f"{day.day}{states[day]}"  # what follows a table is seen as of its last cell, Sunday's
        found = [cell for row in seen.rows for cell in row if re.match(rf"{told}\b", cell)]
        assert len(found) == 1, "the calendar names the state in words"
    assert seen.text.index("7 days: 3 fresh, 2 failed, 1 incomplete and 1 not run.") < seen.text.index("Incidents")
    assert f"4 days need attention. Next: {BROKEN.day} {BROKEN:%B %Y}, failed." in seen.text


@pytest.mark.parametrize("table", TABLES)
def test_the_volumes_are_the_rows_of_the_table(week: Week, table: str) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        rows = dict(sql(made, f"SELECT day, count(*) FROM {table} GROUP BY day"))  # noqa: S608
        held = dict(
            sql(made, f"SELECT day, count(DISTINCT key) FROM quarantine WHERE asset = '{table}' GROUP BY day")  # noqa: S608
        )
    volumes = facts.volumes.filter(asset=table)
    assert {day: count for day, count in volumes.select("day", "rows").iter_rows() if count} == rows
    assert {day: count for day, count in volumes.select("day", "quarantined").iter_rows() if count} == held
    if rows:
        said = "".join(f"{sum(rows.values())} rows on {volumes.height} days; {sum(held.values())} in quarantine")
        assert said in seen.text
    assert table == "deliveries" or rows, "what is compared is not nothing"


def test_the_grid_of_a_table_has_a_row_a_day(week: Week) -> None:
    with week.lab() as made:
        _, seen = written(made)
        tried = sql(made, f"SELECT count(*) FROM outcomes WHERE outcome = 'rejected' AND day = '{REJECTED}'")  # noqa: S608
    rows = {row[0]: row[1:] for row in seen.rows if len(row) == 7 and row[1] in ("published", "rejected", "failed")}
    assert rows[str(REJECTED)] == ["rejected", "0", "0", "0.0%", str(tried[0][0]), "0"]
    assert tried[0][0] >= 2, "in the window, and on its own"
    held = next(row for row in seen.rows if row[:2] == [str(QUARANTINED), "published"])
    assert held[2:5] == ["11", "1", "8.3%"]


def test_a_day_that_recovered_is_an_incident_that_ended(week: Week) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        ended = sql(made, "SELECT day, asset, ended_by FROM incidents WHERE ended_at IS NOT NULL")
        opened = sql(made, "SELECT day, asset FROM incidents WHERE ended_at IS NULL ORDER BY day DESC")
    assert [(day, asset) for day, asset, _ in ended] == [(RECOVERED, "fetched_papers")]
    assert opened == [(BROKEN, "fetched_papers"), (REJECTED, "fetched_papers")]
    assert facts.incidents.select("day", "asset").rows() == [*opened, (RECOVERED, "fetched_papers")]
    assert "3 incidents, 2 open." in seen.text
    assert f"by run {ended[0][2][:8]}" in seen.text
    assert "title_present: 6 of 12 rows failed, 1 allowed" in seen.text
    assert "502 Bad Gateway" in seen.text


def test_the_worst_expectations_are_those_that_failed(week: Week) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        query = """SELECT asset, expectation, count(*), count(DISTINCT day), max(day) FROM quality_results
                   WHERE NOT passed GROUP BY asset, expectation ORDER BY asset, expectation"""
        failed = sql(made, query)
    columns = ("asset", "expectation", "failures", "days", "last_day")
    assert facts.expectations.select(columns).sort("asset", "expectation").rows() == failed
    (row,) = [row for row in seen.rows if row and row[0] == "title_present fetched_papers" and "expected:" in row[-1]]
    blocked = facts.expectations.filter(asset="fetched_papers", expectation="title_present").row(0, named=True)
    assert (blocked["days"], blocked["standing"], blocked["last_day"]) == (2, 1, RECOVERED)
    assert row[1:3] == [str(blocked["failures"]), "2 1 still so"]
    (warned,) = [row for row in seen.rows if row and row[0].startswith("every_source_answered")]
    assert "sources_missing 1 (huggingface failed" in warned[-1]


def test_the_gaps_are_those_of_the_ledger(week: Week) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        gaps = sql(made, "SELECT day, source FROM fetch_ledger WHERE state NOT IN ('fresh', 'quiet') ORDER BY day DESC")
    assert facts.gaps.select("day", "source").rows() == gaps == [(BROKEN, "archive"), (ONE_SIDED, "huggingface")]
    named = [row[0].split(" ")[-1] for row in seen.rows if len(row) == 5 and row[1] == "failed" and " of " in row[2]]
    assert named == ["archive", "huggingface"]


def test_rows_in_quarantine_are_named(week: Week) -> None:
    with week.lab() as made:
        facts, seen = written(made)
        held = sql(
            made, "SELECT asset, expectation, count(*), any_value(key) FROM quarantine GROUP BY ALL ORDER BY ALL"
        )
    assert held
    found = [(row["asset"], row["expectation"], row["rows"], row["keys"][0]) for row in facts.quarantine.to_dicts()]
    assert sorted(found) == held
    assert f"archive/{QUARANTINED:%y%m.%d}000" in seen.text


# When the asset makes it.


def test_the_asset_makes_the_report_and_says_what_is_in_it(week: Week) -> None:
    with week.lab() as made:
        result = made.defs.resolve_job_def("report").execute_in_process(instance=made.instance, run_config=QUIET)
        (event,) = result.asset_materializations_for_node("quality_report")
        found = {name: value.value for name, value in event.metadata.items()}
        facts, _ = written(made)
        file = made.settings.home / "reports" / LAST_DAYS
    assert found["path"] == str(file)
    assert found["report"] == f"{made.settings.quality.url}/{LAST_DAYS}"
    assert found["days"] == len(WEEK), "none before the first day of the settings"
    assert found["days_needing_attention"] == len(facts.needing) == 4
    assert (found["incidents"], found["open_incidents"]) == (3, 2)
    assert found["missing_lists"] == facts.gaps.height
    assert found["rows_in_quarantine"] == int(facts.quarantine["rows"].sum())
    assert str(found["summary"]) in Seen(file.read_text(encoding="utf-8")).text
    assert {path.name for path in file.parent.iterdir()} <= {LAST_DAYS, "week.html", "index.html", "data-docs"}
    assert f'href="{LAST_DAYS}"' in (file.parent / "index.html").read_text()


def asked(made: Lab, result: dg.ExecuteInProcessResult) -> object:
    """What the sensor that hears of the run's end says."""
    run = made.instance.get_run_by_id(result.run_id)
    assert run is not None
    event = result.get_run_success_event() if result.success else result.get_run_failure_event()
    sensor = report_after_success if result.success else report_after_failure
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name, dagster_event=event, dagster_instance=made.instance, dagster_run=run
    )
    return sensor(context if result.success else context.for_run_failure())


def test_a_run_is_reported_once_whether_it_succeeded_or_failed(week: Week) -> None:
    with week.lab() as made:
        for day, success in ((GOOD, True), (REJECTED, False)):
            result = made.ui_run(day)
            assert result.success is success
            request = asked(made, result)
            assert isinstance(request, dg.RunRequest)
            assert request.run_key == result.run_id
            assert asked(made, result) == request, "the same key again: Dagster makes one run of both"


def test_a_report_is_not_reported(week: Week) -> None:
    with week.lab() as made:
        job = made.defs.resolve_job_def("report")
        result = job.execute_in_process(instance=made.instance, run_config=QUIET)
        assert isinstance(asked(made, result), dg.SkipReason)


@pytest.mark.parametrize("sensor", [report_after_success, report_after_failure], ids=lambda sensor: sensor.name)
def test_the_sensors_run_of_themselves_and_ask_for_the_report(sensor: dg.SensorDefinition) -> None:
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert [job.name for job in sensor.jobs] == ["report"]


# The command.


def test_the_command_writes_a_file_and_says_what_is_in_it(week: Week) -> None:
    result = week.terminal("report", FIRST, YESTERDAY)
    assert (result.exit_code, result.stderr) == (0, "")
    told, file = result.stdout.splitlines()
    assert file == str(week.home / "reports" / f"{FIRST}_{YESTERDAY}.html")
    assert told in Seen(Path(file).read_text(encoding="utf-8")).text
    Path(file).unlink()


def test_without_days_it_is_of_the_last_thirty_and_not_before_the_first(week: Week, tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.html"
    result = week.terminal("report", "--output", file)
    assert result.stdout.splitlines()[-1] == str(file)
    assert "7 days: " in Seen(file.read_text(encoding="utf-8")).text
    mode = file.stat().st_mode & 0o777
    assert mode == 0o644


def test_what_cannot_be_written_is_said_and_what_was_there_stays(week: Week, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("before")
    result = week.terminal("report", "--output", blocked / "report.html")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {blocked / 'report.html'} cannot be written: ")
    assert blocked.read_text() == "before"
    assert week.terminal("report", "--output", tmp_path).exit_code == 2


def test_without_a_warehouse_there_is_no_report(terminal: NewTerminal) -> None:
    paperboy = terminal()
    result = paperboy("report")
    assert result.exit_code == 1
    file = paperboy.home / "warehouse.duckdb"
    assert result.stderr == f"Error: there is no warehouse yet at {file}: run paperboy digest first\n"
    assert not file.exists()


def test_days_the_wrong_way_round_are_bad_usage(terminal: NewTerminal) -> None:
    result = terminal()("report", "2025-03-12", "2025-03-11")
    assert result.exit_code == 2
    assert "FROM 2025-03-12 is after TO 2025-03-11." in result.stderr
