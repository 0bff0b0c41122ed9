"""The words of each language: catalogues that lack nothing, plural forms, dates and numbers."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from assets.mail import dates
from assets.mail.words import ENGLISH, LANGUAGES, LOCALES, known, own_name, read_back, words_of
from tests.lab import CHECKOUT

OTHERS = [language for language in LANGUAGES if language != ENGLISH.language]
FRIDAY, FIRST = date(2026, 11, 20), date(2027, 1, 1)
NUMBERS = (0, 1, 2, 1_000)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All that is said in the source and the templates, as CONTRIBUTING.md has it found."""
    found = tmp_path_factory.mktemp("words") / "words.pot"
    pybabel = Path(sys.executable).with_name("pybabel")
    subprocess.run([pybabel, "-q", "extract", "-F", "pyproject.toml", "-o", found, "assets"], cwd=CHECKOUT, check=True)
    with found.open("rb") as file:
        return read_po(file)


def catalogue(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def test_there_are_these_languages() -> None:
    assert LANGUAGES == ("de", "en", "es", "fr")
    assert [own_name(language) for language in LANGUAGES] == ["Deutsch", "English", "Español", "Français"]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_says_all_that_is_said_and_nothing_else(said: Catalog, language: str) -> None:
    expected = {(message.context, message.id) for message in said if message.id}
    assert len(expected) > 80
    found = [message for message in catalogue(language) if message.id]
    assert {(message.context, message.id) for message in found} == expected
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_what_stands_in_it(language: str) -> None:
    of_it = catalogue(language)
    for message in of_it:
        if message.id:
            said = texts(message.string)
            assert all(said), message.id
            assert len(said) == (of_it.num_plurals if message.pluralizable else 1), message.id
            assert not message.fuzzy, message.id
            assert list(message.check()) == [], message.id
            ends = texts(message.id)[0].endswith(".")
            assert all(form == form.strip() and form.endswith(".") == ends for form in said), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_filled(language: str) -> None:
    words = words_of(language)
    for message in catalogue(OTHERS[0]):
        one, many = texts(message.id)[0], texts(message.id)[-1]
        values = read_back(one, one.replace("%(", "[").replace(")s", "]")) or {}
        said = [words.ngettext(one, many, number, **values) for number in NUMBERS]
        assert not any("%" in form for form in [*said, *([] if many != one else [words.gettext(one, **values)])])


def texts(said: Any) -> tuple[str, ...]:
    """The forms of a message."""
    return tuple(said) if isinstance(said, tuple | list) else (said,)


@pytest.mark.parametrize(
    ("language", "votes", "papers"),
    [
        ("en", "0 votes, 1 vote, 2 votes, 1,000 votes", "1 of 1 new paper, 1 of 2 new papers"),
        ("de", "0 Stimmen, 1 Stimme, 2 Stimmen, 1.000 Stimmen", "1 von 1 neuem Artikel, 1 von 2 neuen Artikeln"),
        ("fr", "0 vote, 1 vote, 2 votes, 1\u202f000 votes", "1 nouvel article sur 1, 1 des 2 nouveaux articles"),
        ("es", "0 votos, 1 voto, 2 votos, 1.000 votos", "1 de 1 artículo nuevo, 1 de 2 artículos nuevos"),
    ],
)
def test_each_language_has_its_plurals_and_numbers(language: str, votes: str, papers: str) -> None:
    words = words_of(language)
    assert ", ".join(words.ngettext("%(number)s vote", "%(number)s votes", number) for number in NUMBERS) == votes
    new = "%(shown)s of %(number)s new paper", "%(shown)s of %(number)s new papers"
    assert ", ".join(words.ngettext(*new, number, shown="1") for number in (1, 2)) == papers


@pytest.mark.parametrize(
    ("language", "full", "day", "month"),
    [
        ("en", "Friday 20 November 2026", "20 November 2026", "November 2026"),
        ("de", "Freitag, 20. November 2026", "20. November 2026", "November 2026"),
        ("fr", "vendredi 20 novembre 2026", "20 novembre 2026", "novembre 2026"),
        ("es", "viernes, 20 de noviembre de 2026", "20 de noviembre de 2026", "noviembre de 2026"),
    ],
)
def test_each_language_writes_days_as_it_does(language: str, full: str, day: str, month: str) -> None:
    words = words_of(language)
    assert (words.full(FRIDAY), words.day(FRIDAY), words.month(FRIDAY)) == (full, day, month)


@pytest.mark.parametrize(
    ("language", "spans"),
    [
        ("en", "9 to 17 November; 30 October to 2 November; 30 December 2025 to 1 January; 1 to 3 January 2026"),
        (
            "de",
            "9. bis 17. November; 30. Oktober bis 2. November; 30. Dezember 2025 bis 1. Januar; 1. bis 3. Januar 2026",
        ),
        ("fr", "9 au 17 novembre; 30 octobre au 2 novembre; 30 décembre 2025 au 1er janvier; 1er au 3 janvier 2026"),
        (
            "es",
            "9 al 17 de noviembre; 30 de octubre al 2 de noviembre; 30 de diciembre de 2025 al 1 de enero; "
            "1 al 3 de enero de 2026",
        ),
    ],
)
def test_each_language_writes_spans_of_days_as_it_does(language: str, spans: str) -> None:
    words = words_of(language)
    days = [((11, 9), (11, 17)), ((10, 30), (11, 2))]
    found = [dates.span(date(2026, *first), date(2026, *last), FRIDAY, words) for first, last in days]
    found.append(dates.span(date(2025, 12, 30), date(2026, 1, 1), FRIDAY, words))
    found.append(dates.whole_span(date(2026, 1, 1), date(2026, 1, 3), words))
    assert "; ".join(found) == spans


@pytest.mark.parametrize(
    ("language", "days"),
    [
        ("en", "20 to 21 November, 23 November and 1 January 2027"),
        ("de", "20. bis 21. November, 23. November und 1. Januar 2027"),
        ("fr", "20 au 21 novembre, 23 novembre et 1er janvier 2027"),
        ("es", "20 al 21 de noviembre, 23 de noviembre y 1 de enero de 2027"),
    ],
)
def test_each_language_lists_days_as_it_does(language: str, days: str) -> None:
    some = [FRIDAY, date(2026, 11, 21), date(2026, 11, 23), FIRST]
    assert dates.spans(some, FRIDAY, words_of(language)) == days


def test_a_language_is_known_however_it_is_written_and_another_is_told() -> None:
    assert known(" DE ") == "de"
    with pytest.raises(ValueError, match="'nl' is none of the languages that there are: de, en, es, fr"):
        known("nl")


def test_the_words_of_a_language_are_read_once() -> None:
    assert words_of("de") is words_of("de")
    assert words_of("en") is ENGLISH
