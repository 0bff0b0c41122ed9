"""What readers want in words: as the command prints it and takes it, and as a list of readers holds it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assets.mail.edition import one_line
from assets.mail.profile import plain
from assets.mail.readers.lab import Lab, UnknownTopic
from assets.mail.readers.preferences import DAYS, NONE, WAYS, Frequency, InvalidPreference, Named, Preferences, checked
from assets.mail.words import own_name

KINDS = ("topics", "categories", "authors", "keywords")
SINGLE = ("frequency", "weekday", "hour", "time_zone", "size", "language")

UNCHOSEN = {"hour": "made", "time_zone": "lab", "size": "lab", "language": "lab"}
"""What stands for no choice where an empty text would be odd: as soon as it is made, and as the lab has it."""

Wish = tuple[str, str]
"""A kind and a name."""


def values(written: Mapping[str, str], lab: Lab) -> dict[str, Any]:
    """Preferences from texts, by name; an empty text is what all get. Raises `InvalidPreference`."""
    wanted = checked({name: _value(name, text.strip(), lab) for name, text in written.items()})
    return {name: getattr(wanted, name) for name in written}


def texts(wanted: Preferences) -> dict[str, str]:
    """What `values` reads; what nobody chose is empty."""
    found = {name: getattr(wanted, name) for name in SINGLE}
    single = {name: "" if value == getattr(NONE, name) else str(value) for name, value in found.items()}
    weekday = DAYS[wanted.weekday].lower() if single["weekday"] or wanted.frequency is Frequency.WEEKLY else ""
    return {**single, "weekday": weekday, **{way: _listed(getattr(wanted, way)) for way in WAYS}}


def changed(wanted: Preferences, way: str, more: Sequence[Wish], less: Sequence[Wish], lab: Lab) -> Named:
    """What is followed, or muted, as `way` says, with some more and others less.

    Raises `UnknownTopic`, and `InvalidPreference` for what cannot be, or is not there to be taken away.
    """
    named: Named = getattr(wanted, way)
    found = {kind: list(getattr(named, kind)) for kind in KINDS}
    for kind, name in less:
        same = _wishes(kind, name, lab)
        if not (there := [one for one in found[kind] if same & _wishes(kind, one, lab)]):
            there_is = _listed(named) or "there is nothing"
            raise InvalidPreference(f"{way}: {kind}={name} is not among them: {there_is}", [way])
        found[kind] = [one for one in found[kind] if one not in there]
    for kind, name in more:
        found[kind].append(lab.key(name) if kind == "topics" else one_line(name))
    more_or_less: Named = getattr(checked({way: found}), way)
    return more_or_less


def in_words(wanted: Preferences, lab: Lab) -> Iterator[str]:
    """How often, when, how much and of what, a line each."""
    yield {
        Frequency.DAILY: "mailed on every day that has papers",
        Frequency.WEEKDAYS: "mailed from Monday to Friday",
        Frequency.WEEKLY: f"mailed once a week, on {DAYS[wanted.weekday]}",
    }[wanted.frequency]
    zone = wanted.time_zone or f"{lab.time_zone}, the lab's time zone"
    if wanted.lost_zone:
        zone = f"{lab.time_zone}, for there is no time zone {wanted.lost_zone} any more"
    yield "as soon as it is made" if wanted.hour is None else f"at {wanted.hour:02}:00 in {zone}"
    yield f"at most {wanted.size} papers" if wanted.size else f"at most {lab.size} papers, as the lab says"
    yield f"in {own_name(wanted.language)}" if wanted.language else f"in {own_name(lab.language)}, as the lab says"
    for verb, named in (("follows", wanted.follow), ("mutes", wanted.mute)):
        if named != Named():
            yield f"{verb} {_said(named, lab)}"


def _value(name: str, text: str, lab: Lab) -> Any:
    if not text or text == UNCHOSEN.get(name):
        return getattr(NONE, name)
    if name in WAYS:
        return _unlisted(name, text, lab)
    if name == "weekday":
        return _weekday(text)
    if name == "hour":
        return text.removesuffix(":00")
    return text.lower() if name == "frequency" else text


def _weekday(text: str) -> int:
    days = [day.lower() for day in DAYS]
    if text.lower() not in days:
        raise InvalidPreference(f"weekday: {text!r} is no day of the week; one is friday", ["weekday"])
    return days.index(text.lower())


def _listed(named: Named) -> str:
    """`authors: Ada Lovelace; topics: agents`; a semicolon within a name stands twice."""
    every = ((kind, name) for kind in KINDS for name in getattr(named, kind))
    return "; ".join(f"{kind}: {name.replace(';', ';;')}" for kind, name in every)


def _unlisted(way: str, text: str, lab: Lab) -> dict[str, list[str]]:
    """What `_listed` wrote. Raises `InvalidPreference`."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for part in re.findall("(?:[^;]|;;)+", text):
        kind, colon, name = map(one_line, part.replace(";;", ";").partition(":"))
        if not part.strip():
            continue
        if not colon or kind not in found:
            told = f"write {'authors: Ada Lovelace; topics: agents'!r}, with {', '.join(KINDS)}"
            raise InvalidPreference(f"{way}: {part.strip()!r} names no kind; {told}", [way])
        try:
            found[kind].append(lab.key(name) if kind == "topics" else name)
        except UnknownTopic as error:
            raise InvalidPreference(f"{way}: {error}", [way]) from error
    return found


def _wishes(kind: str, name: str, lab: Lab) -> frozenset[str]:
    """A name as it may be wished."""
    topic = lab.topic(name) if kind == "topics" else None
    return topic.wishes if topic else frozenset({plain(name)})


def _said(named: Named, lab: Lab) -> str:
    """`topics Agents and tool use; authors Ada Lovelace, Charles Babbage`."""
    names = {kind: getattr(named, kind) for kind in KINDS} | {"topics": [lab.label(one) for one in named.topics]}
    return "; ".join(f"{kind} {', '.join(found)}" for kind, found in names.items() if found)
