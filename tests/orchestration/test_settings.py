"""The settings: every default written down, the environment over the file, and errors that say where to look."""

import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from orchestration.settings import CHECKOUT, Mail, Settings, SettingsError, current, load

EXAMPLE = CHECKOUT / "paperboy.example.toml"
COMMENTED_KEY = re.compile(r"^# (\w+ = \S+)", re.MULTILINE)


def write(folder: Path, text: str) -> Path:
    file = folder / "paperboy.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(environment: dict[str, str], file: Path | None = None) -> str:
    """The text with which the settings are refused."""
    with pytest.raises(SettingsError) as error:
        load(environment, file or Path("no-such.toml"))
    return str(error.value)


def keys(values: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for key, value in values.items():
        found |= keys(value, f"{key}.") if isinstance(value, dict) else {prefix + key}
    return found


def fields(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key that the settings know, as it is written in the file."""
    found = set()
    for name, info in model.model_fields.items():
        part = info.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            found |= fields(part, f"{name}.")
        else:
            found.add(prefix + (info.alias or name))
    return found


def test_every_value_of_the_example_is_the_default() -> None:
    assert load({}, EXAMPLE) == Settings()


def test_the_example_shows_every_key_but_the_secrets() -> None:
    shown = tomllib.loads(COMMENTED_KEY.sub(r"\1", EXAMPLE.read_text(encoding="utf-8")))
    secrets = {"mail.password", "mail.chat", "bounces.password", "summary.key"}
    assert keys(shown) == fields(Settings) - secrets


def test_the_commented_keys_of_the_example_can_be_set(tmp_path: Path) -> None:
    settings = load({}, write(tmp_path, COMMENTED_KEY.sub(r"\1", EXAMPLE.read_text(encoding="utf-8"))))
    assert settings.home == Path("/srv/paperboy")
    assert settings.taxonomy == Path("/srv/paperboy/taxonomy.toml")
    assert settings.archive.folder == Path("/srv/paperboy/archive")
    assert settings.quality.expectations == Path("/srv/paperboy/expectations")
    assert settings.mail.user == "paperboy"
    assert settings.bounces.address == "bounces@lab.example"


def test_without_a_file_and_variables_the_defaults_hold(tmp_path: Path) -> None:
    assert load({}, tmp_path / "no-such.toml") == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "path", "value"),
    [
        ("PAPERBOY_HOME", "/srv/papers", "home", Path("/srv/papers")),
        ("PAPERBOY_HOME", "~/papers", "home", Path("~/papers").expanduser()),
        ("PAPERBOY_SOURCES", "huggingface, sample", "sources", ("huggingface", "sample")),
        ("PAPERBOY_SOURCES", "huggingface", "sources", ("huggingface",)),
        ("PAPERBOY_FIRST_DAY", "2025-02-03", "first_day", date(2025, 2, 3)),
        ("PAPERBOY_LOCK_WAIT_SECONDS", "0.5", "lock_wait_seconds", 0.5),
        ("PAPERBOY_ARCHIVE__FOLDER", "/srv/days", "archive.folder", Path("/srv/days")),
        ("PAPERBOY_HUGGINGFACE__URL", "http://127.0.0.1:8000/", "huggingface.url", "http://127.0.0.1:8000"),
        ("PAPERBOY_SCHEDULE__TIME", "06:15", "schedule.time", time(6, 15)),
        ("PAPERBOY_MAIL__LANGUAGE", "de", "mail.language", "de"),
        ("PAPERBOY_SCHEDULE__TIME_ZONE", "Europe/Berlin", "schedule.time_zone", "Europe/Berlin"),
        ("PAPERBOY_DIGEST__SIZE", "7", "digest.size", 7),
        ("PAPERBOY_MAIL__TRANSPORT", "smtp", "mail.transport", "smtp"),
        ("PAPERBOY_MAIL__FROM", "Lab <lab@lab.example>", "mail.sender", "Lab <lab@lab.example>"),
        (
            "PAPERBOY_MAIL__RECIPIENTS",
            "Ada <ada@lab.example>, bo@lab.example",
            "mail.recipients",
            ("Ada <ada@lab.example>", "bo@lab.example"),
        ),
    ],
)
def test_a_variable_sets_a_key(variable: str, text: str, path: str, value: object) -> None:
    found: Any = load({variable: text}, Path("no-such.toml"))
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value


def test_a_variable_wins_over_the_file_and_leaves_the_rest_of_its_table(tmp_path: Path) -> None:
    file = write(tmp_path, '[mail]\nhost = "mail.lab.example"\nport = 25\n')
    mail = load({"PAPERBOY_MAIL__PORT": "465"}, file).mail
    assert (mail.host, mail.port) == ("mail.lab.example", 465)


def test_variables_without_the_prefix_are_not_ours() -> None:
    assert load({"HOME": "/root", "MAIL__PORT": "1", "XPAPERBOY_HOME": "/"}, Path("no-such.toml")) == Settings()


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERBOY_DIGEST__SIZE", "3")
    current.cache_clear()
    try:
        assert current().digest.size == 3
        assert current() is current()
    finally:
        current.cache_clear()


def test_paperboy_config_names_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "[digest]\nsize = 9\n")
    assert load({"PAPERBOY_CONFIG": str(file)}).digest.size == 9


def test_a_file_that_paperboy_config_names_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsError, match="No such file") as error:
        load({"PAPERBOY_CONFIG": str(missing)})
    assert str(missing) in str(error.value)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, "[mail\nport = 25")
    text = refused({}, file)
    assert str(file) in text
    assert "line 1" in text


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "paperboy.toml"
    file.write_bytes(b"\xff\xfe\x00")
    assert str(file) in refused({}, file)


@pytest.mark.parametrize(
    ("text", "key", "wrong"),
    [
        ('hmoe = "/srv"', "hmoe", "unknown key"),
        ("[mail]\nprot = 25", "mail.prot", "unknown key"),
        ("[mial]\nport = 25", "mial", "unknown key"),
        ("[mail]\nport = 'many'", "mail.port", "not a number"),
        ("[mail]\nport = true", "mail.port", "not a number"),
        ("[mail]\nport = '25'", "mail.port", "not a number"),
        ("[mail]\nport = 0", "mail.port", "greater than or equal to 1"),
        ("mail = 5", "mail", "dictionary"),
        ("sources = 5", "sources", "tuple"),
        ("sources = []", "sources", "at least 1"),
        ('sources = ["sample", "nature"]', "sources", "the sources are sample, huggingface, arxiv, archive"),
        ('first_day = "soon"', "first_day", "date"),
        ("lock_wait_seconds = -1", "lock_wait_seconds", "greater than or equal to 0"),
        ("[schedule]\ntime = 7", "schedule.time", "not a time of day"),
        ('[mail]\nlanguage = "xx"', "mail.language", "'xx' is none of the languages that there are: de, en, es, fr"),
        ('[schedule]\ntime_zone = "Europe/Atlantis"', "schedule.time_zone", "not a time zone"),
        ('[huggingface]\nurl = "file:///etc/passwd"', "huggingface.url", "not an http or https URL"),
        ('[mail]\ntransport = "pigeon"', "mail.transport", "'maildir' or 'smtp'"),
        ('[mail]\nfrom = "Paperboy"', "mail.from", "not a mail address"),
        ('[mail]\nrecipients = ["A, B <a@lab.example>"]', "mail.recipients", "a name with a comma"),
        ('[mail]\nrecipients = ["a@lab.example", "b at lab"]', "mail.recipients", "not a mail address"),
        ('[mail]\nrecipients = ["a@lab.example (Ada)"]', "mail.recipients", "not a mail address"),
        ("[mail]\nper_minute = 0", "mail.per_minute", "greater than or equal to 1"),
        ("[mail]\nper_connection = 0", "mail.per_connection", "greater than or equal to 1"),
        ('[mail]\ndkim_selector = "news"', "mail", "dkim_selector and dkim_key_file are set together"),
        ('[mail]\ndkim_selector = "no, news"', "mail.dkim_selector", "is not a selector"),
    ],
)
def test_a_wrong_key_of_the_file_is_named_with_the_file(tmp_path: Path, text: str, key: str, wrong: str) -> None:
    file = write(tmp_path, text)
    (line,) = refused({}, file).splitlines()
    assert line.startswith(f"{key} in {file}: ")
    assert wrong in line


@pytest.mark.parametrize(
    ("variable", "text", "key", "wrong"),
    [
        ("PAPERBOY_HMOE", "/srv", "hmoe", "unknown key"),
        ("PAPERBOY_MAIL__PROT", "25", "mail.prot", "unknown key"),
        ("PAPERBOY_MIAL__PORT", "25", "mial", "unknown key"),
        ("PAPERBOY_MAIL__PORT", "many", "mail.port", "integer"),
        ("PAPERBOY_MAIL__PORT__X", "25", "mail.port", "integer"),
        ("PAPERBOY_SCHEDULE__TIME", "7", "schedule.time", "not a time of day"),
        ("PAPERBOY_SCHEDULE__TIME", "25:00", "schedule.time", "time"),
        ("PAPERBOY_MAIL", "smtp", "mail", "dictionary"),
        ("PAPERBOY_SOURCES", "sample, nature", "sources", "'nature' is not a source"),
        ("PAPERBOY_MAIL__RECIPIENTS", "a@lab.example, b at lab", "mail.recipients", "'b at lab'"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, text: str, key: str, wrong: str) -> None:
    file = write(tmp_path, "[digest]\nsize = 7\n")
    (line,) = refused({variable: text}, file).splitlines()
    assert line.startswith(f"{key} in {variable}: ")
    assert wrong in line


def test_a_variable_below_a_value_is_named() -> None:
    assert "PAPERBOY_MAIL__PORT" in refused({"PAPERBOY_MAIL": "smtp", "PAPERBOY_MAIL__PORT": "25"})


def test_every_error_has_its_line_and_its_place(tmp_path: Path) -> None:
    file = write(tmp_path, '[mail]\nprot = 25\ntransport = "pigeon"\n')
    lines = refused({"PAPERBOY_DIGEST__SIZE": "none"}, file).splitlines()
    assert sorted(line.split(": ")[0] for line in lines) == [
        "digest.size in PAPERBOY_DIGEST__SIZE",
        f"mail.prot in {file}",
        f"mail.transport in {file}",
    ]


def test_the_archive_needs_its_folder() -> None:
    assert "archive.folder (PAPERBOY_ARCHIVE__FOLDER)" in refused({"PAPERBOY_SOURCES": "archive"})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().home = Path("/")  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        Mail().port = 1  # type: ignore[misc]


def test_the_default_home_is_not_under_version_control() -> None:
    ignored = (CHECKOUT / ".gitignore").read_text(encoding="utf-8").split()
    assert Settings().home == CHECKOUT / ".paperboy"
    assert any(line.strip("/") == ".paperboy" for line in ignored)
