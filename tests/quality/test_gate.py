"""Write, audit, publish: what passes stands whole in the tables and the instance, what does not leaves no trace."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.fetch.batch import SNAPSHOT
from assets.fetch.drift import SHARE
from orchestration.resources import warehouse
from orchestration.runs import WINDOW_END, WINDOW_START
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate
from quality.suites import SUITES
from tests.lab import Lab
from tests.quality.batches import MONDAY, SUNDAY, TUESDAY, WEDNESDAY, Batch, batch, fetched_facts

ASSET = "fetched_papers"
NAMES = [expectation.name for expectation in SUITES[ASSET].expectations]
THRESHOLDS = {expectation.name: expectation.threshold for expectation in SUITES[ASSET].expectations}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Publisher:
    """A step that publishes a batch of `fetched_papers` through the gate, in a lab."""

    lab: Lab

    def __call__(
        self,
        offered: Batch,
        *,
        touched: Sequence[date] = (),
        amendment: gate.Amendment | None = None,
        beside: Mapping[str, pl.DataFrame] | None = None,
        recorded: Mapping[str, pl.DataFrame] | None = None,
        append: Mapping[str, pl.DataFrame] | None = None,
    ) -> dg.ExecuteInProcessResult:
        days = [day for day in offered.days if day not in (*touched, *(amendment.days if amendment else ()))]

        @step(ASSET, group="papers", kinds={"python"}, books=[*(recorded or {}), *(append or {})])
        def offering(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
            with gate.on_record(context, warehouse):
                yield from gate.publish(
                    context, warehouse, days, offered.frame, touched=touched, facts=offered.step_facts, beside=beside,
                    recorded=recorded, append=append, amendment=amendment,
                )  # fmt: skip

        window = {WINDOW_START: str(days[0]), WINDOW_END: str(days[-1])}
        return dg.materialize(
            [offering],
            instance=self.lab.instance,
            resources=self.lab.of_the_gate,
            partition_key=str(days[0]) if len(days) == 1 else None,
            tags=window if len(days) > 1 else None,
            run_config=QUIET,
            raise_on_error=False,
        )

    def read(self, query: str) -> list[Any]:
        return warehouse(self.lab.settings).read(query).rows()

    def standing(self) -> dict[str, object]:
        """All that a rejected batch must leave as it is."""
        return {
            "rows": self.read("SELECT day, position, title FROM fetched_papers ORDER BY ALL"),
            "quarantine": self.read("SELECT * FROM quarantine ORDER BY ALL"),
            "popularity": self.read("SELECT * FROM popularity ORDER BY ALL"),
            "shares": self.read("SELECT * FROM field_shares ORDER BY ALL"),
            "materialized": self.lab.materialized(ASSET),
            "events": len(self.lab.instance.fetch_materializations(dg.AssetKey(ASSET), limit=100).records),
        }

    def partitions(self) -> dict[date, tuple[str, int]]:
        return {day: (outcome, rows) for day, outcome, rows in self.read("SELECT day, outcome, rows FROM partitions")}


@pytest.fixture
def publish(sample_lab: Lab) -> Publisher:
    return Publisher(sample_lab)


def reason(result: dg.ExecuteInProcessResult) -> str:
    """Why the step failed, as the UI shows it."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description is not None
    return failure.description


def bad(*days: date, day: date = MONDAY) -> Batch:
    """A batch of which one day has lost a quarter of its titles."""
    good = batch(ASSET, *days)
    first = 20 * good.days.index(day)
    return good.set("title", None, range(first, first + 5))


def test_a_batch_that_passes_stands_in_every_table(publish: Publisher) -> None:
    result = publish(batch(ASSET, MONDAY, TUESDAY))
    assert result.success
    assert publish.read("SELECT day, count(*) FROM fetched_papers GROUP BY day ORDER BY day") == [
        (MONDAY, 20),
        (TUESDAY, 20),
    ]
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 20)}
    assert publish.read("SELECT DISTINCT run_id FROM partitions") == [(result.run_id,)]
    assert publish.lab.materialized(ASSET) == {str(MONDAY), str(TUESDAY)}
    evaluated = publish.read("SELECT day, expectation FROM quality_results WHERE passed AND unexpected = 0")
    assert sorted(evaluated) == sorted((day, name) for day in (MONDAY, TUESDAY) for name in NAMES)


