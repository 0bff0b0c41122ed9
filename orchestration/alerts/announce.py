"""Telling the operator what is untold: looks at the warehouse and the runs, writes it into the book, and sends.

Whoever calls it, and how often, makes no difference: what was told is in the book.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.alerts.attempts import WAIT, Runs
from orchestration.alerts.book import TRIED_FOR, Book, Channel, News, Sending, State, Told
from orchestration.alerts.words import Item, Words, scope
from orchestration.runs import bury
from orchestration.warehouse import Warehouse, WarehouseBusy, WarehouseError
from quality import incidents as record
from quality.incidents import Incident

BEFORE = timedelta(days=1)
"""What is older than this when alerts are first on is history, and told nobody."""

LOOKED_BACK = timedelta(days=7)
"""How far back the runs are looked through for failures."""

BEGAN, AGAIN, WARNINGS_DUE = "began", "look again", "warnings due"
COMMAND = "paperboy digest"
UNDELIVERED = (State.RETRY, State.FAILED, State.UNKNOWN)


@dataclass(frozen=True)
class Occasion:
    """Why the operator is told now: `daily` after the run of a day's edition, which the warnings wait for.

    `command` where `paperboy digest` asks, which waits for nothing; `trouble` is why it began no run, or empty.
    """

    daily: bool = False
    command: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class Alarm:
    """Who is told, what of, and in which words; without an address, nobody.

    `file` is the book's, made when it is needed first; another process that tells is waited for `wait` seconds.
    """

    warehouse: Warehouse
    file: Path
    channels: Sequence[Channel]
    words: Words
    time_zone: str
    wait: float = 60

    @property
    def on(self) -> bool:
        """Whether anybody is to be told."""
        return any(channel.addresses for channel in self.channels)

    @cached_property
    def book(self) -> Book:
        """What was told."""
        return Book(self.file, self.wait)

    def announce(self, instance: dg.DagsterInstance, occasion: Occasion) -> list[Sending]:
        """Write down what is untold and send what is due; returns what lately did not arrive.

        Raises `BookBusy` where another process is at it, after a note that somebody is to look again.
        """
        if not self.on:
            return []
        since = self.book.mark(BEGAN) - BEFORE
        self.book.mark(AGAIN)
        if occasion.daily:
            self.book.mark(WARNINGS_DUE)
        with self.book.held():
            bury(instance)
            runs = Runs(instance, patient=not occasion.command)
            _Round(self, runs, since, occasion, self.book.told()).tell()
            self.book.deliver(self.channels)
        return self.undelivered()

    def undelivered(self) -> list[Sending]:
        """What did not arrive of the messages of the last week, surely or perhaps."""
        lately = _now() - TRIED_FOR
        return [sending for sending in self.book.sendings(UNDELIVERED) if sending.updated_at >= lately]

    def waiting(self) -> bool:
        """Whether somebody should look again: something waits for other runs, or for the mail server."""
        return self.on and (self.book.marked(AGAIN) or bool(self.book.sendings((State.PENDING, State.RETRY))))


@dataclass
class _Round:
    """One look at all that there is, beside what was told before it."""

    alarm: Alarm
    runs: Runs
    since: datetime
    occasion: Occasion
    told: Mapping[str, Told]
    waits: bool = False
    silent: dict[str, str] = field(default_factory=dict)  # scopes by key of what is settled without a word

    def tell(self) -> None:
        """Write down every message that is due; where the warehouse cannot be read now, those that need it not."""
        with ExitStack() as stack:
            try:
                stack.enter_context(self.alarm.warehouse.kept_open())
                readable = True
            except (WarehouseBusy, WarehouseError):
                readable, self.waits = False, True
            found = self._incidents() if readable else []
            self._write("alert", [*self._new(found), *self._attempts(readable), *self._command()])
            self._write("recovery", [*self._ended(found), *self._mended()])
            if readable:
                self._warn()
        if not self.waits:
            self.alarm.book.unmark(AGAIN)

    def _write(self, kind: str, items: Sequence[Item]) -> None:
        tells = {item.key: item.scope for item in items} if kind == "alert" else {}
        ends = [item.key for item in items] if kind == "recovery" else []
        subject, body = self.alarm.words.message(kind, items) if items else ("", "")
        if self.silent:
            self.alarm.book.write(News(tells=self.silent), ())
            self.silent = {}
        if items:
            self.alarm.book.write(News(kind, subject, body, tells, ends), self._addresses)

    @property
    def _addresses(self) -> list[str]:
        return [address for channel in self.alarm.channels for address in channel.addresses]

    def _incidents(self) -> list[Incident]:
        """The incidents of late and those that are open."""
        open_ones = [key.removeprefix("incident/") for key, told in self.told.items() if not told.over]
        return record.incidents(self.alarm.warehouse, self.since, open_ones)

    def _new(self, found: Sequence[Incident]) -> list[Item]:
        """The incidents that nobody was told of, but for those that ended before, or were told as a run that failed."""
        items = []
        for incident in found:
            key = f"incident/{incident.key}"
            if key in self.told:
                continue
            as_run = self.told.get(f"run/{incident.run_id}")
            if incident.ended_by or (as_run and as_run.message):
                self.silent[key] = key
            elif not self._must_wait(incident.run_id, incident.last_at):
                items.append(self.alarm.words.incident(incident, self.runs.told(incident.run_id)))
        return items

    def _attempts(self, readable: bool) -> list[Item]:
        """The runs that failed and left no outcome; one for all the attempts at the same days."""
        since = max(self.since, _now() - LOOKED_BACK)
        untold = [run for run in self.runs.failed(since) if f"run/{run}" not in self.told]
        known = record.on_record(self.alarm.warehouse, untold) if untold and readable else set()
        told = {told.scope for key, told in self.told.items() if key.startswith("run/") and not told.over}
        items = []
        for run_id in untold:
            found = self.runs.attempt(run_id)
            key, of = f"run/{run_id}", scope(found.days) or found.job
            if run_id in known or of in told or self.runs.made_anew(run_id) or self.runs.mended_by(run_id):
                self.silent[key] = of
            elif not self._must_wait(run_id, found.at, readable):
                items.append(self.alarm.words.attempt(found))
                told.add(of)
        return items

    def _command(self) -> list[Item]:
        if not self.occasion.trouble or self._open(COMMAND):
            return []
        return [self.alarm.words.command(self.occasion.trouble, _now())]

    def _ended(self, found: Sequence[Incident]) -> list[Item]:
        """The incidents that somebody was told of and that a published day has ended."""
        items = []
        for incident in found:
            key = f"incident/{incident.key}"
            told = self.told.get(key)
            if told is None or told.over or incident.ended_by is None or incident.ended_at is None:
                continue
            if not self._must_wait(incident.ended_by, incident.ended_at):
                name, by = f"{incident.asset} {incident.day}", self.runs.told(incident.ended_by)
                items.append(self.alarm.words.over(key, name, [incident.day], incident.ended_at, by))
        return items

    def _mended(self) -> list[Item]:
        """The runs and the command that somebody was told of, and that went well since."""
        items = []
        for key, told in self.told.items():
            if key.startswith("run/") and not told.over and (by := self.runs.mended_by(key.removeprefix("run/"))):
                days = [date.fromisoformat(day) for day in told.scope.split("/") if day[0].isdigit()]
                name = f"the run of {' to '.join(dict.fromkeys(told.scope.split('/')))}"
                items.append(self.alarm.words.over(key, name, days, None, self.runs.told(by)))
        if self.occasion.command and not self.occasion.trouble:
            for key in self._open(COMMAND):
                items.append(self.alarm.words.over(key, COMMAND, [], _now(), "one that began its run"))
        return items

    def _warn(self) -> None:
        """The warnings that nobody was told of, at most once a day, after the daily run."""
        book, words = self.alarm.book, self.alarm.words
        if not book.marked(WARNINGS_DUE):
            return
        last = book.last("warnings")
        if last is None or self._date(last) < self._date(_now()):
            found = record.warnings(self.alarm.warehouse, self.since)
            if untold := [warned for warned in found if f"warning/{warned.key}" not in self.told]:
                item = words.warnings(untold, {told.scope for told in self.told.values()})
                subject, body = words.message("warnings", [item])
                tells = {f"warning/{warned.key}": warned.name for warned in untold}
                book.write(News("warnings", subject, body, tells), self._addresses)
        book.unmark(WARNINGS_DUE)

    def _must_wait(self, run_id: str, at: datetime, readable: bool = True) -> bool:
        young = self.runs.patient and _now() - at <= WAIT
        waits = (young and not readable) or self.runs.waits(run_id, at)
        self.waits = self.waits or waits
        return waits

    def _open(self, scope: str) -> list[str]:
        return [key for key, told in self.told.items() if told.scope == scope and not told.over]

    def _date(self, at: datetime) -> date:
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.alarm.time_zone)).date()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
