"""Which language a text is written in.

What belongs here: telling languages apart. Nothing is translated, and nothing is dropped for its language.
"""

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

SHORTEST = 40
"""Bytes in UTF-8 of the shortest text whose language is told: about five English words, a dozen of Chinese letters."""

# Polars is far slower at Unicode's word boundaries than at those of ASCII.
_ENGLISH = r"(?i-u)\b(?:the|of|and|to|we|with|for|that|this|are|by|from|which|our|has|these|it|be)\b"
_ENGLISH_SHARE = 0.1
"""Of words: every English abstract of a hundred thousand but a handful has more, another language hardly any."""

_LANGUAGES = (
    "ar bg ca cs da de el en es et eu fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk "
    "vi zh"
)
"""Those in which papers are written; a model of every language takes a list of names for a rare one."""


def languages(texts: pl.Series) -> pl.Series:
    """ISO 639-1 of each text; null for null and where it is too short to tell.

    Common English words decide for nearly all; py3langid, which takes half a second and 100 MB to load, for the rest.
    """
    told = texts.str.len_bytes().fill_null(0) >= SHORTEST
    english = texts.str.count_matches(_ENGLISH) >= texts.str.count_matches(r"\S+") * _ENGLISH_SHARE
    found = texts.to_frame().select(pl.when(told & english).then(pl.lit("en"))).to_series()
    asked = (told & ~english).arg_true()
    return found.scatter(asked, [_identifier().classify(text)[0] for text in texts.gather(asked)])


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(_LANGUAGES.split())
    return identifier
