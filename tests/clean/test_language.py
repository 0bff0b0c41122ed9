"""The language of a text is told where there is enough of it."""

import sys

import polars as pl
import pytest

from assets.clean.language import languages
from tests.clean.real_texts import corpus, needs_data


def language(text: str | None) -> str | None:
    return languages(pl.Series([text], dtype=pl.String)).item()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We show that the robots of our lab lift boxes with care.", "en"),
        ("Robots lifting boxes carefully without supervision", "en"),
        ("Nous montrons que les robots de notre laboratoire soulèvent des cartons.", "fr"),
        ("Wir zeigen, dass Roboter in unserem Labor vorsichtig Kisten heben können.", "de"),
        ("Мы показываем, что роботы нашей лаборатории осторожно поднимают коробки.", "ru"),
        ("我们展示了实验室的机器人如何小心地搬运箱子", "zh"),
        ("Withdrawn.", None),
        ("", None),
        (None, None),
    ],
)
def test_language(text: str | None, expected: str | None) -> None:
    assert language(text) == expected


def test_each_text_has_its_own_and_no_texts_have_none() -> None:
    texts = [
        "We lift the boxes of the lab with the robots.",
        None,
        "Die Roboter heben vorsichtig alle Kisten im Labor.",
    ]
    assert languages(pl.Series(texts)).to_list() == ["en", None, "de"]
    assert languages(pl.Series([], dtype=pl.String)).to_list() == []


def test_english_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert language("We show that the robots of our lab lift boxes with care.") == "en"


@needs_data
def test_nearly_all_real_abstracts_are_english() -> None:
    found = languages(corpus(20)["abstract"])
    assert (found == "en").mean() > 0.995  # type: ignore[operator]