def test_every_expectation_is_a_check_of_the_run_with_its_figures(publish: Publisher) -> None:
    result = publish(batch(ASSET).set("title", None, [0, 1]))
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert list(checks) == NAMES
    assert all(check.passed for check in checks.values())
    figures = {name: value.value for name, value in checks["title_present"].metadata.items() if name != "data_docs"}
    assert figures == {
        "observed": f"{MONDAY}: 2 of 20 rows unexpected",
        "threshold": THRESHOLDS["title_present"],
        "unexpected_count": 2,
        "unexpected_percent": 10.0,
        "sample_keys": "sample/2503.00000, sample/2503.00001",
    }
    assert checks["complete"].metadata["figure"].value == 20.0
    assert checks["weekday_has_papers"].severity == dg.AssetCheckSeverity.WARN


def test_a_rejected_batch_leaves_everything_as_it_was(publish: Publisher) -> None:
    publish(batch(ASSET).set("abstract", None, [0]))
    before = publish.standing()
    assert before["quarantine"]
    result = publish(
        bad(MONDAY),
        beside={"field_shares": pl.DataFrame([("sample", MONDAY, "title", 15, 20)], schema=SHARE, orient="row")},
        append={"popularity": pl.DataFrame([("sample", "1", None, 1, 1, 9)], schema=SNAPSHOT, orient="row")},
    )
    assert not result.success
    assert publish.standing() == before
    assert publish.partitions() == {MONDAY: ("rejected", 19)}


def test_a_first_batch_that_is_rejected_leaves_no_rows_and_no_materialization(publish: Publisher) -> None:
    result = publish(bad(MONDAY))
    assert not result.success
    assert publish.read("SELECT * FROM fetched_papers") == []
    assert publish.read("SELECT * FROM quarantine") == []
    assert publish.lab.materialized(ASSET) == set()
    assert result.get_asset_materialization_events() == []
    assert publish.partitions() == {MONDAY: ("rejected", 0)}


def test_a_rejection_is_explained_and_its_results_are_kept(publish: Publisher) -> None:
    result = publish(bad(MONDAY))
    told = reason(result)
    assert told.startswith(f"{ASSET} {MONDAY} was rejected. title_present: 5 of 20 rows failed, 2 allowed (sample/")
    assert told.endswith("Nothing was written; what was there before stays.")
    ((noted,),) = publish.read("SELECT reason FROM partitions")
    assert noted in told
    results = publish.read("SELECT expectation, passed, unexpected, rows, run_id FROM quality_results")
    assert sorted(name for name, *_ in results) == sorted(NAMES)
    assert [row for row in results if not row[1]] == [("title_present", False, 5, 20, result.run_id)]
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert [name for name in NAMES if not checks[name].passed] == ["title_present"]
    assert checks["title_present"].metadata["observed"].value == f"{MONDAY}: 5 of 20 rows unexpected"


def test_results_are_kept_of_every_evaluation(publish: Publisher) -> None:
    for offered in (batch(ASSET), bad(MONDAY), batch(ASSET)):
        publish(offered)
    verdicts = "SELECT passed FROM quality_results WHERE expectation = 'title_present' ORDER BY recorded_at"
    assert publish.read(verdicts) == [(True,), (False,), (True,)]
    assert publish.partitions() == {MONDAY: ("published", 20)}


def test_a_bad_day_blocks_its_window_and_only_it_is_rejected(publish: Publisher) -> None:
    publish(batch(ASSET, MONDAY, rows=12))
    before = publish.standing()
    result = publish(bad(MONDAY, TUESDAY, WEDNESDAY, day=TUESDAY))
    assert not result.success
    assert f"{ASSET} {TUESDAY} was rejected" in reason(result)
    assert str(WEDNESDAY) not in reason(result)
    assert publish.standing() == before
    assert publish.partitions() == {MONDAY: ("published", 12), TUESDAY: ("rejected", 0)}
    assert publish.read("SELECT DISTINCT day FROM quality_results WHERE NOT passed") == [(TUESDAY,)]
    (check,) = [c for c in result.get_asset_check_evaluations() if c.check_name == "title_present"]
    assert check.metadata["observed"].value == f"{TUESDAY}: 5 of 20 rows unexpected"
    assert check.metadata["unexpected_percent"].value == round(100 * 5 / 60, 2)


