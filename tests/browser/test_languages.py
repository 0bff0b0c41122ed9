"""A mail in each other language as a reader's client shows it: at the width of a small phone and of a desk."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assets.mail import render
from assets.mail.shelf import HOME
from assets.mail.words import words_of
from tests.browser.test_mail import DESK, SCHEMES, SMALL_PHONE, mail
from tests.browser.test_web import judged
from tests.mail.test_languages import LINKS, OTHERS, material

__all__ = ["mail"]

OF_THE_CLIENT = ("landmark-one-main", "region")
"""A mail is an article within the page of whoever shows it."""


@pytest.mark.parametrize("mail", list(product((SMALL_PHONE, DESK), SCHEMES)), indirect=True, ids=str)
@pytest.mark.parametrize("language", OTHERS)
def test_a_mail_and_its_page_fit_can_be_read_and_are_sound(mail: Page, language: str, tmp_path: Path) -> None:
    edition, words = material().whole_in(language), words_of(language)
    for name, links, without in (("mail", LINKS, OF_THE_CLIENT), ("page", HOME, ())):
        file = tmp_path / f"{name}.html"
        file.write_text(render.html(edition, links), encoding="utf-8")
        mail.goto(file.as_uri())
        judged(mail, tmp_path, name, without)
        expect(mail.locator("html")).to_have_attribute("lang", language)
        expect(mail.get_by_role("heading", level=1)).to_contain_text(words.gettext("incomplete"))
        expect(mail.get_by_role("heading", level=3).first).to_have_attribute("lang", "en")
