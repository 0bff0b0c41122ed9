"""Fetching days from all sources: what each gives now, and what the ledger says of it.

A body is stored before it is parsed, so that a parser that fails loses nothing. What is stored of a day from before
is `batch`'s business.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import polars as pl

from assets.fetch.bodies import BodyStore
from assets.fetch.calendar import Calendar
from assets.fetch.source import Body, Listing, Source, SourceError, frame

LEDGER = pl.Schema(
    {
        "source": pl.String(),
        "day": pl.Date(),
        "state": pl.String(),
        "expected": pl.Int32(),
        "fetched": pl.Int32(),
        "attempts": pl.Int32(),
        "seconds": pl.Float64(),
        "reason": pl.String(),
        "recorded_at": pl.Datetime("us"),
    }
)
"""The columns of `fetch_ledger`; `attempts` counts how often the source was asked for the day, over all runs."""

AHEAD = 3
"""How many days a source is asked ahead of the one that is parsed: enough to wait for neither, and little to hold."""

Asked = tuple[str, date]
"""A source's name and a day."""


class Finding(NamedTuple):
    """What the ledger says of a list: its state, and why it is not simply fresh."""

    state: str
    reason: str


@dataclass(frozen=True)
class Feeds:
    """The sources of the settings, and where their bodies are kept.

    `late_days` are how many days back a daily run asks again; with `deliver_incomplete` a list that came in part is
    published, and said to be so.
    """

    sources: Sequence[Source]
    store: BodyStore
    late_days: int = 0
    deliver_incomplete: bool = False

    def stored(self) -> "Feeds":
        """The same feeds as they answered last: the newest stored bodies of each day, and no request."""
        return replace(self, sources=[Stored(source, self.store) for source in self.sources])


@dataclass(frozen=True)
class Stored:
    """A source whose lists are those that were kept in the store, for a parser that has learned something."""

    source: Source
    store: BodyStore

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def calendar(self) -> Calendar | None:
        return self.source.calendar

    def fetch(self, day: date) -> Listing:
        try:
            listing = self.store.listing(self.name, day)
        except FileNotFoundError as error:
            raise SourceError(f"{self.name}: a stored body of {day} is gone or damaged: {error}") from error
        if listing is None:
            raise SourceError(f"{self.name}: no body of {day} is stored; fetch it from the source")
        return listing

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return self.source.parse(day, bodies)

    def newest_day(self, until: date) -> date | None:
        return self.source.newest_day(until)


