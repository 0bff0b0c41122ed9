"""What a batch comes to: the figures of its days, and how an expectation's failures are told of each of them.

Nothing here knows Great Expectations, Dagster or the warehouse.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from quality.decisions import Decisions
from quality.expectations import Expectation, Suite
from quality.verdict import Finding


def figures_of(
    suite: Suite,
    days: Sequence[date],
    frame: pl.DataFrame,
    upstream_rows: pl.DataFrame | None,
    facts: pl.DataFrame | None,
) -> pl.DataFrame:
    """One row a day, also for days without rows."""
    measured = frame.group_by("day").agg(pl.len().cast(pl.Int64).alias("rows"), *suite.measures)
    figures = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date}).join(measured, on="day", how="left")
    figures = figures.with_columns(pl.col("rows").fill_null(0))
    if upstream_rows is not None:
        counted = upstream_rows.select("day", pl.col("rows").alias("upstream_rows"))
        figures = figures.join(counted, on="day", how="left").with_columns(pl.col("upstream_rows").fill_null(0))
    if facts is not None:
        figures = figures.join(facts, on="day", how="left")
    return figures.with_columns(*suite.figures)


def scalars(frame: pl.DataFrame, derived: Sequence[pl.Expr]) -> pl.DataFrame:
    """The batch as Great Expectations can read it: a list column becomes its length, other nested ones are left out."""
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    lists = [name for name in nested if isinstance(frame.schema[name], pl.List)]
    lengths = [pl.col(name).list.len().fill_null(0).cast(pl.Int32).alias(f"{name}_count") for name in lists]
    return frame.with_columns(*lengths, *derived).drop(nested)


def row_findings(
    suite: Suite, counted: pl.DataFrame, frame: pl.DataFrame, failures: Mapping[str, list[int]], decided: Decisions
) -> Iterator[Finding]:
    """What each expectation of a row says of each day, by the places of the rows that failed it."""
    days = frame["day"].to_list()
    for expectation in (e for e in suite.expectations if e.of == "row"):
        by_day: dict[date, list[int]] = {}
        for place in failures.get(expectation.name, ()):
            by_day.setdefault(days[place], []).append(place)
        for day, rows in counted.iter_rows():
            yield _row_finding(suite, expectation, day, rows, frame, by_day.get(day, ()), decided)


def _row_finding(
    suite: Suite, expectation: Expectation, day: date, rows: int, frame: pl.DataFrame, failed: Sequence[int],
    decided: Decisions,
) -> Finding:  # fmt: skip
    said = {
        place: decided.on(suite, expectation, frame.row(place, named=True))
        for place in (failed if decided.last else ())
    }
    unexpected = tuple(place for place in failed if not said.get(place))
    dropped = tuple(place for place in failed if said.get(place) == "dropped")
    released = len(failed) - len(unexpected) - len(dropped)
    told = [f"{len(unexpected)} of {rows} rows unexpected"]
    told += [f"{count} {word}" for count, word in ((released, "released"), (len(dropped), "dropped")) if count]
    return Finding(expectation, day, rows, unexpected, ", ".join(told), dropped)


def day_findings(suite: Suite, figures: pl.DataFrame, failures: Mapping[str, list[int]]) -> Iterator[Finding]:
    """What each expectation of a day's figures says of it, with the figures in words."""
    for expectation in (e for e in suite.expectations if e.of == "day"):
        failed = set(failures.get(expectation.name, ()))
        for place, row in enumerate(figures.iter_rows(named=True)):
            observed = ", ".join(f"{column} {row[column]}{_told(row, column)}" for column in expectation.columns)
            unexpected = (place,) if place in failed else ()
            figure = _number(row[expectation.columns[0]])
            yield Finding(expectation, row["day"], 1, unexpected, observed, figure=figure)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _told(row: Mapping[str, Any], column: str) -> str:
    """What a fact says beside its figure: which fields, which sources."""
    told = row.get(f"{column}_told")
    return f" ({told})" if told else ""
