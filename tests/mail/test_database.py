"""The mail's database: its migrations, from a new file and from one of before them."""

import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from assets.mail.database.opened import HEAD, MIGRATIONS, NewerDatabase, opened
from assets.mail.database.tables import TABLES, outbox, readers
from assets.mail.outbox import Outbox, State
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers

DAY = datetime.date(2026, 11, 19)

BEFORE = """
    CREATE TABLE outbox (
        day DATE NOT NULL, recipient VARCHAR NOT NULL, state VARCHAR NOT NULL, message_id VARCHAR NOT NULL UNIQUE,
        edition VARCHAR NOT NULL, papers INTEGER NOT NULL, attempts INTEGER NOT NULL, reason VARCHAR NOT NULL,
        updated_at DATETIME NOT NULL, PRIMARY KEY (day, recipient)
    )
"""
ROW = "INSERT INTO outbox VALUES ('2026-11-19', ?, ?, ?, 'e', 20, 1, '', '2026-11-20 07:30:00.000000')"


def before(path: Path, *rows: tuple[str, str]) -> None:
    """An outbox from before readers had a table, with recipients and the states of their mails."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(BEFORE)
        for number, (recipient, state) in enumerate(rows):
            connection.exec_driver_sql(ROW, (recipient, state, f"<{number}@lab.example>"))


def test_the_migrations_end_where_the_code_thinks_they_do() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_new_file_has_the_tables_of_the_code(tmp_path: Path) -> None:
    with opened(tmp_path / "new.sqlite").connect() as connection:
        found = sa.inspect(connection)
        for table in TABLES.sorted_tables:
            columns = {column["name"]: str(column["type"]) for column in found.get_columns(table.name)}
            assert columns == {column.name: str(column.type) for column in table.columns}
            assert found.get_pk_constraint(table.name)["constrained_columns"] == [one.name for one in table.primary_key]
        assert set(found.get_table_names()) == {*TABLES.tables, "alembic_version"}
        assert MigrationContext.configure(connection).get_current_revision() == HEAD


def test_whoever_was_mailed_before_is_a_reader_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    before(path, ("Ada <Ada@reader.example>", "sent"), ("ben@reader.example", "retry"))
    with opened(path).connect() as connection:
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
    tmp_path: Path, states: tuple[str, str], turned: bool
) -> None:
    path = tmp_path / "outbox.sqlite"
    spellings = ("Ada <ada@reader.example>", "ADA@reader.example")
    before(path, *zip(spellings, states[::-1] if turned else states, strict=True))
    (row,) = Outbox(path).rows(DAY)
    assert row.state in (State.SENT, State.UNKNOWN)
    assert row.state == ("sent" if "sent" in states else "unknown")


def test_an_address_beyond_ascii_is_the_reader_that_the_settings_name(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    before(path, ("Ada <ada@b\u00fccher.example>", "sent"), ("no address", "failed"))
    (ada,) = Readers(path, Secret(tmp_path / "mail.key")).due(["Ada <ada@b\u00fccher.example>"])
    assert {row.reader: row.state for row in Outbox(path).rows(DAY)}[ada.id] is State.SENT


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    new, old = tmp_path / "new.sqlite", tmp_path / "old.sqlite"
    before(old, ("ada@reader.example", "sent"))
    old.chmod(0o644)
    for path in (new, old):
        opened(path)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    before(path, ("ada@reader.example", "sent"))
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE reader_events (in_the_way INTEGER)")
    with pytest.raises(sa.exc.OperationalError, match="reader_events"):
        opened(path)
    with engine.begin() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"outbox", "reader_events"}
        assert connection.exec_driver_sql("SELECT recipient FROM outbox").scalars().all() == ["ada@reader.example"]
        connection.exec_driver_sql("DROP TABLE reader_events")
    assert len(Outbox(path).rows(DAY)) == 1


def test_a_file_of_a_newer_paperboy_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with opened(path).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabase, match="newer Paperboy"):
        opened(path)
