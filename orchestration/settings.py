"""What the operator decides: `paperboy.toml` overridden by `PAPERBOY_*`, as one typed, validated `Settings`.

Every default lives here. Secrets are read from the environment, so that they never lie in a file that is copied,
committed or shown.
"""

import datetime
import os
import tomllib
from collections.abc import Mapping
from email.utils import parseaddr
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic import ValidationError as InvalidValue

from assets.mail.formula import DEFAULT
from orchestration import keys
from orchestration.values import (
    Address,
    Category,
    Clock,
    Database,
    Days,
    Folder,
    Hours,
    Inbox,
    Language,
    Network,
    PublicUrl,
    Returning,
    Seconds,
    Selector,
    SourceName,
    Url,
    Weight,
    Whole,
    Written,
    Zone,
    split,
)

HUGGING_FACE = "https://huggingface.co"
CHECKOUT = Path(__file__).resolve().parents[1]
PREFIX = "PAPERBOY_"
SECRETS = (("mail", "password"), ("mail", "chat"), ("bounces", "password"), ("summary", "key"))
"""What is read from the environment only."""


class SettingsError(Exception):
    """The settings cannot be used; each line of the text names a key, where it stands and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def _together(self, one: str, other: str) -> None:
        """Raise `ValueError` unless both are set, or neither."""
        if (getattr(self, one) is None) != (getattr(self, other) is None):
            raise ValueError(f"{one} and {other} are set together, or neither is")


class Http(_Part):
    """How every source is asked: who asks, how long is waited, how often it is tried again."""

    contact: Address | None = None
    connect_seconds: Seconds = Field(default=10, gt=0)
    total_seconds: Seconds = Field(default=300, gt=0)
    attempts: Whole = Field(default=4, ge=1, le=20)
    backoff_seconds: Seconds = Field(default=1, ge=0)
    retry_after_cap_seconds: Seconds = Field(default=120, ge=0)
    max_body_mib: Whole = Field(default=64, ge=1, le=1024)


class Fetch(_Part):
    """What becomes of lists that come late, or not whole."""

    late_days: Whole = Field(default=7, ge=0, le=31)
    catch_up_days: Whole = Field(default=7, ge=1, le=31)
    deliver_incomplete: bool = False


class HuggingFace(_Part):
    """The daily papers' API."""

    url: Url = HUGGING_FACE
    page_size: Whole = Field(default=100, ge=1, le=100)
    timeout_seconds: Seconds = Field(default=30, gt=0)
    seconds_between_requests: Seconds = Field(default=0.2, ge=0)
    join_arxiv: bool | None = None
    holidays: Days = ()

    @property
    def joined(self) -> bool:
        """Whether arXiv is asked for what the list leaves out; if not said, of the real service only."""
        return self.url == HUGGING_FACE if self.join_arxiv is None else self.join_arxiv


class Arxiv(_Part):
    """arXiv's three services; one politeness over all of them."""

    categories: Annotated[tuple[Category, ...], BeforeValidator(split)] = Field(
        default=("cs.AI", "cs.CL", "cs.CV", "cs.LG"), min_length=1
    )
    feed_url: Url = "https://rss.arxiv.org/atom"
    oai_url: Url = "https://oaipmh.arxiv.org/oai"
    query_url: Url = "https://export.arxiv.org/api/query"
    timeout_seconds: Seconds = Field(default=60, gt=0)
    seconds_between_requests: Seconds = Field(default=3, ge=0)
    holidays: Days = ()


class Archive(_Part):
    """A folder of recorded bodies, `DATE.json` or `DATE.json.gz`, in the daily papers' shape."""

    folder: Folder | None = None

    @property
    def needed_folder(self) -> Path:
        """The folder, where the source is used."""
        if self.folder is None:
            raise SettingsError("sources names 'archive': set archive.folder (PAPERBOY_ARCHIVE__FOLDER) too")
        return self.folder


class Dedupe(_Part):
    """Which records are one work."""

    decisions: Folder | None = None


class Quality(_Part):
    """What is expected of the tables beside what Paperboy expects, and what is told of the gate's judgements.

    `url` is where a browser finds the folder `reports` of the home.
    """

    expectations: Folder | None = None
    data_docs_days: Whole = Field(default=30, ge=0, le=3650)
    url: Url = "http://127.0.0.1:3001"


