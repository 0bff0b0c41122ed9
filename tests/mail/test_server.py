"""The mail's database on a server of PostgreSQL: what is told where it cannot be used, what a lost session means."""

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

from assets.mail.database import tables
from assets.mail.database.opened import opened, shown, transaction
from assets.mail.database.server import DatabaseUnusable
from assets.mail.database.turn import Busy, TurnLost, turn
from assets.mail.outbox import Outbox
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.transport import MaildirTransport
from tests.mail.conftest import Script, Scripted
from tests.mail.outboxes import ADA, BOB, CYD, DAY, READERS, compose, key, outbox, smtp, states
from tests.mail.web.site import Site
from tests.postgres import Server

HIDDEN = "hunter2"


@pytest.fixture
def url(server: Server) -> Iterator[sa.URL]:
    """A database with all tables."""
    with server.database() as made:
        yield made


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist; make the database with createdb'),
        ({"username": "nobody"}, "PAPERBOY_MAIL__DATABASE, PGPASSWORD or ~/.pgpass"),
        ({"password": HIDDEN}, "password authentication failed"),
        ({"port": 1}, "is the server up, and does it listen there?"),
        ({"host": "nowhere.invalid"}, "is the server up, and does it listen there?"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_the_password(
    server: Server, url: sa.URL, wrong: dict[str, str], told: str
) -> None:
    place = server.by_tcp(url).set(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DatabaseUnusable) as error:
        opened(place)
    text = str(error.value)
    assert told in text
    assert text.startswith(f"{shown(place)} cannot be used: ")
    assert "\n" not in text
    for secret in (HIDDEN, server.password):
        assert secret not in text + repr(error.value) + repr(place) + "".join(traceback.format_exception(error.value))


def test_a_password_that_is_left_out_is_libpq_s_to_find(
    server: Server, url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = server.by_tcp(url)
    without = sa.URL.create("postgresql", named.username, None, named.host, named.port, named.database)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DatabaseUnusable, match="no password supplied; PAPERBOY_MAIL__DATABASE, PGPASSWORD or"):
        opened(without)
    monkeypatch.setenv("PGPASSWORD", server.password)
    opened(without)
    monkeypatch.delenv("PGPASSWORD")
    (tmp_path / ".pgpass").write_text(f"127.0.0.1:*:*:paperboy:{server.password}\n", encoding="ascii")
    (tmp_path / ".pgpass").chmod(0o600)
    opened(without)


def test_a_user_who_may_make_no_tables_is_told_so(server: Server, url: sa.URL) -> None:
    with server.database("template1") as empty:
        server.sql(f"ALTER DATABASE {empty.database} OWNER TO postgres")
        with pytest.raises(DatabaseUnusable, match="permission denied for schema public; make the user"):
            opened(empty)


def test_an_error_quotes_no_address(server: Server, url: sa.URL, tmp_path: Path) -> None:
    store = Readers(url, Secret(tmp_path / "mail.key"))
    ada = store.add(ADA)
    with pytest.raises(sa.exc.IntegrityError, match="readers_key_key") as error, transaction(store._engine) as at:
        at.execute(
            sa.insert(tables.readers).values(**vars(ada) | {"id": "r2", "token": "t2", "preferences": ""}, key=ADA)
        )
    assert ADA not in "".join(traceback.format_exception(error.value))


def test_what_no_text_of_the_server_can_hold_is_nobody_s_token(url: sa.URL, tmp_path: Path) -> None:
    store = Readers(url, Secret(tmp_path / "mail.key"))
    assert store.by_token("\0") is None
    assert store.unsubscribe("a\0b") is None
    store.suppress(store.add(ADA).id, "550 5.1.1 \0 nobody")
    assert store.due(()) == []


def test_a_commit_survives_a_power_cut_whatever_the_server_s_habit(server: Server, url: sa.URL) -> None:
    server.sql(f"ALTER DATABASE {url.database} SET synchronous_commit = off")
    engine = opened(url)
    setting = sa.text("SHOW synchronous_commit")
    with engine.connect() as connection:
        assert connection.execute(setting).scalar() == "off"
    with transaction(engine) as connection:
        assert connection.execute(setting).scalar() == "on"


def test_a_turn_ends_with_its_session(server: Server, url: sa.URL) -> None:
    first, second = opened(url), opened(url)
    with turn(first, "lock", wait=0) as held:
        with pytest.raises(Busy, match=r"advisory lock -?\d+ of postgresql://paperboy@"), turn(second, "lock", wait=0):
            pass
        with turn(second, "asked.lock", wait=0):
            server.hang_up()
        with turn(second, "lock", wait=10):
            for _ in range(2):
                with pytest.raises(TurnLost, match="the connection was lost"):
                    held.transaction().__enter__()
                assert held.lost
    with turn(first, "lock", wait=0), turn(second, "asked.lock", wait=0):
        pass


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join()


def test_a_session_lost_after_the_claim_leaves_no_doubt_and_ends_the_sending(
    server: Server, url: sa.URL, scripted: Callable[[Script], Scripted]
) -> None:
    """The server takes no connections for a second, as when it is restarted."""

    def come_back() -> None:
        time.sleep(1)
        server.sql(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")

    def script(step: str, recipient: str) -> None:
        if (step, recipient) == ("DOT", BOB):
            server.sql(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
            server.hang_up()
            threading.Thread(target=come_back).start()

    relay = scripted(script)
    box = outbox(url)
    with pytest.raises(TurnLost, match="another process may be at it"):
        box.deliver(DAY, smtp(relay.port), compose)
    assert states(box) == {ADA: "sent", BOB: "sent", CYD: "pending"}
    assert relay.accepted == [key(ADA), key(BOB)]
    box.deliver(DAY, smtp(relay.port), compose)
    assert Counter(relay.accepted) == Counter(map(key, READERS))


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_sender_that_lost_its_turn_sends_no_more_and_leaves_the_next_one_s_work_alone(
    server: Server, url: sa.URL, scripted: Callable[[Script], Scripted], tmp_path: Path, step: str
) -> None:
    """The second begins where the first is at BOB, and has claimed the same mail when the first goes on."""
    at_bob, claimed, given_up = threading.Event(), threading.Event(), threading.Event()
    seen: Counter[str] = Counter()

    def slow(reached: str, _: str) -> None:
        seen[reached] += 1
        if reached == step and seen[reached] == 2:
            server.hang_up()
            at_bob.set()
            assert claimed.wait(30)

    def quick(reached: str, recipient: str) -> None:
        if (reached, recipient) == ("DOT", BOB):
            claimed.set()
            assert given_up.wait(30)

    first, second = scripted(slow), scripted(quick)
    box = outbox(url)

    def takes_over() -> None:
        assert at_bob.wait(30)
        Outbox(url).deliver(DAY, smtp(second.port), compose)

    with beside(takes_over):
        with pytest.raises(TurnLost, match="another process may be at it"):
            box.deliver(DAY, smtp(first.port), compose)
        assert states(box) == {ADA: "sent", BOB: "sending", CYD: "pending"}
        given_up.set()
    assert set(states(box).values()) == {"sent"}
    assert Counter([*first.accepted, *second.accepted]) == Counter(map(key, READERS))


def test_a_sender_that_lost_its_turn_after_the_claim_leaves_the_doubt_to_the_operator(
    server: Server, url: sa.URL, scripted: Callable[[Script], Scripted], tmp_path: Path
) -> None:
    """The next one cannot know what the first still does with the last byte."""

    def script(step: str, recipient: str) -> None:
        if (step, recipient) == ("DOT", BOB):
            server.hang_up()
            Outbox(url).deliver(DAY, MaildirTransport(tmp_path / "mail"), compose)

    relay = scripted(script)
    box = outbox(url)
    with pytest.raises(TurnLost):
        box.deliver(DAY, smtp(relay.port), compose)
    assert states(box) == {ADA: "sent", BOB: "unknown", CYD: "sent"}
    assert relay.accepted == [key(ADA), key(BOB)]
    assert len(list((tmp_path / "mail/new").iterdir())) == 1


@pytest.mark.parametrize(("step", "state"), [("RCPT", "sent"), ("DOT", "unknown")])
def test_of_two_services_the_one_that_lost_its_turn_sends_no_second_mail(
    server: Server, url: sa.URL, scripted: Callable[[Script], Scripted], tmp_path: Path, step: str, state: str
) -> None:
    """The second takes over while the first is at a step of the same mail that asks for confirmation."""
    second = scripted(lambda reached, _: None)

    def script(reached: str, _: str) -> None:
        if reached == step:
            server.hang_up()
            Site(tmp_path, second.port, named).work()

    named: dict[str, str | None] = {"MAIL__DATABASE": str(url)}
    first = scripted(script)
    site = Site(tmp_path, first.port, named)
    site.made.asked.ask(ADA, "127.0.0.1")
    with pytest.raises(TurnLost) if step == "RCPT" else nullcontext():
        site.work()
    for _ in range(2):
        site.work()
    assert [row.state for row in site.made.asked.rows()] == [state]
    assert len(first.accepted) + len(second.accepted) == 1
