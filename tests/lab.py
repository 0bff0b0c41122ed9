"""A whole Paperboy in a folder of its own: real definitions, a real Dagster instance, a real warehouse and Maildir.

Only the resources are built anew, from the settings of the test; everything else is what `dagster dev` loads.
"""

import mailbox
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from email.message import Message
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from orchestration import runs
from orchestration.definitions import defs
from orchestration.resources import outbox, resources, warehouse
from orchestration.settings import Settings, load
from orchestration.status import DayStatus, statuses
from tests.audited import unaudited

CHECKOUT = Path(__file__).parents[1]
DATA = CHECKOUT / "../shared/data"
DAILY_PAPERS = DATA / "huggingface/daily_papers"

STEPS = ("fetched_papers", "clean_papers", "unique_papers", "tagged_papers", "digest", "deliveries")


@dataclass
class Lab:
    """One Paperboy; close it with `with`."""

    settings: Settings
    instance: dg.DagsterInstance

    @cached_property
    def defs(self) -> dg.Definitions:
        """What Dagster loads, with the resources of these settings."""
        return dg.Definitions(
            assets=defs.assets,
            jobs=defs.jobs,
            schedules=defs.schedules,
            sensors=defs.sensors,
            executor=defs.executor,
            resources=resources(self.settings),
        )

    @property
    def of_the_gate(self) -> dict[str, Any]:
        """The resources of a step that does nothing but publish."""
        return {name: found for name, found in resources(self.settings).items() if name in ("warehouse", "data_docs")}

    def digest(self, day: date, *, newest: bool = False) -> runs.Outcome:
        """`paperboy digest`, as if `day` had been found to be the newest day where `newest`."""
        config = runs.edition_config(newest=day if newest else None)
        return runs.run_day(self.defs, self.instance, "daily_digest", day, config=config)

    def learn(self, day: date) -> runs.Outcome:
        """What `paperboy learn` does, of the papers up to a day."""
        return runs.run_day(self.defs, self.instance, "learn", day)

    def send(self, day: date) -> runs.Outcome:
        """`paperboy send DAY --confirm`."""
        return runs.run_day(self.defs, self.instance, "send", day, config=runs.send_config(day))

    def backfill(self, first: date, last: date) -> list[runs.Outcome]:
        """`paperboy backfill FROM TO`: how each day, or window of days, ended."""
        return list(runs.backfill(self.defs, self.instance, runs.days_between(first, last), lambda outcome: None))

    def requests(self, at: datetime) -> list[dg.RunRequest]:
        """The runs that the schedule's tick at a time asks for, in their order."""
        schedule = self.defs.resolve_schedule_def("daily")
        repository = self.defs.get_repository_def()
        context = dg.build_schedule_context(
            instance=self.instance, repository_def=repository, scheduled_execution_time=at
        )
        with context:
            return list(schedule.evaluate_tick(context).run_requests or ())

    def tick(self, at: datetime) -> dg.ExecuteInProcessResult:
        """The run of the newest day that the schedule's tick at a time asks for, without the days it catches up."""
        return self.run(self.requests(at)[-1])

    def run(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """A run that the schedule asks for."""
        job = self.defs.resolve_job_def("daily_digest")
        assert request.partition_key is not None
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            asset_selection=list(request.asset_selection) if request.asset_selection else None,
            tags=request.tags,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )

    def ui_run(self, day: date, assets: Sequence[str] = STEPS) -> dg.ExecuteInProcessResult:
        """What the UI's "Materialize" starts: the implicit job over selected assets, for one partition."""
        return self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey(asset) for asset in assets],
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )

    def tables(self, leave_out: Mapping[str, Sequence[str]] = {}) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of the six tables, sorted, so that two labs can be compared."""
        found, stored = {}, warehouse(self.settings)
        with stored.kept_open():
            for table in STEPS:
                rows = stored.read(f"SELECT * FROM {table}").drop(leave_out.get(table, ())).rows()  # noqa: S608
                found[table] = sorted(rows, key=repr)
        return found

    def rows(self, table: str, day: date) -> int:
        """How many rows a table holds of a day."""
        return warehouse(self.settings).rows(table, [day]).height

    def materialized(self, asset: str) -> set[str]:
        """The partitions of an asset that the instance holds for materialized."""
        return self.instance.get_materialized_partitions(dg.AssetKey(asset))

    def status(self, day: date) -> DayStatus:
        """What `paperboy status` says of a day."""
        (found,) = statuses(warehouse(self.settings), outbox(self.settings), day, day)
        return found

    def mails(self) -> list[Message]:
        """The mails in the Maildir."""
        folder = self.settings.home / "maildir"
        return list(mailbox.Maildir(folder)) if folder.exists() else []


@contextmanager
def lab(home: Path, **environment: str) -> Iterator[Lab]:
    """A Paperboy at `home`, with settings as environment variables without their prefix.

    Whatever happened in it, at its end no row stands that the gate did not let through.
    """
    variables = {f"PAPERBOY_{name}": value for name, value in {"HOME": str(home), **environment}.items()}
    settings = load(variables, file=home / "no-such.toml")
    if not (home / "dagster").exists():
        for name, content in _untouched().items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
    with runs.instance(settings) as instance:
        yield Lab(settings, instance)
        tables = warehouse(settings)
        assert not Path(tables.path).exists() or unaudited(tables) == []


@cache
def _untouched() -> dict[Path, bytes]:
    """The files of a home without a run: Dagster takes longer to create its tables than it takes to write them."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with runs.instance(load({"PAPERBOY_HOME": folder}, file=home / "no-such.toml")):
            pass
        return {file.relative_to(home): file.read_bytes() for file in home.rglob("*") if file.is_file()}
