"""Who is due with an edition, when their mail leaves, and which papers it holds: intents, not yet written down."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from typing import Any, Protocol

from assets.mail.carried import DAYS_BACK
from assets.mail.intents import Last, Mail
from assets.mail.material import Material, Works
from assets.mail.message import message_id
from assets.mail.outbox import Outbox
from assets.mail.pool import Pool
from assets.mail.readers.preferences import Frequency
from assets.mail.readers.reader import Reader
from assets.mail.taste import Shares


class Choosable(Protocol):
    """What the readers of an edition choose from, see `pool.Pools`."""

    def shared(self) -> Pool:
        """The edition itself."""
        ...

    def since(self, first: date) -> Pool:
        """All papers of the days from a first one on."""
        ...

    def tastes(self, pool: Pool, readers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        """Of each of these readers, by their ids, how much they like each paper of a pool."""
        ...


@dataclass(frozen=True)
class Due:
    """A reader whose mail leaves at a time, UTC without a zone, and tells of the days from `first_day` on."""

    reader: Reader
    first_day: date
    leaves: datetime.datetime


@dataclass(frozen=True)
class Plan:
    """The mails of an edition, and what they are made of, by the first of their days."""

    mails: list[Mail] = field(default_factory=list)
    materials: dict[date, Material[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Planner:
    """Plans for the edition of `day`; `size` and `time_zone` are the operator's, `domain` is the sender's.

    If `confirmed`, the operator asked for the day by name: all but weekly readers get it, at once. The readers of
    `liking` like something.
    """

    outbox: Outbox
    day: date
    size: int
    time_zone: str
    domain: str
    confirmed: bool = False
    liking: Collection[str] = frozenset()

    def plan(self, readers: Sequence[Reader], pools: Choosable) -> Plan:
        """The mails to readers who have none of the day yet, of the papers in these pools."""
        plan = Plan()
        groups: dict[tuple[date, bool], list[Due]] = defaultdict(list)
        for due in self._due(readers):
            wants_more = due.first_day < self.day or self._wants_more(due.reader)
            groups[due.first_day, wants_more].append(due)
        for (first_day, wants_more), group in groups.items():
            self._add(plan, first_day, pools, pools.since(first_day) if wants_more else pools.shared(), group)
        return plan

    def _due(self, readers: Sequence[Reader]) -> list[Due]:
        """Who is mailed, and when."""
        written = self.outbox.written(self.day)
        waiting = [reader for reader in readers if reader.id not in written]
        at = datetime.datetime.now(UTC)
        if self.confirmed:
            by_day = [one for one in waiting if one.preferences.frequency is not Frequency.WEEKLY]
            return [Due(reader, self.day, at.replace(tzinfo=None)) for reader in by_day]
        since = self.day - datetime.timedelta(days=DAYS_BACK)
        last, mailed = self.outbox.last(since, self.day), sorted(self.outbox.states(since, self.day))
        return [due for reader in waiting if (due := self._of(reader, at, last.get(reader.id), mailed))]

    def _of(self, reader: Reader, at: datetime.datetime, last: Last | None, mailed: Sequence[date]) -> Due | None:
        wanted = reader.preferences
        leaves = wanted.leaves(at, self.time_zone)
        on, chosen = (wanted.day_of(time, self.time_zone) for time in (leaves, reader.updated_at.replace(tzinfo=UTC)))
        before = wanted.day_of(last.planned_at.replace(tzinfo=UTC), self.time_zone) if last else None
        if not wanted.is_due(on, before, chosen):
            return None
        first_day = wanted.first_day(self.day, on)
        # Editions that went to others since the reader's last one, while they were mailed less often, say.
        missed = next((day for day in mailed if last and last.day < day), first_day)
        return Due(reader, min(first_day, missed), leaves.astimezone(UTC).replace(tzinfo=None))

    def _wants_more(self, reader: Reader) -> bool:
        """Whether the edition that all get may lack what this reader would get."""
        wanted = reader.preferences
        return not wanted.wishes_nothing or reader.id in self.liking or (wanted.size or 0) > self.size

    def _add(self, plan: Plan, first_day: date, pools: Choosable, pool: Pool, group: Sequence[Due]) -> None:
        had = self._had(pool)
        used: set[str] = set()
        for due, taste in self._tasting(pools, pool, group):
            wanted = due.reader.preferences
            works = pool.choice(wanted, wanted.size or self.size, had.get(due.reader.id, ()), taste)
            if works:
                plan.mails.append(self._mail(due, works))
                used.update(work for work, _ in works)
        if used:
            entries = tuple(entry for entry in pool.material.entries if entry.paper.work_id in used)
            material = replace(pool.material, entries=entries)
            before = plan.materials.get(first_day)
            plan.materials[first_day] = before.joined(material) if before else material

    def _tasting(self, pools: Choosable, pool: Pool, group: Sequence[Due]) -> Iterator[tuple[Due, Shares | None]]:
        """Each of a group, with how much they like each paper of the pool; one at a time, for of many it is much."""
        liking = {due.reader.id: due for due in group if due.reader.id in self.liking}
        yield from ((due, None) for due in group if due.reader.id not in liking)
        yield from ((liking[reader], taste) for reader, taste in pools.tastes(pool, list(liking)))

    def _mail(self, due: Due, works: Works) -> Mail:
        identity = message_id(self.day, due.reader.id, self.domain)
        return Mail(due.reader.id, identity, works, due.first_day, due.leaves)

    def _had(self, pool: Pool) -> Mapping[str, Collection[str]]:
        """Which papers of a pool each reader was to get before, by their ids there."""
        found = self.outbox.shown(list(pool.names))
        return {reader: {pool.names[work] for work in works} for reader, works in found.items()}
