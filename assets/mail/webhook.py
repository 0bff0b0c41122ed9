"""Posting to a webhook by the library apprise, which is imported only where there is one.

A webhook's URL holds a token. It stands in no log and no reason: what the library says is heard here alone.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from assets.mail.edition import one_line, shortened
from assets.mail.transport import DeliveryUnknown, Undelivered

Said = Callable[[int, int], tuple[str, str]]
"""From the characters that a title and a text may have to both; a service without titles has room for 0."""

REFUSED = re.compile(r"error=(?!504)")
"""How the library tells that the service answered, and what; a gateway that lost patience (504) knows nothing."""

NEVER_REACHED = re.compile(r"NewConnectionError|ConnectTimeoutError|NameResolutionError|SSLError")
"""How it tells, in the words of urllib3, that not a byte of the message left."""


def name(url: str) -> str:
    """What the target is called: by a part of its digest, for its URL is a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def unusable(urls: Sequence[str]) -> list[int]:
    """The targets that apprise cannot read, by their place, from 1."""
    if not urls:
        return []
    import apprise

    with _heard():
        return [place for place, url in enumerate(urls, 1) if not apprise.Apprise().add(url)]


def post(url: str, said: Said) -> None:
    """Post a title and a text to one target, once.

    Raises `Undelivered` where the service surely did not take it, `DeliveryUnknown` where nobody can know.
    """
    import apprise

    with _heard() as heard:
        target = apprise.Apprise()
        if not target.add(url):
            raise Undelivered("apprise cannot read the URL: paperboy doctor says which", permanent=True)
        title, text = said(*_room(target[0]))
        try:
            accepted = target.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - a plugin may fail as it likes
            raise DeliveryUnknown(f"not confirmed: apprise failed with {type(error).__name__}") from None
    if accepted:
        return
    told = "\n".join(line for level, line in heard if level >= logging.WARNING).replace(url, "the URL")
    reason = f"not confirmed: {shortened(one_line(told), 200)}"
    everything = "\n".join(line for _, line in heard)
    if REFUSED.search(told) or NEVER_REACHED.search(everything):
        raise Undelivered(reason)
    raise DeliveryUnknown(reason)


def _room(plugin: Any) -> tuple[int, int]:
    """How long a title and a text may be; what is longer nevertheless, once it is written its way, is cut."""
    import apprise

    if plugin.overflow_mode == apprise.OverflowMode.UPSTREAM:
        plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    return plugin.title_maxlen, plugin.body_maxlen


class _Listening(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage()))


@contextmanager
def _heard() -> Iterator[list[tuple[int, str]]]:
    """What the library says meanwhile, by level; nobody else hears it."""
    log, listening = logging.getLogger("apprise"), _Listening()
    level, propagate = log.level, log.propagate
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(listening)
    try:
        yield listening.lines
    finally:
        log.removeHandler(listening)
        log.propagate = propagate
        log.setLevel(level)
