"""The key of a service, and the address that it may be sent to. No error repeats a key."""

import re
from pathlib import Path
from urllib.parse import urlsplit

_ITSELF = ("localhost", "127.0.0.1", "::1")


def plain(url: str) -> str:
    """The address, if it may be told in messages; raises `ValueError` for one that may hold a key."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("write it as https://host/v1; a key does not stand in it")
    return url


def private(url: str) -> bool:
    """Whether nobody on the way can read what is sent there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _ITSELF


def read(file: Path) -> str:
    """The key that stands in a file. Raises `ValueError`."""
    try:
        return word(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(error.strerror) from None
    except UnicodeDecodeError:
        raise ValueError("not a text in UTF-8") from None


def word(text: str) -> str:
    """The key without the space around it; raises `ValueError` for what cannot stand in a header."""
    if not re.fullmatch(r"[!-~]+", text.strip()):
        raise ValueError("a key is one word of visible ASCII characters")
    return text.strip()
