"""Which fictional works a day brings, what each of them says, and what becomes of it later.

Text and figures come from the work's id alone, so that any day can be made without the days before it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import cycle
from typing import Any

from assets.fetch.sample_text import Dice, capital, fill, headline, sentence

_HERE = files("assets.fetch")
_NUMBERS_A_DAY = 640
_FATES = [
    ("late", 0.6),
    ("broken", 1 / 3),
    ("withdrawn", 0.4),
    ("revised", 1),
    ("revised", 0.4),
    ("mirrored", 1),
    ("mirrored", 1),
    ("mirrored", 0.5),
    ("mirrored", 0.5),
]
"""What may become of a day's first works, and how often; the others are listed once and left alone."""


@dataclass(frozen=True)
class Problem:
    """Something that a field cannot do yet."""

    task: str
    question: str
    settings: list[str]
    opening: list[str]
    items: str
    data: str
    result: list[str]


@dataclass(frozen=True)
class Idea:
    """A way to do it, which fits every problem of its field."""

    name: str
    what: str
    how: str
    part: str


@dataclass(frozen=True)
class Field:
    """A field of research with its vocabulary: one file of `sample_fields/`."""

    categories: list[str]
    keywords: list[str]
    hooks: list[str]
    findings: list[str]
    problem: list[Problem]
    idea: list[Idea]
    kinds: Sequence[str] = ("method",) * 5 + ("study",) * 3 + ("benchmark",) * 2


@dataclass(frozen=True)
class Work:
    """A work as the day dealt it: its number, its subject, the shape of its title and its fate."""

    day: date
    number: int
    field: Field
    problem: Problem
    kind: str
    shape: str
    fate: str

    @property
    def id(self) -> str:
        """An id in the manner of arXiv's that cannot be taken for one."""
        return f"sample.{self.day.year % 100:02}{self.day.month:02}.{self.number:05}"


@dataclass(frozen=True)
class Draft:
    """What the authors wrote, before any feed handled it."""

    title: str
    sentences: list[str]
    term: str
    """The name of what the work introduces, or its idea."""
    link: str
    authors: list[str]
    affiliations: list[str]
    keywords: list[str]
    categories: list[str]
    published: datetime


