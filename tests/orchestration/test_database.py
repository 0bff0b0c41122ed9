"""A whole Paperboy with its mail in PostgreSQL, from the sample to the mailbox, and the way there from a file."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from assets.mail.database.opened import opened
from assets.mail.database.tables import TABLES
from orchestration import resources
from orchestration.settings import Settings
from tests.conftest import NewLab
from tests.orchestration.terminal import NewTerminal
from tests.postgres import Server

DAY = date(2025, 3, 12)
ADA, BEN = "ada@reader.example", "ben@reader.example"


@pytest.fixture
def named(server: Server) -> Iterator[str]:
    """A new database without tables, as the setting names it."""
    with server.database("template1") as url:
        yield server.by_tcp(url).render_as_string(hide_password=False)


def stored(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """All that the mail's database holds."""
    with opened(resources.database(settings)).connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(sa.select(table)))) for table in TABLES.sorted_tables}


def test_each_reader_is_mailed_once_by_whatever_route(new_lab: NewLab, named: str, server: Server) -> None:
    with new_lab(MAIL__RECIPIENTS=f"{ADA}, {BEN}", MAIL__DATABASE=named) as made:
        assert made.digest(DAY, newest=True).success
        assert made.digest(DAY, newest=True).success
        assert made.send(DAY).success
        assert Counter(mail["To"] for mail in made.mails()) == {ADA: 1, BEN: 1}
        assert made.rows("deliveries", DAY) == 2
        assert not made.settings.mail_file.exists()
        kept = [file.read_bytes() for file in made.settings.home.rglob("*") if file.is_file()]
        assert not any(server.password.encode() in content for content in kept), "nor in Dagster's events"


def test_a_file_is_carried_over_with_its_history_and_its_tokens(terminal: NewTerminal, named: str) -> None:
    before = terminal(MAIL__RECIPIENTS=ADA)
    before("readers", "add", f"Ben <{BEN}>")
    before("readers", "erase", BEN, "--confirm")
    assert before.run("digest", DAY).exit_code == 0
    assert before.run("send", DAY, "--confirm").exit_code == 0
    was = stored(before.settings)
    assert was["outbox"]
    after = terminal(MAIL__RECIPIENTS=ADA, MAIL__DATABASE=named)
    moved = after("readers", "move")
    assert moved.output == "1 readers and 1 mails are copied, and all that belongs to them.\n"
    assert stored(after.settings) == was
    again = after("readers", "move")
    assert again.exit_code == 1
    assert "has rows; name an empty database" in again.output
    assert after("readers", "add", BEN).exit_code == 1, "an erased address is known by its hash"
    assert after("readers", "remove", ADA).exit_code == 0, "events are numbered on"
    assert len(stored(after.settings)["reader_events"]) == len(was["reader_events"]) + 1


def test_where_there_is_nothing_to_carry_over_it_is_said(terminal: NewTerminal, named: str) -> None:
    told = terminal()("readers", "move")
    assert told.exit_code == 2
    assert "mail.database names no other" in told.output
    told = terminal(MAIL__DATABASE=named)("readers", "move")
    assert told.exit_code == 2
    assert "there is no such file" in told.output
