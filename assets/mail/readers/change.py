"""What is asked and done of the readers within one transaction; each change leaves its event."""

import datetime
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from assets.mail.database.opened import now
from assets.mail.database.tables import libraries, likes, reader_events, readers, suppressions
from assets.mail.readers.preferences import NONE, read, stored
from assets.mail.readers.reader import Origin, Reader, State, key

COLUMNS = [readers.c[field.name] for field in fields(Reader)]


def token() -> str:
    """A new token to unsubscribe with: 24 random bytes."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Change:
    """A transaction that has begun on `connection`."""

    connection: sa.Connection

    def every(self, which: sa.ColumnElement[bool]) -> Iterator[Reader]:
        """The readers for whom `which` holds, by id."""
        query = sa.select(*COLUMNS).where(which).order_by(readers.c.id)
        for row in self.connection.execute(query).mappings().all():
            kept = {"preferences": read(row["preferences"])}
            yield Reader(**{**row, **kept, "state": State(row["state"]), "origin": Origin(row["origin"])})

    def one(self, which: sa.ColumnElement[bool]) -> Reader | None:
        """The reader for whom `which` holds, if there is one."""
        return next(self.every(which), None)

    def at(self, address: str) -> Reader | None:
        """The reader with an address, if there is one."""
        return self.one(readers.c.key == key(address))

    def of_settings(self, keys: Collection[str]) -> Iterator[Reader]:
        """The readers with these keys, and all others who are so by the settings' word."""
        by_settings = sa.and_(readers.c.origin == Origin.SETTINGS, readers.c.state == State.CONFIRMED)
        return self.every(sa.or_(readers.c.key.in_(keys), by_settings))

    def make(self, address: str, name: str, state: State, origin: Origin) -> Reader:
        """A new reader."""
        made = Reader(f"r{secrets.token_hex(6)}", address, name, state, origin, token(), NONE, now(), now())
        values = {**vars(made), "preferences": stored(NONE)}
        self.connection.execute(sa.insert(readers).values(**values, key=key(address)))
        self.note(made.id, "asked" if state is State.PENDING else "added", origin)
        return made

    def put(self, reader: Reader, event: str, by: str, **values: Any) -> Reader:
        """The reader with other values, because of an event; `updated_at` is when their state, or rhythm, changed."""
        this = readers.c.id == reader.id
        if values.get("state", reader.state) != reader.state:
            values["updated_at"] = now()
        self.connection.execute(sa.update(readers).where(this).values(values))
        self.note(reader.id, event, by)
        changed = self.one(this)
        assert changed is not None  # noqa: S101 - it was there a statement ago, and nobody else writes
        return changed

    def leave(self, reader: Reader, by: Origin) -> Reader:
        """The reader unsubscribed; who is so already, or gets no mail for another reason, stays as they are."""
        if reader.state in (State.UNSUBSCRIBED, State.SUPPRESSED):
            return reader
        return self.put(reader, "unsubscribed", by, state=State.UNSUBSCRIBED)

    def left(self, reader: Reader) -> bool:
        """Whether the last that is known of a reader is that they left, whoever asked at their address since."""
        events = reader_events.c
        last = sa.select(events.event).where(events.reader == reader.id, events.event != "asked")
        return self.connection.execute(last.order_by(events.number.desc()).limit(1)).scalar() == "unsubscribed"

    def forget(self, reader: Reader) -> None:
        """Remove the reader, and what they like; the events stay."""
        for column in (likes.c.reader, libraries.c.reader, readers.c.id):
            self.connection.execute(sa.delete(column.table).where(column == reader.id))

    def forget_unanswered(self, since: datetime.datetime) -> None:
        """Remove whoever asked before that time and never did anything else: perhaps it was not they who asked."""
        answered = sa.select(reader_events.c.reader).where(reader_events.c.event != "asked")
        pending = sa.and_(readers.c.state == State.PENDING, readers.c.asked_at < since)
        for reader in self.every(sa.and_(pending, readers.c.id.not_in(answered))):
            self.forget(reader)
            self.note(reader.id, "forgotten", "service")

    def suppressed(self, hashed: str) -> str | None:
        """Why no mail goes to the address with this hash, or None."""
        return self.connection.execute(sa.select(suppressions.c.reason).where(suppressions.c.hash == hashed)).scalar()

    def hashes(self) -> int:
        """Of how many addresses only a hash is kept."""
        return self.connection.execute(sa.select(sa.func.count()).select_from(suppressions)).scalar_one()

    def suppress(self, hashed: str, reason: str) -> None:
        """No mail goes to the address with this hash from now on."""
        self.lift(hashed)
        self.connection.execute(sa.insert(suppressions).values(hash=hashed, reason=reason, at=now()))

    def lift(self, hashed: str) -> None:
        """Mail may go there again."""
        self.connection.execute(sa.delete(suppressions).where(suppressions.c.hash == hashed))

    def note(self, reader: str, event: str, by: str) -> None:
        """Write an event down."""
        self.connection.execute(sa.insert(reader_events).values(reader=reader, event=event, by=by, at=now()))
