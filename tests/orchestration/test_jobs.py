"""What Dagster loads: six assets with their checks, the search index and the report, the jobs, the schedule, and the
sensors; the sensor that splits windows is tried here."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.partitions import DAYS, DAYS_A_RUN
from orchestration.runs import BY_COMMAND, WINDOW_END, WINDOW_START
from orchestration.sensors import day_by_day
from quality.suites import BOOKS, SUITES
from tests.conftest import NewLab
from tests.lab import CHECKOUT, STEPS, Lab

GOOD, BAD = "[]", "<html><title>502 Bad Gateway</title></html>"
MONDAY, TUESDAY, WEDNESDAY = (date(2025, 3, day) for day in (10, 11, 12))
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
GRAPH = defs.resolve_asset_graph()

IN_BERLIN = """
import datetime, json
import dagster as dg
from orchestration.definitions import defs
from orchestration.partitions import DAYS

daily = defs.resolve_schedule_def("daily")
asked = []
with dg.instance_for_test() as instance:
    known = {"instance": instance, "repository_def": defs.get_repository_def()}
    for day in (1, 30, 31):  # the clocks change in the night to the 30th
        at = datetime.datetime(2025, 3, day, 6, 15, tzinfo=datetime.timezone(datetime.timedelta(hours=1 + (day >= 30))))
        with dg.build_schedule_context(**known, scheduled_execution_time=at) as context:
            asked.append(daily.evaluate_tick(context).run_requests[-1].partition_key)
