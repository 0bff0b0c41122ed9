"""What the gate must know of a batch beside its rows: what the stored tables say, and how the days before were.

Everything is read here, on the warehouse's one connection, before the batch is judged; judging itself reads nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from quality import drift
from quality.expectations import Suite

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse


@dataclass(frozen=True)
class Evidence:
    """A batch in the columns of its table, with `marks`, a column for each SQL of the operator's that looks at rows.

    Of the days that are judged: upstream's rows, facts, and figures to keep.
    """

    frame: pl.DataFrame
    marks: pl.DataFrame
    upstream_rows: pl.DataFrame | None
    facts: pl.DataFrame
    figures: pl.DataFrame


def gathered(
    warehouse: "Warehouse",
    asset: str,
    suite: Suite,
    days: Sequence[date],
    frame: pl.DataFrame,
    *,
    facts: pl.DataFrame | None = None,
    gone: pl.DataFrame | None = None,
    shares: pl.DataFrame | None = None,
) -> Evidence:
    """All that the suite asks for; `facts` are those that the step gives, `gone` the stored rows that it replaces.

    `shares` are the rows of `field_shares` that are written with the batch. Raises `duckdb.Error` for a query that
    does not fit the tables.
    """
    with warehouse.kept_open():
        schema = warehouse.read(f"SELECT * FROM {suite.rows_of(asset)} LIMIT 0").schema  # noqa: S608
        batch = fitted(frame, schema)
        known = _misfits(days, frame, schema)
        if facts is not None:
            known = known.join(facts, on="day", how="left")
        for answer in _answers(warehouse, suite, days, batch, gone):
            known = known.join(answer, on="day", how="left").with_columns(pl.col(answer.columns[1]).fill_null(0))
        marks, told = _own(warehouse, suite, batch)
        for answer in told:
            known = known.join(answer, on="day", how="left").with_columns(pl.col(answer.columns[1]).fill_null(0))
        now = drift.measured(asset, suite, batch.filter(pl.col("day").is_in(list(days))), shares)
        past = drift.history(warehouse, asset, days) if drift.families(suite) else now.drop("asset").clear()
        known = known.join(drift.judged(suite, days, now, past), on="day", how="left")
        upstream_rows = warehouse.counts(suite.upstream, days) if suite.upstream else None
    return Evidence(batch, marks, upstream_rows, known, now)


def fitted(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The batch in the columns of its table, so that the rest of it can be judged too; what does not fit is null."""
    if dict(frame.schema) == dict(schema):
        return frame
    return pl.DataFrame([_fitted(frame, name, kind) for name, kind in schema.items()])


def _fitted(frame: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Series:
    try:
        return frame[name].cast(kind, strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series(name, [None] * frame.height, kind)


def _misfits(days: Sequence[date], frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """How many columns a batch lacks, has beside those of the table, or has of another type."""
    told = [f"{name} is missing" for name in schema if name not in frame.columns]
    told += [f"{name} is not of the table" for name in frame.columns if name not in schema]
    told += [
        f"{name} is {kind}, not {schema[name]}"
        for name, kind in frame.schema.items()
        if name in schema and kind != schema[name]
    ]
    every_day = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
    return every_day.with_columns(misfits=pl.lit(len(told), pl.Int64), misfits_told=pl.lit("; ".join(told)))


def _answers(
    warehouse: "Warehouse", suite: Suite, days: Sequence[date], batch: pl.DataFrame, gone: pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """What the stored tables say of each day, a frame a query."""
    frames = {"batch": batch, "gone": batch.select("day", *suite.key).clear() if gone is None else gone}
    for name, query in suite.queries.items():
        answer = warehouse.read(query, {"days": list(days)} if "$days" in query else None, frames)
        yield answer.select("day", name, *(column for column in (f"{name}_told",) if column in answer.columns))


def _own(warehouse: "Warehouse", suite: Suite, batch: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """What the operator's SQL finds: marks of rows, and figures of days. Raises `RuntimeError` where it breaks."""
    numbered, marks, told = batch.with_row_index("row_number"), [], []
    for addition in (addition for addition in suite.own if addition.sql):
        name = addition.expectation.name
        try:
            answer = warehouse.ask(addition.sql, {"batch": numbered})
        except duckdb.Error as error:
            raise RuntimeError(f"the expectation {name!r} could not be evaluated: {error}") from error
        if addition.expectation.of == "row":
            found = numbered["row_number"].is_in(answer["row_number"].cast(pl.UInt32, strict=False).implode())
            marks.append(found.cast(pl.Int32).alias(f"{name}_found"))
        else:
            told.append(_days_found(answer, f"{name}_found"))
    return pl.DataFrame(marks), told


def _days_found(answer: pl.DataFrame, name: str) -> pl.DataFrame:
    observed = pl.col("observed").cast(pl.String) if "observed" in answer.columns else pl.lit(None, pl.String)
    found = answer.select(pl.col("day").cast(pl.Date), observed=observed)
    return found.group_by("day").agg(
        pl.len().cast(pl.Int64).alias(name), pl.col("observed").drop_nulls().str.join(", ").alias(f"{name}_told")
    )
