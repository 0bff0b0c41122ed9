"""Hugging Face daily papers: `GET /api/daily_papers?date=DATE&p=PAGE&limit=SIZE`, and the shape of its bodies.

The outer `publishedAt` and the list's day differ by time zone; the day is the one that was asked for. Votes exist
only inside `paper`. Fields come and go, so only an id, a title and a list of authors are relied on by name, and
whether they hold something is the gate's question.
"""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import requests

from assets.fetch.source import Body, SourceError, utc

USER_AGENT = "paperboy (a lab's own daily paper digest)"
T = TypeVar("T")

MAX_PAGES = 50
DAYS_BACK = 10


class HuggingFaceSource:
    """The live API, paged until a short page."""

    name = "huggingface"

    def __init__(self, url: str, page_size: int, timeout_seconds: float) -> None:
        self._url = f"{url}/api/daily_papers"
        self._page_size = page_size
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})

    def fetch(self, day: date) -> list[Body]:
        bodies = []
        for page in range(MAX_PAGES):
            body = self._page(day, page, self._page_size)
            bodies.append(body)
            if len(items(body)) < self._page_size:
                return bodies
        raise SourceError(f"{self.name}: {day} still has full pages after page {MAX_PAGES - 1} at {self._url}")

    def parse(self, day: date, bodies: list[Body]) -> list[dict[str, Any]]:
        return rows(self.name, day, bodies)

    def newest_day(self, until: date) -> date | None:
        """Asks back day by day, as far as the longest holiday; an empty list costs one small request."""
        days = (until - timedelta(days=back) for back in range(DAYS_BACK))
        return next((day for day in days if items(self._page(day, 0, 1))), None)

    def _page(self, day: date, page: int, size: int) -> Body:
        query = {"date": day.isoformat(), "p": str(page), "limit": str(size)}
        try:
            answer = self._session.get(self._url, params=query, timeout=self._timeout)
            answer.raise_for_status()
        except requests.RequestException as error:
            text = f"{self.name}: no usable answer for {day}, page {page}: {error}"
            raise SourceError(text, transient=_transient(error)) from error
        return Body(answer.content, answer.url, datetime.now(UTC))


def _transient(error: requests.RequestException) -> bool:
    status = None if error.response is None else error.response.status_code
    return status is None or status == requests.codes.too_many_requests or status >= 500


def items(body: Body) -> list[dict[str, Any]]:
    """The list that a body holds; raises `SourceError` where it is not a list of papers with an id."""
    if not body.content.strip():
        raise SourceError(f"{body.url}: the body is empty, not even an empty list; fetch it again")
    try:
        listed = json.loads(body.content)
    except ValueError as error:
        start = body.content[:60].decode("utf-8", "replace")
        raise SourceError(f"{body.url}: not JSON ({error}); it begins {start!r}") from None
    if not isinstance(listed, list):
        raise SourceError(f"{body.url}: a list of papers was expected, not {type(listed).__name__}")
    for place, item in enumerate(listed):
        if not isinstance(item, dict) or not isinstance(item.get("paper"), dict):
            raise SourceError(f"{body.url}: entry {place} has no 'paper'")
    return listed


def rows(source: str, day: date, bodies: list[Body]) -> list[dict[str, Any]]:
    """The bodies' papers as rows of `RECORD`, in the order of the list."""
    return [_row(source, day, body, place, item) for body in bodies for place, item in enumerate(items(body))]


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
            "keywords": _of(list, paper, "ai_keywords"),
            "published": utc(_of(str, paper, "publishedAt")),
            "votes": _of(int, paper, "upvotes"),
            "comments": _of(int, item, "numComments"),
            "links": [link for key in ("githubRepo", "projectPage") if (link := _of(str, paper, key))],
            "url": f"https://huggingface.co/papers/{paper.get('id')}",
            "body": body.sha256,
            "record": json.dumps(item, ensure_ascii=False, separators=(",", ":")),
        }
    except (TypeError, ValueError, OverflowError) as error:
        raise SourceError(f"{body.url}: entry {place} ({paper.get('id')!r}): {error}") from None


def _of(kind: type[T], item: Any, key: str) -> T | None:
    """A field that may be missing, but not of another type: drift of that sort must be seen, not cast away."""
    if not isinstance(item, dict):
        raise TypeError(f"an object with {key!r} was expected, not {type(item).__name__} ({item!r:.40})")
    value = item.get(key)
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{key!r} should be {kind.__name__}, not {type(value).__name__} ({value!r:.40})")
    return value
