"""The query API, asked for papers by their ids: https://info.arxiv.org/help/api/user-manual.html.

It tells its errors as a feed with one entry, and is sometimes empty by mistake.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assets.fetch.arxiv import ids, markup
from assets.fetch.arxiv.moments import moment
from assets.fetch.http import Client
from assets.fetch.source import Body, SourceError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

AT_ONCE = 100
ERRORS = "arxiv.org/api/errors"


class Query:
    """Asks `url` for what arXiv knows of papers."""

    def __init__(self, client: Client, url: str) -> None:
        self._client, self._url = client, url

    def papers(self, wanted: Sequence[str]) -> Iterator[Body]:
        """The answers for these ids, at most `AT_ONCE` in each; ids that arXiv does not know are not in them.

        Raises `SourceError`, also where an answer names none of its ids; `ValueError` for what is not an id.
        """
        strangers = [text for text in wanted if not ids.is_id(text)]
        if strangers:
            raise ValueError(f"not arXiv ids: {', '.join(strangers)}")
        return (self._some(wanted[start : start + AT_ONCE]) for start in range(0, len(wanted), AT_ONCE))

    def _some(self, wanted: Sequence[str]) -> Body:
        query = {"id_list": ",".join(wanted), "max_results": str(len(wanted))}
        return self._client.get(self._url, query, accept=markup.ACCEPT, check=_holds_some)


def _holds_some(body: Body) -> None:
    if not papers(body):
        raise SourceError(f"{body.url}: no paper, which is sometimes a mistake of arXiv", transient=True)


def papers(body: Body) -> list[dict[str, Any]]:
    """The entries of an answer by the columns of `RECORD`.

    Raises `SourceError` with arXiv's own words where the answer is an error.
    """
    entries = list(markup.children(markup.tree(body, "feed"), "entry"))
    for entry in entries:
        if ERRORS in (markup.text(entry, "id") or ""):
            raise SourceError(f"{body.url}: arXiv says: {markup.text(entry, 'summary')}")
    try:
        return [_row(entry) for entry in entries]
    except ValueError as error:
        raise SourceError(f"{body.url}: {error}") from error


def _row(entry: "Element") -> dict[str, Any]:
    paper, version = ids.split(markup.text(entry, "id") or "")
    terms = [term for one in markup.children(entry, "category") if (term := one.get("term"))]
    people = markup.children(entry, "author")
    primary = markup.child(entry, "primary_category")
    first = [] if primary is None else [primary.get("term", "")]
    published = markup.text(entry, "published")
    return {
        "source_id": paper,
        "version": version,
        "title": markup.text(entry, "title"),
        "abstract": markup.text(entry, "summary"),
        "authors": [name for one in people if (name := markup.text(one, "name"))],
        "affiliations": list(dict.fromkeys(name for one in people for name in markup.texts(one, "affiliation"))),
        "categories": list(dict.fromkeys([*first, *terms])),
        "published": moment(published).replace(tzinfo=None) if published else None,
        "doi": markup.text(entry, "doi"),
        "note": markup.text(entry, "comment"),
    }
