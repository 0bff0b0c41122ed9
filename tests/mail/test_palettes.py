"""The colours of the mail: each text can be read on its ground, by day and by night."""

import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from assets.mail.render import DARK, LIGHT, Palette, html
from tests.mail.test_render import carrying


def rooms(palette: Palette) -> Iterator[tuple[str, str]]:
    for field in fields(palette):
        if field.name not in ("ground", "rule", "alarm"):
            yield field.name, getattr(palette, field.name)


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(palette: Palette) -> None:
    for name, colour in rooms(palette):
        lighter, darker = sorted((luminance(colour), luminance(palette.ground)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, name
    lighter, darker = sorted((luminance(palette.ink), luminance(palette.alarm)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_every_colour_is_of_the_palettes_and_changes_in_the_dark() -> None:
    page = html(carrying())
    head, body = page.split("</head>")
    assert set(re.findall(r"#[0-9a-f]{6}", body)) <= {getattr(LIGHT, field.name) for field in fields(LIGHT)}
    for tag in re.findall(r"<[^>]*(?:color|border-top):[^>]*>", body):
        assert re.search(r'class="[^"]*(ground|ink|muted|accent|rule|alarm)', tag), tag
    assert "prefers-color-scheme: dark" in head