def works(day: date) -> list[Work]:
    """The 14 to 30 works that are submitted for the day; no two share a subject."""
    dice = Dice(f"works {day.isoformat()}")
    subjects = dice.shuffled((field, problem) for field in _fields() for problem in field.problem)
    shapes = {kind: cycle(dice.shuffled(titles)) for kind, titles in _phrases()["titles"].items()}
    number = (day.day - 1) * _NUMBERS_A_DAY
    dealt = []
    for place, (field, problem) in enumerate(subjects[: dice.between(7, 15) + dice.between(7, 15)]):
        number += dice.between(1, _NUMBERS_A_DAY // 30)
        fate, probability = _FATES[place] if place < len(_FATES) else ("", 0)
        kind = dice.pick(field.kinds)
        fate = fate if dice.chance(probability) else ""
        dealt.append(Work(day, number, field, problem, kind, next(shapes[kind]), fate))
    return dealt


def draft(work: Work) -> Draft:
    """The work written out: an abstract of four to seven sentences, two to forty authors."""
    dice = Dice(work.id)
    idea = dice.pick(work.field.idea)
    words = _words(work, idea, dice)
    title = fill(work.shape, dice, words)
    term = words["name"] if work.kind in ("method", "benchmark") else idea.name
    subject = [idea.name, *dice.shuffled(work.field.keywords)[: dice.between(2, 3)]]
    return Draft(
        title=sentence(title) if dice.chance(0.25) else headline(title),
        sentences=_abstract(work.kind, dice, words),
        term=term,
        link=f"https://{dice.pick(['code.example.org', 'labs.example.com'])}/{_slug(term)}",
        authors=_authors(dice),
        keywords=[word.replace("\\", "").replace("$", "") for word in subject],
        categories=_categories(work.field, dice),
        published=_submitted(work.day, dice),
        affiliations=_affiliations(dice),
    )


def phrase(kind: str, dice: Dice, words: Mapping[str, str] | None = None) -> str:
    """A note or a sentence of the given kind, such as `withdrawn` or `release_link`."""
    phrases = _phrases()
    return fill(dice.pick((phrases["notes"] | phrases["sentences"])[kind]), dice, words or {})


@cache
def _fields() -> list[Field]:
    places = sorted((_HERE / "sample_fields").iterdir(), key=lambda place: place.name)
    return [_field(_toml(place)) for place in places if place.name.endswith(".toml")]


def _field(entry: dict[str, Any]) -> Field:
    parts = {
        "problem": [Problem(**problem) for problem in entry["problem"]],
        "idea": [Idea(**idea) for idea in entry["idea"]],
    }
    return Field(**(entry | parts))


@cache
def _phrases() -> dict[str, Any]:
    return _toml(_HERE / "sample_phrases.toml")


@cache
def _places() -> list[dict[str, list[str]]]:
    people: list[dict[str, list[str]]] = _people()["place"]
    return people


@cache
def _people() -> dict[str, Any]:
    return _toml(_HERE / "sample_people.toml")


def _toml(place: Traversable) -> dict[str, Any]:
    return tomllib.loads(place.read_text(encoding="utf-8"))


def _words(work: Work, idea: Idea, dice: Dice) -> dict[str, str]:
    name = _name(work.kind, idea, dice)
    actor = {"method": name, "benchmark": "the baseline"}.get(work.kind, idea.name)
    chosen = {kind: dice.pick(_phrases()["words"][kind]) for kind in ("adjective", "refinement", "quality")}
    credit = _phrases()["sentences"]["credit"] if work.kind != "proof" else []
    return chosen | {
        "name": name,
        "it": actor,
        "idea": idea.name,
        "what": idea.what,
        "how": idea.how,
        "part": idea.part,
        "task": work.problem.task,
        "question": work.problem.question,
        "items": work.problem.items,
        "data": name if work.kind == "benchmark" else work.problem.data,
        "opening": dice.pick(work.problem.opening),
        "result": dice.pick(work.problem.result),
        "hook": dice.pick(work.field.hooks),
        "setting": dice.pick(work.problem.settings),
        "finding": dice.pick(work.field.findings + credit),
        "release": dice.pick(_phrases()["sentences"]["release"]),
    }


def _name(kind: str, idea: Idea, dice: Dice) -> str:
    words: dict[str, list[str]] = _phrases()["words"]
    prefix, suffix = dice.pick(words["prefix"]), dice.pick(words["suffix"])
    if prefix[-1] == suffix[0]:
        suffix = capital(suffix)
    if kind == "benchmark":
        return f"{prefix}{suffix}{dice.pick(['', 'Bench', '-Eval'])}"
    initials = "".join(word[0] for word in idea.name.replace("-", " ").split() if word[0].isalpha()).upper()
    joined, parted = prefix + suffix, prefix + capital(suffix)
    return dice.pick([joined, joined, parted, f"{initials}-{capital(suffix)}"])


def _slug(term: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def _abstract(kind: str, dice: Dice, words: Mapping[str, str]) -> list[str]:
    slots: list[list[str]] = _phrases()["abstracts"][kind]
    shapes = [dice.pick(shapes) for shapes in slots]
    dropped = dice.pick(["", "", "[finding]", "[release]", "[release]", "[how]"])
    return [capital(fill(shape, dice, words)) for shape in shapes if shape != dropped]


def _authors(dice: Dice) -> list[str]:
    crowd = dice.between(30, 40) if dice.chance(0.04) else dice.between(2, 4) + dice.between(0, 4)
    names: dict[str, None] = {}
    while len(names) < crowd:
        place = dice.pick(_places())
        names[f"{dice.pick(place['given'])} {dice.pick(place['family'])}"] = None
    return list(names)


def _affiliations(dice: Dice) -> list[str]:
    """Of some works none, as in real feeds; of most others one to three, of a few a crowd."""
    number = 0 if dice.chance(0.4) else dice.between(1, 3) + (dice.between(2, 9) if dice.chance(0.1) else 0)
    return dice.shuffled(_people()["institutions"])[:number]


def _categories(field: Field, dice: Dice) -> list[str]:
    first = field.categories[0] if dice.chance(0.7) else dice.pick(field.categories)
    others = [category for category in dice.shuffled(field.categories) if category != first]
    return [first, *others[: dice.between(0, 2)]]


def _submitted(day: date, dice: Dice) -> datetime:
    days = 3 if day.weekday() == 0 else 1
    return datetime.combine(day, time()) - timedelta(seconds=dice.between(1, days * 86_400))
