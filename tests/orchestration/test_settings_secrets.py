"""The settings' secrets, which stand in no file and no error, and the parts that nobody has who does not name them."""

import re
from pathlib import Path

import pytest
from sqlalchemy import URL

from orchestration.resources import database
from orchestration.settings import SettingsError, load
from tests.orchestration.test_settings import refused, write

HIDDEN = "hunter2"


def assert_refused(part: str, variables: dict[str, str], told: str) -> None:
    """A part of the settings is refused, in words that repeat no secret."""
    text = refused({f"PAPERBOY_{part.upper()}__{name}": value for name, value in variables.items()})
    assert text.startswith(part)
    assert told in text
    assert HIDDEN not in text


def test_the_password_comes_from_the_environment() -> None:
    settings = load({"PAPERBOY_MAIL__PASSWORD": HIDDEN}, Path("no-such.toml"))
    assert settings.mail.password is not None
    assert settings.mail.password.get_secret_value() == HIDDEN
    assert HIDDEN not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    file = write(tmp_path, f'[mail]\npassword = "{HIDDEN}"\n')
    text = refused({}, file)
    assert text.startswith(f"mail.password in {file}: ")
    assert "PAPERBOY_MAIL__PASSWORD" in text
    assert HIDDEN not in text


DATABASE = "postgresql://paperboy@db.lab.example/paperboy"


def test_the_database_is_named_in_the_file_and_its_password_is_not(tmp_path: Path) -> None:
    named = load({}, write(tmp_path, f'[mail]\ndatabase = "{DATABASE}?sslmode=verify-full"\n'))
    assert str(database(named)) == f"{DATABASE}?sslmode=verify-full"
    with_password = DATABASE.replace("@", f":{HIDDEN}@")
    file = write(tmp_path, f'[mail]\ndatabase = "{with_password}"\n')
    belongs = "a password belongs into PAPERBOY_MAIL__DATABASE, PGPASSWORD or ~/.pgpass, not here"
    assert refused({}, file) == f"mail.database in {file}: {belongs}"
    settings = load({"PAPERBOY_MAIL__DATABASE": with_password}, file)
    place = database(settings)
    assert isinstance(place, URL)
    assert place.password == HIDDEN
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {place!r} {place}"
    assert HIDDEN not in shown


@pytest.mark.parametrize(
    "written",
    [
        f"mysql://paperboy:{HIDDEN}@db/paperboy",
        f"postgresql+psycopg://paperboy:{HIDDEN}@db/paperboy",
        f"postgresql://paperboy:{HIDDEN}@db",
        f"postgresql://paperboy:{HIDDEN}@db/paperboy/more",
        f"postgresql://paperboy:x/{HIDDEN}@db/paperboy",
        f"postgresql://paperboy:12/{HIDDEN}@db",
        f"postgresql://paperboy:x?{HIDDEN}@db/paperboy",
        f"postgresql://paperboy:x#{HIDDEN}@db/paperboy",
        f"postgresql://paperboy:x@{HIDDEN}@db/paperboy",
        f"postgresql://paperboy@db/paperboy?{HIDDEN}",
        f"postgresql://paperboy@db/paperboy?password={HIDDEN}",
        f"postgresql://paperboy@db/paperboy?dbname={HIDDEN}",
        f"{HIDDEN}",
        "",
    ],
)
def test_what_names_no_database_is_refused_and_not_repeated(written: str) -> None:
    text = refused({"PAPERBOY_MAIL__DATABASE": written})
    assert text.startswith("mail.database in PAPERBOY_MAIL__DATABASE: ")
    assert HIDDEN not in text


@pytest.mark.parametrize("variable", ["PAPERBOY_MAIL__PASSWORD__X", "PAPERBOY_MAIL__PASWORD"])
def test_no_error_repeats_a_password(variable: str) -> None:
    text = refused({variable: HIDDEN, "PAPERBOY_MAIL__PORT": "many"})
    assert variable in text
    assert HIDDEN not in text


def test_chat_channels_come_from_the_environment_only(tmp_path: Path) -> None:
    settings = load({"PAPERBOY_MAIL__CHAT": f"slack://{HIDDEN}, json://lab.example/{HIDDEN}"}, Path("no-such.toml"))
    assert [url.get_secret_value() for url in settings.mail.chat] == [
        f"slack://{HIDDEN}",
        f"json://lab.example/{HIDDEN}",
    ]
    assert HIDDEN not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    file = write(tmp_path, f'[mail]\nchat = ["slack://{HIDDEN}"]\n')
    assert refused({}, file) == f"mail.chat in {file}: a secret belongs into PAPERBOY_MAIL__CHAT, not here"


MODEL = {"PAPERBOY_SUMMARY__URL": "https://model.example/v1/", "PAPERBOY_SUMMARY__MODEL": "parrot-1"}


