"""Mails as intents, written down before they are sent, with the papers of each; no paper goes to a reader twice."""

import datetime
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import frozen, outbox, readers, shown
from assets.mail.material import Material, Works
from assets.mail.readers.reader import State as ReaderState

is_reader = sa.exists().where(readers.c.id == outbox.c.reader, readers.c.state == ReaderState.CONFIRMED)
"""Of a row: whether mail still goes to its reader. By `IN`, SQLite would read all readers for each row."""

AT_ONCE = 10_000
"""Papers that one statement asks for: SQLite takes 32,766 values as it comes, 250,000 as Debian builds it."""


class Miscounted(Exception):
    """The database does not hold as many mails as it was given; the text says how many."""


@dataclass(frozen=True)
class Mail:
    """What one reader is to get: papers of the days from `first_day` on, at `due_at`, UTC without a zone."""

    reader: str  # an id
    message_id: str
    works: Works
    first_day: datetime.date
    due_at: datetime.datetime


@dataclass(frozen=True)
class Last:
    """The newest edition of which a mail was written down for a reader, and when that was to leave.

    The time is UTC without a zone, and stays, however often the mail is tried.
    """

    day: datetime.date
    planned_at: datetime.datetime


@dataclass(frozen=True)
class Row:
    """One reader's digest of one day."""

    day: datetime.date
    reader: str  # an id
    state: State
    message_id: str
    edition: str  # SHA-256 of the frozen edition
    papers: int
    attempts: int
    reason: str  # why the state is not `sent`; empty where there is nothing to say
    updated_at: datetime.datetime  # UTC, without a zone
    due_at: datetime.datetime  # the same, for the next attempt
    planned_at: datetime.datetime  # for the first one
    first_day: datetime.date
    works: Works

    @property
    def is_due(self) -> bool:
        """Whether it was not tried yet, and its time has come."""
        return self.state is State.PENDING and self.due_at <= now()