def test_tolerated_rows_are_in_quarantine_with_all_that_is_known(publish: Publisher) -> None:
    result = publish(batch(ASSET, MONDAY, TUESDAY).set("votes", -7, [25]))
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 19)}
    told = {event.partition: event.materialization.metadata for event in result.get_asset_materialization_events()}
    assert {day: metadata["quarantined"].value for day, metadata in told.items()} == {str(MONDAY): 0, str(TUESDAY): 1}
    ((asset, day, key, expectation, value, row, run_id),) = publish.read(
        "SELECT asset, day, key, expectation, value, row, run_id FROM quarantine"
    )
    assert (asset, day, key, expectation) == (ASSET, TUESDAY, "sample/2503.01005", "votes_range")
    assert (value, run_id) == ("-7", result.run_id)
    assert json.loads(row)["title"] == "The title of paper 5, as its list has it"
    assert publish.read("SELECT count(*) FROM fetched_papers WHERE votes < 0") == [(0,)]


def test_a_row_that_is_good_again_leaves_the_quarantine(publish: Publisher) -> None:
    publish(batch(ASSET, MONDAY, TUESDAY).set("votes", -7, [5, 25]))
    publish(batch(ASSET))
    assert publish.read("SELECT day FROM quarantine") == [(TUESDAY,)]
    assert publish.partitions()[MONDAY] == ("published", 20)


def test_a_warning_is_recorded_and_stops_nothing(publish: Publisher) -> None:
    nothing = fetched_facts({MONDAY: 0})
    result = publish(Batch(ASSET, [MONDAY], batch(ASSET).frame.clear(), facts=nothing))
    assert result.success
    assert publish.lab.materialized(ASSET) == {str(MONDAY)}
    assert publish.partitions() == {MONDAY: ("published", 0)}
    (check,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (check.check_name, check.severity) == ("weekday_has_papers", dg.AssetCheckSeverity.WARN)
    assert publish.read("SELECT expectation, severity FROM quality_results WHERE NOT passed") == [
        ("weekday_has_papers", "WARN")
    ]


def test_a_quiet_day_replaces_the_rows_that_were_there(publish: Publisher) -> None:
    publish(batch(ASSET, SUNDAY))
    quiet = fetched_facts({SUNDAY: 0})
    assert publish(Batch(ASSET, [SUNDAY], batch(ASSET).frame.clear(), facts=quiet)).success
    assert publish.read("SELECT * FROM fetched_papers") == []
    assert publish.partitions() == {SUNDAY: ("published", 0)}


def test_a_touched_day_is_published_with_the_others(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=12))
    result = publish(batch(ASSET, MONDAY, TUESDAY), touched=[TUESDAY])
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 20)}
    materialized = {event.partition: event.materialization for event in result.get_asset_materialization_events()}
    assert set(materialized) == {str(MONDAY), str(TUESDAY)}
    assert materialized[str(TUESDAY)].metadata["dagster/partition_row_count"].value == 20


def test_a_touched_day_that_is_blocked_keeps_its_rows_and_stops_nothing(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=12))
    result = publish(bad(MONDAY, TUESDAY, day=TUESDAY), touched=[TUESDAY])
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 12)}
    assert publish.read("SELECT count(*) FROM fetched_papers WHERE day = '2025-03-11'") == [(12,)]
    assert [event.partition for event in result.get_asset_materialization_events()] == [str(MONDAY)]
    assert publish.read("SELECT day, expectation FROM quality_results WHERE NOT passed") == [(TUESDAY, "title_present")]


def test_a_touched_day_is_left_alone_when_a_day_is_rejected(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=12))
    before = publish.standing()
    assert not publish(bad(MONDAY, TUESDAY), touched=[TUESDAY]).success
    assert publish.standing() == before
    assert publish.partitions() == {MONDAY: ("rejected", 0), TUESDAY: ("published", 12)}


def amending(publish: Publisher, offered: Batch, *, restated: bool = True) -> dg.ExecuteInProcessResult:
    """Monday whole, and of Tuesday three rows in the place of two that stand there, or of three, restating nothing."""
    monday, three = pl.col("day") == MONDAY, pl.int_range(pl.len()).over("day") < 3
    some = replace(offered, frame=offered.frame.filter(monday | three))
    gone = offered.frame.filter(~monday).head(2 if restated else 3).select("day", "source", "source_id")
    amendment = gate.Amendment([TUESDAY], gone, [TUESDAY] if restated else [])
    return publish(some, amendment=amendment)


