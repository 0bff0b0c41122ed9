"""The announcement of the day, as RSS or as Atom: https://info.arxiv.org/help/rss_specifications.html.

The feed shows the current announcement only, and says itself of what day it is. It leaves out replacements from the
sixth version on, and what is beyond its first `MOST` entries, of which new papers come last.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from assets.fetch.arxiv import ids, markup
from assets.fetch.arxiv.moments import moment
from assets.fetch.arxiv.names import people
from assets.fetch.source import Body, SourceError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ROOTS = ("rss", "feed")
ZONE = ZoneInfo("America/New_York")
MOST = 2000
KINDS = ("new", "cross", "replace", "replace-cross")
"""Why a list names a paper, what weighs most first: an id that stands on several lists of one day is told once."""

HEAD = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:\s*)?")


@dataclass(frozen=True)
class Announcement:
    """A feed's own day, and its entries by the columns of `RECORD`, in the feed's order."""

    day: date
    rows: list[dict[str, Any]]


def announcement(body: Body) -> Announcement:
    """What a feed announces.

    Raises `SourceError` for what is not such a feed, or does not say of what day it is.
    """
    root = markup.tree(body, *ROOTS)
    channel = markup.child(root, "channel") if markup.local(root) == "rss" else root
    if channel is None:
        raise SourceError(f"{body.url}: a feed without a channel", transient=True)
    items = [one for one in channel if markup.local(one) in ("item", "entry")]
    try:
        day = _day(channel, items)
        rows = [_row(item) for item in items]
    except ValueError as error:
        raise SourceError(f"{body.url}: {error}") from error
    return Announcement(day, rows)


def _day(channel: "Element", items: list["Element"]) -> date:
    """RSS says it of the whole; Atom of each entry, and of itself only when it was made, which is after midnight."""
    if told := markup.text(channel, "pubDate"):
        return moment(told).astimezone(ZONE).date()
    of_entries = (markup.text(item, "published") for item in items)
    told = max(filter(None, of_entries), default=markup.text(channel, "updated"))
    if told is None:
        raise ValueError("the feed does not say of what day it is")
    return moment(told).astimezone(ZONE).date()


def _row(item: "Element") -> dict[str, Any]:
    paper, version = ids.split(markup.text(item, "guid") or markup.text(item, "id") or "")
    announced = markup.text(item, "announce_type")
    if announced not in KINDS:
        raise ValueError(f"{paper}: {announced!r} is not one of the kinds {', '.join(KINDS)}")
    return {
        "source_id": paper,
        "version": version,
        "announced": announced,
        "title": markup.text(item, "title"),
        "abstract": HEAD.sub("", markup.text(item, "description") or markup.text(item, "summary") or "", count=1),
        "authors": people(", ".join(markup.texts(item, "creator"))),
        "categories": [term for one in markup.children(item, "category") if (term := _term(one))],
        "doi": markup.text(item, "DOI"),
        "licence": markup.text(item, "rights"),
        "record": json.dumps(dict(_fields(item)), ensure_ascii=False),
    }


def _term(category: "Element") -> str:
    return category.get("term") or (category.text or "").strip()


def _fields(item: "Element") -> Iterator[tuple[str, Any]]:
    """Everything that an entry says, by name; its categories, which come one by one, as a list."""
    yield "category", [_term(one) for one in markup.children(item, "category")]
    for element in item:
        if markup.local(element) != "category":
            yield markup.local(element), (element.text or element.get("href") or "").strip()


def once(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each id once, where it stood first, with what weighs most of all that is said of it."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = best.setdefault(row["source_id"], row)
        if KINDS.index(row["announced"]) < KINDS.index(known["announced"]):
            best[row["source_id"]] = row
    return list(best.values())
