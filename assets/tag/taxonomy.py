"""The taxonomy: which topics there are and which phrases earn them, read from a TOML file that a lab may edit.

What belongs here: reading and validating. Where phrases occur in papers is `tag.py`'s.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets.tag.words import forms, words

DEFAULT = Path(__file__).with_name("taxonomy.toml")
"""The file that is used unless the operator names another."""

_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[A-Za-z]+(-[a-z]+)*)?")


class TaxonomyError(Exception):
    """A taxonomy file cannot be used; the text names the file, the topic and what to do."""


@dataclass(frozen=True)
class Topic:
    """A subject that papers are sorted under, and the phrases that earn it.

    `area` is the label of the group of topics that it belongs to. Phrases of `exclude` hold one of `phrases` that means
    something else there. `categories` of arXiv hint at the topic; `weight` is what its phrases are worth.
    """

    key: str
    area: str
    label: str
    meaning: str
    phrases: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class Taxonomy:
    """The topics in the order of the file; keys, and the forms of all phrases, are unique."""

    topics: tuple[Topic, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)
    """Keywords by which others are meant, as an acronym is; each with what it stands for."""


def load(path: Path = DEFAULT) -> Taxonomy:
    """The taxonomy in a TOML file of `[[area]]` and `[[topic]]` tables, as the file of `DEFAULT` explains them.

    Raises `TaxonomyError` for a file that is missing, is not TOML, or breaks a rule.
    """
    document = _document(path)
    areas = _areas(path, _tables(path, document, "area", "key and label"))
    tables = _tables(path, document, "topic", "key, area, label, meaning and phrases")
    topics = tuple(_topic(table, areas, f"{path}: topic {place}") for place, table in enumerate(tables, start=1))
    _check_unique(path, "topic", [topic.key for topic in topics])
    _check_unique(path, "label", [topic.label for topic in topics])
    _check_phrases(path, topics)
    if empty := sorted(set(areas.values()) - {topic.area for topic in topics}):
        raise TaxonomyError(f"{path}: the area {empty[0]!r} has no topic; remove it or give it one")
    return Taxonomy(topics, _synonyms(document, str(path)))


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TaxonomyError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{path}: is not valid TOML: {error}; correct that line") from error
    _check_known(document, ("area", "topic", "synonyms"), str(path))
    return document


def _tables(path: Path, document: Mapping[str, Any], name: str, fields: str) -> list[Any]:
    tables = document.get(name)
    if not isinstance(tables, list) or not tables:
        raise TaxonomyError(f"{path}: has no {name}; add a [[{name}]] table with {fields}")
    return tables


def _areas(path: Path, tables: Sequence[Any]) -> dict[str, str]:
    """The label of each area, by its key."""
    found = []
    for number, table in enumerate(tables, start=1):
        key, place = _key(table, "area", f"{path}: area {number}")
        _check_known(table, ("key", "label"), place)
        found.append((key, _text(table, "label", place)))
    _check_unique(path, "area", [key for key, _ in found])
    _check_unique(path, "label", [label for _, label in found])
    return dict(found)


def _topic(table: Any, areas: Mapping[str, str], place: str) -> Topic:
    key, place = _key(table, "topic", place)
    _check_known(table, ("key", "area", "label", "meaning", "phrases", "exclude", "categories", "weight"), place)
    area = _text(table, "area", place)
    if area not in areas:
        raise TaxonomyError(f"{place}: knows no area {area!r}; use one of {', '.join(areas)}, or add an [[area]]")
    phrases = _phrases(table, "phrases", place)
    if not phrases:
        raise TaxonomyError(f'{place}: phrases is missing or empty; add phrases = ["...", "..."]')
    return Topic(
        key, areas[area], _text(table, "label", place), _text(table, "meaning", place), phrases,
        _phrases(table, "exclude", place), _categories(table, place), _weight(table, place),
    )  # fmt: skip


def _synonyms(document: Mapping[str, Any], place: str) -> dict[str, str]:
    table = document.get("synonyms", {})
    if not isinstance(table, Mapping):
        raise TaxonomyError(
            f'{place}: synonyms is not a table; write [synonyms] and below it LLM = "large language model"'
        )
    found = {short: _text(table, short, f"{place}: synonyms") for short in table}
    forms = {words(short): short for short in found}
    for short, long in found.items():
        if words(long) in forms:
            raise TaxonomyError(
                f"{place}: synonyms: {short!r} stands for {long!r}, itself a synonym; name what it means"
            )
    return found


def _key(table: Any, kind: str, place: str) -> tuple[str, str]:
    """The table's key, and the place with it."""
    if not isinstance(table, Mapping):
        raise TaxonomyError(f"{place} is not a table; write it under [[{kind}]]")
    key = _text(table, "key", place)
    if key.split() != [key]:
        raise TaxonomyError(f"{place} ({key}): the key holds spaces; write it as one word, with hyphens")
    return key, f"{place} ({key})"


