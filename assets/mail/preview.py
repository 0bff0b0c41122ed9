"""What one reader is mailed of a day, or would be now: nothing is written down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from assets.mail.attempt import State
from assets.mail.compose import Composer
from assets.mail.desk import Desk, day_material
from assets.mail.edition import Edition
from assets.mail.intents import Row
from assets.mail.material import Combined
from assets.mail.phrases import papers
from assets.mail.plan import Choosable
from assets.mail.pool import Pool
from assets.mail.readers.preferences import DAYS, WEEK, Frequency
from assets.mail.readers.reader import Reader
from assets.mail.readers.reader import State as ReaderState
from assets.mail.render import NO_LINKS, Links
from assets.mail.taste import Shares
from assets.mail.words import ENGLISH

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

NOBODY = "preview"
"""Stands in links for the reader's token, with which whoever comes by the file could unsubscribe them."""


@dataclass(frozen=True)
class Preview:
    """A mail, None where there is none, and what is to be said of it, a line each."""

    edition: Edition | Combined | None
    told: tuple[str, ...]
    links: Links = NO_LINKS


def preview(desk: Desk, warehouse: "Warehouse", day: date, reader: Reader) -> Preview:
    """The mail of a day to a reader: the one that is written down, else the one that they would get now."""
    made = day_material(warehouse, day)
    composer = desk.composer(lambda _: None, made)
    if row := desk.outbox.row(day, reader.id):
        edition = composer.edition(row, reader.preferences.spoken(desk.language))
        return _linked(Preview(edition, (_written_down(row),)), composer)
    if reader.state is not ReaderState.CONFIRMED:
        return Preview(None, (f"no mail goes there: the reader is {reader.state}",))
    pools = _Remembering(desk.pools(warehouse, made))
    return _linked(_Foreseen(desk, day, pools, reader).preview(), composer)


def _linked(found: Preview, composer: Composer) -> Preview:
    return replace(found, links=composer.links(found.edition, NOBODY)) if found.edition else found


@dataclass
class _Remembering:
    """Pools, of which `last` is the one that was chosen from."""

    pools: Choosable
    last: Pool | None = None

    def shared(self) -> Pool:
        self.last = self.pools.shared()
        return self.last

    def since(self, first: date) -> Pool:
        self.last = self.pools.since(first)
        return self.last

    def tastes(self, pool: Pool, readers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        return self.pools.tastes(pool, readers)


@dataclass(frozen=True)
class _Foreseen:
    """What a reader would get of a day."""

    desk: Desk
    day: date
    pools: _Remembering
    reader: Reader

    def preview(self) -> Preview:
        """The mail as of now; where none is due, the one that would be if it were."""
        if found := self._planned(self.reader):
            return found
        if (due := self._as_if_due()) and (found := self._planned(due)):
            return replace(found, told=(f"not due until {self._until()}; if it were now, this:",))
        return Preview(None, (f"there would be no mail: {', '.join(self._reasons())}",))

    def _planned(self, reader: Reader) -> Preview | None:
        plan = self.desk.planner(self.day).plan([reader], self.pools)
        if not plan.mails:
            return None
        (mail,) = plan.mails
        told = f"not written down yet; made now, it would leave at {mail.due_at:%Y-%m-%d %H:%M} UTC"
        language = reader.preferences.spoken(self.desk.language)
        return Preview(plan.materials[mail.first_day].of(mail.works, language), (told,))

    def _as_if_due(self) -> Reader | None:
        """The reader as if their day were the one on which a mail would leave; None where it is."""
        wanted, on = self.reader.preferences, self._leaves
        other = {"frequency": Frequency.DAILY} if wanted.frequency is Frequency.WEEKDAYS else {"weekday": on.weekday()}
        changed = wanted.model_copy(update=other)
        return replace(self.reader, preferences=changed) if changed != wanted and not wanted.is_due(on, None) else None

    def _until(self) -> str:
        """The next day on which a mail of the reader's leaves."""
        wanted, on = self.reader.preferences, self._leaves
        days = (on + timedelta(days=number) for number in range(1, WEEK.days + 1))
        next_day = next(day for day in days if wanted.is_due(day, None))
        return f"{DAYS[next_day.weekday()]} {next_day}"

    def _reasons(self) -> Iterator[str]:
        """Why none of the papers is for this reader."""
        if self.pools.last is None and self.reader.preferences.frequency is Frequency.WEEKLY:
            yield f"not due until {self._until()}, for this week’s was mailed"
            return
        pool = self.pools.last or self.pools.shared()
        every = {entry.paper.work_id for entry in pool.material.entries}
        if not every:
            yield f"{self.day} has no papers"
            return
        shown = self.desk.outbox.shown(list(pool.names)).get(self.reader.id, set())
        muted = pool.labels.matches(self.reader.preferences.mute.wishes) if pool.labels else {}
        if had := every & {pool.names[work] for work in shown}:
            yield f"{papers(len(had), ENGLISH)} of {len(every)} they were mailed before"
        if muted:
            yield f"{papers(len(muted), ENGLISH)} of {len(every)} they mute"

    @property
    def _leaves(self) -> date:
        """The reader's date when a mail that were made now would leave."""
        wanted, home = self.reader.preferences, self.desk.morning.time_zone
        return wanted.day_of(wanted.leaves(datetime.now(UTC), home), home)


def _written_down(row: Row) -> str:
    if row.state is State.PENDING:
        return f"written down; it leaves at {row.due_at:%Y-%m-%d %H:%M} UTC"
    return f"{row.state} at {row.updated_at:%Y-%m-%d %H:%M} UTC{f': {row.reason}' if row.reason else ''}"