print(json.dumps([daily.cron_schedule, daily.execution_timezone, asked, DAYS.get_first_partition_key()]))
"""


# The graph.


def test_the_definitions_load() -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_assets_and_what_each_is_made_from() -> None:
    parents = {
        key.to_user_string(): {parent.to_user_string() for parent in GRAPH.get(key).parent_keys}
        for key in GRAPH.get_all_asset_keys()
    }
    assert parents == {
        "fetched_papers": set(),
        "clean_papers": {"fetched_papers"},
        "unique_papers": {"clean_papers"},
        "tagged_papers": {"unique_papers"},
        "digest": {"unique_papers", "tagged_papers"},
        "deliveries": {"digest"},
        "search_index": {"unique_papers", "tagged_papers"},
        "models": {"unique_papers"},
        "quality_report": set(),
    }


@pytest.mark.parametrize("step", STEPS)
def test_the_upstream_of_a_suite_is_one_of_the_assets_before(step: str) -> None:
    upstream = SUITES[step].upstream
    assert upstream is None or dg.AssetKey(upstream) in GRAPH.get(dg.AssetKey(step)).parent_keys


@pytest.mark.parametrize("step", [*STEPS, "search_index"])
def test_an_asset_is_made_by_day_and_backfilled_in_windows(step: str) -> None:
    asset = GRAPH.get(dg.AssetKey(step))
    assert asset.partitions_def == DAYS
    assert asset.backfill_policy == dg.BackfillPolicy.multi_run(max_partitions_per_run=31)


@pytest.mark.parametrize("step", STEPS)
def test_the_checks_of_an_asset_are_the_expectations_of_its_suite(step: str) -> None:
    declared = {key.name for key in GRAPH.get(dg.AssetKey(step)).check_keys}
    beside = {f"{book}_{e.name}" for book, suite in BOOKS.items() if suite.beside == step for e in suite.expectations}
    assert declared == {expectation.name for expectation in SUITES[step].expectations} | beside
    assert bool(beside) == (step == "fetched_papers")
    assert set(SUITES) == {*STEPS, "models"}


@pytest.mark.parametrize("step", STEPS)
def test_the_graph_explains_an_asset(step: str) -> None:
    asset = GRAPH.get(dg.AssetKey(step))
    assert asset.description
    assert asset.kinds
    assert asset.group_name == ("mail" if step in ("digest", "deliveries") else "papers")
    assert asset.metadata["dagster/table_name"] == f"warehouse.{step}"


def test_only_fetching_is_tried_again_by_itself() -> None:
    retried = {
        key.to_user_string()
        for asset in defs.assets or ()
        if isinstance(asset, dg.AssetsDefinition) and asset.op.retry_policy
        for key in asset.keys
    }
    assert retried == {"fetched_papers"}


def test_the_days_go_from_the_first_day_to_yesterday() -> None:
    assert DAYS.get_first_partition_key() == "2024-01-01"
    midday = datetime(2025, 3, 12, 12, tzinfo=UTC)
    assert DAYS.get_partition_keys(current_time=midday)[-1] == "2025-03-11"
    assert DAYS_A_RUN == 31


# Jobs and the schedule.


@pytest.mark.parametrize(
    ("job", "steps"),
    [
        ("daily_digest", {*STEPS, "search_index"}),
        ("backfill", {*STEPS, "search_index"} - {"deliveries"}),
        ("send", {"deliveries"}),
    ],
)
def test_a_job_makes_these_assets_of_a_day(job: str, steps: set[str]) -> None:
    resolved = defs.resolve_job_def(job)
    assert {key.to_user_string() for key in resolved.asset_layer.selected_asset_keys} == steps
    assert resolved.partitions_def == DAYS
    assert resolved.executor_def.name == "in_process"


def test_the_mail_does_not_rest_on_the_search_index() -> None:
    index = GRAPH.get(dg.AssetKey("search_index"))
    assert index.child_keys == set()
    assert index.description
    assert {key.name for key in index.check_keys} == {"up_to_date"}


def test_the_report_is_of_no_day_and_waits_for_what_makes_papers() -> None:
    report = GRAPH.get(dg.AssetKey("quality_report"))
    assert (report.partitions_def, report.group_name) == (None, "quality")
    assert report.description
    job = defs.resolve_job_def("report")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {"quality_report"}
    assert job.tags["dagster/priority"] == "-1"


def test_learning_is_of_a_day_behind_the_gate_and_waits_for_what_makes_papers() -> None:
    models = GRAPH.get(dg.AssetKey("models"))
    assert (models.partitions_def, models.group_name) == (DAYS, "learning")
    assert {key.name for key in models.check_keys} == {found.name for found in SUITES["models"].expectations}
    assert models.description
    job = defs.resolve_job_def("learn")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {"models"}
    assert job.tags["dagster/priority"] == "-1"


def test_what_the_papers_up_to_saturday_teach_is_learned_on_sunday() -> None:
    weekly = defs.resolve_schedule_def("weekly")
    assert weekly.default_status == dg.DefaultScheduleStatus.RUNNING
    assert (weekly.cron_schedule, weekly.execution_timezone) == ("30 7 * * 0", "UTC")
    sunday = datetime(2025, 3, 16, 7, 30, tzinfo=UTC)
    with dg.build_schedule_context(
        repository_def=defs.get_repository_def(), scheduled_execution_time=sunday
    ) as context:
        (asked,) = weekly.evaluate_tick(context).run_requests or ()
    assert (asked.partition_key, weekly.job_name) == ("2025-03-15", "learn")


def test_there_are_no_other_jobs_schedules_and_sensors() -> None:
    repository = defs.get_repository_def()
    named = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    assert named == {"daily_digest", "backfill", "send", "learn", "report"}
    assert {schedule.name for schedule in repository.schedule_defs} == {"daily", "weekly"}
    assert {sensor.name for sensor in repository.sensor_defs if "default" not in sensor.name} == {
        "day_by_day", "mails_that_wait", "mails_that_came_back", "alert_on_failure", "alert_on_success",
        "alerts_that_wait", "report_after_success", "report_after_failure",
    }  # fmt: skip


def test_the_schedule_runs_of_itself_at_the_default_time() -> None:
    daily = defs.resolve_schedule_def("daily")
    assert daily.default_status == dg.DefaultScheduleStatus.RUNNING
    assert (daily.cron_schedule, daily.execution_timezone) == ("30 7 * * *", "UTC")
    assert daily.job_name == "daily_digest"


def test_the_schedule_keeps_to_the_time_and_zone_of_the_settings(tmp_path: Path) -> None:
    environment = {
        "PAPERBOY_SCHEDULE__TIME": "06:15",
        "PAPERBOY_SCHEDULE__TIME_ZONE": "Europe/Berlin",
        "PAPERBOY_FIRST_DAY": "2025-02-03",
    }
    printed = subprocess.run(
        [sys.executable, "-c", IN_BERLIN], env=os.environ | environment, cwd=CHECKOUT, check=True, capture_output=True
    ).stdout
    asked = ["2025-02-28", "2025-03-29", "2025-03-30"]
    assert json.loads(printed) == ["15 6 * * *", "Europe/Berlin", asked, "2025-02-03"]


# The sensor.


@pytest.fixture
def broken_lab(new_lab: NewLab, tmp_path: Path) -> Iterator[Lab]:
    """A lab on an archive of three days, the second of which is an error page."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for day, body in ((MONDAY, GOOD), (TUESDAY, BAD), (WEDNESDAY, GOOD)):
        (folder / f"{day}.json").write_text(body)
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(folder)) as made:
        yield made


def failed_window(
    lab: Lab, assets: Sequence[str] = STEPS, tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    """A failed run of the three days as one window, as the daemon launches it for a backfill of the UI."""
    return lab.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=lab.instance,
        asset_selection=[dg.AssetKey(asset) for asset in assets],
        tags={WINDOW_START: str(MONDAY), WINDOW_END: str(WEDNESDAY), "dagster/backfill": "abcdef", **(tags or {})},
        run_config=QUIET,
        raise_on_error=False,
    )


