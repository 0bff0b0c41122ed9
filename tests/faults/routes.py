"""Every public way to have a day made, each as a function of a lab; True where it ended well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import dagster as dg

from orchestration.runs import WINDOW_END, WINDOW_START
from tests.lab import STEPS, Lab
from tests.orchestration.terminal import Terminal

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
DAEMON = {"dagster/backfill": "a-backfill"}


@dataclass
class Stage:
    """The lab that is at work, for what Dagster rebuilds from the name of a function."""

    lab: Lab | None = None


STAGE = Stage()


def rebuilt() -> dg.JobDefinition:
    """The job `backfill` of the lab at work."""
    assert STAGE.lab is not None
    return STAGE.lab.defs.resolve_job_def("backfill")


def window(day: date) -> dict[str, str]:
    """The tags of a window of two days, the given one its first."""
    return {WINDOW_START: str(day), WINDOW_END: str(day + timedelta(days=1))}


def ui(lab: Lab, day: date) -> bool:
    return lab.ui_run(day).success


def ui_range(lab: Lab, day: date) -> bool:
    return (
        lab.defs.resolve_implicit_global_asset_job_def()
        .execute_in_process(
            instance=lab.instance, asset_selection=[dg.AssetKey(step) for step in STEPS], tags=window(day),
            run_config=QUIET, raise_on_error=False,
        )
        .success
    )  # fmt: skip


def job(lab: Lab, name: str, **arguments: Any) -> bool:
    made = lab.defs.resolve_job_def(name)
    return made.execute_in_process(instance=lab.instance, run_config=QUIET, raise_on_error=False, **arguments).success


def daemon(lab: Lab, day: date) -> bool:
    return job(lab, "backfill", partition_key=str(day), tags=DAEMON)


def daemon_window(lab: Lab, day: date) -> bool:
    return job(lab, "backfill", tags=DAEMON | window(day))


def schedule(lab: Lab, day: date) -> bool:
    return lab.tick(datetime.combine(day + timedelta(days=1), time(7, 30))).success


def each_step_alone(lab: Lab, day: date) -> bool:
    return all([lab.ui_run(day, [step]).success for step in STEPS])


def again(lab: Lab, day: date) -> bool:
    """A run, and once more what failed of it, as "Re-execute from failure" does; or all of it, where nothing failed."""
    STAGE.lab = lab
    run = lab.defs.resolve_job_def("backfill").execute_in_process(
        instance=lab.instance, partition_key=str(day), run_config=QUIET, raise_on_error=False
    )
    options = (
        dg.ReexecutionOptions(run.run_id)
        if run.success
        else dg.ReexecutionOptions.from_failure(run.run_id, lab.instance)
    )
    with dg.execute_job(
        dg.reconstructable(rebuilt), lab.instance, run_config=QUIET, raise_on_error=False, reexecution_options=options,
        tags={"dagster/partition": str(day)},
    ) as result:  # fmt: skip
        return result.success


def command(*words: str) -> Callable[[Lab, date], bool]:
    """A command of `paperboy`; DAY stands for the day, NEXT for the one after."""

    def called(lab: Lab, day: date) -> bool:
        days = {"DAY": str(day), "NEXT": str(day + timedelta(days=1))}
        folder = str(lab.settings.archive.folder)
        paperboy = Terminal(lab.settings.home, {"SOURCES": "archive", "ARCHIVE__FOLDER": folder})
        result = paperboy(*[days.get(word, word) for word in words], made_in=lab)
        assert result.exit_code in (0, 1), result.output
        return result.exit_code == 0

    return called


ROUTES: Mapping[str, Callable[[Lab, date], bool]] = {
    "UI, a day": ui,
    "UI, a range": ui_range,
    "UI, each step alone": each_step_alone,
    "daemon, a day": daemon,
    "daemon, a window": daemon_window,
    "schedule": schedule,
    "re-execution": again,
    "digest": command("digest", "DAY"),
    "backfill": command("backfill", "DAY", "NEXT"),
    "refetch": command("refetch", "DAY", "DAY"),
}
