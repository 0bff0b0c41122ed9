"""The taxonomy: which topics there are and which phrases earn them, read from a TOML file that a lab may edit.

What belongs here: reading and validating. Where phrases occur in papers is `tag.py`'s.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.tag.words import words

DEFAULT = Path(__file__).with_name("taxonomy.toml")
"""The file that is used unless the operator names another."""


class TaxonomyError(Exception):
    """A taxonomy file cannot be used; the text names the file, the topic and what to do."""


@dataclass(frozen=True)
class Topic:
    """A subject that papers are sorted under, the phrases that earn it, and what they weigh."""

    key: str
    label: str
    phrases: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Taxonomy:
    """The topics in the order of the file; keys, and phrases as `words` reads them, are unique."""

    topics: tuple[Topic, ...]


def load(path: Path = DEFAULT) -> Taxonomy:
    """The taxonomy in a TOML file of `[[topic]]` tables with `key`, `label`, `phrases` and perhaps `weight`.

    Raises `TaxonomyError` for a file that is missing, is not TOML, or breaks a rule.
    """
    tables = _tables(path)
    topics = tuple(_topic(table, f"{path}: topic {place}") for place, table in enumerate(tables, start=1))
    _check_unique_keys(path, topics)
    _check_unique_phrases(path, topics)
    return Taxonomy(topics)


def _tables(path: Path) -> list[Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaxonomyError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{path}: is not valid TOML: {error}; correct that line") from error
    unknown = sorted(set(document) - {"topic"})
    if unknown:
        raise TaxonomyError(f"{path}: does not know {unknown[0]!r}; write each topic as a [[topic]] table")
    tables = document.get("topic")
    if not isinstance(tables, list) or not tables:
        raise TaxonomyError(f"{path}: has no topics; add a [[topic]] table with key, label and phrases")
    return tables


def _topic(table: Any, place: str) -> Topic:
    if not isinstance(table, Mapping):
        raise TaxonomyError(f"{place} is not a table; write it under [[topic]]")
    key = _text(table, "key", place)
    place = f"{place} ({key})"
    if key.split() != [key]:
        raise TaxonomyError(f"{place}: the key holds spaces; write it as one word, with hyphens")
    unknown = sorted(set(table) - {"key", "label", "phrases", "weight"})
    if unknown:
        raise TaxonomyError(f"{place}: does not know {unknown[0]!r}; use key, label, phrases and weight only")
    return Topic(key, _text(table, "label", place), _phrases(table, place), _weight(table, place))


def _text(table: Mapping[str, Any], name: str, place: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(f'{place}: {name} is missing or empty; add {name} = "..."')
    return value.strip()


def _phrases(table: Mapping[str, Any], place: str) -> tuple[str, ...]:
    phrases = table.get("phrases")
    if not isinstance(phrases, list) or not phrases:
        raise TaxonomyError(f'{place}: phrases is missing or empty; add phrases = ["...", "..."]')
    for phrase in phrases:
        if not isinstance(phrase, str) or not words(phrase):
            raise TaxonomyError(f"{place}: the phrase {phrase!r} holds no word; remove it or write it as text")
    return tuple(phrases)


def _weight(table: Mapping[str, Any], place: str) -> float:
    weight = table.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 10:
        raise TaxonomyError(f"{place}: the weight {weight!r} is not a number above 0 and up to 10; correct it")
    return float(weight)


def _check_unique_keys(path: Path, topics: tuple[Topic, ...]) -> None:
    seen: set[str] = set()
    for topic in topics:
        if topic.key in seen:
            raise TaxonomyError(f"{path}: the key {topic.key!r} stands twice; rename one topic or merge the two")
        seen.add(topic.key)


def _check_unique_phrases(path: Path, topics: tuple[Topic, ...]) -> None:
    owners: dict[str, str] = {}
    for topic in topics:
        for phrase in topic.phrases:
            owner = owners.setdefault(words(phrase), topic.key)
            if owner != topic.key:
                raise TaxonomyError(
                    f"{path}: topic {topic.key!r}: the phrase {phrase!r} already earns {owner!r}; keep it in one"
                )
