"""What readers like: papers that they marked, by their ids, and the library that they gave, by its texts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from assets.mail.bibtex import Entry
from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import libraries, likes, readers
from assets.mail.readers.change import Change
from assets.mail.readers.reader import Origin, Reader


@dataclass(frozen=True)
class Like:
    """A paper that was marked: any id by which the warehouse knows it, and its title."""

    paper: str
    title: str


@dataclass(frozen=True)
class Liked:
    """What one reader likes, the oldest first."""

    papers: tuple[Like, ...] = ()
    shelf: tuple[Entry, ...] = ()


class Likes:
    """The likes of all readers, in the database at `place`, made where it does not exist."""

    def __init__(self, place: Place) -> None:
        self._engine = opened(place)

    def of(self, reader: Reader) -> Liked:
        """What a reader likes."""
        return self.of_these([reader.id])[reader.id]

    def of_these(self, ids: Collection[str]) -> dict[str, Liked]:
        """What each of these readers likes, by their ids."""
        marked = sa.select(likes.c.reader, likes.c.paper, likes.c.title).where(likes.c.reader.in_(ids))
        given = sa.select(libraries.c.reader, libraries.c.title, libraries.c.abstract).where(
            libraries.c.reader.in_(ids)
        )
        papers: dict[str, list[Like]] = defaultdict(list)
        entries: dict[str, list[Entry]] = defaultdict(list)
        with self._engine.connect() as connection:
            for reader, *like in connection.execute(marked.order_by(likes.c.at, likes.c.paper)):
                papers[reader].append(Like(*like))
            for reader, *entry in connection.execute(given.order_by(libraries.c.place)):
                entries[reader].append(Entry(*entry))
        return {one: Liked(tuple(papers[one]), tuple(entries[one])) for one in ids}

    def who(self) -> frozenset[str]:
        """The ids of all readers who like anything."""
        every = sa.union(sa.select(likes.c.reader), sa.select(libraries.c.reader).where(libraries.c.place == 0))
        with self._engine.connect() as connection:
            return frozenset(connection.execute(every).scalars())

    def papers(self) -> set[str]:
        """The ids of all papers that anybody likes."""
        with self._engine.connect() as connection:
            return set(connection.execute(sa.select(likes.c.paper).distinct()).scalars())

    def note(
        self,
        reader: Reader,
        by: Origin,
        more: Sequence[Like] = (),
        less: Collection[str] = (),
        library: Sequence[Entry] | None = None,
    ) -> None:
        """Note papers that a reader likes, ids of such that they like no more, and a library in the place of the one
        before; of none, nothing is kept.

        What they like already keeps its time. Of a reader who was erased meanwhile, nothing is noted.
        """
        with transaction(self._engine) as connection:
            change = Change(connection)
            if change.one(readers.c.id == reader.id) is None:
                return
            if _mark(connection, reader, more, set(less)):
                change.note(reader.id, "liked", by)
            if library is not None and _shelve(connection, reader, library):
                change.note(reader.id, "library" if library else "no library", by)


def _mark(connection: sa.Connection, reader: Reader, more: Sequence[Like], less: set[str]) -> bool:
    """Whether that changes anything."""
    theirs = likes.c.reader == reader.id
    before = set(connection.execute(sa.select(likes.c.paper).where(theirs)).scalars())
    gone, new = before & less, {one.paper: one.title for one in more if one.paper not in before}
    for paper in gone:
        connection.execute(sa.delete(likes).where(theirs, likes.c.paper == paper))
    if new:
        common = {"reader": reader.id, "at": now()}
        connection.execute(sa.insert(likes), [{"paper": one, "title": title, **common} for one, title in new.items()])
    return bool(gone or new)


def _shelve(connection: sa.Connection, reader: Reader, entries: Sequence[Entry]) -> bool:
    """Whether that changes anything."""
    theirs = libraries.c.reader == reader.id
    before = sa.select(libraries.c.title, libraries.c.abstract).where(theirs).order_by(libraries.c.place)
    if [Entry(*row) for row in connection.execute(before)] == list(entries):
        return False
    connection.execute(sa.delete(libraries).where(theirs))
    if entries:
        rows = [{"reader": reader.id, "place": place, **vars(entry)} for place, entry in enumerate(entries)]
        connection.execute(sa.insert(libraries), rows)
    return True
