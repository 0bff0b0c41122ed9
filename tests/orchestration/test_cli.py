"""The command: what it does, prints and returns, in this process where that is the same and as a real one."""

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assets.mail.attempt import State
from assets.mail.database.tables import outbox as mails
from assets.mail.readers.preferences import Named, Preferences
from orchestration.resources import outbox, readers, warehouse
from orchestration.warehouse import WarehouseError
from tests.lab import STEPS
from tests.orchestration.terminal import MIDDAY, MONDAY, TUESDAY, WEDNESDAY, NewTerminal, Terminal, body

KEYS = {"day", "state", "rows", "quarantined", "mails", "reason", "mailed"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal of which Monday and Tuesday are made; no test but that of `send` mails anything."""
    terminal = Terminal(tmp_path_factory.mktemp("made") / "home", {})
    result = terminal.run("backfill", MONDAY, TUESDAY)
    assert result.exit_code == 0
    return terminal


# As its users call it.


def test_a_first_digest_is_mailed_and_a_second_run_changes_and_mails_nothing(terminal: NewTerminal) -> None:
    paperboy = terminal()
    first = paperboy.process("digest")
    assert (first.returncode, first.stderr) == (0, "")
    (mail,) = paperboy.mails()
    assert mail["To"] == "reader@paperboy.example"
    before = paperboy.tables()
    (day,) = {row[0] for row in before["fetched_papers"]}
    lines = first.stdout.splitlines()
    assert lines[0] == f"{day:%A} {day}: fresh"
    counts = [len(before[table]) for table in ("fetched_papers", "clean_papers", "unique_papers", "digest")]
    assert [int(number) for number in re.findall(r"\d+", lines[1])] == counts
    assert all(counts)
    assert f"1 sent, to {paperboy.home / 'maildir'}" in first.stdout
    assert "http://127.0.0.1:3000" in first.stdout
    assert "paperboy.toml" in first.stdout

    second = paperboy.process("digest")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.splitlines()[:2] == lines[:2]
    assert "nothing new: 1 sent before" in second.stdout
    assert len(paperboy.mails()) == 1
    assert paperboy.tables() == before


def test_a_failed_run_is_one_message_without_a_traceback(archive: Terminal) -> None:
    failed = archive.process("digest", TUESDAY)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(f"Error: daily_digest {TUESDAY} failed at fetched_papers.\n")
    assert "not JSON" in failed.stderr
    assert "502 Bad Gateway" in failed.stderr
    assert f"{TUESDAY}.json" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(failed.stderr.splitlines()) <= 4
    assert archive.mails() == []


def test_debug_shows_where_it_went_wrong(terminal: NewTerminal) -> None:
    paperboy = terminal()
    paperboy.home.mkdir()
    (paperboy.home / "warehouse.duckdb").write_text("not a database\n" * 100)
    plain = paperboy("status")
    assert plain.exit_code == 1
    (line,) = plain.output.splitlines()
    assert line.startswith(f"Error: {paperboy.home / 'warehouse.duckdb'} cannot be opened: ")
    assert isinstance(paperboy("--debug", "status").exception, WarehouseError)
    assert isinstance(paperboy("status", "--debug").exception, WarehouseError)
    shown = paperboy.process("--debug", "status")
    assert shown.returncode == 1
    assert "Traceback (most recent call last)" in shown.stderr
    assert "WarehouseError" in shown.stderr


# Usage.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digest", "yesterday"], "'yesterday' is not a day; write it as 2025-03-12."),
        (["digest", "2025-02-29"], "'2025-02-29' is not a day"),
        (["digest", "2025-3-1"], "is not a day"),
        (["digest", "2199-01-01"], "2199-01-01 is not a day that can be made"),
        (["digest", "TODAY"], "is not a day that can be made"),
        (["digest", "2023-12-31"], "the first is 2024-01-01 (first_day)"),
        (["preview", "2023-12-31"], "not a day that can be made"),
        (["send", "2023-12-31", "--confirm"], "not a day that can be made"),
        (["status", "2023-12-31"], "not a day that can be made"),
        (["backfill", "2025-03-12", "2025-03-11"], "FROM 2025-03-12 is after TO 2025-03-11."),
        (["status", "2025-03-12", "2025-03-11"], "FROM 2025-03-12 is after TO 2025-03-11."),
        (["backfill", "2025-03-12"], "Missing argument 'TO'"),
        (["send"], "Missing argument 'DAY'"),
        (["post", "2025-03-12"], "No such command 'post'"),
        (["digest", "--mail"], "No such option"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_said_and_nothing_is_done(terminal: NewTerminal, arguments: list[str], message: str) -> None:
    paperboy = terminal()
    today = str(datetime.now(ZoneInfo(MIDDAY)).date())
    result = paperboy(*[argument.replace("TODAY", today) for argument in arguments])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not paperboy.home.exists()


def test_the_days_that_can_be_made_are_named(terminal: NewTerminal) -> None:
    yesterday = datetime.now(ZoneInfo(MIDDAY)).date() - timedelta(days=1)
    paperboy = terminal(FIRST_DAY="2025-03-11")
    result = paperboy("preview", MONDAY)
    assert result.exit_code == 2
    assert f"the first is {TUESDAY} (first_day), the last is yesterday, {yesterday} ({MIDDAY})" in result.stderr


@pytest.mark.parametrize("command", [["status"], ["doctor"], ["digest"], ["preview", "2025-03-12"]], ids=" ".join)
def test_bad_settings_are_bad_usage(terminal: NewTerminal, command: list[str]) -> None:
    result = terminal(MAIL__PROT="25", SOURCES="nature")(*command)
    assert result.exit_code == 2
    assert "mail.prot in PAPERBOY_MAIL__PROT: unknown key" in result.stderr
    assert "sources in PAPERBOY_SOURCES: 'nature' is not a source" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["backfill", "--help"], ["--version"]], ids=" ".join)
def test_help_needs_no_settings(terminal: NewTerminal, arguments: list[str]) -> None:
    assert terminal(SOURCES="nature")(*arguments).exit_code == 0


# Digest and backfill.


def test_a_past_day_is_made_and_not_mailed(archive: Terminal) -> None:
    result = archive.run("digest", MONDAY)
    assert result.exit_code == 0
    assert f"paperboy send {MONDAY} --confirm" in result.stdout
    assert "12 in the digest" in result.stdout
    assert archive.mails() == []


def test_the_latest_day_of_the_sources_is_mailed_however_old_it_is(archive: Terminal) -> None:
    result = archive.run("digest")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Wednesday {WEDNESDAY}: fresh\n")
    assert len(archive.mails()) == 1


def test_a_source_that_does_not_answer_is_told_and_stops_no_digest(terminal: NewTerminal) -> None:
    nowhere = {"HUGGINGFACE__URL": "http://127.0.0.1:9", "HTTP__ATTEMPTS": "1"}
    result = terminal(SOURCES="huggingface, sample", **nowhere).run("digest")
    assert result.exit_code == 0
    assert "going on without: huggingface: " in result.stderr
    assert ": incomplete (huggingface failed: " in result.stdout
    assert "1 sent" in result.stdout
    alone = terminal(SOURCES="huggingface", **nowhere)("digest")
    assert alone.exit_code == 1
    assert alone.stderr.startswith("Error: huggingface: ")


def test_without_a_day_with_papers_there_is_no_digest(tmp_path: Path, terminal: NewTerminal) -> None:
    result = terminal(SOURCES="archive", ARCHIVE__FOLDER=str(tmp_path))("digest")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no source lists a paper between 2024-01-01 and ")
    assert "paperboy doctor" in result.stderr


def test_an_archive_that_is_not_there_is_said_to_be_missing(tmp_path: Path, terminal: NewTerminal) -> None:
    result = terminal(SOURCES="archive", ARCHIVE__FOLDER=str(tmp_path / "gone"))("digest")
    assert result.exit_code == 1
    assert result.stderr == f"Error: archive: there is no folder {tmp_path / 'gone'}; set archive.folder\n"


def test_a_backfill_sums_up_and_fails_only_for_its_bad_days(archive: Terminal) -> None:
    result = archive.run("backfill", MONDAY, WEDNESDAY)
    assert result.exit_code == 1
    assert result.stdout == "2 of 3 days made, 1 failed; nothing was mailed.\n"
    (line,) = result.stderr.splitlines()
    assert re.match(rf"failed  {TUESDAY}  fetched_papers {TUESDAY} could not be fetched\. .*502 Bad Gateway", line)
    rows = {row["day"]: row["rows"].get("digest") for row in _status(archive, MONDAY, WEDNESDAY)}
    assert rows == {str(MONDAY): 12, str(TUESDAY): None, str(WEDNESDAY): 12}
    assert archive.mails() == []

    (Path(archive.environment["ARCHIVE__FOLDER"]) / f"{TUESDAY}.json").write_text(body(TUESDAY))
    mended = archive.run("backfill", TUESDAY, TUESDAY)
    assert (mended.exit_code, mended.stderr) == (0, "")
    assert mended.stdout == "1 of 1 days made, 0 failed; nothing was mailed.\n"
    assert {row["state"] for row in _status(archive, MONDAY, WEDNESDAY)} == {"fresh"}


def test_a_run_that_cannot_begin_says_why(archive: Terminal) -> None:
    missing = Terminal(archive.home, archive.environment | {"TAXONOMY": str(archive.home / "gone.toml")})
    one = missing.run("digest", MONDAY)
    assert one.exit_code == 1
    assert "gone.toml" in one.stderr
    many = missing.run("backfill", MONDAY, TUESDAY)
    assert many.exit_code == 1
    assert many.stdout == "0 of 2 days made, 2 failed; nothing was mailed.\n"
    assert many.stderr.count("gone.toml") == 2


# Status.


def _status(paperboy: Terminal, *arguments: object) -> list[dict[str, Any]]:
    result = paperboy("status", *arguments, "--json")
    assert result.exit_code == 0
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_status_has_a_json_object_a_day(made: Terminal) -> None:
    found = _status(made, date(2025, 3, 9), WEDNESDAY)
    assert [row["day"] for row in found] == ["2025-03-09", "2025-03-10", "2025-03-11", "2025-03-12"]
    assert all(set(row) == KEYS for row in found)
    assert [row["state"] for row in found] == ["not run", "fresh", "fresh", "not run"]
    assert list(found[2]["rows"]) == list(STEPS[:-1])
    assert found[2]["rows"]["digest"] == 20
    assert (found[2]["mails"], found[2]["mailed"]) == ({}, False)
    assert found[0]["rows"] == {}


def test_status_is_a_table_of_the_same(made: Terminal) -> None:
    lines = made("status", TUESDAY, WEDNESDAY).stdout.splitlines()
    (row, _) = _status(made, TUESDAY, WEDNESDAY)
    assert lines[0].split() == "day state fetched clean unique tagged digest quarantine mails".split()
    counts = [str(count) for count in row["rows"].values()]
    assert lines[1].split() == [str(TUESDAY), "fresh", *counts, str(row["quarantined"]), "-"]
    assert lines[2].split() == [str(WEDNESDAY), "not", "run", *"-----", "0", "-"]
    assert len(lines) == 3


def test_status_says_why_a_day_failed(archive: Terminal) -> None:
    archive.run("backfill", TUESDAY, TUESDAY)
    last = archive("status", TUESDAY, TUESDAY).stdout.splitlines()[-1]
    assert last.startswith(f"{TUESDAY}: fetched_papers: ")
    assert "502 Bad Gateway" in last
    (row,) = _status(archive, TUESDAY, TUESDAY)
    assert row["state"] == "failed"


def test_status_is_of_the_last_two_weeks_and_not_before_the_first_day(terminal: NewTerminal) -> None:
    yesterday = datetime.now(ZoneInfo(MIDDAY)).date() - timedelta(days=1)
    days = [row["day"] for row in _status(terminal())]
    assert (len(days), days[-1]) == (14, str(yesterday))
    assert len(_status(terminal(), yesterday - timedelta(days=2))) == 3
    assert len(_status(terminal(FIRST_DAY=str(yesterday)))) == 1


# Preview and send.


def test_preview_writes_both_files_and_mails_nothing(made: Terminal) -> None:
    result = made("preview", TUESDAY)
    assert result.exit_code == 0
    html, text = (made.home / "previews" / f"{TUESDAY}.{ending}" for ending in ("html", "txt"))
    assert result.stdout.splitlines() == [str(html), str(text)]
    places = warehouse(made.settings).rows("digest", [TUESDAY]).sort("place")
    assert html.read_text().lstrip().lower().startswith("<!doctype html>")
    assert places["url"][0] in html.read_text()
    assert places["url"][0] in text.read_text()
    assert "<html" not in text.read_text()
    assert [row for row in outbox(made.settings).rows() if row.day == TUESDAY] == []


def test_preview_for_a_reader_writes_their_mail_or_says_why_there_is_none(made: Terminal) -> None:
    store = readers(made.settings)
    ada, ben = store.add("ada@reader.example"), store.add("ben@reader.example")
    store.set_preferences(ada.address, Preferences(size=2))
    store.set_preferences(ben.address, Preferences(mute=Named(keywords=("a", "of", "the", "we"))))
    result = made("preview", TUESDAY, "--for", ada.address)
    told, *files = result.stdout.splitlines()
    assert told.startswith("not written down yet; made now, it would leave at ")
    assert files == [str(made.home / "previews" / f"{TUESDAY}-{ada.id}.{ending}") for ending in ("html", "txt")]
    text = Path(files[1]).read_text()
    assert "2 of 26 new papers" in text
    assert ada.token not in text + Path(files[0]).read_text()
    nothing = made("preview", TUESDAY, "--for", ben.address)
    assert (nothing.exit_code, nothing.stdout.startswith("there would be no mail: ")) == (0, True)
    unknown = made("preview", TUESDAY, "--for", "eve@reader.example")
    assert (unknown.exit_code, "no reader has the address" in unknown.stderr) == (1, True)
    assert outbox(made.settings).rows() == []
    for one in (ada, ben):
        store.erase(one.address)


def test_preview_for_a_reader_whom_the_settings_name_and_no_run_has_met(made: Terminal) -> None:
    told, *files = made("preview", TUESDAY, "--for", "reader@paperboy.example").stdout.splitlines()
    assert told == "a reader from the first mail on, who gets what all get:"
    assert files == made("preview", TUESDAY).stdout.splitlines()
    assert readers(made.settings).every() == []


@pytest.mark.parametrize("command", [["preview", WEDNESDAY], ["send", WEDNESDAY, "--confirm"]], ids=["preview", "send"])
def test_a_day_that_is_not_made_has_no_edition(made: Terminal, command: list[object]) -> None:
    mails = len(made.mails())
    result = made(*command)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {WEDNESDAY} has no digest (not run); run paperboy digest {WEDNESDAY} first.\n"
    assert len(made.mails()) == mails
    assert not list(made.home.glob(f"previews/{WEDNESDAY}*"))


def test_send_mails_a_past_day_exactly_once(made: Terminal) -> None:
    refused = made("send", MONDAY)
    assert refused.exit_code == 2
    assert f"nothing was written down of {MONDAY}; to mail it to every reader, add --confirm" in refused.stderr
    assert made.mails() == []
    sent = made.run("send", MONDAY, "--confirm")
    assert sent.exit_code == 0
    assert sent.stdout == f"{MONDAY}  1 sent, to {made.home / 'maildir'}\n"
    (mail,) = made.mails()
    assert mail["To"] == "reader@paperboy.example"
    again = made.run("send", MONDAY, "--confirm")
    assert again.exit_code == 0
    assert "nothing new: 1 sent before" in again.stdout
    assert len(made.mails()) == 1
    (row,) = _status(made, MONDAY, MONDAY)
    assert (row["mails"], row["mailed"]) == ({"sent": 1}, True)


def test_what_is_tried_again_goes_to_whom_it_was_written_down_for_and_to_nobody_else(archive: Terminal) -> None:
    assert archive.run("digest", MONDAY).exit_code == 0
    assert archive.run("send", MONDAY, "--confirm").exit_code == 0
    readers(archive.settings).add("ada@reader.example")
    outbox(archive.settings)._states.move(mails.c.day == MONDAY, (State.SENT,), State.FAILED, "554 no")
    assert archive("outbox", "retry", MONDAY).stdout == f"1 due again; paperboy send {MONDAY} sends it now.\n"
    sent = archive.run("send", MONDAY)
    assert (sent.exit_code, sent.stdout) == (0, f"{MONDAY}  1 sent, to {archive.home / 'maildir'}\n")
    assert [mail["To"] for mail in archive.mails()] == ["reader@paperboy.example"] * 2
    assert "nothing new: 1 sent before" in archive.run("send", MONDAY).stdout
    assert archive.run("send", MONDAY, "--confirm").exit_code == 0
    assert Counter(mail["To"] for mail in archive.mails())["ada@reader.example"] == 1


def test_learning_from_too_few_papers_says_so_and_fails_nothing(terminal: NewTerminal) -> None:
    result = terminal().run("learn")
    assert result.exit_code == 0
    assert [line.split(None, 1) for line in result.output.splitlines()] == [
        ["categories", "off: 0 papers with categories, 2,000 wanted"],
        ["keywords", "off: 0 papers with keywords, 2,000 wanted"],
        ["prior", "off: 0 papers with votes, 2,000 wanted"],
    ]
