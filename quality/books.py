"""The record that a step writes beside its table: judged with the batch, and what follows from it.

A row that is recorded says what the step did, so it is written whatever is found; an ERROR blocks its day of the table
instead. A row that is appended is left out by itself where it breaks an ERROR.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from quality import suites
from quality.verdict import Verdict

Tables = Mapping[str, pl.DataFrame] | None


def offered(
    days: Sequence[date], today: date, recorded: Tables, append: Tables
) -> Iterator[tuple[str, Sequence[date], pl.DataFrame]]:
    """Each book among these tables, with its days and rows; one that is dated by its rows is of today without any."""
    for table, frame in {**(recorded or {}), **(append or {})}.items():
        if table in suites.BOOKS:
            suite = suites.of(table)
            rows = suite.dated(frame, today)
            yield table, (rows["day"].unique().sort().to_list() or [today]) if suite.dated_by else days, rows


def blocked(book: Verdict, days: Sequence[date]) -> set[date]:
    """The days of the table that must not be published for what was found in a book: all, where it knows no day."""
    if book.suite.dated_by:
        return set(days) if book.blocked else set()
    return book.blocked.intersection(days)


def reason(verdict: Verdict, books: Sequence[Verdict], day: date) -> str:
    """Why a day is blocked: by the batch itself, and by what is said of it beside."""
    told = ((book, found) for book in books for found in (sorted(book.blocked) if book.suite.dated_by else [day]))
    beside = [f"In {book.asset}: {words}" for book, found in told if (words := book.reason(found))]
    return " ".join(words for words in (verdict.reason(day), *beside) if words)


def refuse_unjudged(judged: Collection[str], *beside: Tables) -> None:
    """Raise `ValueError` where rows of a table with a suite would be written beside those that are judged."""
    if unjudged := sorted({table for tables in beside for table in tables or {}}.intersection(judged)):
        raise ValueError(f"{', '.join(unjudged)}: rows of a table with a suite are published by its own step only")


def kept(books: Sequence[Verdict], append: Tables) -> dict[str, pl.DataFrame]:
    """What is appended: of a book the rows that keep its promises, of any other table all."""
    frames = dict(append or {})
    for book in (book for book in books if book.asset in frames):
        days = book.frame["day"].unique().to_list()
        frames[book.asset] = book.publishable(days).select(frames[book.asset].columns)
    return frames
