"""A source of arXiv papers that leaves out what arXiv itself knows of them, as version, categories, DOI and comment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assets.fetch.arxiv import ids
from assets.fetch.arxiv.query import Query, papers
from assets.fetch.calendar import Calendar
from assets.fetch.source import Body, Listing, Source, SourceError

JOINED = ("version", "categories", "doi", "note", "affiliations")


class Joined:
    """The lists of `source`, whose bodies are JSON, with what the query API says of their papers.

    Whatever arXiv does, the list stands; `lacking` says what could not be joined.
    """

    def __init__(self, source: Source, query: Query) -> None:
        self._source, self._query = source, query
        self.name = source.name

    @property
    def calendar(self) -> Calendar | None:
        """The source's own."""
        return self._source.calendar

    def fetch(self, day: date) -> Listing:
        """The source's list, and after its bodies arXiv's answers."""
        listing = self._source.fetch(day)
        try:
            rows = self._source.parse(day, listing.bodies)
        except SourceError:
            return listing  # it is told where the list itself is parsed
        named = list(dict.fromkeys(row["source_id"] for row in rows if row.get("source_id")))
        answers, lacking = self._ask([paper for paper in named if ids.is_id(paper)])
        strangers = [paper for paper in named if not ids.is_id(paper)]
        told = [listing.lacking, lacking, f"not ids of arXiv: {', '.join(strangers)}" if strangers else ""]
        return replace(listing, bodies=[*listing.bodies, *answers], lacking="; ".join(filter(None, told)))

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        """The source's rows, with what arXiv says where they say nothing."""
        answers = [body for body in bodies if _is_answer(body)]
        known = {paper["source_id"]: paper for body in answers for paper in papers(body)}
        rows = self._source.parse(day, [body for body in bodies if not _is_answer(body)])
        return [_filled(row, known.get(_bare(row.get("source_id")), {})) for row in rows]

    def newest_day(self, until: date) -> date | None:
        """The source's own."""
        return self._source.newest_day(until)

    def _ask(self, named: list[str]) -> tuple[list[Body], str]:
        """The answers for these ids, and what is wrong with them."""
        answers: list[Body] = []
        try:
            answers.extend(self._query.papers(named))
        except SourceError as error:
            return answers, f"arXiv did not answer: {error}"
        unknown = _unknown(named, answers)
        return answers, f"arXiv does not know {', '.join(unknown)}" if unknown else ""


def _is_answer(body: Body) -> bool:
    return body.content.lstrip().startswith(b"<")


def _bare(source_id: str | None) -> str:
    return ids.split(source_id)[0] if source_id and ids.is_id(source_id) else ""


def _unknown(named: Iterable[str], answers: Iterable[Body]) -> list[str]:
    known = {paper["source_id"] for body in answers for paper in papers(body)}
    return [paper for paper in named if _bare(paper) not in known]


def _filled(row: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{key: known[key] for key in JOINED if known.get(key) and not row.get(key)}}