def asked_for(lab: Lab, result: dg.ExecuteInProcessResult) -> list[dg.RunRequest]:
    """The runs that the sensor asks for after a failed run; none where it skips it."""
    assert not result.success
    answers = answered(lab, result, result.dagster_run)
    requests = [answer for answer in answers if isinstance(answer, dg.RunRequest)]
    assert requests or [type(answer) for answer in answers] == [dg.SkipReason]
    return requests


def answered(lab: Lab, result: dg.ExecuteInProcessResult, run: dg.DagsterRun) -> list[object]:
    """All that the sensor says to the failure of a run."""
    context = dg.build_run_status_sensor_context(
        sensor_name="day_by_day",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=lab.instance,
        dagster_run=run,
    ).for_run_failure()
    answers = day_by_day(context)
    assert isinstance(answers, Iterable)
    return list(answers)


def test_the_sensor_runs_of_itself_and_asks_for_the_backfill() -> None:
    assert day_by_day.default_status == dg.DefaultSensorStatus.RUNNING
    assert [job.name for job in day_by_day.jobs] == ["backfill"]


def test_a_failed_window_is_asked_for_day_by_day_without_the_mail(broken_lab: Lab) -> None:
    window = failed_window(broken_lab)
    requests = asked_for(broken_lab, window)
    assert [request.partition_key for request in requests] == [str(MONDAY), str(TUESDAY), str(WEDNESDAY)]
    assert len({request.run_key for request in requests}) == 3
    for request in requests:
        assert {key.to_user_string() for key in request.asset_selection or ()} == set(STEPS) - {"deliveries"}
        assert WINDOW_START not in request.tags
        assert request.tags["paperboy/window"] == window.run_id
    assert [request.run_key for request in asked_for(broken_lab, window)] == [request.run_key for request in requests]


def test_the_days_asked_for_are_made_but_for_the_bad_one(broken_lab: Lab) -> None:
    job = broken_lab.defs.resolve_job_def("backfill")
    for request in asked_for(broken_lab, failed_window(broken_lab)):
        job.execute_in_process(
            instance=broken_lab.instance,
            partition_key=request.partition_key,
            asset_selection=list(request.asset_selection or ()),
            tags=request.tags,
            run_config=QUIET,
            raise_on_error=False,
        )
    assert broken_lab.materialized("digest") == {str(MONDAY), str(WEDNESDAY)}
    assert broken_lab.materialized("deliveries") == set()
    assert broken_lab.status(TUESDAY).state == "failed"
    assert "502 Bad Gateway" in broken_lab.status(TUESDAY).reason


def test_only_the_steps_of_the_window_are_asked_for_again(broken_lab: Lab) -> None:
    requests = asked_for(broken_lab, failed_window(broken_lab, ["fetched_papers", "clean_papers"]))
    assert len(requests) == 3
    for request in requests:
        assert {key.to_user_string() for key in request.asset_selection or ()} == {"fetched_papers", "clean_papers"}


def test_a_window_of_the_command_line_is_left_to_it(broken_lab: Lab) -> None:
    assert asked_for(broken_lab, failed_window(broken_lab, tags=BY_COMMAND)) == []


def test_a_window_of_nothing_but_mail_is_not_made_again(broken_lab: Lab) -> None:
    window = failed_window(broken_lab, ["fetched_papers", "deliveries"])
    mail = window.dagster_run._replace(asset_selection=frozenset({dg.AssetKey("deliveries")}))
    assert [type(answer) for answer in answered(broken_lab, window, mail)] == [dg.SkipReason]


def test_a_single_day_is_not_made_again(broken_lab: Lab) -> None:
    assert asked_for(broken_lab, broken_lab.ui_run(TUESDAY)) == []
    one = {WINDOW_START: str(TUESDAY), WINDOW_END: str(TUESDAY)}
    assert asked_for(broken_lab, failed_window(broken_lab, tags=one)) == []


def test_a_run_of_the_sensor_is_not_made_again(broken_lab: Lab) -> None:
    first = asked_for(broken_lab, failed_window(broken_lab))[1]
    again = broken_lab.defs.resolve_job_def("backfill").execute_in_process(
        instance=broken_lab.instance,
        partition_key=first.partition_key,
        tags=first.tags,
        run_config=QUIET,
        raise_on_error=False,
    )
    assert asked_for(broken_lab, again) == []


def test_the_longest_window_is_asked_for_whole(broken_lab: Lab) -> None:
    first, last = date(2025, 2, 20), date(2025, 2, 20) + timedelta(days=DAYS_A_RUN - 1)
    window = failed_window(broken_lab, tags={WINDOW_START: str(first), WINDOW_END: str(last)})
    assert len(asked_for(broken_lab, window)) == DAYS_A_RUN
