"""Hugging Face daily papers: `GET /api/daily_papers?date=DATE&p=PAGE&limit=SIZE`, and the shape of its bodies.

The outer `publishedAt` and the list's day differ by time zone; the day is the one that was asked for. Votes exist
only inside `paper`. Fields come and go: only an id, a title, an abstract and a list of authors are relied on, and
whether they hold something is the gate's question. A list can move while it is paged through, so that a page repeats
papers of the one before; each is taken once.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from assets.fetch.calendar import Calendar
from assets.fetch.http import Client
from assets.fetch.source import Body, Listing, SourceError, utc

T = TypeVar("T")

MAX_PAGES = 50
DAYS_BACK = 10
_BEYOND = 1 << 31
"""The first number that no column of figures can hold."""


class HuggingFaceSource:
    """The live API, paged until a short page."""

    name = "huggingface"

    def __init__(self, client: Client, url: str, page_size: int, calendar: Calendar) -> None:
        self.calendar = calendar
        self._client = client
        self._url = f"{url}/api/daily_papers"
        self._page_size = page_size

    def fetch(self, day: date) -> Listing:
        bodies: list[Body] = []
        seen: set[str] = set()
        for page in range(MAX_PAGES):
            try:
                body = self._page(day, page, self._page_size)
            except SourceError as error:
                if not bodies:
                    raise
                return Listing(bodies, missing=f"page {page}: {error}")
            bodies.append(body)
            listed = [_id(item) for item in items(body)]
            if len(listed) < self._page_size:
                return Listing(bodies)
            if seen.issuperset(listed):
                return Listing(bodies, missing=f"page {page}: {body.url} only repeats the pages before it")
            seen.update(listed)
        return Listing(bodies, missing=f"{self.name}: {day} still has full pages after page {MAX_PAGES - 1}")

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return rows(self.name, day, bodies)

    def newest_day(self, until: date) -> date | None:
        """Asks back day by day, as far as the longest holiday; an empty list costs one small request."""
        days = (until - timedelta(days=back) for back in range(DAYS_BACK))
        return next((day for day in days if items(self._page(day, 0, 1))), None)

    def _page(self, day: date, page: int, size: int) -> Body:
        def listed(body: Body) -> None:
            """A page is sometimes empty by mistake; where the list goes on, a page of one paper says so."""
            if not items(body) and page and size > 1 and items(self._page(day, page * size, 1)):
                raise SourceError(f"{body.url}: the page is empty, and the list goes on", transient=True)

        query = {"date": day.isoformat(), "p": str(page), "limit": str(size)}
        return self._client.get(self._url, query, accept="application/json", check=listed)


def items(body: Body) -> list[dict[str, Any]]:
    """The list that a body holds.

    Raises `SourceError` where it is not a list of papers: transient, for it is how an upstream answers in trouble.
    """
    try:
        return _items(body.content)
    except ValueError as error:
        raise SourceError(f"{body.url}: {error}", transient=True) from None


# A page is looked at when it comes, while its list is paged through, and when it is parsed.
@lru_cache(maxsize=16)
def _items(content: bytes) -> list[dict[str, Any]]:
    if not content.strip():
        raise ValueError("the body is empty, not even an empty list; fetch it again")
    try:
        listed = orjson.loads(content)
    except ValueError as error:
        raise ValueError(f"not JSON ({error}); it begins {content[:60].decode('utf-8', 'replace')!r}") from None
    if not isinstance(listed, list):
        raise ValueError(f"a list of papers was expected, not {type(listed).__name__}")
    for place, item in enumerate(listed):
        if not isinstance(item, dict) or not isinstance(item.get("paper"), dict):
            raise ValueError(f"entry {place} has no 'paper'")
    return listed


def rows(source: str, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """The bodies' papers as rows of `RECORD`, in the order of the list; an id that an earlier page had is left out.

    An id that one page holds twice stays twice, for the gate to see. Raises `SourceError` for a body that is no list
    of papers, or where what is relied on is of another type. A field that is not relied on is null then.
    """
    found: list[dict[str, Any]] = []
    before: set[str] = set()
    for body in bodies:
        page = [_row(source, day, body, place, item) for place, item in enumerate(items(body))]
        found += [row for row in page if row["source_id"] not in before]
        before.update(row["source_id"] for row in page if row["source_id"])
    return found


def _id(item: dict[str, Any]) -> str:
    return str(item["paper"].get("id"))


def _row(source: str, day: date, body: Body, place: int, item: dict[str, Any]) -> dict[str, Any]:
    paper = item["paper"]
    try:
        return {
            "day": day,
            "source": source,
            "source_id": _of(str, paper, "id"),
            "title": _of(str, paper, "title"),
            "abstract": _of(str, paper, "summary"),
            "authors": [_of(str, author, "name") for author in _of(list, paper, "authors") or []],
            "affiliations": _affiliations(paper),
            "keywords": _words(paper),
            "published": _moment(paper),
            "votes": _count(paper, "upvotes"),
            "comments": _count(item, "numComments"),
            "stars": _count(paper, "githubStars"),
            "links": [link for key in ("githubRepo", "projectPage") if (link := _if(str, paper.get(key)))],
            "url": f"https://huggingface.co/papers/{paper.get('id')}",
            "body": body.sha256,
            "record": orjson.dumps(item).decode(),
        }
    except TypeError as error:
        raise SourceError(f"{body.url}: entry {place} ({paper.get('id')!r}): {error}") from None


def _of(kind: type[T], item: Any, key: str) -> T | None:
    """A field that may be missing, but not of another type: drift of that sort must be seen, not cast away."""
    if type(item) is not dict:
        raise TypeError(f"an object with {key!r} was expected, not {type(item).__name__} ({item!r:.40})")
    value: T | None = item.get(key)
    if value is None or type(value) is kind:
        return value
    raise TypeError(f"{key!r} should be {kind.__name__}, not {type(value).__name__} ({value!r:.40})")


def _if(kind: type[T], value: Any) -> T | None:
    """The value of a field that nothing relies on, if it is what it used to be."""
    return value if isinstance(value, kind) else None


def _count(item: dict[str, Any], key: str) -> int | None:
    count = item.get(key)
    return count if type(count) is int and abs(count) < _BEYOND else None


def _words(paper: dict[str, Any]) -> list[str] | None:
    words = _if(list, paper.get("ai_keywords"))
    return words if words is not None and all(isinstance(word, str) for word in words) else None


def _affiliations(paper: dict[str, Any]) -> list[str]:
    """The one organisation that a paper is listed for, whoever its authors are."""
    told = _if(dict, paper.get("organization")) or {}
    return [name for name in [_if(str, told.get("fullname")) or _if(str, told.get("name"))] if name]


def _moment(paper: dict[str, Any]) -> datetime | None:
    try:
        return utc(_if(str, paper.get("publishedAt")))
    except (ValueError, OverflowError):
        return None
