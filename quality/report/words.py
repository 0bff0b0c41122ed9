"""The report's sentences: what the days come to, and what to do next. Plain text, which the page escapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from quality.report.facts import FALLEN, Day, Facts

MEANINGS: Mapping[str, str] = {
    "fresh": "every source's list came, and the day is made",
    "quiet": "no source had a list to give, as on weekends and holidays",
    "waiting": "a list is not there yet; it is due later, and the next run asks again",
    "incomplete": "a source is missing, or gave only a part",
    "failed": "the last attempt failed or was rejected; earlier rows stand",
    "partial": "a later step was not run",
    "not run": "nobody has made the day",
}
"""The states of a day as `paperboy status` has them, in the order of the legend."""

REMEDIES: Mapping[str, tuple[str, str]] = {
    "failed": ("Mend what the reason names, then make the day again.", "paperboy backfill {first} {last}"),
    "incomplete": ("Ask its sources again.", "paperboy refetch {first} {last}"),
    "partial": ("Make the steps that are missing.", "paperboy backfill {first} {last}"),
    "not run": ("Make it.", "paperboy backfill {first} {last}"),
}
"""What helps a day of each state that needs attention, and the command that does it."""


@dataclass(frozen=True)
class Spell:
    """Days one after the other that need attention for the same reason."""

    first: date
    last: date
    state: str
    reason: str

    @property
    def anchor(self) -> str:
        """Its id in the page."""
        return f"day-{self.first}"

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def remedy(self) -> str:
        """What to do."""
        return REMEDIES[self.state][0]

    @property
    def command(self) -> str:
        """The command that does it."""
        return REMEDIES[self.state][1].format(first=self.first, last=self.last)


@dataclass(frozen=True)
class Summary:
    """The first sentences: how many days, how many need attention, and what to do next with the command for it."""

    days: str
    attention: str
    next: str
    command: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.days, self.attention, self.next, self.command) if part)


def summary(facts: Facts) -> Summary:
    """What a hurried operator reads."""
    counted = listed([f"{count} {state}" for state, count in facts.states.items()])
    needing = len(facts.needing)
    attention = f"{plural(needing, 'day')} {'needs' if needing == 1 else 'need'} attention." if needing else (
        "No day needs attention."
    )  # fmt: skip
    return Summary(f"{plural(len(facts.days), 'day')}: {counted}.", attention, *_next(facts))


def _next(facts: Facts) -> tuple[str, str]:
    if facts.first_made is None:
        return "Nothing was made yet.", "paperboy digest"
    needing = spells(facts.needing)
    for state in (*FALLEN, "not run"):
        for spell in needing:
            if spell.state == state:
                return f"Next: {span(spell.first, spell.last)}, {state}. {spell.remedy}", spell.command
    if waiting := int((facts.quarantine["rows"] - facts.quarantine["decided"]).sum()):
        return f"Next: {plural(waiting, 'row')} in quarantine to decide on.", "paperboy quarantine list"
    if facts.elsewhere["days"].item():
        first, last = facts.elsewhere["first"].item(), facts.elsewhere["last"].item()
        return "Next: other days have open incidents.", f"paperboy report {first} {last}"
    return "There is nothing to do.", ""


def spells(needing: Sequence[Day]) -> list[Spell]:
    """The days, newest first, as spells."""
    found: list[Spell] = []
    for day in needing:
        before = found[-1] if found else None
        if before and before.first - day.day == timedelta(days=1) and (before.state, before.reason) == (
            day.state, day.reason,
        ):  # fmt: skip
            found[-1] = Spell(day.day, before.last, day.state, day.reason)
        else:
            found.append(Spell(day.day, day.day, day.state, day.reason))
    return found


def plural(count: int, noun: str) -> str:
    """A number with its noun: `1 day`, `2,000 days`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """Parts as an enumeration: `a, b and c`."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def day_words(day: date) -> str:
    """A day as it is read: `11 March 2025`."""
    return f"{day.day} {day:%B %Y}"


def span(first: date, last: date) -> str:
    """Two days as they are read, what they share said once: `1 to 30 March 2025`."""
    if first == last:
        return day_words(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_words(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {day_words(last)}"
    return f"{day_words(first)} to {day_words(last)}"


def moment(at: datetime) -> str:
    """A time of the warehouse, which is UTC."""
    return f"{day_words(at.date())}, {at:%H:%M} UTC"