def test_single_rows_of_another_day_are_amended(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=2))
    result = amending(publish, batch(ASSET, MONDAY, TUESDAY).set("title", "Amended", [20]))
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 3)}
    titles = publish.read("SELECT title FROM fetched_papers WHERE day = '2025-03-11' ORDER BY position")
    listed = [f"The title of paper {place}, as its list has it" for place in (1, 2)]
    assert [title for (title,) in titles] == ["Amended", *listed]
    materialized = {event.partition: event.materialization for event in result.get_asset_materialization_events()}
    assert materialized[str(TUESDAY)].metadata["dagster/partition_row_count"].value == 3
    judged = publish.read("SELECT DISTINCT expectation FROM quality_results WHERE day = '2025-03-11' AND rows = 3")
    assert {name for (name,) in judged} == {e.name for e in SUITES[ASSET].expectations if e.of == "row"}


def test_an_amendment_that_restates_nothing_leaves_the_day_as_it_was_made(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=3))
    before = publish.read("SELECT * FROM partitions WHERE day = '2025-03-11'")
    result = amending(publish, batch(ASSET, MONDAY, TUESDAY), restated=False)
    assert publish.read("SELECT * FROM partitions WHERE day = '2025-03-11'") == before
    assert [event.partition for event in result.get_asset_materialization_events()] == [str(MONDAY)]
    assert publish.read("SELECT count(*) FROM fetched_papers WHERE day = '2025-03-11'") == [(3,)]


def test_an_amendment_that_is_blocked_is_not_made_and_stops_nothing(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=2))
    before = publish.read("SELECT * FROM fetched_papers WHERE day = '2025-03-11'")
    assert amending(publish, batch(ASSET, MONDAY, TUESDAY).set("title", None, [20])).success
    assert publish.read("SELECT * FROM fetched_papers WHERE day = '2025-03-11'") == before
    assert publish.partitions() == {MONDAY: ("published", 20), TUESDAY: ("published", 2)}
    assert publish.read("SELECT day, expectation FROM quality_results WHERE NOT passed") == [(TUESDAY, "title_present")]


def test_nothing_is_amended_when_a_day_is_rejected(publish: Publisher) -> None:
    publish(batch(ASSET, TUESDAY, rows=2))
    before = publish.standing()
    assert not amending(publish, bad(MONDAY, TUESDAY)).success
    assert publish.standing() == before


def test_what_stands_beside_is_written_in_the_same_transaction(publish: Publisher) -> None:
    misfit = {"popularity": pl.DataFrame({"no_such_column": [1]})}
    assert not publish(batch(ASSET), append=misfit).success
    assert publish.read("SELECT * FROM fetched_papers") == []
    assert publish.partitions() == {MONDAY: ("failed", 0)}
    assert publish.read("SELECT * FROM quality_results") == []
    assert publish.lab.materialized(ASSET) == set()


def test_the_instance_alone_tells_what_was_made(publish: Publisher) -> None:
    pages = batch(ASSET, MONDAY, TUESDAY).set("title", "Pipes | and <b>tags</b>\nand lines", [0])
    events = publish(pages).get_asset_materialization_events()
    told = {event.partition: event.materialization.metadata for event in events}
    assert set(told) == {str(MONDAY), str(TUESDAY)}
    assert told[str(MONDAY)]["dagster/partition_row_count"].value == 20
    schema = told[str(MONDAY)]["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns] == pages.frame.columns
    preview = str(told[str(MONDAY)]["preview"].value).splitlines()
    assert len(preview) == 2 + 5
    assert preview[0] == "| source | source_id | title | votes |"
    assert preview[2] == "| sample | 2503.00000 | Pipes \\| and &lt;b>tags&lt;/b> and lines | 0 |"


@pytest.mark.parametrize("asset", SUITES)
def test_every_expectation_is_declared_with_what_the_ui_shows_of_it(asset: str) -> None:
    declared = gate.specs(asset)
    assert [spec.name for spec in declared] == [expectation.name for expectation in SUITES[asset].expectations]
    for spec, expectation in zip(declared, SUITES[asset].expectations, strict=True):
        assert spec.asset_key == dg.AssetKey(asset)
        assert spec.description == expectation.why
        assert spec.metadata == {"severity": expectation.severity, "threshold": expectation.threshold}