class Intents:
    """What was written down, in the database at `place`, made where it does not exist."""

    def __init__(self, place: Place) -> None:
        self._engine = opened(place)

    def enqueue(
        self,
        day: datetime.date,
        edition_hash: str,
        mails: Sequence[Mail],
        materials: Mapping[datetime.date, Material[Any]] | None = None,
    ) -> None:
        """Write down, all or nothing, what each reader is to get of a day's edition, and what the mails are made of.

        `materials` are by the first of their days. Whoever has a row for the day keeps it as it is: a changed edition
        is not mailed again. Only what was cancelled is due anew to who is a reader again: it was surely not sent.
        Raises SQLAlchemy's `IntegrityError` if two mails share a Message-ID, or a reader was shown a paper before, and
        `Miscounted`.
        """
        untried = {"state": State.PENDING, "attempts": 0, "reason": "", "updated_at": now()}
        back = sa.and_(outbox.c.day == day, outbox.c.state == State.CANCELLED, is_reader)
        with transaction(self._engine) as connection:
            before = set(connection.execute(sa.select(outbox.c.reader).where(outbox.c.day == day)).scalars())
            new = [mail for mail in mails if mail.reader not in before]
            edition = {"day": day, "edition": edition_hash, **untried}
            _insert(connection, outbox, [edition | _columns(mail) for mail in new])
            works = [{"reader": mail.reader, "work": work, "day": day} for mail in new for work, _ in mail.works]
            _insert(connection, shown, works)
            for first_day, material in (materials or {}).items():
                _freeze(connection, day, first_day, material)
            connection.execute(sa.update(outbox).where(back).values(untried | _at(now())))
            count = connection.execute(sa.select(sa.func.count()).where(outbox.c.day == day)).scalar_one()
            if count != (expected := len(before) + len(new)):
                raise Miscounted(f"{day}: {count} mails stand there, not {expected}; none is written down")

    def material(self, day: datetime.date, first_day: datetime.date) -> Material[Any] | None:
        """What the mails of an edition are made of that tell of the days from a first one on, if any were."""
        with self._engine.connect() as connection:
            return _frozen(connection, day, first_day)

    def written(self, day: datetime.date) -> set[str]:
        """The readers of whom a mail of the day was written down."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(outbox.c.reader).where(outbox.c.day == day)).scalars())

    def last(self, since: datetime.date, before: datetime.date) -> dict[str, Last]:
        """The newest mail of each reader, of the editions from a day on and before another."""
        days = sa.select(outbox.c.reader, sa.func.max(outbox.c.day).label("day"))
        newest = days.where(outbox.c.day >= since, outbox.c.day < before).group_by(outbox.c.reader).subquery()
        its_own = sa.and_(outbox.c.day == newest.c.day, outbox.c.reader == newest.c.reader)
        query = sa.select(outbox.c.reader, outbox.c.day, outbox.c.planned_at).join(newest, its_own)
        with self._engine.connect() as connection:
            return {reader: Last(*row) for reader, *row in connection.execute(query)}

    def shown(self, works: Collection[str]) -> dict[str, set[str]]:
        """Which of these papers, by their ids, each reader was to get before."""
        every, query = list(works), sa.select(shown.c.reader, shown.c.work)
        found: dict[str, set[str]] = defaultdict(set)
        with self._engine.connect() as connection:
            for start in range(0, len(every), AT_ONCE):
                these = shown.c.work.in_(every[start : start + AT_ONCE])
                for reader, work in connection.execute(query.where(these)):
                    found[reader].add(work)
        return found

    def rows(self, day: datetime.date | None = None) -> list[Row]:
        """The rows of a day, or of all days, by day and reader."""
        return self._read(sa.true() if day is None else outbox.c.day == day)

    def row(self, day: datetime.date, reader: str) -> Row | None:
        """The row of a day and a reader, if there is one."""
        return next(iter(self._read(sa.and_(outbox.c.day == day, outbox.c.reader == reader))), None)

    def sent(self, reader: str, most: int) -> list[Row]:
        """The last mails that were sent to a reader, the newest edition first."""
        theirs = sa.and_(outbox.c.reader == reader, outbox.c.state == State.SENT)
        return self._found(sa.select(outbox).where(theirs).order_by(outbox.c.day.desc()).limit(most))

    def editions(self, day: datetime.date) -> set[str]:
        """The hashes of the editions of which mails of a day were written down."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(outbox.c.edition).where(outbox.c.day == day).distinct()).scalars())

    def states(self, first: datetime.date, last: datetime.date) -> dict[datetime.date, dict[State, int]]:
        """How many rows are in each state, for each day from first to last, both included, that has any."""
        day, state = outbox.c.day, outbox.c.state
        query = sa.select(day, state, sa.func.count()).where(day.between(first, last)).group_by(day, state)
        counts: dict[datetime.date, dict[State, int]] = defaultdict(dict)
        with self._engine.connect() as connection:
            for a_day, a_state, count in connection.execute(query):
                counts[a_day][State(a_state)] = count
        return dict(counts)

    def _read(self, which: sa.ColumnElement[bool], most: int | None = None) -> list[Row]:
        return self._found(sa.select(outbox).where(which).order_by(outbox.c.day, outbox.c.reader).limit(most))

    def _found(self, query: sa.Select[Any]) -> list[Row]:
        with self._engine.connect() as connection:
            found = connection.execute(query).mappings()
            return [Row(**{**row, "state": State(row["state"]), "works": _works(row["works"])}) for row in found]


def _columns(mail: Mail) -> dict[str, Any]:
    """A mail as columns of the outbox."""
    return {
        "reader": mail.reader, "message_id": mail.message_id, "papers": len(mail.works), **_at(mail.due_at),
        "first_day": mail.first_day, "works": json.dumps(mail.works, ensure_ascii=False),
    }  # fmt: skip


def _at(time: datetime.datetime) -> dict[str, datetime.datetime]:
    """The columns of a mail that is planned to leave at a time."""
    return {"planned_at": time, "due_at": time}


def _works(stored: str) -> Works:
    return [(work, because) for work, because in json.loads(stored or "[]")]


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _frozen(connection: sa.Connection, day: datetime.date, first_day: datetime.date) -> Material[Any] | None:
    these = sa.select(frozen.c.content).where(frozen.c.day == day, frozen.c.first_day == first_day)
    content = connection.execute(these).scalar()
    return Material.read(content) if content else None


def _freeze(connection: sa.Connection, day: datetime.date, first_day: datetime.date, material: Material[Any]) -> None:
    """Keep what mails are made of; what is kept already stays as it is, beside what it lacks."""
    before = _frozen(connection, day, first_day)
    content = (before.joined(material) if before else material).stored()
    connection.execute(sa.delete(frozen).where(frozen.c.day == day, frozen.c.first_day == first_day))
    connection.execute(sa.insert(frozen).values(day=day, first_day=first_day, content=content))
