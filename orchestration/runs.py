"""Runs of the jobs in this process, on the same instance as the UI's, so that each of them is seen there."""

import os
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import as_file, files
from itertools import groupby
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

WINDOW_START = "dagster/asset_partition_range_start"
WINDOW_END = "dagster/asset_partition_range_end"
BY_COMMAND = {"paperboy/by": "command"}
PROCESS = "paperboy/process"
"""The tag that names host and process of a command's run: Dagster looks after the processes that it began itself."""

WINDOW = "paperboy/window"
"""The tag that names the window that failed, on the runs that make its days anew."""

DAYS_AT_ONCE = 92
"""The command's window: much of what a run costs does not depend on its days, and a bad one is made again alone."""

FAILED = "SELECT DISTINCT day FROM partitions WHERE run_id = $run AND outcome IN ('rejected', 'failed')"


@dataclass(frozen=True)
class Outcome:
    """How a run of some days ended; `reason` says why it failed, `step` where."""

    days: Sequence[date]
    success: bool
    run_id: str
    step: str = ""
    reason: str = ""


def instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of the home, made where there is none."""
    make_home(settings)
    return dg.DagsterInstance.get()


def make_home(settings: Settings) -> None:
    """Lay out the instance's folder, and let `DAGSTER_HOME` name it for this process and those it starts."""
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("orchestration") / "home" / "dagster.yaml") as template:
        shutil.copyfile(template, folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)


def run_day(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    day: date,
    *,
    config: dict[str, Any] | None = None,
    window: str | None = None,
    debug: bool = False,
) -> Outcome:
    """One run for one day; `window` is the run of the window of it that failed first, if there is one."""
    result = defs.resolve_job_def(job).execute_in_process(
        instance=instance,
        partition_key=day.isoformat(),
        run_config={**_quiet(debug), **(config or {})},
        tags=_by_command(window),
        raise_on_error=False,
    )
    return _outcome([day], result)


def edition_config(*, newest: date | None) -> dict[str, Any]:
    """The config of a run that was asked for because `newest` is the newest day that the sources list."""
    known = {"config": {"newest_day": newest.isoformat() if newest else ""}}
    return {"ops": {"digest": known, "deliveries": known}}


def send_config(day: date, *, again: bool = False) -> dict[str, Any]:
    """The config of a run that mails `day` because the operator names it, or what is due of it if `again`."""
    return {"ops": {"deliveries": {"config": {"confirmed_day": day.isoformat(), "again": again}}}}


def backfill(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    days: Sequence[date],
    progress: Callable[[Outcome], None],
    *,
    from_store: bool = False,
    debug: bool = False,
) -> Iterator[Outcome]:
    """The days in windows; one that fails is made again in parts, each bad day alone. Yields how each ended.

    `progress` hears of every run, also of a window that failed and whose parts follow. `from_store` parses the stored
    bodies again instead of asking the sources.
    """
    config: dict[str, Any] = {"ops": {"fetched_papers": {"config": {"from_store": from_store}}}}

    def made(window: Sequence[date], failed: str | None = None) -> Iterator[Outcome]:
        outcome = _run_window(defs, instance, window, config, failed, debug)
        progress(outcome)
        if outcome.success or len(window) == 1:
            yield outcome
            return
        for part in _parts(window, _failed_days(defs, outcome)):
            yield from made(part, failed or outcome.run_id)

    for start in range(0, len(days), DAYS_AT_ONCE):
        yield from made(days[start : start + DAYS_AT_ONCE])


def _failed_days(defs: dg.Definitions, outcome: Outcome) -> set[date]:
    """The days that a run has put on record as failed: all of them, or none, where something else than a day broke."""
    warehouse: Warehouse = (defs.resources or {})["warehouse"]
    # A warehouse that cannot be read is told by the runs that follow.
    with suppress(Exception):
        return set(warehouse.read(FAILED, {"run": outcome.run_id})["day"]).intersection(outcome.days)
    return set()


def _parts(window: Sequence[date], bad: set[date]) -> Iterator[list[date]]:
    """The stretches of good days between bad ones, and each bad day alone; each day alone where none is known."""
    for _, part in groupby(window, key=lambda day: day if day in bad or not bad else None):
        yield list(part)


def days_between(first: date, last: date) -> list[date]:
    """The days from first to last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _run_window(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    window: Sequence[date],
    config: dict[str, Any],
    failed: str | None,
    debug: bool,
) -> Outcome:
    if len(window) == 1:
        return run_day(defs, instance, "backfill", window[0], config=config, window=failed, debug=debug)
    tags = {WINDOW_START: window[0].isoformat(), WINDOW_END: window[-1].isoformat(), **_by_command(failed)}
    result = defs.resolve_job_def("backfill").execute_in_process(
        instance=instance, run_config={**_quiet(debug), **config}, tags=tags, raise_on_error=False
    )
    return _outcome(window, result)


def bury(instance: dg.DagsterInstance) -> None:
    """Note as failed what commands of this machine began and did not end because their process is gone.

    Dagster would take such a run for one under way, and let no other begin.
    """
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], tags=BY_COMMAND)
    for run in instance.get_runs(unfinished):
        host, _, process = run.tags.get(PROCESS, "").rpartition("/")
        if host == socket.gethostname() and not _alive(int(process)):
            instance.report_run_failed(run, f"Its process {process} is gone: killed, or the machine went down.")


def _by_command(window: str | None) -> dict[str, str]:
    # Dagster cannot try again what it did not begin, and is not to say that it will.
    own = {**BY_COMMAND, PROCESS: f"{socket.gethostname()}/{os.getpid()}", "dagster/max_retries": "0"}
    return own | ({WINDOW: window} if window else {})


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def _quiet(debug: bool) -> dict[str, Any]:
    """The command prints its own lines; the run's log is kept in the instance either way."""
    return {"loggers": {"console": {"config": {"log_level": "DEBUG" if debug else "CRITICAL"}}}}


def _outcome(days: Sequence[date], result: dg.ExecuteInProcessResult) -> Outcome:
    if failed := failure(result.all_events):
        return Outcome(days, False, result.run_id, *failed)
    return Outcome(days, result.success, result.run_id)


def failure(events: Iterable[dg.DagsterEvent]) -> tuple[str, str] | None:
    """The step that failed, or "its start", and why; None where no event of a run tells of a failure."""
    for event in events:
        if event.is_step_failure:
            failed = event.step_failure_data
            told = failed.user_failure_data and failed.user_failure_data.description
            return event.step_key or "", told or _innermost(failed.error)
        if event.is_job_failure:
            # A run that the daemon declares failed has a message and no error.
            error = event.job_failure_data.error if event.event_specific_data else None
            return "its start", _innermost(error) if error else event.message or "no reason was recorded"
    return None


def _innermost(error: SerializableErrorInfo | None) -> str:
    """What a failure is of ours: Dagster wraps errors in errors of its own."""
    while error is not None and error.cause is not None and (error.cls_name or "").startswith(("Dagster", "Retry")):
        error = error.cause
    return error.message.strip() if error else "no reason was recorded"
