"""Data Docs in a browser: whole with the network off, harmless, fit for a phone, and a click away from the UI."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from quality import gate
from quality.data_docs import DataDocs
from quality.suites import SUITES
from tests.browser.stage import Stage
from tests.browser.test_mail import CONTRASTS, MIN_CONTRAST, SCHEMES, Scheme
from tests.quality.batches import MONDAY, TUESDAY, WEDNESDAY, batch

RUN = "6f9d2d5e-6f0e-4c7e-9e0e-1d2c3b4a5f60"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">" + "w" * 200


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data Docs of a window of which a day is rejected, with a title that wants to be a script."""
    reports = tmp_path_factory.mktemp("reports")
    offered = batch("clean_papers", MONDAY, TUESDAY, WEDNESDAY).set("title", HOSTILE, [20, 21, 22])
    made = DataDocs(reports, 30, "http://127.0.0.1:3001")
    made.write(gate._great_expectations(), offered.set("abstract", None, [3]).judged(), RUN, "backfill")
    made.finish()
    return reports


@contextmanager
def offline(browser: Browser, width: int, scheme: Scheme) -> Iterator[tuple[Page, list[str]]]:
    """A page without a network, and the addresses of all that it asked for."""
    with browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    ) as context:  # fmt: skip
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        yield page, asked


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_whole_with_the_network_off(browser: Browser, docs: Path, width: int, scheme: Scheme) -> None:
    with offline(browser, width, scheme) as (page, asked):
        opened = [docs / "index.html", docs / "data-docs/index.html", docs / "data-docs" / RUN / "clean_papers.html"]
        for file in opened:
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert min(ratio for _, ratio in page.evaluate(CONTRASTS)) >= MIN_CONTRAST
        assert asked == [file.as_uri() for file in opened]
        for expectation in SUITES["clean_papers"].expectations:
            expect(page.locator(f"#{expectation.name}")).to_contain_text(expectation.why)


def test_a_title_that_wants_to_be_a_script_is_shown_and_not_run(browser: Browser, docs: Path) -> None:
    with offline(browser, 1280, "light") as (page, _):
        page.goto((docs / "data-docs" / RUN / "clean_papers.html").as_uri() + "#text_is_prose")
        expect(page.locator("#text_is_prose")).to_be_in_viewport()
        hostile = "<script>document.title='owned'</script>"
        expect(page.locator("#text_is_prose").get_by_role("listitem").filter(has_text=hostile)).to_have_count(3)
        page.locator("#text_is_prose").get_by_text("In the words of Great Expectations").click()
        expect(page.locator("#text_is_prose").get_by_role("cell").filter(has_text=hostile)).to_be_visible()
        expect(page).to_have_title("clean_papers: rejected · Paperboy Data Docs")
        assert page.locator("script, img").count() == 0


def test_one_gets_from_the_reports_to_the_expectation_that_failed(browser: Browser, docs: Path) -> None:
    with offline(browser, 390, "dark") as (page, _):
        page.goto((docs / "index.html").as_uri())
        page.get_by_role("link", name="Every judgement of the gate").click()
        page.get_by_role("link", name="text_is_prose").click()
        expect(page.locator("#text_is_prose")).to_contain_text(f"{TUESDAY}")
        expect(page.locator("#text_is_prose")).to_be_in_viewport()


def test_the_failed_check_in_the_ui_leads_to_its_page(page: Page, stage: Stage) -> None:
    page.goto("/assets/fetched_papers?view=checks&checkDetail=title_present")
    page.get_by_role("tab", name="Execution history").click()
    page.get_by_role("row").filter(has_text="Failed").first.get_by_role("button").click()
    link = page.get_by_role("dialog").get_by_role("link", name=stage.reports)
    with page.context.expect_page() as opening:
        link.click()
    opened = opening.value
    assert opened.url.startswith(f"{stage.reports}/data-docs/")
    assert opened.url.endswith("/fetched_papers.html#title_present")
    expect(opened.locator("#title_present")).to_contain_text("rejected")
    expect(opened.locator("#title_present")).to_be_in_viewport()
    opened.close()


def test_what_was_made_links_to_its_page(page: Page, stage: Stage) -> None:
    page.goto(f"/assets/clean_papers?view=partitions&partition={stage.newest}")
    expect(page.get_by_role("row").filter(has_text="data_docs")).to_contain_text(f"{stage.reports}/data-docs/")
