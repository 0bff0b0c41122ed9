"""The readers' store over its real file: who is mailed, who is not any more, and that nobody is mailed unasked."""

import json
import multiprocessing
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.mail.database.opened import Place, transaction
from assets.mail.database.tables import TABLES, readers
from assets.mail.message import mailbox
from assets.mail.readers.preferences import Preferences
from assets.mail.readers.reader import InvalidAddress, Reader, State, parsed
from assets.mail.readers.secret import BadSecret, Secret
from assets.mail.readers.store import Listed, Readers, Suppressed, UnknownReader

ADA, BEN = "ada@reader.example", "ben@reader.example"

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Readers:
    return readers_of(place, tmp_path)


def readers_of(place: Place, folder: Path) -> Readers:
    return Readers(place, Secret(folder / "mail.key"))


def addresses(store: Readers, *named: str) -> list[str]:
    return sorted(reader.address for reader in store.due(named))


def lines(*written: str) -> list[Listed]:
    return [Listed(one) for one in written]


def lose_zone(store: Readers, reader: Reader) -> None:
    """Let a reader have chosen a time zone of before."""
    chosen = json.dumps({"hour": 7, "time_zone": "Mars/Olympus"})
    with transaction(store._engine) as connection:
        connection.execute(sa.update(readers).where(readers.c.id == reader.id).values(preferences=chosen))


def events(store: Readers, reader: str) -> list[tuple[str, str]]:
    return [(event.event, event.by) for event in store.events(reader)]


def test_whom_the_operator_adds_is_mailed_by_name(store: Readers) -> None:
    added = store.add("Ada Lovelace <Ada@Reader.example>")
    assert (added.mailbox, added.state) == ("Ada Lovelace <Ada@reader.example>", State.CONFIRMED)
    assert [reader.id for reader in store.due(())] == [added.id]
    assert events(store, added.id) == [("added", "operator")]


def test_capitals_make_no_second_reader(store: Readers) -> None:
    first = store.add(ADA)
    assert store.add("ADA@READER.EXAMPLE") == first
    assert [reader.id for reader in store.due(["Ada@Reader.Example"])] == [first.id]


def test_whom_the_settings_name_is_mailed_for_as_long_as_they_do(store: Readers) -> None:
    (ada,) = store.due([f"Ada <{ADA}>"])
    assert (ada.mailbox, ada.origin) == (f"Ada <{ADA}>", "settings")
    assert addresses(store, BEN) == [BEN]
    assert store.find(ADA).state is State.UNNAMED
    assert store.due([ADA, BEN])[0].token in {reader.token for reader in store.every()}
    assert addresses(store, ADA, BEN) == [ADA, BEN]
    assert events(store, ada.id) == [("added", "settings"), ("unnamed", "settings"), ("named", "settings")]


def test_who_unsubscribed_stays_so_whatever_the_settings_name(store: Readers) -> None:
    (ada,) = store.due([ADA])
    for _ in range(2):
        left = store.unsubscribe(ada.token)
        assert left is not None
        assert left.state is State.UNSUBSCRIBED
        assert addresses(store, ADA) == []
    assert events(store, ada.id) == [("added", "settings"), ("unsubscribed", "reader")]
    with pytest.raises(Suppressed, match=f"{ADA} unsubscribed; add --again"):
        store.add(ADA)
    assert store.add(ADA, again=True).state is State.CONFIRMED
    assert addresses(store) == [ADA], "the operator's word holds without the settings"


def test_a_token_is_for_one_reader_and_an_old_one_for_none(store: Readers) -> None:
    ada, ben = store.add(ADA), store.add(BEN)
    assert ada.token != ben.token
    rotated = store.rotate(ADA)
    assert store.unsubscribe(ada.token) is None
    assert store.unsubscribe("") is None
    assert addresses(store) == [ADA, BEN]
    assert store.unsubscribe(rotated.token) is not None
    assert addresses(store) == [BEN]


def test_who_asks_is_mailed_once_the_address_is_confirmed(store: Readers) -> None:
    asked = store.ask(ADA)
    assert asked is not None
    assert addresses(store) == []
    assert not store.confirm("r000000000000", asked.asked_at)
    assert store.confirm(asked.id, asked.asked_at)
    assert store.confirm(asked.id, asked.asked_at), "a second click is no error"
    assert addresses(store) == [ADA]
    assert events(store, asked.id) == [("asked", "reader"), ("confirmed", "reader")]


