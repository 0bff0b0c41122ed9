"""Who tells the operator, and when: of runs that leave no outcome, by the command at its end, by the sensors."""

import re
import signal
import subprocess
import sys
from datetime import date, timedelta

import dagster as dg
import pytest

from orchestration.resources import warehouse
from orchestration.runs import WINDOW_END, WINDOW_START
from orchestration.sensors import alert_on_failure, alert_on_success, alerts_that_wait, day_by_day
from tests.lab import CHECKOUT, STEPS, Lab
from tests.orchestration.alerts.conftest import OPERATOR, READER, RECOVERED, REJECTED, House, Mailroom
from tests.orchestration.tables import process
from tests.orchestration.terminal import MONDAY, TUESDAY, WEDNESDAY, NewTerminal

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

HOLDER = """
import sys
from orchestration.warehouse import Warehouse
with Warehouse(path=sys.argv[1]).connect():
    print("holding", flush=True)
    sys.stdin.readline()
"""

KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from assets.fetch.archive import ArchiveSource
from tests.lab import lab

ArchiveSource.fetch = lambda self, day: os.kill(os.getpid(), signal.SIGKILL)
with lab(Path(sys.argv[1]), SOURCES="archive", ARCHIVE__FOLDER=sys.argv[2]) as made:
    made.digest(date.fromisoformat(sys.argv[3]))
