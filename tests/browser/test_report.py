"""The report in Chromium, at three widths and on paper, light and dark: it asks for nothing, and all can read it."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from orchestration.warehouse import Warehouse
from quality.report.facts import Day, read
from quality.report.page import render
from tests.browser.test_mail import CONTRASTS, MIN_CONTRAST, SCHEMES, Scheme, fits
from tests.quality.recorded import AT, HOSTILE, days_of, record, warehouse

SMALL_PHONE, PHONE, DESK = WIDTHS = (320, 390, 1280)
A4 = 688
"""Pixels of the paper between its margins."""

STATES = ("fresh", "quiet", "waiting", "incomplete", "failed", "partial", "not run")
REASON = "title_present: 12 of 36 rows failed, 3 allowed (archive/2503.00001). " * 5


def every_state(store: Warehouse, count: int, **hostile: str) -> list[Day]:
    """Days on record, of which each state has some."""
    days = record(store, days_of(count), figures=8, **hostile)
    return [Day(day.day, STATES[place % 7], day.reason) for place, day in enumerate(days)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month's report, a year's, a hostile one and an empty one."""
    made = tmp_path_factory.mktemp("reports")
    endless = "Donaudampfschifffahrts" * 12
    asked: dict[str, tuple[int, dict[str, str]]] = {
        "month": (30, {"reason": REASON}),
        "year": (365, {"reason": REASON}),
        "hostile": (30, {"reason": HOSTILE, "key": HOSTILE, "source": HOSTILE}),
        "endless": (30, {"reason": endless, "key": endless, "source": endless}),
    }
    for name, (count, strangers) in asked.items():
        store = warehouse(made / name)
        (made / f"{name}.html").write_text(render(read(store, every_state(store, count, **strangers)), AT))
    empty = [Day(day, "not run") for day in days_of(30)]
    (made / "empty.html").write_text(render(read(warehouse(made / "empty"), empty), AT))
    return made


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """An empty page with the network off, of the width and in the scheme that the test names."""
    shown: tuple[int, Scheme] = getattr(request, "param", (DESK, "light"))
    width, scheme = shown
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True) as context:
        yield context.new_page()


def opened(page: Page, file: Path) -> list[str]:
    """Open a report; all that went on beside it: requests, messages of the console, dialogs."""
    beside: list[str] = []
    page.on("request", lambda request: beside.append(request.url))
    page.on("console", lambda message: beside.append(message.text))
    page.on("pageerror", lambda error: beside.append(str(error)))
    page.on("dialog", lambda dialog: beside.append(dialog.message))
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return [entry for entry in beside if entry != file.as_uri()]


def unroll(page: Page) -> None:
    """Open all that is behind a click."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def violations(page: Page) -> list[str]:
    """What axe-core objects to, by rule and element."""
    found: dict[str, Any] = Axe().run(page).response
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]


SIZES = list(product(WIDTHS, SCHEMES))


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=str)
@pytest.mark.parametrize("name", ["month", "hostile", "endless", "empty"])
def test_a_report_asks_for_nothing_fits_and_can_be_read(page: Page, folder: Path, name: str) -> None:
    assert opened(page, folder / f"{name}.html") == []
    unroll(page)
    assert fits(page)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [(text, ratio) for text, ratio in contrasts if ratio < MIN_CONTRAST] == []


@pytest.mark.parametrize("page", [(SMALL_PHONE, "dark"), (DESK, "light")], indirect=True, ids=str)
def test_a_checker_of_accessibility_has_no_objection(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    assert violations(page) == []
    unroll(page)
    assert violations(page) == []


def test_the_checker_can_object(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    page.evaluate("document.querySelector('.about').style.color = '#ddd'")
    assert {found.split(":")[0] for found in violations(page)} == {"color-contrast"}


def test_a_year_can_be_read(page: Page, folder: Path) -> None:
    assert opened(page, folder / "year.html") == []
    assert fits(page)
    expect(page.locator(".month")).to_have_count(12)
    assert page.locator(".month td.day").count() == 365


@pytest.mark.parametrize("page", [(PHONE, "light")], indirect=True, ids=str)
def test_every_chart_is_as_wide_as_it_may_be_and_its_text_is_large_enough(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    for chart in page.locator("svg.chart").all()[:8]:
        box = chart.bounding_box()
        assert box is not None
        assert PHONE * 0.85 < box["width"] <= PHONE
    heights = page.evaluate("[...document.querySelectorAll('.chart text')].map(t => t.getBoundingClientRect().height)")
    assert min(heights) >= 11


def test_the_states_differ_without_colour(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    shapes = page.evaluate("[...document.querySelectorAll('symbol')].map(one => one.innerHTML)")
    assert len(set(shapes)) == len(STATES)
    for state in STATES:
        assert page.locator(".month td.day", has_text=state).count() >= 4


@pytest.mark.parametrize("page", [(DESK, scheme) for scheme in SCHEMES], indirect=True, ids=str)
def test_a_chart_has_the_colours_of_its_scheme(page: Page, folder: Path, request: pytest.FixtureRequest) -> None:
    opened(page, folder / "month.html")
    scheme: Scheme = "dark" if "dark" in request.node.name else "light"
    told = "getComputedStyle(document.querySelector('.chart [style*=\"--series\"]')).stroke"
    assert page.evaluate(told) == {"light": "rgb(43, 125, 139)", "dark": "rgb(102, 183, 196)"}[scheme]


def test_the_keyboard_leads_from_a_day_to_its_reason(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    day = page.locator(".month a").first
    day.focus()
    outline = day.evaluate("element => getComputedStyle(element).outlineStyle")
    page.keyboard.press("Enter")
    target = day.get_attribute("href")
    assert target is not None
    expect(page.locator(target)).to_be_in_viewport()
    assert outline == "solid"


@pytest.mark.parametrize("page", [(A4, "dark")], indirect=True, ids=str)
def test_on_paper_it_is_light_and_fits(page: Page, folder: Path) -> None:
    opened(page, folder / "month.html")
    page.emulate_media(media="print", color_scheme="dark")
    assert fits(page)
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(page.get_by_role("navigation")).to_be_hidden()
    contrasts = page.evaluate(CONTRASTS)
    assert [(text, ratio) for text, ratio in contrasts if ratio < MIN_CONTRAST] == []
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
