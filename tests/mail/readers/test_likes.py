"""What readers like, over the real database: kept in order, forgotten with the reader, and nobody else's business."""

from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from assets.mail.bibtex import Entry
from assets.mail.database.opened import Place
from assets.mail.readers.likes import Like, Liked, Likes
from assets.mail.readers.reader import Origin, Reader
from assets.mail.readers.store import Readers
from tests.mail.readers.test_store import ADA, BEN, readers_of

SAILS, BUOYS, TIDES = (Like(f"arxiv:2503.0000{number}", f"On {name}") for number, name in enumerate("SBT"))
LIBRARY = (Entry("Fog", ""), Entry("Anchors", "They hold."))


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Readers:
    return readers_of(place, tmp_path)


@pytest.fixture
def likes(place: Place) -> Likes:
    return Likes(place)


def mark(likes: Likes, reader: Reader, *more: Like, less: tuple[str, ...] = ()) -> None:
    likes.note(reader, Origin.READER, more, less)


def test_papers_are_kept_in_the_order_in_which_they_were_marked(store: Readers, likes: Likes) -> None:
    ada, ben = store.add(ADA), store.add(BEN)
    for one in (TIDES, SAILS, TIDES):
        mark(likes, ada, one)
    mark(likes, ben, BUOYS)
    assert likes.of(ada) == Liked((TIDES, SAILS))
    assert likes.of(ben) == Liked((BUOYS,))
    mark(likes, ada, BUOYS, less=(TIDES.paper, "arxiv:never"))
    assert likes.of_these([ada.id, ben.id]) == {ada.id: Liked((SAILS, BUOYS)), ben.id: Liked((BUOYS,))}


def test_a_library_takes_the_place_of_the_one_before(store: Readers, likes: Likes) -> None:
    ada = store.add(ADA)
    likes.note(ada, Origin.READER, library=(Entry("Old", ""),) * 3)
    likes.note(ada, Origin.READER, library=LIBRARY)
    assert likes.of(ada) == Liked((), LIBRARY)
    likes.note(ada, Origin.OPERATOR, library=())
    assert likes.of(ada) == Liked()
    told = [(event.event, event.by) for event in store.events(ada.id)]
    assert told[1:] == [("library", "reader"), ("library", "reader"), ("no library", "operator")]


def test_what_changes_nothing_is_no_event(store: Readers, likes: Likes) -> None:
    ada = store.add(ADA)
    mark(likes, ada, SAILS)
    mark(likes, ada, SAILS, less=(BUOYS.paper,))
    for library in ((), LIBRARY, LIBRARY, None):
        likes.note(ada, Origin.READER, library=library)
    assert [event.event for event in store.events(ada.id)] == ["added", "liked", "library"]
    assert likes.of(ada) == Liked((SAILS,), LIBRARY)


def test_who_likes_anything_is_known(store: Readers, likes: Likes) -> None:
    ada, ben = store.add(ADA), store.add(BEN)
    assert likes.who() == frozenset()
    mark(likes, ada, SAILS)
    likes.note(ben, Origin.READER, library=LIBRARY)
    assert likes.who() == {ada.id, ben.id}
    assert likes.papers() == {SAILS.paper}
    mark(likes, ada, less=(SAILS.paper,))
    assert likes.who() == {ben.id}


def test_who_is_erased_leaves_no_likes_and_gets_none_after(store: Readers, likes: Likes) -> None:
    ada = store.add(ADA)
    mark(likes, ada, SAILS)
    likes.note(ada, Origin.READER, library=LIBRARY)
    store.erase(ADA)
    mark(likes, ada, BUOYS)
    likes.note(ada, Origin.READER, library=LIBRARY)
    assert (likes.of(ada), likes.who()) == (Liked(), frozenset())


def test_who_unsubscribes_keeps_them_for_when_they_come_back(store: Readers, likes: Likes) -> None:
    ada = store.add(ADA)
    mark(likes, ada, SAILS)
    store.remove(ADA)
    assert likes.of(store.add(ADA, again=True)) == Liked((SAILS,))


def test_what_cannot_be_noted_as_a_whole_is_not_noted(store: Readers, likes: Likes) -> None:
    ada = store.add(ADA)
    with pytest.raises(StatementError):
        likes.note(ada, Origin.READER, [SAILS], library=[Entry("Fog", object())])  # type: ignore[arg-type]
    assert likes.of(ada) == Liked()
