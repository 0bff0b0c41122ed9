"""`paperboy readers` and `paperboy outbox`: who is mailed, and the operator's word on single mails."""

import csv
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.attempt import State
from assets.mail.database.tables import outbox as mails
from assets.mail.edition import one_line
from assets.mail.intents import Mail
from assets.mail.readers.lab import Lab
from assets.mail.readers.preferences import NONE, Frequency, Named, Preferences
from orchestration.preferred import KINDS, changed, texts, values
from orchestration.reader_lists import FORMULA
from orchestration.resources import outbox, readers, warehouse
from tests.lab import lab
from tests.mail.outboxes import THEN
from tests.mail.readers.test_store import lose_zone
from tests.mail.test_digest import publish
from tests.orchestration.terminal import MONDAY, TUESDAY, NewTerminal, Terminal
from tests.orchestration.test_doctor import findings

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
    assert shown[1:5] == [
        "  mailed on every day that has papers",
        "  as soon as it is made",
        "  at most 20 papers, as the lab says",
        "  in English, as the lab says",
    ]
    assert [line.split(maxsplit=2)[2] for line in shown[5:]] == [
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
    assert [line.split(",")[:4] for line in lines] == [
        ["address", "name", "state", "origin"],
        [ADA, "", "confirmed", "operator"],
        [BEN, "Ben Reader", "unsubscribed", "operator"],
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


def wanted(paperboy: Terminal, address: str = BEN) -> Preferences:
    return readers(paperboy.settings).find(address).preferences


SETTING = (
    "--frequency", "weekly", "--weekday", "monday", "--hour", "7", "--time-zone", "Asia/Tokyo", "--size", "5",
    "--language", "de",
    "--follow", "authors=Ada Lovelace", "--follow", "authors=Borel; Emile", "--follow", "topics=Agents and tool use",
    "--mute", "topics=driving", "--mute", "categories=cs.CR",
)  # fmt: skip
WANTED = Preferences(
    frequency=Frequency.WEEKLY, weekday=0, hour=7, time_zone="Asia/Tokyo", size=5, language="de",
    follow=Named(authors=("Ada Lovelace", "Borel; Emile"), topics=("agents",)),
    mute=Named(topics=("driving",), categories=("cs.CR",)),
)  # fmt: skip


def test_the_operator_sets_what_a_reader_wants(paperboy: Terminal) -> None:
    said(paperboy, "readers", "add", BEN)
    lines = said(paperboy, "readers", "set", BEN, *SETTING).splitlines()
    assert lines == [
        "  mailed once a week, on Monday",
        "  at 07:00 in Asia/Tokyo",
        "  at most 5 papers",
        "  in Deutsch",
        "  follows topics Agents and tool use; authors Ada Lovelace, Borel; Emile",
        "  mutes topics Autonomous driving and traffic; categories cs.CR",
    ]
    assert wanted(paperboy) == WANTED
    shown = said(paperboy, "readers", "show", BEN).splitlines()
    assert shown[1:7] == lines
    assert shown[-1].endswith("preferred by operator")
    (listed,) = json.loads(said(paperboy, "readers", "list", "--json"))
    assert Preferences.model_validate(listed["preferences"]) == WANTED


def test_what_no_option_names_stays_and_reset_forgets(paperboy: Terminal) -> None:
    said(paperboy, "readers", "add", BEN)
    said(paperboy, "readers", "set", BEN, *SETTING)
    said(paperboy, "readers", "set", BEN, "--size", "lab", "--time-zone", "lab", "--hour", "made", "--language", "lab")
    unchosen = {"size": None, "time_zone": "", "hour": None, "language": None}
    assert wanted(paperboy) == WANTED.model_copy(update=unchosen)
    less = ("--unfollow", "topics=agents", "--unfollow", "authors=ADA  lovelace", "--unmute", "topics=driving")
    said(paperboy, "readers", "set", BEN, *less, "--follow", "keywords=tool use")
    assert wanted(paperboy).follow == Named(authors=("Borel; Emile",), keywords=("tool use",))
    assert wanted(paperboy).mute == Named(categories=("cs.CR",))
    said(paperboy, "readers", "set", BEN, "--reset", "--mute", "keywords=x")
    assert wanted(paperboy) == Preferences(mute=Named(keywords=("x",)))
    said(paperboy, "readers", "set", BEN, "--reset")
    assert wanted(paperboy) == NONE


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ([], 2, "say what to set"),
        (["--frequency", "hourly"], 2, "'daily', 'weekdays', 'weekly'"),
        (["--weekday", "someday"], 2, "'someday'"),
        (["--hour", "24"], 1, "hour: Input should be less than or equal to 23"),
        (["--size", "many"], 1, "size: Input should be a valid integer"),
        (["--time-zone", "Mars/Olympus"], 1, "time zone: Mars/Olympus is no time zone; one is Europe/Berlin"),
        (["--language", "tlh"], 1, "language: 'tlh' is none of the languages that there are: de, en, es, fr"),
        (["--follow", "topics=alchemy"], 1, "'alchemy' is no topic of the taxonomy; paperboy taxonomy list shows all"),
        (["--follow", "Ada Lovelace"], 2, "is not KIND=NAME with one of topics, categories, authors, keywords"),
        (["--mute", "author=Ada"], 2, "is not KIND=NAME"),
        (["--mute", "authors="], 1, "mute authors: String should have at least 1 character"),
        (["--unfollow", "authors=Ada"], 1, "follow: authors=Ada is not among them: there is nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_wanted_is_one_clear_line(paperboy: Terminal, options: list[str], code: int, told: str) -> None:
    said(paperboy, "readers", "add", BEN)
    output = refused(paperboy, "readers", "set", BEN, *options, code=code)
    assert told in " ".join(output.split())
    assert "Traceback" not in output
    assert wanted(paperboy) == NONE


def test_nobody_wants_anything_who_is_no_reader(paperboy: Terminal) -> None:
    assert "no reader has the address" in refused(paperboy, "readers", "set", BEN, "--size", "5")


def test_lists_carry_what_readers_want(paperboy: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    said(paperboy, "readers", "add", ADA)
    said(paperboy, "readers", "add", BEN)
    said(paperboy, "readers", "set", BEN, *SETTING)
    said(paperboy, "readers", "export", file)
    (row,) = [row for row in csv.DictReader(file.read_text().splitlines()) if row["address"] == BEN]
    assert {name: row[name] for name in list(row)[5:]} == {
        "frequency": "weekly", "weekday": "monday", "hour": "7", "time_zone": "Asia/Tokyo", "size": "5",
        "language": "de", "follow": "topics: agents; authors: Ada Lovelace; authors: Borel;; Emile",
        "mute": "topics: driving; categories: cs.CR",
    }  # fmt: skip
    other = Terminal(tmp_path / "other", paperboy.environment)
    assert "2 added" in said(other, "readers", "import", file)
    assert (wanted(other), wanted(other, ADA)) == (WANTED, NONE)
    assert said(other, "readers", "export") == file.read_text()


def test_a_list_changes_of_readers_what_it_has_columns_for(paperboy: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    said(paperboy, "readers", "add", BEN)
    said(paperboy, "readers", "set", BEN, *SETTING)
    file.write_text(f"address,name\n{BEN},Ben\n")
    assert "1 known before" in said(paperboy, "readers", "import", file)
    assert wanted(paperboy) == WANTED
    file.write_text(f"address,hour,size,follow\n{BEN},07:00,,\n")
    said(paperboy, "readers", "import", file)
    assert wanted(paperboy) == WANTED.model_copy(update={"size": None, "follow": Named()})
    said(paperboy, "readers", "remove", BEN)
    file.write_text(f"address,size\n{BEN},3\n")
    assert "1 left out" in said(paperboy, "readers", "import", file)
    assert wanted(paperboy).size is None


@pytest.mark.parametrize(
    ("column", "cell", "told"),
    [
        ("frequency", "hourly", "frequency: Input should be 'daily', 'weekdays' or 'weekly'"),
        ("weekday", "4", "weekday: '4' is no day of the week; one is friday"),
        ("hour", "7 am", "hour: Input should be a valid integer"),
        ("time_zone", "Mars", "time zone: Mars is no time zone; one is Europe/Berlin"),
        ("size", "0", "size: Input should be greater than or equal to 1"),
        ("language", "Deutsch", "language: 'Deutsch' is none of the languages that there are: de, en, es, fr"),
        ("follow", "Ada Lovelace", "follow: 'Ada Lovelace' names no kind; write 'authors: Ada Lovelace; "),
        ("follow", "topics: alchemy", "follow: 'alchemy' is no topic of the taxonomy; paperboy taxonomy list"),
        ("mute", "authors: ; topics: agents", "mute authors: String should have at least 1 character"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_by_file_line_and_column_and_nothing_taken(
    paperboy: Terminal, tmp_path: Path, column: str, cell: str, told: str
) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(f"address,{column}\n{BEN},\n{ADA},{cell}\n")
    output = refused(paperboy, "readers", "import", file)
    assert f"Error: {file}, line 3, column {column}: {told}" in output
    assert output.rstrip().endswith("; nothing was imported")
    assert readers(paperboy.settings).every() == []


@given(st.lists(st.tuples(st.sampled_from(KINDS[1:]), st.text(min_size=1, max_size=12)), max_size=6))
def test_whatever_is_followed_comes_back_from_a_list(wishes: list[tuple[str, str]]) -> None:
    home = Lab((), 20, "UTC")
    named = changed(NONE, "follow", [(kind, name) for kind, name in wishes if one_line(name)], (), home)
    told = texts(Preferences(follow=named))
    assert Preferences(**values(told, home)).follow == named
    assert not told["follow"].startswith(FORMULA)


def test_a_time_zone_that_there_is_no_more_is_told(paperboy: Terminal) -> None:
    store = readers(paperboy.settings)
    ben = store.add(BEN)
    lose_zone(store, ben)
    assert findings(paperboy("doctor"))["readers"] == (
        "ok",
        f"2 mailed; {ben.id} chose the time zone Mars/Olympus, which there is no more",
    )
    assert ", for there is no time zone Mars/Olympus any more\n" in said(paperboy, "readers", "show", BEN)
    assert "Mars/Olympus is no time zone" in refused(paperboy, "readers", "set", BEN, "--hour", "8")
    assert "at 08:00 in Europe/Berlin" in said(
        paperboy, "readers", "set", BEN, "--hour", "8", "--time-zone", "Europe/Berlin"
    )


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
    box._states.move(mails.c.reader == ids[BEN], (State.RETRY,), State.UNKNOWN, "no answer")
    assert said(paperboy, "outbox", "resolve", MONDAY, ids[BEN], "--sent") == "It is sent.\n"
    assert BEN not in said(paperboy, "outbox", "list", MONDAY)


def test_what_a_reader_likes_by_the_operator_s_hand(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    paperboy = Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(tmp_path / "archive")})
    with lab(paperboy.home, **paperboy.environment) as made:
        publish(made, MONDAY, {"Harbours": 0, "Tides": 1})
        publish(made, TUESDAY, {"Harbours": 0, "Tides": 1})
        assert made.backfill(MONDAY, TUESDAY)[0].success
        harbours, tides = (
            one["work_id"] for one in warehouse(made.settings).rows("digest", [MONDAY]).sort("score").to_dicts()
        )
    said(paperboy, "readers", "add", ADA)
    assert said(paperboy, "readers", "likes", ADA) == "No paper is ticked.\n"
    told = said(paperboy, "readers", "likes", ADA, "--add", harbours.replace("arxiv:", "https://arxiv.org/abs/") + "v2")
    assert told == f"{harbours}  On Harbours, Day 10\n"
    library = tmp_path / "ada.bib"
    library.write_text("@misc{a, title={Harbours and quays}}\n@misc{b, title={On harbours}}\n@misc{c, title={")
    told = said(paperboy, "readers", "likes", ADA, "--library", library)
    assert told.splitlines()[0] == "Entries that could not be read: 1."
    assert told.splitlines()[1:] == [f"{harbours}  On Harbours, Day 10", "A library of 2 papers."]
    assert "  likes 1 paper that they ticked and a library of 2 papers\n" in said(paperboy, "readers", "show", ADA)
    page = said(paperboy, "preview", TUESDAY, "--for", ADA).splitlines()[-1]
    assert "to your taste" in Path(page).read_text()
    told = said(paperboy, "readers", "likes", ADA, "--add", tides, "--drop", harbours, "--forget-library")
    assert told == f"{tides}  On Tides, Day 10\n"
    for words, why in (
        (("--add", "2503.99999"), "no day has listed arxiv:2503.99999"),
        (("--drop", harbours), f"{harbours} is not among what they like"),
        (("--add", harbours, "--library", tmp_path / "home/warehouse.duckdb"), "warehouse.duckdb is not text in UTF-8"),
        (("--add", harbours, "--drop", harbours), f"{harbours} is not among what they like"),
    ):
        assert why in refused(paperboy, "readers", "likes", ADA, *words)
    assert "say one of them" in refused(
        paperboy, "readers", "likes", ADA, "--library", library, "--forget-library", code=2
    )
    assert said(paperboy, "readers", "likes", ADA) == f"{tides}  On Tides, Day 10\n"