"""
"""A digest whose process is killed while it fetches."""


# Runs that leave no outcome.


def killed_run(lab: Lab, day: date, **tags: str) -> dg.DagsterRun:
    """A run whose process vanished: nothing but the instance knows of it."""
    job = lab.defs.resolve_job_def("daily_digest")
    run = lab.instance.create_run_for_job(job, tags={"dagster/partition": str(day), **tags})
    lab.instance.report_run_failed(run, "Run worker died unexpectedly: SIGKILL of canary@reader.example's mail")
    return run


def test_a_run_that_left_no_outcome_is_told_once_and_its_end_once(house: House) -> None:
    house.good(MONDAY)
    first = killed_run(house.lab, MONDAY)
    house.announce()
    killed_run(house.lab, MONDAY)
    house.announce()
    assert house.subjects == [f"Paperboy: the run of {MONDAY} failed"]
    assert f"daily_digest, run {first.run_id[:8]}, failed at its start" in house.text()
    assert "Run worker died unexpectedly" in house.text()
    assert READER not in house.everything_said()
    mended = house.lab.digest(MONDAY)
    house.announce()
    house.announce()
    assert house.subjects[1:] == [f"Paperboy: recovered: the run of {MONDAY}"]
    assert mended.run_id[:8] in house.text()


def test_a_run_of_the_command_that_was_killed_is_told(house: House) -> None:
    command = [sys.executable, "-c", KILLED, str(house.lab.settings.home), str(house.archive), str(MONDAY)]
    ended = subprocess.run(command, cwd=CHECKOUT, check=False)
    assert ended.returncode == -signal.SIGKILL
    (run,) = house.lab.instance.get_runs()
    assert run.status == dg.DagsterRunStatus.STARTED
    house.announce()
    assert house.subjects == [f"Paperboy: the run of {MONDAY} failed"]
    assert "is gone: killed, or the machine went down" in house.text()
    (run,) = house.lab.instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE


def test_a_killed_run_that_will_be_retried_is_waited_for(house: House) -> None:
    house.good(MONDAY)
    killed_run(house.lab, MONDAY, **{"dagster/will_retry": "true"})
    house.announce()
    assert house.subjects == []
    assert house.alarm.waiting()
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects == []
    assert not house.alarm.waiting()


def test_a_mailing_run_is_not_mended_by_one_that_mails_nothing(house: House) -> None:
    house.good(MONDAY)
    killed_run(house.lab, MONDAY)
    house.announce()
    house.lab.backfill(MONDAY, MONDAY)
    house.announce()
    assert house.subjects == [f"Paperboy: the run of {MONDAY} failed"]


def test_a_warehouse_in_use_is_told_by_the_command_and_waited_for_by_the_sensors(house: House) -> None:
    house.good(MONDAY)
    path = warehouse(house.lab.settings).path
    warehouse(house.lab.settings).read("SELECT 1")
    with process(HOLDER, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        assert "in use by" in house.lab.digest(MONDAY).reason
        house.announce()
        assert house.subjects == []
        assert house.alarm.waiting()
        house.announce(command=True)
    assert house.subjects == [f"Paperboy: the run of {MONDAY} failed"]
    assert "is in use by a command" in house.text()
    house.announce()
    house.lab.digest(MONDAY)
    house.announce()
    assert house.subjects[1:] == [f"Paperboy: recovered: the run of {MONDAY}"]


# The command.


def test_the_command_tells_at_its_end(house: House, new_terminal_of: NewTerminal) -> None:
    house.bad(MONDAY)
    paperboy = new_terminal_of()
    result = paperboy.run("digest", MONDAY)
    assert result.exit_code == 1
    assert house.subjects == [REJECTED]
    house.good(MONDAY)
    assert paperboy.run("digest", MONDAY).exit_code == 0
    assert house.subjects == [REJECTED, RECOVERED]


def test_the_command_tells_what_kept_it_from_a_run(house: House, new_terminal_of: NewTerminal) -> None:
    paperboy = new_terminal_of()
    for _ in range(2):
        assert paperboy.run("digest").exit_code == 1
    assert house.subjects == ["Paperboy: paperboy digest failed"]
    assert "no source lists a paper between" in house.text()
    house.good(MONDAY)
    assert paperboy.run("digest", MONDAY).exit_code == 0
    assert house.subjects[1:] == ["Paperboy: recovered: paperboy digest"]


def test_an_alert_that_fails_is_a_line_and_not_the_commands_failure(
    house: House, new_terminal_of: NewTerminal, mailroom: Mailroom
) -> None:
    house.empty(MONDAY)
    mailroom.refused.add(OPERATOR)
    result = new_terminal_of().run("digest", MONDAY)
    assert result.exit_code == 0
    assert re.search(rf"alert failed to {OPERATOR}: Paperboy: 1 warning for {MONDAY}: 550", result.stderr)


@pytest.fixture
def new_terminal_of(house: House, terminal: NewTerminal) -> NewTerminal:
    """Terminals with the settings of the house."""
    found = house.lab.settings
    return lambda: terminal(
        SOURCES="archive", ARCHIVE__FOLDER=str(house.archive), MAIL__TRANSPORT="smtp", MAIL__HOST="127.0.0.1",
        MAIL__PORT=str(found.mail.port), MAIL__SECURITY="none", MAIL__RECIPIENTS=found.mail.recipients[0],
        ALERTS__TO=OPERATOR,
    )  # fmt: skip


# The sensors.


def evaluated(
    house: House, result: dg.ExecuteInProcessResult, sensor: str, event: dg.DagsterEvent
) -> dg.RunStatusSensorContext:
    """What the daemon gives a sensor for a run."""
    return dg.build_run_status_sensor_context(
        sensor_name=sensor,
        dagster_event=event,
        dagster_instance=house.lab.instance,
        dagster_run=result.dagster_run,
        resources={"alarm": house.alarm},
    )


def failed(house: House, result: dg.ExecuteInProcessResult) -> None:
    """The daemon's evaluation of the failure sensor for a run."""
    assert not result.success
    event = result.get_run_failure_event()
    alert_on_failure(evaluated(house, result, "alert_on_failure", event).for_run_failure())


def succeeded(house: House, result: dg.ExecuteInProcessResult) -> None:
    """The daemon's evaluation of the success sensor for a run."""
    alert_on_success(evaluated(house, result, "alert_on_success", result.get_run_success_event()))


def test_the_sensors_run_of_themselves() -> None:
    for sensor in (alert_on_failure, alert_on_success, alerts_that_wait):
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_the_sensors_tell_the_failure_and_the_end(house: House) -> None:
    house.bad(MONDAY)
    bad = house.lab.run(dg.RunRequest(partition_key=str(MONDAY)))
    failed(house, bad)
    failed(house, bad)
    house.good(MONDAY)
    succeeded(house, house.lab.run(dg.RunRequest(partition_key=str(MONDAY))))
    failed(house, bad)
    assert house.subjects == [REJECTED, RECOVERED]


