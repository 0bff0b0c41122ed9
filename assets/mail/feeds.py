"""The newest editions as an Atom feed (RFC 4287) and a JSON Feed (version 1.1), from what is kept of them.

The web service answers with them; beside the editions they lie as files, for any web server that publishes the folder.
"""

import json
import re
from dataclasses import asdict, dataclass
from functools import lru_cache

from assets.mail.render import environment
from assets.mail.shelf import Kept, Shelf

ENTRIES = 20
TITLE = "Paperboy: the paper digest"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Place:
    """Where a feed is, below `url`, and what the address of an edition's page ends in beside its day."""

    url: str
    feed: str
    ending: str = ""


@lru_cache(maxsize=2)
def atom(place: Place, newest: tuple[Kept, ...]) -> str:
    """The feed of the editions as XML, made once for the same ones: it is asked for every few minutes."""
    updated = newest[0].kept_at.isoformat() if newest else "1970-01-01T00:00:00+00:00"
    entries = [asdict(kept) | {"content": _content(kept)} for kept in newest]
    page = _ENVIRONMENT.get_template("feed.xml").render(place=place, title=TITLE, updated=updated, entries=entries)
    return _NOT_XML.sub("\ufffd", page)


@lru_cache(maxsize=2)
def json_feed(place: Place, newest: tuple[Kept, ...]) -> str:
    """The feed as JSON, likewise."""
    found = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": f"{place.url}/",
        "feed_url": f"{place.url}/{place.feed}",
        "items": [
            {
                "id": f"{place.url}/editions/{kept.day}",
                "url": f"{place.url}/editions/{kept.day}{place.ending}",
                "title": kept.subject,
                "summary": kept.lead,
                "content_html": _content(kept),
                "date_published": kept.kept_at.isoformat(),
            }
            for kept in newest
        ],
    }
    return json.dumps(found, ensure_ascii=False)


def write(shelf: Shelf, url: str) -> None:
    """Both feeds as `feed.xml` and `feed.json` in the folder of the editions, which is published as `url`/editions."""
    newest = tuple(shelf.newest(ENTRIES))
    shelf.write("feed.xml", atom(Place(url, "editions/feed.xml", ".html"), newest))
    shelf.write("feed.json", json_feed(Place(url, "editions/feed.json", ".html"), newest))


def _content(kept: Kept) -> str:
    return _ENVIRONMENT.get_template("entry.html").render(kept=kept)


_ENVIRONMENT = environment("assets.mail")
