"""The web service in Chromium: every page at the width of a phone and of a desk, light and dark, without JavaScript."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from assets.mail.edition import Edition
from assets.mail.readers.preferences import NONE, Frequency, Named, Preferences
from assets.mail.readers.reader import State
from tests.browser.stage import free_port
from tests.browser.test_mail import CONTRASTS, DESK, MIN_CONTRAST, SCHEMES, SMALL_PHONE, Scheme, fits
from tests.mail.test_render import carrying
from tests.mail.web.site import ADA, BEN, EVE, Site

NEWEST = carrying().day
LEFT = "left@reader.example"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service with editions of three days, and a reader who asked."""
    made = Site(tmp_path_factory.mktemp("site"), free_port(), {"MAIL__TRANSPORT": "maildir"})
    with made.running():
        for back in range(3):
            made.mail(on(NEWEST - timedelta(days=back)))
        made.made.readers.add(ADA)
        made.mail(on(NEWEST))
        made.made.readers.remove(made.made.readers.add(LEFT).address)
        yield made


def on(day: date) -> Edition:
    return replace(carrying(summary="A robot that asks first drops fewer objects. We learn what to ask."), day=day)


def pages(site: Site) -> Mapping[str, str]:
    """The paths of the pages that a GET shows, by name."""
    site.made.readers.ask(BEN)
    token = site.reader(BEN).token
    return {
        "home": "/",
        "confirm": f"/confirm/{site.made.signer.link(site.reader(BEN))}",
        "unsubscribe": f"/unsubscribe/{token}",
        "preferences": f"/preferences/{site.reader(ADA).token}",
        "likes": f"/likes/{site.reader(ADA).token}",
        "unmailed": f"/preferences/{site.reader(LEFT).token}",
        "edition": f"/editions/{NEWEST}",
        "stale confirm": "/confirm/x",
        "stale unsubscribe": "/unsubscribe/x",
        "error": "/none",
    }


@contextmanager
def window(browser: Browser, site: Site, width: int, scheme: Scheme, scripts: bool = True) -> Iterator[Page]:
    with browser.new_context(
        base_url=site.url, viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts
    ) as context:
        yield context.new_page()


def judged(page: Page, pictures: Path, name: str, without: Sequence[str] = ()) -> None:
    """A page fits, can be read, and has nothing that axe finds against it; its picture is left for whoever looks.

    `without` are rules of axe that are none of the page's business.
    """
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    assert fits(page), name
    assert [pair for pair in page.evaluate(CONTRASTS) if pair[1] < MIN_CONTRAST] == [], name
    found = Axe().run(page, options={"rules": {rule: {"enabled": False} for rule in without}})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


@pytest.mark.parametrize(("width", "scheme"), list(product((SMALL_PHONE, DESK), SCHEMES)), ids=str)
def test_every_page_fits_can_be_read_and_is_sound(
    browser: Browser, site: Site, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    with window(browser, site, width, scheme) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for name, path in pages(site).items():
            page.goto(path)
            judged(page, tmp_path, name)
        page.goto("/")
        page.get_by_label("Your mail address").fill("ada@reader")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        judged(page, tmp_path, "refused")
        page.get_by_label("Your mail address").fill("ada@reader.example")
        page.get_by_role("button").click()
        judged(page, tmp_path, "asked")
        for name in ("confirm", "unsubscribe"):
            page.goto(pages(site)[name])
            page.get_by_role("button").click()
            judged(page, tmp_path, f"{name} done")
        page.goto(pages(site)["preferences"])
        chosen(page)
        page.get_by_label("How many papers at most").fill("500")
        page.locator("form").evaluate("form => form.noValidate = true")
        page.get_by_role("button").click()
        judged(page, tmp_path, "preferences refused")
        page.get_by_label("How many papers at most").fill("5")
        page.get_by_role("button").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        judged(page, tmp_path, "preferences saved")
        assert site.reader(ADA).preferences == WANTED
        liking(page, pages(site)["likes"], tmp_path)
        assert all(url.startswith(site.url) for url in asked)
        site.made.readers.set_preferences(ADA, NONE)


def liking(page: Page, path: str, pictures: Path) -> None:
    """Tick a paper, give what is no library, and then one."""
    page.goto(path)
    page.get_by_label("BibTeX file").set_input_files({"name": "a.bib", "mimeType": "text/plain", "buffer": b"none"})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved: the file holds no entry with a title")
    judged(page, pictures, "likes refused")
    first = page.get_by_role("checkbox").first
    first.check()
    library = b"@misc{a, title={Keels}}\n@misc{b, title={Anchors}}"
    page.get_by_label("BibTeX file").set_input_files({"name": "a.bib", "mimeType": "text/plain", "buffer": library})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Of your library 2 papers count.")
    expect(first).to_be_checked()
    judged(page, pictures, "likes saved")
    first.uncheck()
    page.get_by_label("Forget the library").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_text("A BibTeX file, as Zotero")).to_be_visible()