def test_the_daemon_tells_of_runs_of_the_command_too(house: House) -> None:
    begun = ticked(house, None)
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    assert ticked(house, begun) != begun
    assert house.subjects == [REJECTED]


def ticked(house: House, cursor: str | None) -> str | None:
    """The cursor after a tick of the failure sensor, which knows the code location that it is of."""
    alarmed = house.lab.defs.get_repository_def().get_sensor_def("alert_on_failure")
    with dg.build_sensor_context(
        instance=house.lab.instance, cursor=cursor, repository_name="paperboy", resources={"alarm": house.alarm}
    ) as context:
        return alarmed.evaluate_tick(context).cursor


def test_only_the_daily_run_brings_the_warnings(house: House) -> None:
    house.empty(MONDAY)
    succeeded(
        house, house.lab.run(dg.RunRequest(partition_key=str(MONDAY), tags={"paperboy/caught-up": "was missing"}))
    )
    assert house.subjects == []
    succeeded(house, house.lab.run(dg.RunRequest(partition_key=str(MONDAY))))
    assert house.subjects == [f"Paperboy: 1 warning for {MONDAY}"]


def test_a_window_of_the_daemon_is_told_once_its_days_are_made(house: House) -> None:
    house.broken(MONDAY, WEDNESDAY)
    house.good(TUESDAY)
    window = house.lab.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=house.lab.instance,
        asset_selection=[dg.AssetKey(step) for step in STEPS[:-1]],
        tags={WINDOW_START: str(MONDAY), WINDOW_END: str(WEDNESDAY), "dagster/backfill": "abcdef"},
        run_config=QUIET,
        raise_on_error=False,
    )
    failed(house, window)
    assert house.subjects == []
    for request in days_of(house, window):
        made = house.lab.defs.resolve_job_def("backfill").execute_in_process(
            instance=house.lab.instance, partition_key=request.partition_key, tags=request.tags, run_config=QUIET,
            raise_on_error=False,
        )  # fmt: skip
        assert house.subjects == []
        (succeeded if made.success else failed)(house, made)
    assert house.subjects == [f"Paperboy: 2 incidents, {MONDAY} to {WEDNESDAY}"]


def days_of(house: House, window: dg.ExecuteInProcessResult) -> list[dg.RunRequest]:
    """The runs that the sensor `day_by_day` asks for."""
    context = dg.build_run_status_sensor_context(
        sensor_name="day_by_day",
        dagster_event=window.get_run_failure_event(),
        dagster_instance=house.lab.instance,
        dagster_run=window.dagster_run,
    ).for_run_failure()
    return [request for request in day_by_day(context) or () if isinstance(request, dg.RunRequest)]


def test_what_waits_for_other_runs_is_told_when_they_are_over(house: House) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    job = house.lab.defs.resolve_job_def("daily_digest")
    queued = house.lab.instance.create_run_for_job(job, tags={"dagster/partition": str(TUESDAY)})
    house.announce()
    assert house.subjects == []
    house.lab.instance.report_run_canceled(queued)
    with dg.build_sensor_context(instance=house.lab.instance, resources={"alarm": house.alarm}) as context:
        told = alerts_that_wait(context)
        assert isinstance(told, dg.SkipReason)
        assert told.skip_message == "looked again"
        assert house.subjects == [REJECTED]
        quiet = alerts_that_wait(context)
        assert isinstance(quiet, dg.SkipReason)
        assert quiet.skip_message == "nothing waits"


def test_a_run_that_never_ends_is_not_waited_for_longer_than_an_hour(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.bad(MONDAY)
    house.lab.digest(MONDAY)
    job = house.lab.defs.resolve_job_def("daily_digest")
    house.lab.instance.create_run_for_job(job, tags={"dagster/partition": str(TUESDAY)})
    monkeypatch.setattr("orchestration.alerts.attempts.WAIT", timedelta(0))
    house.announce()
    assert house.subjects == [REJECTED]
