"""What Dagster knows of the runs: which failed, what came after them, and whether more is under way.

A failure that leaves no outcome in the warehouse, such as a process that was killed, is seen here only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from orchestration.runs import WINDOW, WINDOW_END, WINDOW_START, days_between, failure

WAIT = timedelta(hours=1)
"""The longest that news wait for other runs, so that what belongs together is told in one message."""

PARTITION = "dagster/partition"
WILL_RETRY = "dagster/will_retry"
UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
EVENTS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}


@dataclass(frozen=True)
class Attempt:
    """A run that failed: of which days, where and why; `at` is UTC without a zone."""

    run_id: str
    job: str
    days: Sequence[date]
    at: datetime
    step: str
    reason: str


@dataclass(frozen=True)
class Runs:
    """The runs of an instance; `patient` where others that are under way are waited for."""

    instance: dg.DagsterInstance
    patient: bool

    def failed(self, since: datetime) -> list[str]:
        """The runs that failed since then, the oldest first."""
        wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since.replace(tzinfo=UTC))
        return [record.dagster_run.run_id for record in self.instance.get_run_records(wanted, ascending=True)]

    def attempt(self, run_id: str) -> Attempt:
        """What is known of a run that failed."""
        record = self._record(run_id)
        assert record is not None  # noqa: S101 - `failed` has just found it
        events = [entry.dagster_event for entry in self.instance.all_logs(run_id, of_type=EVENTS)]
        step, reason = failure([event for event in events if event]) or ("", "no reason was recorded")
        run = record.dagster_run
        return Attempt(run_id, run.job_name, days(run), _ended(record), step, reason)

    def waits(self, run_id: str, at: datetime) -> bool:
        """Whether news of a run that ended at a time must wait, because what belongs to it is not over."""
        now = datetime.now(UTC).replace(tzinfo=None)
        if now - at > WAIT:
            return False
        if self.patient and self._under_way(now):
            return True
        record = self._record(run_id)
        if record is None:
            return False
        if record.dagster_run.status in UNFINISHED:
            return True
        if record.dagster_run.tags.get(WILL_RETRY) == "true" and not self._later(record):
            return True
        window = self._window(record)
        if window is None or window.dagster_run.is_success:
            return False
        return not self.made_anew(window.dagster_run.run_id)

    def made_anew(self, run_id: str) -> bool:
        """Whether the run was of a window, and each of its days has had a run of its own since, or was made in one."""
        record = self._record(run_id)
        if record is None or len(days(record.dagster_run)) < 2:
            return False
        later = [run for run in self._later(record) if run.is_success or (run.is_finished and PARTITION in run.tags)]
        return {day for run in later for day in days(run)}.issuperset(days(record.dagster_run))

    def mended_by(self, run_id: str) -> str | None:
        """The later run with which a failed one is over: all its days were made, and mailed if they were to be.

        Of several runs of a day, the last one counts.
        """
        record = self._record(run_id)
        if record is None:
            return None
        mailed = _mails(record.dagster_run)
        later = [run for run in self._later(record) if run.is_finished and (_mails(run) or not mailed)]
        last = [next((run for run in later if day in days(run)), None) for day in days(record.dagster_run)]
        if not days(record.dagster_run):
            last = [next(iter(later), None)]
        return later[0].run_id if all(run is not None and run.is_success for run in last) else None

    def told(self, run_id: str) -> str:
        """A run in words."""
        record = self._record(run_id)
        return f"run {run_id[:8]}{f' of {record.dagster_run.job_name}' if record else ''}"

    def _record(self, run_id: str) -> dg.RunRecord | None:
        return next(iter(self.instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))), None)

    def _under_way(self, now: datetime) -> bool:
        # A process that was killed leaves its run as started for ever; such a one is not waited for.
        lately = (now - WAIT).replace(tzinfo=UTC)
        return bool(self.instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED, updated_after=lately), limit=1))

    def _later(self, record: dg.RunRecord) -> list[dg.DagsterRun]:
        """The later runs of any of the same days, the newest first; of the same job where it has no days."""
        run = record.dagster_run
        window = {name: run.tags[name] for name in (WINDOW_START, WINDOW_END) if name in run.tags}
        wanted = [dg.RunsFilter(tags={PARTITION: [str(day) for day in days(run)]})]
        if window:
            wanted += [dg.RunsFilter(tags=window), dg.RunsFilter(tags={WINDOW: run.tags.get(WINDOW, run.run_id)})]
        if not days(run):
            wanted = [dg.RunsFilter(job_name=run.job_name)]
        found = {later.storage_id: later for each in wanted for later in self.instance.get_run_records(each)}
        runs = [found[number].dagster_run for number in sorted(found, reverse=True) if number > record.storage_id]
        return [later for later in runs if not days(run) or set(days(later)).intersection(days(run))]

    def _window(self, record: dg.RunRecord) -> dg.RunRecord | None:
        """The window that a run is of: the one whose days are made anew, or itself."""
        run = record.dagster_run
        if WINDOW in run.tags:
            return self._record(run.tags[WINDOW])
        return record if len(days(run)) > 1 else None


def days(run: dg.DagsterRun) -> list[date]:
    """The days of a run; none where it has no partition."""
    one = run.tags.get(PARTITION)
    first, last = run.tags.get(WINDOW_START, one), run.tags.get(WINDOW_END, one)
    return days_between(date.fromisoformat(first), date.fromisoformat(last)) if first and last else []


def _mails(run: dg.DagsterRun) -> bool:
    if run.asset_selection:
        return dg.AssetKey("deliveries") in run.asset_selection
    return run.job_name in ("daily_digest", "send")


def _ended(record: dg.RunRecord) -> datetime:
    ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
    return ended.astimezone(UTC).replace(tzinfo=None)