class Schedule(_Part):
    """When the digest of the day before is made; `time_zone` also says where a day begins and ends."""

    time: Clock = datetime.time(7, 30)
    time_zone: Zone = "UTC"


class Digest(_Part):
    """The edition."""

    size: Whole = Field(default=20, ge=1, le=200)


class Rank(_Part):
    """What each part of the ranking's formula counts, and after how many hours votes and comments count half."""

    half_life: Hours = Field(default=DEFAULT.half_life, gt=0, le=8760)
    votes: Weight = DEFAULT.votes
    velocity: Weight = DEFAULT.velocity
    comments: Weight = DEFAULT.comments
    prior: Weight = DEFAULT.prior
    code: Weight = DEFAULT.code
    variety: Weight = DEFAULT.variety


class Summary(_Part):
    """A language model that writes a line about each paper of an edition; none, unless the operator names one.

    `url` is an OpenAI-compatible endpoint's, without `/chat/completions`.
    """

    url: Annotated[Url, AfterValidator(keys.plain)] | None = None
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    key: SecretStr | None = None
    key_file: Folder | None = None
    timeout_seconds: Seconds = Field(default=30, gt=0)
    day_papers: Whole = Field(default=20, ge=1, le=200)
    day_seconds: Seconds = Field(default=120, gt=0, le=3600)

    def secret(self) -> str:
        """The key, empty where there is none. Raises `SettingsError`, which does not repeat it."""
        try:
            if self.key:
                return keys.word(self.key.get_secret_value())
            return keys.read(self.key_file) if self.key_file else ""
        except ValueError as error:
            place = f"{PREFIX}SUMMARY__KEY" if self.key else f"summary.key_file {self.key_file}"
            raise SettingsError(f"{place}: {error}") from None

    @model_validator(mode="after")
    def _can_be_asked(self) -> "Summary":
        self._together("url", "model")
        if self.url and (self.key or self.key_file) and not keys.private(self.url):
            raise ValueError("a key goes over https, or to this machine itself, only")
        return self


class Mail(_Part):
    """Who is mailed, and how."""

    transport: Literal["maildir", "smtp"] = "maildir"
    sender: Address = Field(default="Paperboy <paperboy@paperboy.example>", alias="from")
    recipients: Annotated[tuple[Address, ...], BeforeValidator(split)] = ("reader@paperboy.example",)
    current_days: Whole = Field(default=4, ge=1, le=31)
    language: Language = "en"
    host: str = "localhost"
    port: Whole = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    timeout_seconds: Seconds = Field(default=30, gt=0)
    database: Database | None = None
    per_minute: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    per_connection: Whole = Field(default=100, ge=1, le=100_000)
    chat: Annotated[tuple[SecretStr, ...], BeforeValidator(split)] = ()
    dkim_selector: Selector | None = None
    dkim_key_file: Folder | None = None

    @model_validator(mode="after")
    def _can_sign(self) -> "Mail":
        self._together("dkim_selector", "dkim_key_file")
        return self


class Bounces(_Part):
    """Where mails that cannot be delivered come back to, and where they are read; nowhere, unless the operator says."""

    address: Returning | None = None
    inbox: Inbox | None = None
    password: SecretStr | None = None
    hard_bounces: Whole = Field(default=2, ge=1, le=20)

    @model_validator(mode="after")
    def _can_be_read(self) -> "Bounces":
        self._together("address", "inbox")
        return self


class Web(_Part):
    """The web service, `paperboy serve`: where it listens, where readers find it, and how often they may ask."""

    url: PublicUrl | None = None
    host: str = "127.0.0.1"
    port: Whole = Field(default=3002, ge=1, le=65535)
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(split)] = ()
    confirm_hours: Whole = Field(default=48, ge=1, le=720)
    mails_per_address: Whole = Field(default=3, ge=1, le=100)
    asks_per_visitor: Whole = Field(default=20, ge=1, le=10_000)
    asks_per_day: Whole = Field(default=200, ge=1, le=100_000)


class Alerts(_Part):
    """Who is told when a day fails; nobody, unless the operator names somebody."""

    to: Annotated[tuple[Address, ...], BeforeValidator(split)] = ()
    notify: Annotated[tuple[SecretStr, ...], BeforeValidator(split)] = ()


