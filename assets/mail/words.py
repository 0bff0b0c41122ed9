"""The words of a language: by these, all that Paperboy itself says to a reader is said.

The English ones stand in the source and the templates, and are what is stored. Those of another language are a
catalogue of gettext, a file in `locales`; Babel knows its dates, numbers and name. Nothing here is set for a process:
whoever says something is given the words, or the language.
"""

import gettext
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent, get_decimal_symbol

LOCALES = Path(__file__).with_name("locales")
_SOURCE = "en"
BRITISH = Locale("en", "GB")
"""As which English dates are written."""

LANGUAGES = tuple(sorted({_SOURCE, *(file.stem for file in LOCALES.glob("*.po"))}))
"""The languages that there are, by their codes of ISO 639."""

KEPT = 1024
"""Days, and numbers, that are kept as they were said: those of an edition are the same in every mail."""

_VALUE = re.compile(r"%\((\w+)\)s")
_DAY_OF_MONTH = re.compile(r"\bd\b")


def N_(text: str) -> str:
    """A text that is said later: marked here, so that catalogues have it."""
    return text


@dataclass(frozen=True, eq=False)
class Words:
    """The words of one language; `locale` says how it writes dates and numbers."""

    language: str
    locale: Locale
    catalogue: gettext.NullTranslations

    def gettext(self, text: str, /, **values: str) -> str:
        """A text in this language, with `%(name)s` for what `values` name."""
        return self.catalogue.gettext(text) % values

    def ngettext(self, one: str, many: str, number: int, /, **values: str) -> str:
        """A text in the form that the language has for a number, which is `%(number)s` in it."""
        return self.catalogue.ngettext(one, many, number) % {"number": self.number(number), **values}

    def number(self, number: int) -> str:
        """1,000."""
        return _number(self, number)

    def weight(self, weight: float) -> str:
        """0.25, in as few digits as tell it."""
        return f"{weight:g}".replace(".", get_decimal_symbol(self.locale))

    def share(self, share: float) -> str:
        """43%, of a part of 1."""
        return str(format_percent(share, locale=self.locale))

    def listed(self, texts: Sequence[str]) -> str:
        """A, B and C."""
        *others, last = texts
        return self.gettext("%(some)s and %(last)s", some=", ".join(others), last=last) if others else last

    def labelled(self, label: str, text: str) -> str:
        """A label and what it is of: Topics: Robotics."""
        return self.gettext("%(label)s: %(text)s", label=label, text=text)

    def full(self, day: date) -> str:
        """As a masthead has it: Friday 20 November 2026."""
        return _said(
            self, day, "EEEE d MMMM y" if self.language == _SOURCE else self.locale.date_formats["full"].pattern
        )

    def day(self, day: date) -> str:
        """20 November 2026."""
        return _said(self, day, self.locale.datetime_skeletons["yMMMMd"].pattern)

    def day_of_year(self, day: date) -> str:
        """20 November."""
        return _said(self, day, self.locale.datetime_skeletons["MMMMd"].pattern)

    def day_of_month(self, day: date) -> str:
        """20."""
        return _said(self, day, "d")

    def month(self, day: date) -> str:
        """November 2026."""
        return _said(self, day, self.locale.datetime_skeletons["yMMMM"].pattern)


@cache
def words_of(language: str) -> Words:
    """The words of one of `LANGUAGES`, read once."""
    if language == _SOURCE:
        return Words(language, BRITISH, gettext.NullTranslations())
    compiled = io.BytesIO()
    with (LOCALES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Words(language, Locale.parse(language), gettext.GNUTranslations(compiled))


ENGLISH = words_of(_SOURCE)


def own_name(language: str) -> str:
    """A language as those call it who speak it: Deutsch, Français."""
    name = Locale.parse(language).get_language_name() or language
    return name[:1].upper() + name[1:]


def known(language: str) -> str:
    """The code of one of `LANGUAGES`, however it was written. Raises `ValueError`, which names those that there are."""
    if (code := language.strip().lower()) not in LANGUAGES:
        raise ValueError(f"{language!r} is none of the languages that there are: {', '.join(LANGUAGES)}")
    return code


def read_back(text: str, said: str) -> Mapping[str, str] | None:
    """What stands for each `%(name)s` of an English text where it was said; None if `said` is another text."""
    literal = "".join(
        f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(_VALUE.split(text))
    )
    found = re.fullmatch(literal, said)
    return found.groupdict() if found else None


@lru_cache(maxsize=KEPT)
def _number(words: Words, number: int) -> str:
    return str(format_decimal(number, locale=words.locale))


@lru_cache(maxsize=KEPT)
def _said(words: Words, day: date, pattern: str) -> str:
    """A day by a pattern of Babel's; some languages have a word of their own for the first of a month."""
    first = words.catalogue.pgettext("the first day of a month, as 1er in French", "1")
    if day.day == 1 and first != "1":
        pattern = _DAY_OF_MONTH.sub(f"'{first}'", pattern)
    return str(format_date(day, pattern, locale=words.locale))
