"""Taste over a real warehouse: which texts stand for what somebody likes, and as of which day."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import pytest

from assets.mail.bibtex import Entry
from assets.mail.profile import text
from assets.mail.readers.likes import Like, Liked, Likes
from assets.mail.readers.reader import Origin, Reader
from assets.mail.taste import LINEAR_FROM
from assets.mail.tasting import AT_ONCE, MOST, Stored, Tasting, _texts, found, known
from orchestration.resources import likes as likes_of
from orchestration.resources import readers, warehouse
from orchestration.warehouse import Warehouse
from tests.lab import Lab, lab
from tests.orchestration.terminal import MONDAY, TUESDAY

SEA = "Sails and keels of boats in waves"
LAND = "Neural networks learn tokens of language"
NEW = "Quantum gates entangle photons"
ASKED = [text(SEA, "A keel steadies a boat."), text(LAND, "Tokens are learned."), text(NEW, "Photons are counted.")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Two days of papers."""
    folder = tmp_path_factory.mktemp("tasting")
    (folder / "archive").mkdir()
    with lab(folder / "home", SOURCES="archive", ARCHIVE__FOLDER=str(folder / "archive")) as made:
        for day, titles in ((MONDAY, (SEA, LAND)), (TUESDAY, (NEW,))):
            listed = [entry(f"2503.{100 * day.day + n:05}", title) for n, title in enumerate(titles)]
            (folder / "archive" / f"{day}.json").write_text(json.dumps(listed))
        assert made.backfill(MONDAY, TUESDAY)[0].success
        yield made


def entry(number: str, title: str) -> dict[str, object]:
    summary = f"{title}: we write down what we see of it, and for how long, in a table of many columns."
    paper = {"id": number, "title": title, "summary": summary, "authors": [{"name": "Ada Sails"}], "upvotes": 1}
    return {"paper": {**paper, "publishedAt": f"{MONDAY}T05:00:00.000Z"}, "numComments": 0}


@pytest.fixture
def tables(made: Lab) -> Warehouse:
    return warehouse(made.settings)


@pytest.fixture
def likes(made: Lab) -> Likes:
    return likes_of(made.settings)


def liking(made: Lab, name: str, *papers: Like, library: Sequence[Entry] = ()) -> Reader:
    reader = readers(made.settings).add(f"{name}@reader.example")
    likes_of(made.settings).note(reader, Origin.READER, papers, library=library)
    return reader


def test_a_marked_paper_stands_for_its_text_and_an_unknown_one_for_its_title(
    made: Lab, tables: Warehouse, likes: Likes
) -> None:
    ada = liking(made, "ada", Like("arxiv:2503.01000", "A title that changed since"))
    ben = liking(made, "ben", Like("arxiv:1999.99999", LAND))
    cyd = liking(made, "cyd", library=[Entry(NEW, "Photons.")])
    shares = dict(Tasting(tables, likes, TUESDAY).of([ada.id, ben.id, cyd.id], ASKED))
    assert [int(np.argmax(shares[reader.id])) for reader in (ada, ben, cyd)] == [0, 1, 2]
    assert all(np.all((share >= 0) & (share <= 1)) for share in shares.values())


def test_what_is_stored_of_later_days_does_not_count(tables: Warehouse) -> None:
    assert "photons" in known(tables, TUESDAY).words.vocabulary_
    assert "photons" not in known(tables, MONDAY).words.vocabulary_
    nothing = known(tables, MONDAY - timedelta(days=1))
    assert nothing.weighed(ASKED).nnz == 0


def test_of_readers_beyond_a_batch_and_likes_beyond_the_most_all_is_well(
    made: Lab, tables: Warehouse, likes: Likes
) -> None:
    many = [Entry(LAND, f"number {number}") for number in range(MOST)]
    fan = liking(made, "fan", *(Like(f"x:{number}", f"{SEA} {number}") for number in range(MOST)), library=many)
    others = [liking(made, f"r{number}", Like("arxiv:2503.01001", "")) for number in range(AT_ONCE + 2)]
    shares = dict(Tasting(tables, likes, MONDAY).of([fan.id, *(one.id for one in others)], ASKED))
    assert list(shares) == [fan.id, *(one.id for one in others)]
    assert shares[fan.id][0] > shares[fan.id][1], "the library is older than what was marked"
    assert all(share[1] > share[0] for reader, share in shares.items() if reader != fan.id)


def test_papers_are_found_by_any_of_their_ids(tables: Warehouse) -> None:
    assert found(tables, set()) == {}
    assert {paper: (one.work_id, one.title) for paper, one in found(tables, {"arxiv:2503.01000", "none"}).items()} == {
        "arxiv:2503.01000": ("arxiv:2503.01000", SEA)
    }


def test_without_papers_readers_or_likes_there_is_nothing_to_taste(tables: Warehouse, likes: Likes) -> None:
    tasting = Tasting(tables, likes, MONDAY)
    assert list(tasting.of([], ASKED)) == []
    assert [(reader, shares.tolist()) for reader, shares in tasting.of(["nobody"], [])] == [("nobody", [])]
    assert [(reader, shares.tolist()) for reader, shares in tasting.of(["nobody"], ASKED)] == [("nobody", [0, 0, 0])]


@pytest.mark.parametrize("likes_number", [1, 3 * LINEAR_FROM])
def test_likes_and_papers_without_a_known_word_are_no_taste(
    made: Lab, tables: Warehouse, likes: Likes, likes_number: int
) -> None:
    library = [Entry("龙骨与帆船" + "号" * number, "") for number in range(likes_number)]
    odd = liking(made, f"odd{likes_number}", library=library)
    both = liking(made, f"both{likes_number}", library=[*library, Entry(SEA, "")])
    plain = liking(made, f"plain{likes_number}", library=[Entry(SEA, f"Keels {n}") for n in range(likes_number)])
    asked = [*ASKED, text("龙骨", ""), text("", None)]
    shares = dict(Tasting(tables, likes, TUESDAY).of([odd.id, both.id, plain.id], asked))
    assert shares[odd.id].tolist() == [0.0] * len(asked)
    for one in (both, plain):
        assert int(np.argmax(shares[one.id])) == 0
        assert shares[one.id][3:].tolist() == [0.0, 0.0]


def test_a_paper_that_is_liked_by_two_ids_counts_once() -> None:
    liked = Liked((Like("a", "T"), Like("b", "T"), Like("c", "U")), (Entry("T", "x"),))
    stored = {one: Stored("a", "T", "x") for one in "ab"}
    assert _texts(liked, stored) == [text("U", ""), text("T", "x")]
