"""The newest editions as an Atom feed (RFC 4287) and a JSON Feed (version 1.1), from what is kept of them."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assets.mail.shelf import Kept
from assets.mail.web.pages import environment

ENTRIES = 20
TITLE = "Paperboy: the paper digest"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(url: str, newest: Sequence[Kept]) -> str:
    """The feed of the editions below `url` as XML."""
    updated = newest[0].kept_at.isoformat() if newest else "1970-01-01T00:00:00+00:00"
    entries = [asdict(kept) | {"content": _content(kept)} for kept in newest]
    page = _ENVIRONMENT.get_template("feed.xml").render(url=url, title=TITLE, updated=updated, entries=entries)
    return _NOT_XML.sub("\ufffd", page)


def json_feed(url: str, newest: Sequence[Kept]) -> dict[str, Any]:
    """The feed as a JSON value."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": f"{url}/",
        "feed_url": f"{url}/feed.json",
        "items": [
            {
                "id": f"{url}/editions/{kept.day}",
                "url": f"{url}/editions/{kept.day}",
                "title": kept.subject,
                "summary": kept.lead,
                "content_html": _content(kept),
                "date_published": kept.kept_at.isoformat(),
            }
            for kept in newest
        ],
    }


def _content(kept: Kept) -> str:
    return _ENVIRONMENT.get_template("entry.html").render(kept=kept)


_ENVIRONMENT = environment()
