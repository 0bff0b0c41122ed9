"""What an operator sees in the Dagster UI without reading any code: graph, days, checks and failures."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orchestration.resources import warehouse
from quality.suites import BOOKS, SUITES
from tests.browser.stage import DagsterUI, Stage, open_lineage
from tests.lab import STEPS

RUNS_OF_A_DAY = """
    query ($day: String!) {
      runsOrError(filter: {tags: [{key: "dagster/partition", value: $day}]}) {
        ... on Runs { results { runId jobName status } }
      }
    }
"""


def runs_of(ui: DagsterUI, day: object) -> list[dict[str, Any]]:
    """A day's own runs, the latest first."""
    runs: list[dict[str, Any]] = ui.ask(RUNS_OF_A_DAY, day=str(day))["runsOrError"]["results"]
    return runs


def test_the_lineage_shows_both_groups_and_all_six_assets(page: Page) -> None:
    open_lineage(page)
    for name in ("papers", "mail", *STEPS):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


def test_the_page_of_a_day_tells_what_the_table_holds(page: Page, stage: Stage) -> None:
    rows = warehouse(stage.settings).rows("clean_papers", [stage.newest])
    page.goto(f"/assets/clean_papers?view=partitions&partition={stage.newest}")
    expect(page.get_by_text("Materialized", exact=True)).to_be_visible()
    count = page.get_by_role("row").filter(has_text="dagster/partition_row_count")
    expect(count).to_contain_text(str(rows.height))
    preview = page.get_by_role("row", name="preview")
    # The page fetches what it draws tables with only now, so what is in one is read after its head is there.
    for column in ("paper_id", "title", "votes"):
        expect(preview.get_by_text(column, exact=True)).to_be_visible()
    assert any(title[:60] in preview.inner_text() for title in rows["title"])


@pytest.mark.parametrize("asset", STEPS)
def test_the_checks_of_a_table_are_its_expectations(page: Page, asset: str) -> None:
    page.goto(f"/assets/{asset}?view=checks")
    beside = [f"{book}_{e.name}" for book, suite in BOOKS.items() if suite.beside == asset for e in suite.expectations]
    names = [*(expectation.name for expectation in SUITES[asset].expectations), *beside]
    expect(page.get_by_text(f"Checks ({len(names)})")).to_be_visible()
    for name in names:
        # The page draws only what fits into its list, and of a long name both ends.
        page.get_by_placeholder("Filter checks").fill(name)
        expect(page.get_by_text(name, exact=True).first).to_be_attached()


def test_a_rejected_day_is_failed_and_has_no_rows(page: Page, stage: Stage) -> None:
    page.goto(f"/assets/fetched_papers?view=partitions&partition={stage.rejected}")
    expect(page.get_by_text(re.compile(r"Run \w+ failed, and did not materialize this asset"))).to_be_visible()
    expect(page.get_by_text("No metadata entries")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Failed \([1-9]"))).to_be_visible()
    assert warehouse(stage.settings).rows("fetched_papers", [stage.rejected]).is_empty()


def test_the_failed_check_shows_what_was_observed_against_what_bound(page: Page, stage: Stage) -> None:
    (expectation,) = (e for e in SUITES["fetched_papers"].expectations if e.name == "title_present")
    page.goto("/assets/fetched_papers?view=checks&checkDetail=title_present")
    expect(page.get_by_text(expectation.why).first).to_be_visible()
    page.get_by_role("tab", name="Execution history").click()
    page.get_by_role("row").filter(has_text="Failed").first.get_by_role("button").click()
    told = page.get_by_role("dialog")
    expect(told).to_contain_text(re.compile(rf"({stage.rejected}|{stage.spoiled}): 12 of"))
    expect(told).to_contain_text(expectation.threshold)
    for figure in ("observed", "threshold", "unexpected_count", "unexpected_percent", "sample_keys"):
        expect(told.get_by_text(figure, exact=True)).to_be_visible()


def test_a_good_day_that_is_rejected_later_shows_both_and_keeps_its_rows(page: Page, stage: Stage) -> None:
    """Its run is the latest on the asset, as long as no test of this folder has launched another."""
    page.goto(f"/assets/fetched_papers?view=partitions&partition={stage.spoiled}")
    expect(page.get_by_text(re.compile(r"Run \w+ failed, and did not materialize this asset"))).to_be_visible()
    rows = warehouse(stage.settings).rows("fetched_papers", [stage.spoiled]).height
    expect(page.get_by_role("row").filter(has_text="dagster/partition_row_count")).to_contain_text(str(rows))
    page.goto("/assets/fetched_papers?view=checks&checkDetail=title_present")
    expect(page.get_by_text(f"{stage.spoiled}: 12 of {rows + 24} rows unexpected").first).to_be_visible()
    expect(page.get_by_text("Not evaluated")).to_have_count(0)


def test_the_failed_run_names_table_day_and_expectation(page: Page, ui: DagsterUI, stage: Stage) -> None:
    (run,) = runs_of(ui, stage.rejected)
    assert run["status"] == "FAILURE"
    page.goto(f"/runs/{run['runId']}")
    failure = page.get_by_text(f"fetched_papers {stage.rejected} was rejected. title_present: 12 of").first
    expect(failure).to_be_visible()
    expect(failure).to_contain_text("Nothing was written; what was there before stays.")


def test_runs_of_the_command_line_are_seen(page: Page, ui: DagsterUI, stage: Stage) -> None:
    expected = {
        stage.newest: [("daily_digest", "SUCCESS")],
        stage.rejected: [("backfill", "FAILURE")],
        stage.spoiled: [("backfill", "FAILURE"), ("backfill", "SUCCESS")],
    }
    page.goto("/runs")
    for day, ends in expected.items():
        runs = runs_of(ui, day)
        assert [(run["jobName"], run["status"]) for run in runs] == ends
        for run in runs:
            expect(page.get_by_role("link", name=run["runId"][:8])).to_be_visible()
        expect(page.get_by_text(f"partition: {day}").first).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "name"), [("schedules", "daily"), ("sensors", "day_by_day"), ("sensors", "report_after_failure")]
)
def test_schedule_and_sensor_run_of_themselves(page: Page, kind: str, name: str) -> None:
    page.goto(f"/locations/orchestration.definitions/{kind}/{name}")
    expect(page.get_by_role("row", name="Running").get_by_role("checkbox")).to_be_checked()
