"""What can go wrong inside the pipeline: the frame that a step hands to the gate is not what it should be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl

from tests.faults.harm import FrameHarm, Given


def lost(rows: int | float) -> FrameHarm:
    """Rows are missing at the end: so many, or such a share."""
    return lambda frame, given: frame.head(-max(1, round(rows * frame.height) if isinstance(rows, float) else rows))


def all_lost(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
    """No rows at all."""
    return frame.clear()


def twice(rows: int) -> FrameHarm:
    """The first rows come again."""
    return lambda frame, given: pl.concat([frame, frame.head(rows)])


def put(column: str, value: Any, rows: int | None = None) -> FrameHarm:
    """Another value in the first rows, or in all."""
    return lambda frame, given: _set(frame, column, pl.lit(value).cast(frame.schema[column]), rows)


def worked(column: str, value: pl.Expr, rows: int | None = None) -> FrameHarm:
    """What an expression makes of the rows, in the first of them, or in all."""
    return lambda frame, given: _set(frame, column, value.cast(frame.schema[column]), rows)


def _set(frame: pl.DataFrame, column: str, value: pl.Expr, rows: int | None) -> pl.DataFrame:
    places = pl.int_range(pl.len())
    harmed = places < (frame.height if rows is None else rows)
    return frame.with_columns(pl.when(harmed).then(value).otherwise(pl.col(column)).alias(column))


def half_null(column: str) -> FrameHarm:
    """Every other row without a value."""
    even = pl.int_range(pl.len()) % 2 == 0
    return lambda frame, given: frame.with_columns(pl.when(even).then(column).alias(column))


def retyped(column: str, kind: pl.DataType) -> FrameHarm:
    """A column of another type."""
    return lambda frame, given: frame.with_columns(pl.col(column).cast(kind))


def without(column: str) -> FrameHarm:
    """A column less than the table has."""
    return lambda frame, given: frame.drop(column)


def another_day(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
    """Rows that bear the date of the day before."""
    return frame.with_columns(day=pl.col("day") - timedelta(days=1))


def members(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], rows: int = 1) -> FrameHarm:
    """The first works with what becomes of their members."""

    def spoil(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
        listed = frame["members"].to_list()
        changed = [change(of_work) if place < rows else of_work for place, of_work in enumerate(listed)]
        return frame.with_columns(pl.Series("members", changed, frame.schema["members"]))

    return spoil


def all_in_one(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
    """One work, of which every record is a member."""
    everyone = [member for of_work in frame["members"].to_list() for member in of_work]
    return frame.head(1).with_columns(pl.Series("members", [everyone], frame.schema["members"]))


def misplaced_member(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A member that no table knows."""
    return [*listed, {**listed[0], "source_id": "9912.99999", "paper_id": "arxiv:9912.99999"}]


def topic(**values: Any) -> FrameHarm:
    """Every work with one topic, whose fields are given."""
    named = {"topic": "agents", "label": "Agents and tool use", "area": "Agents and reasoning"}
    one = {**named, "phrase": "AI agent", "field": "title", "score": 6.0, **values}

    def spoil(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
        return frame.with_columns(pl.Series("topics", [[one]] * frame.height, frame.schema["topics"]))

    return spoil


def turned_round(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
    """The worst first: the places are given the wrong way round."""
    return frame.with_columns(place=pl.col("place").reverse())


def links(url: str, rows: int | None = None) -> FrameHarm:
    """Works with one link, to this address."""

    def spoil(frame: pl.DataFrame, given: Given) -> pl.DataFrame:
        one = [{"url": url, "kind": "code"}]
        listed = frame["links"].to_list()
        changed = [one if rows is None or place < rows else of_work for place, of_work in enumerate(listed)]
        return frame.with_columns(pl.Series("links", changed, frame.schema["links"]))

    return spoil


def one_more(column: str, value: Any) -> FrameHarm:
    """The last row comes again under another key."""
    return lambda frame, given: pl.concat(
        [frame, frame.tail(1).with_columns(pl.lit(value).cast(frame.schema[column]).alias(column))]
    )
