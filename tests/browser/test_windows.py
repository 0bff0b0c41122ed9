"""Backfills that are launched in the UI: they go through the daemon, in windows, and never mail."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from orchestration.resources import outbox, warehouse
from tests.browser.stage import DagsterUI, Stage, wait_until
from tests.lab import STEPS

SECONDS = 300
"""The bound of a wait; a run of the daemon's takes some five seconds, a window with a bad day is four of them."""

LAUNCH = """
    mutation ($asked: LaunchBackfillParams!) {
      launchPartitionBackfill(backfillParams: $asked) { __typename ... on LaunchBackfillSuccess { backfillId } }
    }
"""
BACKFILL = """
    query ($id: String!) {
      partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
    }
"""
RUNS_WITH = """
    query ($key: String!, $value: String!) {
      runsOrError(filter: {tags: [{key: $key, value: $value}]}) {
        ... on Runs { results { runId jobName status tags { key value } } }
      }
    }
"""
OVER = {"SUCCESS", "FAILURE", "CANCELED"}


def launched(ui: DagsterUI, days: list[date]) -> str:
    """A backfill of all six assets over these days, as "Materialize all" asks for it; its id."""
    asked = {
        "partitionNames": [str(day) for day in days],
        "assetSelection": [{"path": [step]} for step in STEPS],
        "fromFailure": False,
    }
    answer = ui.ask(LAUNCH, asked=asked)["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    return str(answer["backfillId"])


def runs_with(ui: DagsterUI, key: str, value: str) -> list[dict[str, Any]]:
    """The runs that carry a tag."""
    runs: list[dict[str, Any]] = ui.ask(RUNS_WITH, key=key, value=value)["runsOrError"]["results"]
    return runs


def ended(ui: DagsterUI, backfill: str) -> str:
    """The state in which a backfill ends."""

    def status() -> str:
        return str(ui.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]["status"])

    wait_until(lambda: status().startswith("COMPLETED"), SECONDS, ui.log.read_text)
    return status()


def rows(stage: Stage, day: date) -> dict[str, int]:
    """How many rows each table holds of a day."""
    return {step: warehouse(stage.settings).rows(step, [day]).height for step in STEPS}


@pytest.fixture(scope="module")
def backfills(ui: DagsterUI, stage: Stage) -> Iterator[Mapping[str, str]]:
    """Two at once, so that one waits for the daemon while the other runs."""
    yield {"good": launched(ui, stage.week[3:]), "bad Tuesday": launched(ui, stage.week[:3])}


def test_a_backfill_in_the_ui_is_one_run_that_leaves_rows_and_no_mail(
    ui: DagsterUI, stage: Stage, backfills: Mapping[str, str]
) -> None:
    assert ended(ui, backfills["good"]) == "COMPLETED_SUCCESS"
    (run,) = runs_with(ui, "dagster/backfill", backfills["good"])
    assert run["status"] == "SUCCESS"
    for day in stage.week[3:]:
        found = rows(stage, day)
        assert found.pop("deliveries") == 0
        assert all(found.values()), found
    assert set(outbox(stage.settings).states(stage.week[0], stage.newest)) == {stage.newest}


def test_a_window_that_fails_is_made_day_by_day_so_that_only_its_bad_day_has_no_rows(
    ui: DagsterUI, stage: Stage, backfills: Mapping[str, str]
) -> None:
    assert ended(ui, backfills["bad Tuesday"]) == "COMPLETED_FAILED"
    (window,) = runs_with(ui, "dagster/backfill", backfills["bad Tuesday"])

    def of_days() -> list[dict[str, Any]]:
        return [run for run in runs_with(ui, "paperboy/window", window["runId"]) if run["status"] in OVER]

    wait_until(lambda: len(of_days()) == 3, SECONDS, ui.log.read_text)
    days = {
        tag["value"]: run["status"] for run in of_days() for tag in run["tags"] if tag["key"] == "dagster/partition"
    }
    monday, tuesday, wednesday = stage.week[:3]
    assert days == {str(monday): "SUCCESS", str(tuesday): "FAILURE", str(wednesday): "SUCCESS"}
    assert not any(rows(stage, tuesday).values())
    for day in (monday, wednesday):
        found = rows(stage, day)
        assert found.pop("deliveries") == 0
        assert all(found.values()), found
    assert set(outbox(stage.settings).states(stage.week[0], stage.newest)) == {stage.newest}
