"""`paperboy readers` and `paperboy outbox`: who is mailed, and the operator's word on single mails."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.database.tables import outbox as mails
from assets.mail.intents import Mail
from orchestration.resources import outbox, readers
from tests.mail.outboxes import THEN
from tests.orchestration.terminal import MONDAY, NewTerminal, Terminal

ADA, BEN = "ada@reader.example", "ben@reader.example"


@pytest.fixture
def paperboy(terminal: NewTerminal) -> Terminal:
    return terminal(MAIL__RECIPIENTS=ADA)


def said(paperboy: Terminal, *words: object) -> str:
    result = paperboy(*words)
    assert result.exit_code == 0, result.output
    return result.output


def refused(paperboy: Terminal, *words: object, code: int = 1) -> str:
    result = paperboy(*words)
    assert result.exit_code == code, result.output
    return result.output


def due(paperboy: Terminal) -> list[str]:
    return sorted(reader.address for reader in readers(paperboy.settings).due(paperboy.settings.mail.recipients))


def test_a_reader_s_life(paperboy: Terminal) -> None:
    assert "No readers" in said(paperboy, "readers", "list")
    assert said(paperboy, "readers", "add", f"Ben Reader <{BEN}>") == f"{BEN} is confirmed.\n"
    assert due(paperboy) == [ADA, BEN]
    lines = [line.split() for line in said(paperboy, "readers", "list").splitlines()]
    assert [line[:4] for line in lines[1:]] == [
        [ADA, "confirmed", "by", "settings"],
        [BEN, "confirmed", "by", "operator"],
    ]
    assert "is unsubscribed" in said(paperboy, "readers", "remove", BEN.upper())
    assert due(paperboy) == [ADA]
    assert "--again" in refused(paperboy, "readers", "add", BEN)
    said(paperboy, "readers", "add", BEN, "--again")
    shown = said(paperboy, "readers", "show", BEN).splitlines()
    assert shown[0].startswith(f"Ben Reader <{BEN}>  r")
    assert [line.split(maxsplit=2)[2] for line in shown[1:]] == [
        "added by operator",
        "unsubscribed by operator",
        "added by operator",
    ]
    token = readers(paperboy.settings).find(BEN).token
    assert "new link" in said(paperboy, "readers", "rotate", BEN)
    assert readers(paperboy.settings).find(BEN).token not in ("", token)


def test_erasing_needs_a_word_more_and_is_for_good(paperboy: Terminal) -> None:
    said(paperboy, "readers", "add", BEN)
    assert "cannot be taken back" in refused(paperboy, "readers", "erase", BEN, code=2)
    assert BEN not in said(paperboy, "readers", "erase", BEN, "--confirm")
    assert f"no reader has the address {BEN}" in refused(paperboy, "readers", "show", BEN)
    assert "no mail goes to" in refused(paperboy, "readers", "add", BEN)


@pytest.mark.parametrize("command", ["add", "show", "remove", "rotate"])
def test_what_is_no_address_is_one_clear_line(paperboy: Terminal, command: str) -> None:
    assert "Error: 'ben' is not a mail address" in refused(paperboy, "readers", command, "ben")


def test_lists_go_out_and_come_in(paperboy: Terminal, tmp_path: Path) -> None:
    file, other = tmp_path / "readers.csv", tmp_path / "again.csv"
    file.write_text(f"\ufeffname,address\nBen Reader,{BEN}\n,{ADA}\n\n")
    assert said(paperboy, "readers", "import", file) == "2 added, 0 known before, 0 left out.\n"
    assert readers(paperboy.settings).find(BEN).name == "Ben Reader"
    said(paperboy, "readers", "remove", BEN)
    assert "0 added, 1 known before, 1 left out.\nleft out: " in said(paperboy, "readers", "import", file)
    said(paperboy, "readers", "export", other)
    assert other.stat().st_mode & 0o777 == 0o600
    lines = other.read_text().splitlines()
    assert [line.rsplit(",", 1)[0] for line in lines] == [
        "address,name,state,origin",
        f"{ADA},,confirmed,operator",
        f"{BEN},Ben Reader,unsubscribed,operator",
    ]
    assert said(paperboy, "readers", "export") == other.read_text()
    said(paperboy, "readers", "erase", BEN, "--confirm")
    assert "0 added, 1 known before, 0 left out." in said(paperboy, "readers", "import", other)


def test_an_export_that_is_imported_makes_nobody_a_reader_who_was_none(paperboy: Terminal, tmp_path: Path) -> None:
    store, file = readers(paperboy.settings), tmp_path / "readers.csv"
    store.ask("pending@reader.example")
    store.due(["unnamed@reader.example"])
    store.due([])
    store.add("+plus@reader.example")
    store.add("=J\u00f6rg <j\u00f6rg@reader.example>")
    said(paperboy, "readers", "export", file)
    other = Terminal(tmp_path / "other", paperboy.environment)
    assert "2 added, 0 known before, 0 left out." in said(other, "readers", "import", file)
    assert {reader.mailbox for reader in readers(other.settings).every()} == {
        "+plus@reader.example",
        "=J\u00f6rg <j\u00f6rg@reader.example>",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{BEN}\n", "the first line must name the columns"),
        ("", "the first line must name the columns"),
        (f"address\n{BEN}\nnobody\n", "line 3: 'nobody' is not a mail address"),
    ],
)
def test_a_bad_list_is_told_and_nothing_of_it_taken(paperboy: Terminal, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(text)
    assert told in refused(paperboy, "readers", "import", file)
    assert readers(paperboy.settings).every() == []


def test_a_name_that_a_spreadsheet_would_reckon_is_quoted(paperboy: Terminal) -> None:
    said(paperboy, "readers", "add", f"=SUM(A1) <{BEN}>")
    assert f"{BEN},'=SUM(A1)," in said(paperboy, "readers", "export")


def test_the_state_of_single_mails_and_the_operator_s_word(paperboy: Terminal) -> None:
    store, box = readers(paperboy.settings), outbox(paperboy.settings)
    ids = {reader.address: reader.id for reader in [*store.due([ADA]), store.add(BEN)]}
    assert "No open mails" in said(paperboy, "outbox", "list")
    named = {reader: f"<{address.partition('@')[0]}@lab.example>" for address, reader in ids.items()}
    box.enqueue(MONDAY, "hash", [Mail(reader, name, [], MONDAY, THEN) for reader, name in named.items()])
    for address, state in ((ADA, "unknown"), (BEN, "failed")):
        with box._engine.begin() as connection:
            connection.execute(sa.update(mails).where(mails.c.reader == ids[address]).values(state=state, reason="so"))
    listed = [line.split() for line in said(paperboy, "outbox", "list").splitlines()]
    assert sorted(line[1:] for line in listed[1:]) == [
        [ADA, "unknown", "0", "<ada@lab.example>", "so"],
        [BEN, "failed", "0", "<ben@lab.example>", "so"],
    ]
    assert "--sent or --not-sent" in refused(paperboy, "outbox", "resolve", MONDAY, ADA, code=2)
    assert "is unknown" in refused(paperboy, "outbox", "resolve", MONDAY, BEN, "--sent")
    assert said(paperboy, "outbox", "resolve", MONDAY, ADA, "--sent") == "It is sent.\n"
    assert "1 due again" in said(paperboy, "outbox", "retry", MONDAY, BEN)
    assert "No mail of 2025-03-10 has failed." in said(paperboy, "outbox", "retry", MONDAY)
    found = json.loads(said(paperboy, "outbox", "list", MONDAY, "--json"))
    assert {row["address"]: row["state"] for row in found} == {ADA: "sent", BEN: "retry"}
    said(paperboy, "readers", "erase", BEN, "--confirm")
    assert ids[BEN] in said(paperboy, "outbox", "list")
    box._move(mails.c.reader == ids[BEN], (State.RETRY,), State.UNKNOWN, "no answer")
    assert said(paperboy, "outbox", "resolve", MONDAY, ids[BEN], "--sent") == "It is sent.\n"
    assert BEN not in said(paperboy, "outbox", "list", MONDAY)
