"""Who is mailed: the readers, what became of each, and the addresses that no mail goes to any more.

Each change is one transaction with its event. Events, logs and errors beyond the caller's own name readers by their
ids; an erased reader's address is nowhere but as a hash, so that no list read later brings it back.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import reader_events, readers
from assets.mail.readers.change import Change, token
from assets.mail.readers.preferences import Preferences, stored
from assets.mail.readers.reader import Origin, Reader, State, key, parsed
from assets.mail.readers.secret import Secret

ERASED = "erased"
"""The reason why the address of an erased reader gets no mail."""


class UnknownReader(Exception):
    """No reader has the address."""


class Suppressed(Exception):
    """No mail goes to the address; the text says since when, why, and what to do."""


@dataclass(frozen=True)
class Event:
    """What happened to a reader, by whose hand: settings, operator, reader, mail server, or service."""

    event: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Listed:
    """A line of a list: a reader as `Ada <ada@lab.example>`, and what of their preferences it says, by name."""

    written: str
    wanted: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Added:
    """What became of a list: how many were added, how many were readers before, and why others were not."""

    added: int
    known: int
    refused: list[str]


class Readers:
    """The readers in the database at `place`, made where it does not exist; `secret` hashes erased addresses.

    Raises `BadSecret` if the key of such hashes is lost.
    """

    def __init__(self, place: Place, secret: Secret) -> None:
        self._engine, self._secret = opened(place), secret
        with self._look() as look:
            secret.needed(look.hashes())

    def add(self, written: str, *, again: bool = False) -> Reader:
        """Make `Ada <ada@lab.example>` a confirmed reader, by the operator's word that its owner asked for it.

        One who is confirmed stays as they are. One who unsubscribed, or to whose address no mail goes, is made one only
        `again`; else `Suppressed` is raised. Raises `InvalidAddress`.
        """
        with self._change() as change:
            return self._add(change, written, again)

    def add_all(self, listed: Sequence[Listed]) -> Added:
        """Add many, all or none, but for those of whom `add` says `Suppressed`. Raises `InvalidAddress`."""
        refused, known = [], 0
        with self._change() as change:
            for one in listed:
                found = change.at(parsed(one.written)[1])
                known += found is not None and found.state is State.CONFIRMED
                try:
                    reader = self._add(change, one.written, again=False)
                except Suppressed as why:
                    refused.append(str(why))
                else:
                    wanted = reader.preferences.model_copy(update=one.wanted)
                    self._prefer(change, reader, wanted, Origin.OPERATOR)
        return Added(len(listed) - known - len(refused), known, refused)

    def ask(self, written: str) -> Reader | None:
        """Note that somebody asks for the digest at an address; pending, until the address is confirmed.

        One who is confirmed stays as they are. None where no mail can go to the address: it bounced. Who was
        erased may ask again. Raises `InvalidAddress`.
        """
        name, address = parsed(written)
        with self._change() as change:
            found, hashed = change.at(address), self._secret.hash(key(address))
            if change.suppressed(hashed) not in (None, ERASED):
                return None
            if found is None:
                return change.make(address, name, State.PENDING, Origin.READER)
            if found.state is State.CONFIRMED:
                return found
            return change.put(found, "asked", Origin.READER, state=State.PENDING, asked_at=now())

    def forget_unanswered(self, since: datetime) -> None:
        """Forget all who asked before that time, never confirmed, and were no readers before."""
        with self._change() as change:
            change.forget_unanswered(since)

    def confirm(self, reader: str, asked_at: datetime) -> bool:
        """Confirm what the reader with this id asked for at that time; whether they are confirmed now."""
        with self._change() as change:
            found = change.one(readers.c.id == reader)
            if found is None or found.asked_at != asked_at:
                return False
            if found.state is State.PENDING:
                change.lift(self._secret.hash(key(found.address)))
                found = change.put(found, "confirmed", Origin.READER, state=State.CONFIRMED, origin=Origin.READER)
            return found.state is State.CONFIRMED

    def unsubscribe(self, opaque: str) -> Reader | None:
        """Unsubscribe whoever has the token, once or again; None where nobody has it."""
        with self._change() as change:
            found = change.one(readers.c.token == opaque)
            return found and change.leave(found, Origin.READER)

    def remove(self, written: str) -> Reader:
        """Unsubscribe the reader with this address, by the operator's hand. Raises `UnknownReader`."""
        with self._change() as change:
            return change.leave(self._named(change, written), Origin.OPERATOR)

    def suppress(self, reader: str, reason: str) -> None:
        """Never mail the reader with this id again, because the address is of no use, as `reason` says."""
        with self._change() as change:
            if found := change.one(readers.c.id == reader):
                change.put(found, "suppressed", "mail server", state=State.SUPPRESSED)
                change.suppress(self._secret.hash(key(found.address)), reason)

    def erase(self, written: str) -> Reader:
        """Forget the reader with this address, but for a hash that keeps it from being added.

        Raises `UnknownReader`.
        """
        with self._change() as change:
            found = self._named(change, written)
            change.forget(found)
            change.suppress(self._secret.hash(key(found.address)), ERASED)
            change.note(found.id, "erased", Origin.OPERATOR)
            return found

    def rotate(self, written: str) -> Reader:
        """Give the reader a new token; the links of mails sent before stop working. Raises `UnknownReader`."""
        with self._change() as change:
            return change.put(self._named(change, written), "rotated", Origin.OPERATOR, token=token())

    def prefer(self, opaque: str, preferences: Preferences) -> Reader | None:
        """Note what the reader wants who has the token; None where nobody has it."""
        with self._change() as change:
            found = change.one(readers.c.token == opaque)
            return found and self._prefer(change, found, preferences, Origin.READER)

    def set_preferences(self, written: str, preferences: Preferences) -> Reader:
        """Note what the reader with this address wants, by the operator's hand. Raises `UnknownReader`."""
        with self._change() as change:
            return self._prefer(change, self._named(change, written), preferences, Origin.OPERATOR)

    def due(self, named: Collection[str]) -> list[Reader]:
        """Whom an edition goes to, by id: all who are confirmed, and before that those whom the settings name.

        One of these who unsubscribed stays so; one whom the settings name no longer is mailed no longer.
        """
        with self._change() as change:
            wanted = {key(address): (name, address) for name, address in map(parsed, named)}
            self._follow(change, wanted)
            return list(change.every(readers.c.state == State.CONFIRMED))

    def troubles(self) -> list[str]:
        """What confirmed readers chose and cannot get, in words, each by the reader's id."""
        chose = sa.and_(readers.c.state == State.CONFIRMED, readers.c.preferences.contains("time_zone"))
        with self._look() as look:
            lost = {reader.id: reader.preferences.lost_zone for reader in look.every(chose)}
        return [f"{one} chose the time zone {zone}, which there is no more" for one, zone in lost.items() if zone]

    def of(self, reader: str) -> Reader | None:
        """The reader with this id."""
        with self._look() as change:
            return change.one(readers.c.id == reader)

    @contextmanager
    def with_tokens(self, known: Mapping[str, Reader]) -> Iterator[Callable[[str], Reader | None]]:
        """From the id of a reader among the known to them with the token of now, if they were not erased since.

        Over one connection, for who asks for many in a row; nothing is held between the questions.
        """
        token_of = sa.select(readers.c.token).where(readers.c.id == sa.bindparam("reader"))
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

            def of(reader: str) -> Reader | None:
                opaque = connection.execute(token_of, {"reader": reader}).scalar()
                return replace(known[reader], token=opaque) if opaque and reader in known else None

            yield of

    def find(self, written: str) -> Reader:
        """The reader with this address. Raises `UnknownReader`, `InvalidAddress`."""
        with self._look() as change:
            return self._named(change, written)

    def by_token(self, opaque: str) -> Reader | None:
        """The reader whose token this is."""
        with self._look() as change:
            return change.one(readers.c.token == opaque)

    def every(self, state: State | None = None) -> list[Reader]:
        """All readers, or those in one state, by address."""
        with self._look() as change:
            which = sa.true() if state is None else readers.c.state == state
            return sorted(change.every(which), key=lambda reader: key(reader.address))

    def events(self, reader: str) -> list[Event]:
        """What happened to the reader with this id, oldest first; also to one who is erased."""
        columns = reader_events.c.event, reader_events.c.by, reader_events.c.at
        query = sa.select(*columns).where(reader_events.c.reader == reader).order_by(reader_events.c.number)
        with self._engine.connect() as connection:
            return [Event(*row) for row in connection.execute(query)]

    def _named(self, change: Change, written: str) -> Reader:
        address = parsed(written)[1]
        if found := change.at(address):
            return found
        raise UnknownReader(f"no reader has the address {address}; paperboy readers list shows all")

    def _prefer(self, change: Change, reader: Reader, preferences: Preferences, by: Origin) -> Reader:
        if preferences == reader.preferences:
            return reader
        since = reader.updated_at if preferences.rhythm == reader.preferences.rhythm else now()
        return change.put(reader, "preferred", by, preferences=stored(preferences), updated_at=since)

    def _add(self, change: Change, written: str, again: bool) -> Reader:
        name, address = parsed(written)
        found = change.at(address)
        if not again:
            self._refuse(change, found, address)
        change.lift(self._secret.hash(key(address)))
        if found is None:
            return change.make(address, name, State.CONFIRMED, Origin.OPERATOR)
        if found.state is State.CONFIRMED and found.origin is not Origin.SETTINGS:
            return found
        return change.put(found, "added", Origin.OPERATOR, state=State.CONFIRMED, origin=Origin.OPERATOR)

    def _refuse(self, change: Change, found: Reader | None, address: str) -> None:
        if found and found.state in (State.UNSUBSCRIBED, State.PENDING) and change.left(found):
            raise Suppressed(f"{address} unsubscribed; add --again if they asked again")
        if reason := change.suppressed(self._secret.hash(key(address))):
            raise Suppressed(f"no mail goes to {address} any more: {reason}; add --again if they asked for it since")

    def _follow(self, change: Change, wanted: Mapping[str, tuple[str, str]]) -> None:
        """Make readers of those whom the settings name, and of those whom they no longer name, none."""
        stored = {key(reader.address): reader for reader in change.of_settings(wanted)}
        for one, (name, address) in wanted.items():
            found = stored.get(one)
            settled = found and (found.state not in (State.UNNAMED, State.PENDING) or change.left(found))
            if settled or change.suppressed(self._secret.hash(one)):
                continue
            if found is None:
                change.make(address, name, State.CONFIRMED, Origin.SETTINGS)
            else:
                change.put(found, "named", Origin.SETTINGS, state=State.CONFIRMED, origin=Origin.SETTINGS)
        for one in stored.keys() - wanted.keys():
            change.put(stored[one], "unnamed", Origin.SETTINGS, state=State.UNNAMED)

    @contextmanager
    def _look(self) -> Iterator[Change]:
        """What is asked only: it waits for nobody, and nobody for it."""
        with self._engine.connect() as connection:
            yield Change(connection)

    @contextmanager
    def _change(self) -> Iterator[Change]:
        with transaction(self._engine) as connection:
            yield Change(connection)
