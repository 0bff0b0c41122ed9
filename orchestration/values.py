"""The kinds of values that settings have: what is written, and what is wrong with it in words."""

import datetime
import re
from email.utils import getaddresses
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from assets.fetch.registry import SOURCES
from assets.mail.message import mailbox
from assets.mail.returned.address import LONGEST_MAILBOX
from assets.mail.words import known
from orchestration import keys

MOST_OF_URL = 200
DATABASE_OPTIONS = {"host", "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile"}


def split(value: object) -> object:
    """A list written in one environment variable: `a, b`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Written(str):
    """A value of an environment variable, which has no type of its own."""

    __slots__ = ()


def _number(value: object) -> object:
    """A number of the file is written as one: pydantic would take `true` for 1 and `"25"` for 25."""
    if isinstance(value, bool) or (isinstance(value, str) and not isinstance(value, Written)):
        raise ValueError(f"{value!r} is not a number")
    return value


def _address(text: str) -> str:
    parsed = getaddresses([text])
    if len(parsed) != 1:
        raise ValueError(f"{text!r} is not one mail address; a name with a comma stands in double quotes")
    try:
        mailbox(text)  # as the mail reads it
    except (ValueError, IndexError) as error:
        raise ValueError(f"{text!r} is not a mail address: {error}") from None
    return text


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is not an http or https URL")
    return url.rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError):
        raise ValueError(f"{name!r} is not a time zone; write one like 'Europe/Berlin' or 'UTC'") from None
    return name


def _clock(value: object) -> object:
    """Pydantic takes a bare number for seconds after midnight; who writes 7 means something else."""
    if isinstance(value, datetime.time) or (isinstance(value, str) and ":" in value):
        return value
    raise ValueError(f"{value!r} is not a time of day; write one like 07:30:00")


def _category(name: str) -> str:
    if not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", name):
        raise ValueError(f"{name!r} is not an arXiv category; write one like 'cs.CL' or 'hep-th'")
    return name


def _known(source: str) -> str:
    if source not in SOURCES:
        raise ValueError(f"{source!r} is not a source; the sources are {', '.join(SOURCES)}")
    return source


def _public(url: str) -> str:
    """Where readers find the service; what is sent to them must not be read on the way. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not keys.private(url) or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not an https URL; write one like 'https://papers.lab.example'")
    if not parts.hostname or not url.isascii() or len(url) > MOST_OF_URL or re.search(r"[\s<>@\"]", url):
        raise ValueError(f"{url!r} is not the address of a web site, of at most {MOST_OF_URL} characters of ASCII")
    return url.rstrip("/")


def _database(value: object) -> object:
    """Where PostgreSQL has the mail's database. Raises `ValueError`, which repeats nothing: a password may be in it."""
    text = str(value)
    try:
        parts = urlsplit(text)
        options = set(parse_qs(parts.query, strict_parsing=True)) if parts.query else set()
        whole = parts.scheme == "postgresql" and re.fullmatch(r"/[^/@]+", parts.path) and not parts.fragment
        whole = whole and parts.netloc.count("@") < 2  # else where the password ends is not read alike by all
        _ = parts.port
    except ValueError:
        whole = False
    if not whole:
        like = "'postgresql://paperboy@db.lab.example/paperboy'"
        raise ValueError(
            f"not a database of PostgreSQL; write one like {like}, a / in a password is %2F there, a @ is %40"
        )
    if not options <= DATABASE_OPTIONS:
        raise ValueError(f"after the ? only {', '.join(sorted(DATABASE_OPTIONS))} can be set")
    if parts.password is not None and not isinstance(value, Written):
        raise ValueError("a password belongs into PAPERBOY_MAIL__DATABASE, PGPASSWORD or ~/.pgpass, not here")
    return text


def _selector(text: str) -> str:
    """A part of a name in the DNS. Raises `ValueError`."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", text):
        raise ValueError(f"{text!r} is not a selector: letters, digits and hyphens, as 'paperboy'")
    return text


def _network(text: str) -> str:
    """One address, or a network of them. Raises `ValueError`."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address, or a network like '10.0.0.0/8'") from None
    return text


def _returning(text: str) -> str:
    """A mailbox of which plus addresses can be made, in lower case. Raises `ValueError`."""
    found = mailbox(text)
    local, domain = found.username.lower(), found.domain.lower()
    if found.display_name or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", local):
        raise ValueError(f"{text!r} is not an address of letters and digits alone, like 'bounces@lab.example'")
    if len(local) > LONGEST_MAILBOX:
        raise ValueError(f"{text!r} has more than {LONGEST_MAILBOX} characters before the @; a token follows them")
    return f"{local}@{domain}"


def _inbox(place: str) -> str:
    """A Maildir's folder, or a mailbox of an IMAP server. Raises `ValueError`, which does not repeat a password."""
    if "://" not in place:
        return str(Path(place).expanduser())
    parts = urlsplit(place)
    if parts.password is not None:
        raise ValueError("the password does not stand in it: it belongs into PAPERBOY_BOUNCES__PASSWORD")
    user, folder = unquote(parts.username or ""), unquote(parts.path).strip("/")
    if parts.scheme != "imaps" or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write it as imaps://user@imap.lab.example/INBOX, or the path of a Maildir")
    if not re.fullmatch(r"[\w.+=@-]+", user, re.ASCII) or not re.fullmatch(r'[^"\\\x00-\x1f\x7f-\uffff]+', folder):
        raise ValueError("write it as imaps://user@imap.lab.example/INBOX, with a user and a mailbox in plain ASCII")
    return place


Whole = Annotated[int, BeforeValidator(_number)]
Seconds = Annotated[float, BeforeValidator(_number)]
Hours = Annotated[float, BeforeValidator(_number)]
Weight = Annotated[float, BeforeValidator(_number), Field(ge=0, le=100)]
Category = Annotated[str, AfterValidator(_category)]
Address = Annotated[str, AfterValidator(_address)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
SourceName = Annotated[str, AfterValidator(_known)]
Url = Annotated[str, AfterValidator(_http)]
PublicUrl = Annotated[str, AfterValidator(_public)]
Selector = Annotated[str, AfterValidator(_selector)]
Network = Annotated[str, AfterValidator(_network)]
Database = Annotated[SecretStr, BeforeValidator(_database)]
Returning = Annotated[str, AfterValidator(_returning)]
Inbox = Annotated[str, AfterValidator(_inbox)]
Days = Annotated[tuple[datetime.date, ...], BeforeValidator(split)]
Language = Annotated[str, AfterValidator(known)]
Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[datetime.time, BeforeValidator(_clock)]