class Settings(_Part):
    """The whole of it; see `paperboy.example.toml` for what each key means."""

    home: Folder = CHECKOUT / ".paperboy"
    sources: Annotated[tuple[SourceName, ...], BeforeValidator(split)] = Field(default=("sample",), min_length=1)
    first_day: datetime.date = datetime.date(2024, 1, 1)
    taxonomy: Folder | None = None
    lock_wait_seconds: Seconds = Field(default=60, ge=0)
    http: Http = Http()
    fetch: Fetch = Fetch()
    huggingface: HuggingFace = HuggingFace()
    arxiv: Arxiv = Arxiv()
    archive: Archive = Archive()
    dedupe: Dedupe = Dedupe()
    quality: Quality = Quality()
    schedule: Schedule = Schedule()
    digest: Digest = Digest()
    rank: Rank = Rank()
    summary: Summary = Summary()
    mail: Mail = Mail()
    bounces: Bounces = Bounces()
    web: Web = Web()
    alerts: Alerts = Alerts()

    @property
    def contact(self) -> str:
        """The address that upstreams are told: `http.contact`, else that of the mail's sender."""
        return parseaddr(self.http.contact or self.mail.sender)[1]

    @property
    def search_file(self) -> Path:
        """The index of all works, which `paperboy search` reads."""
        return self.home / "search.sqlite"

    @property
    def mail_file(self) -> Path:
        """The database of the readers and of what was mailed to whom, unless `mail.database` names another."""
        return self.home / "outbox.sqlite"

    @property
    def editions(self) -> Path:
        """The folder of the editions that were mailed, which the web service shows."""
        return self.home / "editions"

    @property
    def reports(self) -> Path:
        """The folder of all that is written for a browser."""
        return self.home / "reports"

    def yesterday(self) -> datetime.date:
        """The newest day that is over, in the operator's time zone."""
        return datetime.datetime.now(ZoneInfo(self.schedule.time_zone)).date() - datetime.timedelta(days=1)

    @model_validator(mode="after")
    def _archive_has_a_folder(self) -> "Settings":
        if "archive" in self.sources:
            _ = self.archive.needed_folder
        return self


def load(environment: Mapping[str, str] = os.environ, file: Path | None = None) -> Settings:
    """The settings of `file` overridden by the environment.

    Without `file`, `PAPERBOY_CONFIG` names it, else `paperboy.toml` of the checkout is read where it exists.
    Raises `SettingsError` naming every unknown key and wrong value, and the file or variable it stands in.
    """
    variables = {
        name: value for name, value in environment.items() if name.startswith(PREFIX) and name != PREFIX + "CONFIG"
    }
    file = file or Path(environment.get(PREFIX + "CONFIG", CHECKOUT / "paperboy.toml"))
    values = _read(file) if file.exists() or PREFIX + "CONFIG" in environment else {}
    for part, name in SECRETS:
        if isinstance(table := values.get(part), dict) and name in table:
            variable = f"{PREFIX}{part}__{name}".upper()
            raise SettingsError(f"{part}.{name} in {file}: a secret belongs into {variable}, not here")
    for name, value in variables.items():
        _put(values, _key(name), Written(value), name)
    try:
        return Settings.model_validate(values)
    except InvalidValue as error:
        raise SettingsError("\n".join(_lines(error, variables, file))) from None


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None


def _key(variable: str) -> list[str]:
    return variable.removeprefix(PREFIX).lower().split("__")


def _put(values: dict[str, Any], key: list[str], value: str, variable: str) -> None:
    *tables, last = key
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise SettingsError(f"{variable}: {table!r} is a value, not a table")
    values[last] = value


def _lines(error: InvalidValue, variables: Mapping[str, str], file: Path) -> list[str]:
    """An error a line: the key, where it was written, and what is wrong with it."""
    where = {".".join(_key(name)): name for name in variables}
    lines = []
    for detail in error.errors():
        key = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = "unknown key"
        # A variable may go deeper than the key that is wrong: PAPERBOY_MIAL__PORT, where there is no table `mial`.
        place = next((name for path, name in where.items() if f"{path}.".startswith(f"{key}.")), str(file))
        lines.append(f"{key} in {place}: {message}" if key else message)
    return lines