def _check_known(table: Mapping[str, Any], fields: Sequence[str], place: str) -> None:
    if unknown := sorted(set(table) - set(fields)):
        raise TaxonomyError(f"{place}: does not know {unknown[0]!r}; use {', '.join(fields)} only")


def _text(table: Mapping[str, Any], name: str, place: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(f'{place}: {name} is missing or empty; add {name} = "..."')
    return value.strip()


def _list(table: Mapping[str, Any], name: str, place: str) -> list[Any]:
    found = table.get(name, [])
    if not isinstance(found, list):
        raise TaxonomyError(f'{place}: {name} is not a list; write {name} = ["...", "..."]')
    return found


def _phrases(table: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
    found = _list(table, name, place)
    for phrase in found:
        if not isinstance(phrase, str) or not words(phrase):
            raise TaxonomyError(
                f"{place}: the phrase {phrase!r} of {name} holds no word; remove it or write it as text"
            )
    return tuple(found)


def _categories(table: Mapping[str, Any], place: str) -> tuple[str, ...]:
    found = _list(table, "categories", place)
    for category in found:
        if not isinstance(category, str) or not _CATEGORY.fullmatch(category):
            raise TaxonomyError(f'{place}: {category!r} is no category of arXiv; write one as "cs.LG"')
    return tuple(found)


def _weight(table: Mapping[str, Any], place: str) -> float:
    weight = table.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 10:
        raise TaxonomyError(f"{place}: the weight {weight!r} is not a number above 0 and up to 10; correct it")
    return float(weight)


def _check_unique(path: Path, what: str, names: Collection[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TaxonomyError(f"{path}: the {what} {name!r} stands twice; rename one or merge the two")
        seen.add(name)


def _check_phrases(path: Path, topics: Sequence[Topic]) -> None:
    """That no phrase is another topic's, in singular or plural, and that what is excluded holds a phrase of its own."""
    owners: dict[str, Topic] = {}
    for topic in topics:
        for phrase, form in _forms(topic.phrases):
            if owners.setdefault(form, topic) is not topic:
                raise TaxonomyError(
                    f"{path}: topic {topic.key!r}: the phrase {phrase!r} already earns {owners[form].key!r}; "
                    "keep it in one"
                )
    for topic in topics:
        _check_excluded(topic, owners, f"{path}: topic {topic.key!r}")


def _check_excluded(topic: Topic, owners: Mapping[str, Topic], place: str) -> None:
    own = [f" {form} " for _, form in _forms(topic.phrases)]
    for phrase, form in _forms(topic.exclude):
        if form in owners:
            raise TaxonomyError(
                f"{place}: the excluded {phrase!r} earns {owners[form].key!r}, and what stands "
                "inside it counts for no other topic; remove it from exclude"
            )
        if not any(phrase in f" {form} " for phrase in own):
            raise TaxonomyError(
                f"{place}: the excluded {phrase!r} holds none of the topic's phrases; "
                "remove it, or write the longer phrase that is meant"
            )


def _forms(phrases: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((phrase, form) for phrase in phrases for form in forms(phrase))