def test_the_key_of_the_model_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{HIDDEN}\n")
    nowhere = Path("no-such.toml")
    assert load(MODEL, nowhere).summary.url == "https://model.example/v1"
    assert load(MODEL, nowhere).summary.secret() == ""
    for variables in ({"PAPERBOY_SUMMARY__KEY": HIDDEN}, {"PAPERBOY_SUMMARY__KEY_FILE": str(file)}):
        settings = load(MODEL | variables, nowhere)
        assert settings.summary.secret() == HIDDEN
        assert HIDDEN not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    file = write(tmp_path, f'[summary]\nkey = "{HIDDEN}"\n')
    text = refused({}, file)
    assert text == f"summary.key in {file}: a secret belongs into PAPERBOY_SUMMARY__KEY, not here"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"URL": "https://model.example/v1"}, "url and model are set together"),
        ({"MODEL": "parrot-1"}, "url and model are set together"),
        ({"URL": "model.example", "MODEL": "m"}, "not an http or https URL"),
        ({"URL": f"https://{HIDDEN}@model.example/v1", "MODEL": "m"}, "a key does not stand in it"),
        ({"URL": f"https://model.example/v1?key={HIDDEN}", "MODEL": "m"}, "a key does not stand in it"),
        ({"URL": "http://model.example/v1", "MODEL": "m", "KEY": HIDDEN}, "a key goes over https"),
        ({"URL": "http://model.example/v1", "MODEL": "m", "KEY_FILE": "/run/key"}, "a key goes over https"),
    ],
)
def test_a_model_that_cannot_be_asked_is_refused(variables: dict[str, str], told: str) -> None:
    assert_refused("summary", variables, told)


def test_a_key_goes_to_this_machine_itself_without_tls() -> None:
    local = MODEL | {"PAPERBOY_SUMMARY__URL": "http://127.0.0.1:11434/v1", "PAPERBOY_SUMMARY__KEY": HIDDEN}
    assert load(local, Path("no-such.toml")).summary.secret() == HIDDEN


@pytest.mark.parametrize("content", [b"", b"two words", b"caf\xc3\xa9", b"\xff\xfe", b"a\nb"])
def test_a_key_that_is_none_is_told_with_its_place_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    summary = load(MODEL | {"PAPERBOY_SUMMARY__KEY_FILE": str(file)}, Path("no-such.toml")).summary
    with pytest.raises(SettingsError, match=f"^summary.key_file {re.escape(str(file))}: ") as error:
        summary.secret()
    assert "words" not in str(error.value)
    file.unlink()
    with pytest.raises(SettingsError, match="No such file"):
        summary.secret()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ADDRESS": "bounces@lab.example"}, "address and inbox are set together"),
        ({"INBOX": "/srv/returned"}, "address and inbox are set together"),
        ({"ADDRESS": "Bounces <bounces@lab.example>", "INBOX": "/srv"}, "not an address of letters and digits alone"),
        ({"ADDRESS": "bounces+x@lab.example", "INBOX": "/srv"}, "not an address of letters and digits alone"),
        ({"ADDRESS": "größe@lab.example", "INBOX": "/srv"}, "not an address of letters and digits alone"),
        ({"ADDRESS": f"{'b' * 23}@lab.example", "INBOX": "/srv"}, "more than 22 characters before the @"),
        ({"ADDRESS": "bounces", "INBOX": "/srv"}, "@"),
        *(
            ({"ADDRESS": "bounces@lab.example", "INBOX": inbox}, told)
            for inbox, told in (
                ("imap://ada@lab.example/INBOX", "write it as imaps://"),
                ("https://lab.example/INBOX", "write it as imaps://"),
                ("imaps://ada@/INBOX", "write it as imaps://"),
                ("imaps://ada@lab.example", "in plain ASCII"),
                ("imaps://lab.example/INBOX", "in plain ASCII"),
                ("imaps://a%20b@lab.example/INBOX", "in plain ASCII"),
                ("imaps://a%0d%0ab@lab.example/INBOX", "in plain ASCII"),
                ("imaps://ada@lab.example/IN%22BOX", "in plain ASCII"),
                ("imaps://ada@lab.example/IN%0d%0aBOX", "in plain ASCII"),
                (f"imaps://ada:{HIDDEN}@lab.example/INBOX", "belongs into PAPERBOY_BOUNCES__PASSWORD"),
            )
        ),
        ({"ADDRESS": "bounces@lab.example", "INBOX": "/srv", "HARD_BOUNCES": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_mailbox_for_bounces_that_cannot_be_one_is_refused(variables: dict[str, str], told: str) -> None:
    assert_refused("bounces", variables, told)


def test_mails_come_back_to_an_address_in_lower_case() -> None:
    variables = {"PAPERBOY_BOUNCES__ADDRESS": "Bounces.Lab@Lab.Example", "PAPERBOY_BOUNCES__INBOX": "~/returned"}
    bounces = load(variables | {"PAPERBOY_BOUNCES__PASSWORD": HIDDEN}, Path("no-such.toml")).bounces
    assert (bounces.address, bounces.inbox) == ("bounces.lab@lab.example", str(Path("~/returned").expanduser()))
    assert HIDDEN not in repr(bounces)
