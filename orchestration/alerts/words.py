"""What the operator reads: subjects and texts, in lines for a terminal.

Reasons hold what strangers wrote. So every text of theirs becomes one line of visible characters before it is wrapped,
and whatever looks like an address, or is a reader's, is left out: no reader's address belongs into an alert.
"""

import re
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from itertools import groupby

from assets.mail.edition import one_line, shortened
from orchestration.alerts.attempts import Attempt
from quality.incidents import Incident, Warned

WIDTH = 76
LONGEST = 1_500
"""Characters of a reason; what is longer is in the warehouse."""

SHOWN = 20
"""Troubles that one message has in full; of the others it has the names."""

LISTED = 5
ADDRESS = re.compile(r"\S*@\S+")
REMOVED = "[address]"
RULE = "-" * WIDTH


@dataclass(frozen=True)
class Item:
    """One thing to tell: its key and scope in the book, a line that names it, its days, and its text."""

    key: str
    scope: str
    name: str
    days: Sequence[date]
    text: str


@dataclass(frozen=True)
class Words:
    """How things are said by the Paperboy of a home that has these readers."""

    home: str
    readers: Sequence[str]

    def incident(self, found: Incident, by: str) -> Item:
        """A day of a table that was rejected or failed; `by` is the last run in words."""
        key = f"incident/{found.key}"
        name = f"{found.asset} {found.day} {'was rejected' if found.outcome == 'rejected' else 'failed'}"
        attempts = f"{_counted(found.attempts, 'attempt')}, the last at {_time(found.last_at)} ({by})"
        if found.attempts > 1:
            attempts += f"; the first at {_time(found.opened_at)}"
        command = f"paperboy {'send' if found.asset == 'deliveries' else 'digest'} {found.day}"
        text = self._text(
            f"{name}: {attempts}.",
            found.reason,
            "Nothing was written; what was there before stays. When it is mended:",
            commands=[command, f"paperboy status {found.day} {found.day}"],
        )
        return Item(key, key, name, [found.day], text)

    def attempt(self, found: Attempt) -> Item:
        """A run that failed and left no outcome."""
        days = f" of {span(found.days)}" if found.days else ""
        name = f"the run{days} failed"
        where = f"{found.job}, run {found.run_id[:8]}, failed at {found.step or 'its start'} at {_time(found.at)}"
        commands = [f"paperboy status {found.days[0]} {found.days[-1]}"] if found.days else []
        if len(found.days) == 1:
            commands.insert(0, f"paperboy digest {found.days[0]}")
        elif found.days:
            commands.insert(0, f"paperboy backfill {found.days[0]} {found.days[-1]}")
        text = self._text(
            f"{where}. The tables say nothing of it: the run ended before it could.",
            found.reason,
            "To look, and to try again:",
            commands=["paperboy doctor", *commands],
        )
        return Item(f"run/{found.run_id}", scope(found.days) or found.job, name, found.days, text)

    def command(self, trouble: str, at: datetime) -> Item:
        """`paperboy digest` that ended before it began a run."""
        text = self._text(
            f"paperboy digest ended at {_time(at)}, before any run began.",
            trouble,
            "To look, and to try again:",
            commands=["paperboy doctor", "paperboy digest"],
        )
        return Item(f"command/{at.isoformat()}", "paperboy digest", "paperboy digest failed", [], text)

    def over(self, key: str, name: str, days: Sequence[date], at: datetime | None, by: str) -> Item:
        """What has ended, and with which run."""
        return Item(key, "", name, days, self._text(f"{name} is over{f' since {_time(at)}' if at else ''}, by {by}."))

    def warnings(self, found: Sequence[Warned], known: Collection[str]) -> Item:
        """Warnings by table and expectation; of the names in `known` the advice was told before, and is left out."""
        groups = [list(group) for _, group in groupby(found, lambda warned: warned.name)]
        new = [self._warned(group, "") for group in groups if group[0].name not in known]
        again = [self._warned(group, " again") for group in groups if group[0].name in known]
        days = sorted({warned.day for warned in found})
        name = f"{_counted(len(groups), 'warning')} for {span(days)}"
        return Item("", "", name, days, "\n\n".join([*new, *again]))

    def message(self, kind: str, items: Sequence[Item]) -> tuple[str, str]:
        """The subject and the text that tell these things; `kind` is alert, recovery or warnings."""
        prefix = "Paperboy: recovered: " if kind == "recovery" else "Paperboy: "
        days = sorted({day for item in items for day in item.days})
        subject = items[0].name if len(items) == 1 else f"{len(items)} incidents{f', {span(days)}' if days else ''}"
        parts = [item.text for item in items[:SHOWN]]
        if more := items[SHOWN:]:
            parts.append(self._text(f"And {len(more)} more: {'; '.join(item.name for item in more)}."))
        closing = {
            "alert": "Told once; a message follows when it is over.",
            "recovery": "Nothing is left to do.",
            "warnings": "Warnings stop nothing, and each is told once.",
        }[kind]
        foot = self._text(f"{closing} This is the Paperboy at {self.home}; docs/quality.md says who is told what.")
        return prefix + subject, f"\n\n{RULE}\n\n".join([*parts, foot]) + "\n"

    def _warned(self, group: Sequence[Warned], again: str) -> str:
        first = group[0]
        told = "; ".join(f"{warned.day}: {warned.observed}" for warned in group[:LISTED])
        more = f"; and on {len(group) - LISTED} more days up to {group[-1].day}" if len(group) > LISTED else ""
        said = f"{first.name}{again}. {told}{more}. Expected: {first.threshold}."
        return self._text(said) if again else self._text(said, first.why)

    def _text(self, *paragraphs: str, commands: Sequence[str] = ()) -> str:
        wrapped = [
            textwrap.fill(self._safe(paragraph), WIDTH, break_long_words=False, break_on_hyphens=False)
            for paragraph in paragraphs
            if paragraph
        ]
        return "\n\n".join([*wrapped, *(["\n".join(f"    {command}" for command in commands)] if commands else [])])

    def _safe(self, text: str) -> str:
        line = one_line(text)
        for reader in self.readers:
            for written in (reader, parseaddr(reader)[1]):
                line = line.replace(written, REMOVED)
        return shortened(ADDRESS.sub(REMOVED, line), LONGEST)


def scope(days: Sequence[date]) -> str:
    """The days of a run as one word of the book; a later failure of the same days belongs to the same incident."""
    return f"{days[0]}/{days[-1]}" if days else ""


def span(days: Sequence[date]) -> str:
    """The days in words."""
    return str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
