"""What a source of papers is: it fetches the bodies of a day and parses them into uniform records.

A new source is one module that satisfies `Source` and one line in `registry.py`. Cleaning does not belong here:
a record keeps the source's own text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Protocol

import polars as pl

RECORD = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        "source_id": pl.String(),
        "position": pl.Int32(),
        "version": pl.Int32(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "doi": pl.String(),
        "note": pl.String(),
        "links": pl.List(pl.String()),
        "url": pl.String(),
        "body": pl.String(),
        "record": pl.String(),
    }
)
"""The columns of `fetched_papers`; `published` is UTC without a zone, ids are strings, always."""


class SourceError(Exception):
    """A source could not give a day whole; the text names the source, the place and what was wrong.

    `transient` says that the same request may well succeed a little later.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


@dataclass(frozen=True)
class Body:
    """One answer of an upstream, untouched."""

    content: bytes
    url: str
    fetched_at: datetime

    @cached_property
    def sha256(self) -> str:
        """The content's address in the store of bodies."""
        return hashlib.sha256(self.content).hexdigest()


class Source(Protocol):
    """A feed that lists papers by day."""

    name: str

    def fetch(self, day: date) -> list[Body]:
        """The day's whole list as the bodies that hold it, in order; none for a day without a list.

        Raises `SourceError` when the list cannot be had whole.
        """
        ...

    def parse(self, day: date, bodies: list[Body]) -> list[dict[str, Any]]:
        """The bodies' papers, in the order of the list, as rows of `RECORD` without `position`.

        Raises `SourceError` for a body that is not what the source is known to send.
        """
        ...

    def newest_day(self, until: date) -> date | None:
        """The latest day up to and including `until` for which the source lists papers, if there is one."""
        ...


def frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of `RECORD`, whatever keys they leave out."""
    return pl.DataFrame([{**dict.fromkeys(RECORD), **row} for row in rows], schema=RECORD, orient="row")


def utc(text: str | None) -> datetime | None:
    """An ISO 8601 time as UTC without a zone, the way the warehouse stores times; None stays None."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
