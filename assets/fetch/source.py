"""What a source of papers is: it fetches the bodies of a day and parses them into uniform records.

A new source is one module that satisfies `Source` and one line in `registry.py`. Cleaning does not belong here:
a record keeps the source's own text.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import accumulate
from typing import Any, Protocol

import polars as pl
import pyarrow as pa

from assets.fetch.calendar import Calendar

RECORD = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        "source_id": pl.String(),
        "position": pl.Int32(),
        "version": pl.Int32(),
        "announced": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "affiliations": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "stars": pl.Int32(),
        "doi": pl.String(),
        "note": pl.String(),
        "licence": pl.String(),
        "links": pl.List(pl.String()),
        "url": pl.String(),
        "body": pl.String(),
        "record": pl.String(),
        "seen_at": pl.Datetime("us"),
    }
)
"""The columns of `fetched_papers`; times are UTC without a zone, ids are strings, always.

`announced` is arXiv's word for why a list names a paper: `new`, `cross`, `replace`, `replace-cross`; null where a
source has no such words, which means new. `affiliations` are the institutions of the paper, each once, in the order
of its authors; empty or null where none is known. `seen_at`, when the record was first fetched, is not the source's to
fill.
"""


class SourceError(Exception):
    """A source could not give a day whole; the text names the source, the place and what was wrong.

    `transient` says that the same request may well succeed a little later.
    """

    def __init__(self, text: str, *, transient: bool = False) -> None:
        super().__init__(text)
        self.transient = transient


@dataclass(frozen=True)
class Body:
    """One answer of an upstream, untouched, with what its headers say for asking again (`etag`, `last_modified`).

    `url` is the one that was asked for, `fetched_at` has a zone, `status` is 304 for an answer that stood already.
    """

    content: bytes
    url: str
    fetched_at: datetime
    status: int = 200
    etag: str = ""
    last_modified: str = ""

    @cached_property
    def sha256(self) -> str:
        """The content's address in the store of bodies."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Listing:
    """What a source gave for a day: the bodies of its list, in order; none for a day without a list.

    `expected` is how many records upstream says the list holds, where it says so. `missing` says what could not be
    had of a list of which these bodies are a part, and `lacking` what is wrong with a list that is whole.
    """

    bodies: Sequence[Body] = ()
    expected: int | None = None
    missing: str = ""
    lacking: str = ""


class Source(Protocol):
    """A feed that lists papers by day."""

    @property
    def name(self) -> str:
        """What the settings and the tables call it."""
        ...

    @property
    def calendar(self) -> Calendar | None:
        """The days for which the source promises a list; None where it promises nothing."""
        ...

    def fetch(self, day: date) -> Listing:
        """The day's list as upstream has it now.

        Raises `SourceError` when nothing of it can be had.
        """
        ...

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        """The bodies' papers, in the order of the list, as rows of `RECORD` without `position` and `seen_at`.

        Raises `SourceError` for a body that is not what the source is known to send.
        """
        ...

    def newest_day(self, until: date) -> date | None:
        """The latest day up to and including `until` for which the source lists papers, if there is one."""
        ...


def frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of `RECORD`, whatever keys they leave out.

    Raises `TypeError` or a Polars error for a value of another type: an id that came as a number is not that id.
    """
    listed = list(rows)
    return pl.DataFrame([_column(name, kind, [row.get(name) for row in listed]) for name, kind in RECORD.items()])


def _column(name: str, kind: pl.DataType, values: list[Any]) -> pl.Series:
    if not isinstance(kind, pl.List):
        return pl.Series(name, values, kind, strict=True)
    if not all(value is None or isinstance(value, list) for value in values):
        raise TypeError(f"{name!r} should be a list in every row")
    return pl.Series(name, _lists(values), kind)


def _lists(values: list[list[str] | None]) -> pa.ListArray:
    """Lists of texts as one text after another: Polars takes ten times as long to build them one by one."""
    ends = accumulate((len(value or ()) for value in values), initial=0)
    starts = [None if value is None else end for value, end in zip([*values, []], ends, strict=True)]
    texts = pa.array([text for value in values for text in value or ()], pa.string())
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), texts)


def utc(text: str | None) -> datetime | None:
    """An ISO 8601 time as UTC without a zone, the way the warehouse stores times; None stays None."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