def chosen(page: Page) -> None:
    """Choose `WANTED` on the page of preferences, but for the size."""
    page.get_by_role("radio", name="Once a week").check()
    page.get_by_label("On which day").select_option("Monday")
    page.get_by_label("At which hour").select_option("07:00")
    page.get_by_label("In which time zone").select_option("Europe/Berlin")
    page.get_by_label("In which language").select_option("Deutsch")
    for legend, topics in (("What to follow", ("agents", "robot-learning")), ("What to mute", ("agents",))):
        group = page.get_by_role("group", name=legend)
        for topic in topics:
            box = group.locator(f"input[value={topic}]")
            if not box.is_visible():
                group.locator("summary", has=page.locator(f"xpath=..//input[@value='{topic}']")).click()
            box.check()
    page.get_by_label("Authors to follow").fill("Ada Lovelace\nDonaudampfschifffahrtsgesellschaftskapitän Ångström")
    page.get_by_label("Categories to mute").fill("cs.CR")


WANTED = Preferences(
    frequency=Frequency.WEEKLY, weekday=0, hour=7, time_zone="Europe/Berlin", size=5, language="de",
    follow=Named(
        topics=("agents", "robot-learning"),
        authors=("Ada Lovelace", "Donaudampfschifffahrtsgesellschaftskapitän Ångström"),
    ),
    mute=Named(topics=("agents",), categories=("cs.CR",)),
)  # fmt: skip


def link(site: Site, address: str) -> str:
    """The link that was mailed to an address."""
    mails = (file.read_text() for file in (site.settings.home / "maildir/new").iterdir())
    (mail,) = (mail.replace("=\n", "") for mail in mails if f"\nTo: {address}\n" in mail)
    found = re.search(r"^http\S+/confirm/\S+", mail, re.MULTILINE)
    assert found
    return found[0]


def test_a_reader_comes_and_goes_by_keyboard_and_without_scripts(browser: Browser, site: Site) -> None:
    with window(browser, site, SMALL_PHONE, "light", scripts=False) as page:
        page.goto("/")
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.type(EVE)
        page.keyboard.press("Tab")
        expect(page.get_by_role("button")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
        site.work()
        page.goto(link(site, EVE))
        assert site.reader(EVE).state is State.PENDING
        for wanted, path in ((State.CONFIRMED, ""), (State.UNSUBSCRIBED, f"/unsubscribe/{site.reader(EVE).token}")):
            if path:
                page.goto(path)
            for _ in range(2):
                page.keyboard.press("Tab")
            expect(page.get_by_role("button")).to_be_focused()
            page.keyboard.press("Enter")
            expect(page.get_by_role("button")).to_have_count(0)
            assert site.reader(EVE).state is wanted


def test_a_reader_chooses_by_keyboard_and_without_scripts(browser: Browser, site: Site) -> None:
    with window(browser, site, SMALL_PHONE, "light", scripts=False) as page:
        page.goto(pages(site)["preferences"])
        keys = page.keyboard
        for key in (
            "Tab",
            "Tab",
            "Tab",
            "Tab",
            "ArrowDown",
            "ArrowDown",
            "Tab",
            "M",
            "Tab",
            "0",
            "7",
            "Tab",
            "Tab",
            "5",
            "Tab",
            "D",
            "Tab",
        ):
            keys.press(key)
        expect(page.get_by_role("group", name="What to follow").locator("summary").first).to_be_focused()
        for key in ("Enter", "Tab", "Space"):
            keys.press(key)
        page.get_by_role("button").focus()
        keys.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        follow = Named(topics=("agents",))
        chosen = Preferences(frequency=Frequency.WEEKLY, weekday=0, hour=7, size=5, language="de", follow=follow)
        assert site.reader(ADA).preferences == chosen
        site.made.readers.set_preferences(ADA, NONE)


def test_the_first_page_leads_to_an_edition_and_back(browser: Browser, site: Site) -> None:
    with window(browser, site, DESK, "light") as page:
        page.goto("/")
        page.get_by_role("listitem").first.get_by_role("link").click()
        expect(page).to_have_url(f"{site.url}/editions/{NEWEST}")
        page.get_by_role("link", name="All editions").first.click()
        expect(page).to_have_url(f"{site.url}/")