def test_an_earlier_asking_confirms_nothing_later(store: Readers) -> None:
    first = store.ask(ADA)
    assert first is not None
    assert store.confirm(first.id, first.asked_at)
    store.remove(ADA)
    assert not store.confirm(first.id, first.asked_at), "the link of the first mail brings nobody back"
    again = store.ask(ADA)
    assert again is not None
    assert not store.confirm(first.id, first.asked_at)
    assert store.confirm(again.id, again.asked_at)


def test_who_is_a_reader_and_asks_stays_one(store: Readers) -> None:
    before = store.add(ADA)
    assert store.ask(ADA) == before
    assert addresses(store) == [ADA]


def test_an_erased_address_is_nowhere_and_no_list_brings_it_back(store: Readers) -> None:
    ada = store.add(ADA)
    store.erase(ADA)
    with store._engine.connect() as connection:
        rows = [row for table in TABLES.sorted_tables for row in connection.execute(sa.select(table))]
    assert rows
    assert ADA not in str(rows)
    assert addresses(store, ADA) == []
    assert store.add_all(lines(ADA, BEN)).added == 1
    with pytest.raises(UnknownReader):
        store.find(ADA)
    assert events(store, ada.id)[-1] == ("erased", "operator")


def test_an_erased_address_is_nowhere_in_the_file(tmp_path: Path) -> None:
    store = readers_of(tmp_path / "outbox.sqlite", tmp_path)
    store.add(ADA)
    store.erase(ADA)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("VACUUM")
    assert ADA.encode() not in (tmp_path / "outbox.sqlite").read_bytes()


def test_who_was_erased_may_ask_again_and_only_they(store: Readers) -> None:
    old = store.add(ADA)
    store.erase(ADA)
    asked = store.ask(ADA)
    assert asked is not None
    assert asked.id != old.id
    assert addresses(store, ADA) == [], "until it is confirmed"
    assert store.confirm(asked.id, asked.asked_at)
    assert addresses(store) == [ADA]
    store.remove(ADA)
    assert store.add(ADA, again=True).state is State.CONFIRMED


def test_an_address_that_is_of_no_use_is_never_mailed_or_asked(store: Readers) -> None:
    ada = store.add(ADA)
    store.suppress(ada.id, "550 5.1.1")
    store.suppress("r000000000000", "550 5.1.1")
    assert addresses(store, ADA) == []
    assert store.ask(ADA) is None
    with pytest.raises(Suppressed, match=r"550 5\.1\.1; add --again"):
        store.add(ADA)
    assert store.find(ADA).state is State.SUPPRESSED
    assert store.unsubscribe(ada.token) == store.find(ADA), "and stays suppressed"
    store.add(ADA, again=True)
    assert addresses(store) == [ADA]


def test_a_stranger_who_asks_at_their_address_does_not_bring_back_who_left(store: Readers) -> None:
    ada = store.add(ADA)
    store.unsubscribe(ada.token)
    store.ask(ADA)
    with pytest.raises(Suppressed, match="unsubscribed"):
        store.add(ADA)
    assert store.add_all(lines(ADA)).added == 0
    assert addresses(store, ADA) == []
    assert store.find(ADA).state is State.PENDING, "until the reader confirms"


def test_who_asked_and_did_not_confirm_is_one_by_the_settings_word(store: Readers) -> None:
    store.ask(ADA)
    assert addresses(store, ADA) == [ADA]
    assert addresses(store) == [], "for as long as they name them"


@pytest.mark.parametrize(
    "written", ["J\u00f6rg <j\u00f6rg@lab.example>", "Ada, Countess <ada@lab.example>", '"A \\"B\\"" <a@b.example>']
)
def test_any_name_and_address_that_is_taken_can_be_written_to(store: Readers, written: str) -> None:
    added = store.add(written)
    assert parsed(added.mailbox)[1] == added.address
    assert mailbox(added.mailbox).addr_spec == added.address


def test_a_time_zone_that_there_is_no_more_is_its_own_reader_s_trouble(store: Readers) -> None:
    """A table of time zones drops names, and what was chosen before stays in the database."""
    ada, ben = store.add(ADA), store.add(BEN)
    lose_zone(store, ada)
    assert addresses(store) == [ADA, BEN]
    found = store.find(ADA).preferences
    assert (found.hour, found.zone("Asia/Tokyo").key, found.lost_zone) == (7, "Asia/Tokyo", "Mars/Olympus")
    assert store.troubles() == [f"{ada.id} chose the time zone Mars/Olympus, which there is no more"]
    store.set_preferences(BEN, Preferences(time_zone="Europe/Berlin"))
    assert len(store.troubles()) == 1, f"{ben.id} has one"
    store.remove(ADA)
    assert store.troubles() == []