@dataclass
class Fetched:
    """What the sources gave for some days; `failures` holds the days for which none of them gave anything."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    ledger: list[dict[str, Any]] = field(default_factory=list)
    transient: bool = False

    @property
    def frame(self) -> pl.DataFrame:
        """The records, with the columns of `fetched_papers`."""
        return pl.concat([frame(()), *self.frames])

    @property
    def ledger_frame(self) -> pl.DataFrame:
        """A row for each source and day, with the columns of `fetch_ledger`."""
        return pl.DataFrame(self.ledger, schema=LEDGER, orient="row")

    def failures(self, days: Sequence[date]) -> dict[date, str]:
        """Those of the days for which no source gave anything, with the reasons."""
        rows = {day: [row for row in self.ledger if row["day"] == day] for day in days}
        return {
            day: "; ".join(row["reason"] for row in asked)
            for day, asked in rows.items()
            if asked and all(row["state"] == "failed" for row in asked)
        }


def fetch(feeds: Feeds, days: Sequence[date], asked: Mapping[Asked, int] | None = None) -> Fetched:
    """The lists of every source for these days; a source that fails for a day does not stop the others.

    Each source is asked in a thread of its own, a few days ahead of what is parsed. `asked` says how often each has
    been asked for a day before.
    """
    fetched = Fetched()
    answers = [_answers(source, feeds.store, days) for source in feeds.sources]
    for day, *of_day in zip(days, *answers, strict=True):
        for source, answer in zip(feeds.sources, of_day, strict=True):
            before = (asked or {}).get((source.name, day), 0)
            # A stored answer came when the source was asked, even where the ledger of that is gone.
            attempts = max(before, int(not answer.failure)) if isinstance(source, Stored) else before + 1
            _take(source, day, answer, attempts, fetched)
    return fetched


@dataclass(frozen=True)
class _Answer:
    """What a source gave for a day, or why nothing, and the seconds that it took."""

    listing: Listing
    failure: SourceError | None
    seconds: float


def _answers(source: Source, store: BodyStore, days: Sequence[date]) -> Iterator[_Answer]:
    """The answers for the days in turn, their bodies stored; the source is at most `AHEAD` days ahead.

    What came is stored in a second thread, while the source is asked for the next day.
    """
    asking, keeping = (ThreadPoolExecutor(max_workers=1, thread_name_prefix=source.name) for _ in range(2))
    try:
        waiting: deque[Future[_Answer]] = deque()
        for day in days:
            waiting.append(keeping.submit(_keep, source, store, day, asking.submit(_ask, source, day)))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        keeping.shutdown(cancel_futures=True)
        asking.shutdown(cancel_futures=True)


def _ask(source: Source, day: date) -> _Answer:
    started = time.perf_counter()
    try:
        listing, failure = source.fetch(day), None
    except SourceError as error:
        listing, failure = Listing(), error
    return _Answer(listing, failure, time.perf_counter() - started)


def _keep(source: Source, store: BodyStore, day: date, asked: Future[_Answer]) -> _Answer:
    answer = asked.result()
    if answer.failure is None and not isinstance(source, Stored):
        store.keep(source.name, day, answer.listing)
    return answer


def _take(source: Source, day: date, answer: _Answer, attempts: int, fetched: Fetched) -> None:
    """Parse an answer, and write the ledger's row."""
    started, listing, rows = time.perf_counter(), answer.listing, 0
    try:
        if answer.failure:
            raise answer.failure
        records = _records(source, day, listing.bodies)
        rows, finding = records.height, _finding(source, day, listing, records.height)
        fetched.frames.append(records)
    except SourceError as error:
        finding = Finding("failed", str(error))
        # What came and cannot be parsed will not read otherwise when the run is tried again.
        fetched.transient = fetched.transient or (error is answer.failure and error.transient)
    fetched.ledger.append(
        {"source": source.name, "day": day, "state": finding.state, "expected": listing.expected, "fetched": rows,
         "attempts": attempts, "seconds": answer.seconds + time.perf_counter() - started,
         "reason": finding.reason, "recorded_at": datetime.now(UTC).replace(tzinfo=None)}
    )  # fmt: skip


def _finding(source: Source, day: date, listing: Listing, rows: int) -> Finding:
    """What a list is that came: as whole as upstream says, empty for a good reason, or not all there."""
    if listing.missing:
        return Finding("incomplete", listing.missing)
    if listing.expected is not None and rows < listing.expected:
        return Finding("incomplete", f"{source.name} says that {day} has {listing.expected} records, and gave {rows}")
    if rows:
        return Finding("fresh", listing.lacking)
    if source.calendar is None or not source.calendar.lists(day):
        return Finding("quiet", "")
    due = source.calendar.due_at(day)
    if datetime.now(UTC) < due:
        return Finding("waiting", f"the list is due until {due:%Y-%m-%d %H:%M %Z}")
    advice = f"a holiday belongs into {source.name}.holidays"
    return Finding("incomplete", f"{source.name} lists nothing for {day:%A} {day}, and a list was due; {advice}")


def _records(source: Source, day: date, bodies: Sequence[Body]) -> pl.DataFrame:
    """The records of one list; a value that no column can hold is the source's fault, and must not stop another's."""
    rows = [{**row, "position": place} for place, row in enumerate(source.parse(day, bodies))]
    try:
        return frame(rows)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        where = ", ".join(body.url for body in bodies)
        raise SourceError(f"{source.name}: {where}: a value does not fit its column: {error}") from error
