"""The README's pictures, made anew: `python -m tests.browser.pictures` writes them to `docs/pictures`."""

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, ViewportSize

from assets.mail import render
from assets.mail.desk import day_edition
from orchestration.resources import warehouse
from tests.browser.stage import Stage, chromium, dagster_dev, new_stage, open_lineage, operator, scratch
from tests.lab import CHECKOUT

PICTURES = CHECKOUT / "docs" / "pictures"
WIDTH, GRAPH = 1280, 620
LEFT, TOP = 541, 109
"""Pixels of navigation beside and above the graph."""
PHONE: ViewportSize = {"width": 390, "height": 844}
SETTLED_MILLISECONDS = 3_000
"""Dagster's pages go on drawing after everything has been loaded."""


def main() -> None:
    """Make three weeks of the sample, look at them, let a day be rejected, and look again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with scratch() as folder, chromium() as browser:
        stage = new_stage(folder)
        _made(stage, "digest")
        _made(stage, "backfill", str(stage.week[0]), str(stage.yesterday))
        _mail(browser, stage, folder)
        with dagster_dev(stage) as ui, operator(browser, ui) as console:
            _lineage(console)
            _checks(console, "checks", "clean_papers")
            stage.record(stage.rejected)
            stage.reject(stage.rejected, stage.rejected)
            _checks(console, "failed-check", "fetched_papers")


def _made(stage: Stage, *command: str) -> None:
    done = stage.paperboy(*command)
    assert done.returncode == 0, done.stderr


def _lineage(console: BrowserContext) -> None:
    """The graph alone, without the navigation beside and above it."""
    page = console.new_page()
    page.set_viewport_size({"width": LEFT + WIDTH, "height": TOP + GRAPH})
    open_lineage(page)
    page.get_by_text("deliveries", exact=True).first.wait_for()
    _take(page, "asset-graph", {"x": LEFT, "y": TOP, "width": WIDTH, "height": GRAPH})


def _checks(console: BrowserContext, name: str, asset: str) -> None:
    page = console.new_page()
    page.goto(f"/assets/{asset}?view=checks&checkDetail=title_present")
    page.get_by_text("Latest execution").wait_for()
    _take(page, name)


def _mail(browser: Browser, stage: Stage, folder: Path) -> None:
    file = folder / "edition.html"
    file.write_text(render.html(day_edition(warehouse(stage.settings), stage.newest)), encoding="utf-8")
    for scheme in ("light", "dark"):
        with browser.new_context(viewport=PHONE, color_scheme=scheme, device_scale_factor=1.5) as context:
            page = context.new_page()
            page.goto(file.as_uri())
            page.screenshot(path=PICTURES / f"digest-{scheme}.png")


def _take(page: Page, name: str, clip: FloatRect | None = None) -> None:
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    page.screenshot(path=PICTURES / f"{name}.png", clip=clip)
    page.close()


if __name__ == "__main__":
    main()
