"""What a reader wants as the fields of a form: filled with what is stored, and read again from what is sent.

A field is a name with its texts, as a browser sends it: what was typed can be shown again, whatever is wrong with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from assets.mail.edition import one_line
from assets.mail.profile import plain
from assets.mail.readers.lab import Lab
from assets.mail.readers.preferences import (
    DAYS,
    MOST_PAPERS,
    MOST_WISHES,
    WAYS,
    Frequency,
    InvalidPreference,
    Named,
    Preferences,
    checked,
)
from assets.mail.words import LANGUAGES, own_name

LISTS = ("authors", "keywords", "categories")
"""What is typed, a name a line; topics are chosen."""

Fields = Mapping[str, Sequence[str]]

_REGIONS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
_TROUBLES = {
    "frequency": "Choose one of these.",
    "weekday": "Choose a day.",
    "hour": "Choose an hour.",
    "time_zone": "Choose a time zone.",
    "size": f"Write a number from 1 to {MOST_PAPERS}, or nothing.",
    "language": "Choose a language.",
    "follow_topics": "Choose topics that stand here.",
    "mute_topics": "Choose topics that stand here.",
}


@dataclass(frozen=True)
class Area:
    """Topics of one group: key, label, and whether it is chosen."""

    label: str
    topics: Sequence[tuple[str, str, bool]]

    @property
    def chosen(self) -> int:
        """How many are."""
        return sum(chosen for _, _, chosen in self.topics)


@dataclass(frozen=True)
class Form:
    """The fields of a reader who has the preferences `before`; `troubles` are what is wrong with fields, by name."""

    lab: Lab
    before: Preferences
    fields: Fields
    troubles: Mapping[str, str]

    def one(self, name: str) -> str:
        """The text of a field that has one."""
        return next(iter(self.fields.get(name, ())), "")

    def areas(self, way: str) -> list[Area]:
        """The topics that can be followed, or muted; last those that are and that the lab has no more."""
        chosen = {plain(name): name for name in self.fields.get(f"{way}_topics", ())}
        areas: dict[str, list[tuple[str, str, bool]]] = {}
        for topic in self.lab.topics:
            is_chosen = not topic.wishes.isdisjoint(chosen)
            areas.setdefault(topic.area, []).append((topic.key, topic.label, is_chosen))
        gone = [(name, name, True) for name in chosen.values() if not self.lab.topic(name)]
        found = [Area(label, topics) for label, topics in areas.items()]
        return [*found, Area("No longer among the topics", gone)] if gone else found

    @property
    def labs_language(self) -> str:
        """The name of the one in which who chooses none is mailed."""
        return own_name(self.lab.language)

    @property
    def both(self) -> list[str]:
        """What is followed and muted, as it is stored: it is muted."""
        follow, mute = self.before.follow, self.before.mute
        topics = [[self.lab.label(name) for name in one.topics] for one in (follow, mute)]
        others = [(getattr(follow, kind), getattr(mute, kind)) for kind in LISTS]
        return [name for names, muted in (topics, *others) for name in names if plain(name) in set(map(plain, muted))]

    def read(self) -> Preferences:
        """What was sent as preferences. Raises `InvalidPreference`."""
        wanted = checked(
            {
                "frequency": self.one("frequency"), "weekday": self.one("weekday"), "hour": self.one("hour") or None,
                "time_zone": self.one("time_zone"), "size": self.one("size").strip() or None,
                "language": self.one("language") or None,
                **{way: self._named(way) for way in WAYS},
            }
        )  # fmt: skip
        for way in WAYS:
            before = getattr(self.before, way).topics
            if any(name not in before and not self.lab.topic(name) for name in getattr(wanted, way).topics):
                raise InvalidPreference(f"{way} topics: not all are topics of the lab", [f"{way}_topics"])
        return wanted

    def refused(self, names: frozenset[str]) -> "Form":
        """The same fields, with what is wrong with those of these names."""
        return Form(self.lab, self.before, self.fields, {name: self._trouble(name) for name in sorted(names)})

    def _named(self, way: str) -> dict[str, list[str]]:
        return {
            "topics": list(self.fields.get(f"{way}_topics", ())),
            **{kind: self._lines(way, kind) for kind in LISTS},
        }

    def _lines(self, way: str, kind: str) -> list[str]:
        return [line for line in map(one_line, self.one(f"{way}_{kind}").splitlines()) if line]

    def _trouble(self, name: str) -> str:
        if name in _TROUBLES:
            return _TROUBLES[name]
        way, _, kind = name.partition("_")
        if (lines := len(self._lines(way, kind))) > MOST_WISHES:
            return f"These are {lines:,} lines, and {MOST_WISHES} can be kept."
        return "A line has at most 100 characters."


def filled(lab: Lab, wanted: Preferences) -> Form:
    """The form as it shows what a reader wants."""
    fields = {
        "frequency": [wanted.frequency.value], "weekday": [str(wanted.weekday)],
        "hour": ["" if wanted.hour is None else str(wanted.hour)], "time_zone": [wanted.time_zone],
        "size": [str(wanted.size or "")], "language": [wanted.language or ""],
    }  # fmt: skip
    for way in WAYS:
        named: Named = getattr(wanted, way)
        fields[f"{way}_topics"] = list(named.topics)
        fields |= {f"{way}_{kind}": ["\n".join(getattr(named, kind))] for kind in LISTS}
    return Form(lab, wanted, fields, {})


@cache
def zones() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The time zones by region, each with its label; names that are kept for old programs only are left out."""
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in _REGIONS}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if region in found and place:
            found[region].append((name, place.replace("_", " ").replace("/", ", ")))
    return found


CHOICES = {
    "frequencies": [
        (Frequency.DAILY.value, "On every day that has papers"),
        (Frequency.WEEKDAYS.value, "Monday to Friday; Monday’s mail has the weekend’s papers, too"),
        (Frequency.WEEKLY.value, "Once a week, with the best of seven days"),
    ],
    "weekdays": [(str(number), day) for number, day in enumerate(DAYS)],
    "hours": [("", "As soon as it is made"), *((str(hour), f"{hour:02}:00") for hour in range(24))],
    "most": MOST_PAPERS,
    "languages": sorted(((language, own_name(language)) for language in LANGUAGES), key=lambda pair: pair[1]),
}
"""What can be chosen of, as values and labels."""
