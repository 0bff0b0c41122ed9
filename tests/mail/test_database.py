"""The mail's database: its migrations, from a new one and from one of before them."""

import datetime
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from assets.mail.attempt import State
from assets.mail.database.opened import HEAD, MIGRATIONS, NewerDatabase, Place, opened, transaction
from assets.mail.database.server import DatabaseUnusable
from assets.mail.database.tables import TABLES, outbox, readers
from assets.mail.outbox import Outbox
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from tests.lab import CHECKOUT

DAY = datetime.date(2026, 11, 19)

BEFORE = """
    CREATE TABLE outbox (
        day DATE NOT NULL, recipient VARCHAR NOT NULL, state VARCHAR NOT NULL, message_id VARCHAR NOT NULL UNIQUE,
        edition VARCHAR NOT NULL, papers INTEGER NOT NULL, attempts INTEGER NOT NULL, reason VARCHAR NOT NULL,
        updated_at TIMESTAMP NOT NULL, PRIMARY KEY (day, recipient)
    )
"""
ROW = "INSERT INTO outbox VALUES ('2026-11-19', '{}', '{}', '{}', 'e', 20, 1, '', '2026-11-20 07:30:00.000000')"


@pytest.fixture
def empty(request: pytest.FixtureRequest, new_place: Callable[[], Place]) -> Iterator[Place]:
    """Where no table is yet."""
    if isinstance(path := new_place(), Path):
        yield path
        return
    with request.getfixturevalue("server").database("template1") as url:
        yield url


def engine_of(place: Place) -> sa.Engine:
    """The database past all that is ours."""
    url = f"sqlite:///{place}" if isinstance(place, Path) else place.set(drivername="postgresql+psycopg")
    return sa.create_engine(url, poolclass=sa.NullPool)


def before(place: Place, *rows: tuple[str, str]) -> None:
    """An outbox from before readers had a table, with recipients and the states of their mails."""
    with engine_of(place).begin() as connection:
        connection.exec_driver_sql(BEFORE)
        for number, (recipient, state) in enumerate(rows):
            connection.exec_driver_sql(ROW.format(recipient, state, f"<{number}@lab.example>"))


def test_the_migrations_end_where_the_code_thinks_they_do() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_who_writes_does_so_in_a_transaction_that_nobody_s_can_come_between() -> None:
    """On PostgreSQL `engine.begin()` would; and its INSERT is another than SQLite's."""
    for module in (CHECKOUT / "assets/mail").rglob("*.py"):
        source = module.read_text(encoding="utf-8")
        assert "engine.begin(" not in source, f"{module.name}: transaction(engine) of opened.py is meant"
        assert "import insert" not in source or "dialects" not in source, f"{module.name}: insert of opened.py is meant"


def test_a_new_database_has_the_tables_of_the_code(empty: Place) -> None:
    with opened(empty).connect() as connection:
        found, dialect = sa.inspect(connection), connection.dialect
        for table in TABLES.sorted_tables:
            columns = {column["name"]: column["type"].compile(dialect) for column in found.get_columns(table.name)}
            assert columns == {column.name: column.type.compile(dialect) for column in table.columns}
            assert found.get_pk_constraint(table.name)["constrained_columns"] == [one.name for one in table.primary_key]
        assert set(found.get_table_names()) == {*TABLES.tables, "alembic_version"}
        assert MigrationContext.configure(connection).get_current_revision() == HEAD


def test_processes_that_open_a_new_database_at_once_make_its_tables_once(empty: Place) -> None:
    makers = [multiprocessing.get_context("spawn").Process(target=opened, args=(empty,)) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        assert maker.exitcode == 0
    assert Outbox(empty).rows() == []


def test_whoever_was_mailed_before_is_a_reader_of_the_settings(empty: Place) -> None:
    before(empty, ("Ada <Ada@reader.example>", "sent"), ("ben@reader.example", "retry"))
    with opened(empty).connect() as connection:
        made = {row["key"]: row for row in connection.execute(sa.select(readers)).mappings()}
        moved = {row["reader"]: row for row in connection.execute(sa.select(outbox)).mappings()}
    ada, ben = made["ada@reader.example"], made["ben@reader.example"]
    assert (ada["name"], ada["address"], ada["state"], ada["origin"]) == (
        "Ada",
        "Ada@reader.example",
        "confirmed",
        "settings",
    )
    assert {reader: (row["state"], row["message_id"]) for reader, row in moved.items()} == {
        ada["id"]: ("sent", "<0@lab.example>"),
        ben["id"]: ("retry", "<1@lab.example>"),
    }


@pytest.mark.parametrize("states", [("sent", "retry"), ("pending", "unknown"), ("sent", "unknown")])
@pytest.mark.parametrize("turned", [False, True])
def test_two_spellings_of_an_address_are_one_reader_who_is_mailed_no_second_time(
    empty: Place, states: tuple[str, str], turned: bool
) -> None:
    spellings = ("Ada <ada@reader.example>", "ADA@reader.example")
    before(empty, *zip(spellings, states[::-1] if turned else states, strict=True))
    (row,) = Outbox(empty).rows(DAY)
    assert row.state in (State.SENT, State.UNKNOWN)
    assert row.state == ("sent" if "sent" in states else "unknown")


def test_an_address_beyond_ascii_is_the_reader_that_the_settings_name(tmp_path: Path, empty: Place) -> None:
    before(empty, ("Ada <ada@b\u00fccher.example>", "sent"), ("no address", "failed"))
    (ada,) = Readers(empty, Secret(tmp_path / "mail.key")).due(["Ada <ada@b\u00fccher.example>"])
    assert {row.reader: row.state for row in Outbox(empty).rows(DAY)}[ada.id] is State.SENT


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    new, old = tmp_path / "new.sqlite", tmp_path / "old.sqlite"
    before(old, ("ada@reader.example", "sent"))
    old.chmod(0o644)
    for path in (new, old):
        opened(path)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Place) -> None:
    before(empty, ("ada@reader.example", "sent"))
    engine = engine_of(empty)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE reader_events (in_the_way INTEGER)")
    with pytest.raises((sa.exc.OperationalError, DatabaseUnusable), match="reader_events"):
        opened(empty)
    with engine.begin() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"outbox", "reader_events"}
        assert connection.exec_driver_sql("SELECT recipient FROM outbox").scalars().all() == ["ada@reader.example"]
        connection.exec_driver_sql("DROP TABLE reader_events")
    assert len(Outbox(empty).rows(DAY)) == 1


def test_a_database_of_a_newer_paperboy_is_left_alone(empty: Place) -> None:
    with transaction(opened(empty)) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="newer Paperboy"):
        opened(empty)
