"""`paperboy doctor`: a line for everything, and what is wrong where something is."""

import atexit
import socket
import subprocess
from pathlib import Path

from click.testing import Result

from orchestration.alerts.book import Book, News
from orchestration.resources import warehouse
from tests.orchestration.terminal import NewTerminal, Terminal
from tests.postgres import Server


def closed_port() -> str:
    """One that refuses; taken until the process ends, so that no server of another test comes to listen there."""
    taken = socket.socket()
    atexit.register(taken.close)
    taken.bind(("127.0.0.1", 0))
    return str(taken.getsockname()[1])


def findings(result: Result) -> dict[str, tuple[str, str]]:
    """What doctor says: by name, ok or FAIL and the rest of the line."""
    parts = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    return {name: (verdict, told) for verdict, name, told in parts}


def test_doctor_has_a_line_for_everything(terminal: NewTerminal) -> None:
    paperboy = terminal()
    result = paperboy("doctor")
    assert result.exit_code == 0, result.output
    found = findings(result)
    names = ["settings", "home", "warehouse", "taxonomy", "sample", "mail", "database", "readers", "alerts"]
    assert list(found) == names
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert found["home"][1].startswith(str(paperboy.home))
    assert found["warehouse"][1].startswith(str(paperboy.home / "warehouse.duckdb"))
    assert str(paperboy.home / "maildir") in found["mail"][1]
    assert found["database"][1].startswith(f"{paperboy.home / 'outbox.sqlite'}, SQLite 3.")
    assert found["alerts"][1] == "off: nobody is told when a day fails; set alerts.to"
    assert paperboy.mails() == []
    assert not (paperboy.home / "alerts.sqlite").exists()


def test_doctor_finds_a_mail_server_that_is_not_there(terminal: NewTerminal) -> None:
    port = closed_port()
    result = terminal(
        MAIL__TRANSPORT="smtp", MAIL__HOST="127.0.0.1", MAIL__PORT=port, MAIL__SECURITY="none", MAIL__PASSWORD="hunter2"
    )("doctor")
    assert result.exit_code == 1
    found = findings(result)
    assert [name for name, (verdict, _) in found.items() if verdict == "FAIL"] == ["mail"]
    assert f"127.0.0.1:{port}" in found["mail"][1]
    assert "hunter2" not in result.output


def test_doctor_names_the_server_of_the_database_and_finds_one_that_is_not_there(
    terminal: NewTerminal, server: Server
) -> None:
    with server.database("template1") as url:
        named = server.by_tcp(url).render_as_string(hide_password=False)
        paperboy = terminal(MAIL__DATABASE=named)
        result = paperboy("doctor")
        at = f"postgresql://paperboy@127.0.0.1:{server.port}/{url.database}"
        assert findings(result)["database"][1].startswith(f"{at}, PostgreSQL 1")
        assert findings(result)["readers"] == ("ok", "1 mailed")
        assert not (paperboy.home / "outbox.sqlite").exists()
    gone = paperboy("doctor")
    assert gone.exit_code == 1
    found = findings(gone)
    assert [name for name, (verdict, _) in found.items() if verdict == "FAIL"] == ["database", "readers"]
    assert f"{at} cannot be used: " in found["database"][1]
    assert "make the database with createdb" in found["database"][1]
    for command in (("readers", "list"), ("outbox", "list")):
        told = paperboy(*command)
        assert told.exit_code == 1
        assert told.stderr.startswith(f"Error: {at} cannot be used: ")
        assert len(told.stderr.splitlines()) == 1
    assert server.password not in result.output + gone.output + told.output


def test_doctor_names_who_is_told_and_what_did_not_arrive(terminal: NewTerminal) -> None:
    paperboy = terminal(ALERTS__TO="operator@lab.example", ALERTS__NOTIFY="json://lab.example/token-of-mine")
    verdict, told = findings(paperboy("doctor"))["alerts"]
    assert (verdict, told) == ("ok", "operator@lab.example and 1 webhook(s), 0 message(s) sent so far")
    book = Book(paperboy.home / "alerts.sqlite")
    with book.held():
        book.write(News("alert", "Paperboy: trouble", "It is so.\n"), ["gone@lab.example"])
        book.deliver([])
    result = paperboy("doctor")
    assert result.exit_code == 1
    assert findings(result)["alerts"] == (
        "FAIL",
        "1 message(s) of the last week did not arrive: 'Paperboy: trouble' to gone@lab.example is failed: "
        "the settings name this address no longer",
    )
    assert "token-of-mine" not in result.output


def test_doctor_finds_a_webhook_that_cannot_be_one_and_keeps_its_url_to_itself(terminal: NewTerminal) -> None:
    result = terminal(ALERTS__NOTIFY="json://lab.example, nowhere://hunter2")("doctor")
    assert result.exit_code == 1
    assert findings(result)["alerts"] == ("FAIL", "apprise cannot read alerts.notify, number 2")
    assert "hunter2" not in result.output


def test_doctor_finds_an_archive_that_is_not_there(tmp_path: Path, terminal: NewTerminal) -> None:
    result = terminal(SOURCES="sample,archive", ARCHIVE__FOLDER=str(tmp_path / "gone"))("doctor")
    assert result.exit_code == 1
    found = findings(result)
    assert [name for name, (verdict, _) in found.items() if verdict == "FAIL"] == ["archive"]
    assert f"there is no folder {tmp_path / 'gone'}" in found["archive"][1]