def test_a_lost_key_is_told_and_brings_nobody_back(store: Readers, place: Place, tmp_path: Path) -> None:
    store.add(ADA)
    store.erase(ADA)
    (tmp_path / "mail.key").unlink()
    with pytest.raises(BadSecret, match="the key is lost, and 1 addresses"):
        readers_of(place, tmp_path)
    assert not (tmp_path / "mail.key").exists()


def test_a_list_is_added_whole_or_not_at_all(store: Readers) -> None:
    store.add(BEN)
    gone = store.add("gone@reader.example")
    store.unsubscribe(gone.token)
    with pytest.raises(InvalidAddress, match="not a mail address"):
        store.add_all(lines(ADA, "nobody"))
    assert addresses(store) == [BEN]
    done = store.add_all(lines(ADA, BEN, ADA, "gone@reader.example"))
    assert (done.added, done.known) == (1, 2)
    assert [why.split(";")[0] for why in done.refused] == ["gone@reader.example unsubscribed"]
    assert addresses(store) == [ADA, BEN]


@pytest.mark.parametrize("written", ["", "nobody", "a@b@c", "Ada <ada@lab>", "ada@lab.example\nBcc: x@y.example"])
def test_what_is_no_address_is_refused(store: Readers, written: str) -> None:
    for call in (store.add, store.ask, store.find, store.remove):
        with pytest.raises(InvalidAddress, match="not a mail address"):
            call(written)
    assert store.every() == []


WORDS = st.sampled_from(["add", "again", "ask", "unsubscribe", "remove", "erase", "suppress", "confirm", "rotate"])


def test_whatever_happens_only_who_asked_last_is_mailed(tmp_path: Path, new_place: Callable[[], Place]) -> None:
    """A model of one reader: mailed if the last word on it was a yes, and named by the settings if they name it."""

    @settings(max_examples=25 if isinstance(new_place(), Path) else 10, deadline=None)
    @given(words=st.lists(st.tuples(WORDS, st.booleans()), max_size=12))
    def holds(words: list[tuple[str, bool]]) -> None:
        store = readers_of(new_place(), tmp_path)
        wanted, asked = False, None
        for word, named in words:
            wanted, asked = said(store, word, wanted, asked)
            if named:
                assert addresses(store) == ([ADA] if wanted else [])
        states = Counter(reader.state for reader in store.every())
        assert states[State.CONFIRMED] == wanted

    holds()


def said(store: Readers, word: str, wanted: bool, asked: object) -> tuple[bool, object]:
    """Say a word of one reader; whether they want mail after it, and what they asked for."""
    found = next(iter(store.every()), None)
    if word == "again":
        store.add(ADA, again=True)
        return True, asked
    if word == "ask":
        reader = store.ask(ADA)
        return wanted, reader
    if word == "add":
        try:
            store.add(ADA)
        except Suppressed:
            return wanted, asked
        return True, asked
    if found is None:
        return wanted, asked
    if word == "confirm":
        return store.confirm(found.id, found.asked_at) or wanted, asked
    if word == "rotate":
        store.rotate(ADA)
        return wanted, asked
    leave: dict[str, Callable[[], object]] = {
        "unsubscribe": lambda: store.unsubscribe(found.token),
        "remove": lambda: store.remove(ADA),
        "erase": lambda: store.erase(ADA),
        "suppress": lambda: store.suppress(found.id, "550"),
    }
    leave[word]()
    return False, asked


def make_due(place: Place, folder: Path) -> None:
    readers_of(place, folder).due([ADA, BEN])


def test_processes_that_begin_at_once_make_each_reader_once(place: Place, tmp_path: Path) -> None:
    makers = [spawn.Process(target=make_due, args=(place, tmp_path)) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        assert maker.exitcode == 0
    assert addresses(readers_of(place, tmp_path), ADA, BEN) == [ADA, BEN]


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "home" / "mail.key"
    assert Secret(file).key() == Secret(file).key()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [found.name for found in file.parent.iterdir()] == ["mail.key"]
    assert Secret(file).hash("a") != Secret(tmp_path / "other.key").hash("a")


@pytest.mark.parametrize("content", ["", "no key", "00" * 31, "é"])
def test_a_broken_key_is_never_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mail.key"
    file.write_text(content)
    with pytest.raises(BadSecret, match="put it back from your backup"):
        Secret(file).key()
    assert file.read_text() == content


def test_a_failed_change_changes_nothing(store: Readers) -> None:
    store.add(ADA)
    with transaction(store._engine) as connection:
        connection.execute(sa.text("DROP TABLE reader_events"))
    with pytest.raises(sa.exc.DBAPIError):
        store.remove(ADA)
    assert store.every()[0].state is State.CONFIRMED
