"""The mail as a reader's client shows it: at the width of a small phone, of a phone and of a desk, light and dark."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from assets.mail import render
from assets.mail.desk import day_edition
from assets.mail.edition import Counts, Edition, Link, Paper, Section
from assets.mail.selection import MISSING, Selection
from orchestration.resources import warehouse
from tests.browser.stage import Stage
from tests.mail.test_render import ALARMS, carrying, paper
from tests.mail.test_selection import selected

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SMALL_PHONE, PHONE, DESK = WIDTHS = (320, 390, 1200)
MIN_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA), as for small text."""

CONTRASTS = """
() => {
  const channels = (colour) => colour.match(/[\\d.]+/g)
    .map((part, place) => Number(part) * (colour.startsWith("color(") && place < 3 ? 255 : 1));
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return (channels(colour)[3] ?? 1) === 1 ? colour : opaque(element.parentElement);
  };
  const written = [...document.querySelectorAll("body *")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()));
  return written.map((element) => {
    const pair = [getComputedStyle(element).color, opaque(element)].map(luminance).sort((a, b) => b - a);
    return [element.textContent.trim().slice(0, 40), (pair[0] + 0.05) / (pair[1] + 0.05)];
  });
}
"""
"""The start of every text that is shown, with its contrast on the nearest ground that is not transparent."""


@pytest.fixture(scope="module")
def edition(stage: Stage) -> Edition:
    """The sample's latest edition."""
    return day_edition(warehouse(stage.settings), stage.newest)


@pytest.fixture
def mail(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """An empty page, of the width and in the scheme that the test names."""
    shown: tuple[int, Scheme] = request.param
    width, scheme = shown
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        yield context.new_page()


def opened(page: Page, edition: Edition | Selection, folder: Path) -> list[str]:
    """Open the edition's HTML from a file; returns every address that the page asked for."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    file = folder / "edition.html"
    file.write_text(render.html(edition), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    return [url for url in asked if url != file.as_uri()]


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("mail", list(product(WIDTHS, SCHEMES)), indirect=True, ids=str)
def test_the_mail_fits_loads_nothing_and_can_be_read(mail: Page, edition: Edition, tmp_path: Path) -> None:
    assert opened(mail, edition, tmp_path) == []
    assert fits(mail)
    contrasts = mail.evaluate(CONTRASTS)
    assert len(contrasts) > edition.counts.digest
    assert [(text, ratio) for text, ratio in contrasts if ratio < MIN_CONTRAST] == []


@pytest.mark.parametrize("mail", list(product(WIDTHS, SCHEMES)), indirect=True, ids=str)
def test_an_edition_with_all_that_it_can_hold_can_be_read(mail: Page, tmp_path: Path) -> None:
    assert opened(mail, carrying(summary="word " * 80), tmp_path) == []
    assert fits(mail)
    contrasts = mail.evaluate(CONTRASTS)
    assert [text for text, _ in contrasts[:2]] == [alarm[:40] for alarm in ALARMS]
    assert [(text, ratio) for text, ratio in contrasts if ratio < MIN_CONTRAST] == []
    banner, day = (mail.get_by_role(role).first.bounding_box() for role in ("note", "banner"))
    assert banner is not None
    assert day is not None
    assert banner["y"] + banner["height"] < day["y"] < 400, "what is missing is said first, on the first screen"


@pytest.mark.parametrize(("mail", "scheme"), [((DESK, scheme), scheme) for scheme in SCHEMES], indirect=["mail"])
def test_the_scheme_of_the_reader_is_followed(mail: Page, edition: Edition, scheme: Scheme, tmp_path: Path) -> None:
    opened(mail, edition, tmp_path)
    ground = {"light": render.LIGHT, "dark": render.DARK}[scheme].ground
    red, green, blue = (int(ground[start : start + 2], 16) for start in (1, 3, 5))
    expect(mail.locator("body")).to_have_css("background-color", f"rgb({red}, {green}, {blue})")


@pytest.mark.parametrize("mail", [(PHONE, "light")], indirect=True, ids=str)
def test_the_headings_are_the_day_its_sections_and_its_papers(mail: Page, edition: Edition, tmp_path: Path) -> None:
    opened(mail, edition, tmp_path)
    expect(mail.get_by_role("heading", level=1)).to_contain_text(edition.heading)
    assert mail.get_by_role("heading", level=2).all_inner_texts() == [section.label for section in edition.sections]
    papers = [paper for section in edition.sections for paper in section.papers]
    assert mail.get_by_role("heading", level=3).all_inner_texts() == [paper.title for paper in papers]


@pytest.mark.parametrize("mail", [(SMALL_PHONE, "light")], indirect=True, ids=str)
def test_words_without_end_do_not_widen_the_mail(mail: Page, tmp_path: Path) -> None:
    endless = "Donaudampfschifffahrts" * 12
    paper = Paper(
        place=1,
        work_id="arxiv:2611.00001",
        title=endless,
        summary=f"https://example.org/{endless} {endless}",
        authors=(endless, endless),
        topics=(endless,),
        links=(Link(f"https://example.org/{endless}", "code"),),
        url="https://arxiv.org/abs/2611.00001",
        why=endless,
        withdrawn=False,
        affiliations=(endless, endless),
    )
    section = Section(endless, (paper,))
    opened(mail, Edition(date(2026, 11, 20), "fresh", (section,), Counts(1, 1, 1), (endless,)), tmp_path)
    assert fits(mail)


@pytest.mark.parametrize("mail", list(product(WIDTHS, SCHEMES)), indirect=True, ids=str)
def test_the_best_of_a_week_can_be_read(mail: Page, tmp_path: Path) -> None:
    week = selected("fresh", "fresh", MISSING, "fresh", "fresh", "quiet", "quiet")
    assert opened(mail, week, tmp_path) == []
    assert fits(mail)
    assert [(text, ratio) for text, ratio in mail.evaluate(CONTRASTS) if ratio < MIN_CONTRAST] == []
    expect(mail.get_by_role("heading", level=1)).to_have_text(f"{week.heading}, incomplete")
    expect(mail.get_by_role("note")).to_have_text(week.alarms[0])


@pytest.mark.parametrize("mail", [(DESK, "dark")], indirect=True, ids=str)
def test_paper_is_light(mail: Page, tmp_path: Path) -> None:
    opened(mail, selected(), tmp_path)
    mail.emulate_media(media="print")
    expect(mail.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert [(text, ratio) for text, ratio in mail.evaluate(CONTRASTS) if ratio < MIN_CONTRAST] == []


@pytest.mark.parametrize("mail", list(product(WIDTHS, SCHEMES)), indirect=True, ids=str)
def test_a_line_by_a_machine_can_be_read_and_is_marked(mail: Page, tmp_path: Path) -> None:
    written = paper(line="Robots that ask drop less. " * 8, line_by="parrot-1")
    edition = Edition(date(2026, 11, 20), "fresh", (Section("Robotics", (written,)),), Counts(1, 1, 1))
    opened(mail, edition, tmp_path)
    assert fits(mail)
    assert [(text, ratio) for text, ratio in mail.evaluate(CONTRASTS) if ratio < MIN_CONTRAST] == []
    expect(mail.get_by_text("Written by a machine (parrot-1).")).to_be_visible()
    expect(mail.get_by_text("We learn what to ask.")).to_be_visible()