def test_doctor_says_which_model_writes_lines_and_finds_a_key_that_is_not_there(
    tmp_path: Path, terminal: NewTerminal
) -> None:
    model = {"SUMMARY__URL": "https://model.example/v1", "SUMMARY__MODEL": "parrot-1"}
    result = terminal(**model, SUMMARY__KEY="hunter2")("doctor")
    assert findings(result)["summary"] == (
        "ok",
        "parrot-1 at https://model.example/v1, with a key, at most 20 papers and 120 s a day; not asked",
    )
    assert "hunter2" not in result.output
    result = terminal(**model, SUMMARY__KEY_FILE=str(tmp_path / "key"))("doctor")
    assert findings(result)["summary"] == ("FAIL", f"summary.key_file {tmp_path / 'key'}: No such file or directory")


def test_doctor_prints_the_record_to_publish_and_finds_a_key_that_is_not_there(
    tmp_path: Path, terminal: NewTerminal
) -> None:
    file = tmp_path / "dkim.pem"
    signed = {"MAIL__DKIM_SELECTOR": "news", "MAIL__DKIM_KEY_FILE": str(file)}
    verdict, told = findings(terminal(**signed)("doctor"))["dkim"]
    assert (verdict, told.partition(";")[0]) == ("FAIL", f"mail.dkim_key_file {file}: No such file or directory")
    subprocess.run(["openssl", "genrsa", "-out", str(file), "2048"], check=True, capture_output=True)
    file.chmod(0o600)
    verdict, told = findings(terminal(**signed)("doctor"))["dkim"]
    assert verdict == "ok"
    assert told.startswith('publish news._domainkey.paperboy.example. IN TXT ( "v=DKIM1; k=rsa; p=')
    assert told.endswith("; a Maildir's mails are not signed")


def test_doctor_finds_a_source_that_does_not_answer(terminal: NewTerminal) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    result = terminal(SOURCES="huggingface", HUGGINGFACE__URL=url)("doctor")
    assert result.exit_code == 1
    verdict, told = findings(result)["huggingface"]
    assert verdict == "FAIL"
    assert "127.0.0.1" in told


def test_doctor_finds_a_warehouse_that_is_none_and_a_taxonomy_that_is_not_there(terminal: NewTerminal) -> None:
    paperboy = terminal(TAXONOMY="gone.toml")
    paperboy.home.mkdir()
    (paperboy.home / "warehouse.duckdb").write_text("not a database\n" * 100)
    result = paperboy("doctor")
    assert result.exit_code == 1
    found = findings(result)
    assert [name for name, (verdict, _) in found.items() if verdict == "FAIL"] == ["warehouse", "taxonomy"]
    assert "not a valid DuckDB database" in found["warehouse"][1]
    assert "gone.toml" in found["taxonomy"][1]


def test_doctor_finds_a_home_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = Terminal(tmp_path / "file" / "home", {})("doctor")
    assert result.exit_code == 1
    assert findings(result)["home"][0] == "FAIL"
    assert "Traceback" not in result.output


OWN = (
    '[[expectation]]\ntable = "digest"\nname = "linked"\nkind = "{kind}"\narguments = {{ column = "url" }}\nwhy = "x"\n'
)


def own(folder: Path, kind: str) -> str:
    folder.mkdir()
    (folder / "mine.toml").write_text(OWN.format(kind=kind), encoding="utf-8")
    return str(folder)


def test_doctor_counts_the_expectations_of_the_operator(tmp_path: Path, terminal: NewTerminal) -> None:
    folder = own(tmp_path / "own", "ExpectColumnValuesToNotBeNull")
    found = findings(terminal(QUALITY__EXPECTATIONS=folder)("doctor"))
    assert found["expectations"] == ("ok", "1 of your own: 1 of digest")


def test_a_bad_expectation_is_told_by_doctor_and_at_the_start_of_every_job(
    tmp_path: Path, terminal: NewTerminal
) -> None:
    paperboy = terminal(QUALITY__EXPECTATIONS=own(tmp_path / "own", "ExpectTheBest"))
    told = f"{tmp_path / 'own/mine.toml'}: expectation 1 (linked): the kind 'ExpectTheBest' is not known; write one of"
    verdict, line = findings(paperboy("doctor"))["expectations"]
    assert verdict == "FAIL"
    assert told in line
    started = paperboy.process("backfill", "2025-03-10", "2025-03-10")
    assert started.returncode == 1
    assert told in started.stderr
    assert "Traceback" not in started.stderr


def test_an_expectation_of_the_operator_is_judged_by_the_jobs(tmp_path: Path, terminal: NewTerminal) -> None:
    paperboy = terminal(QUALITY__EXPECTATIONS=own(tmp_path / "own", "ExpectColumnValuesToBeNull"))
    started = paperboy.process("backfill", "2025-03-10", "2025-03-10")
    assert started.returncode == 0, started.stderr
    judged = "SELECT passed, severity FROM quality_results WHERE expectation = 'linked'"
    assert warehouse(paperboy.settings).read(judged).rows() == [(False, "WARN")]
