"""The kinds of promises that several suites make, each in a line; what a table promises is in its own module."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from quality.expectations import Expectation

Severity = Literal["ERROR", "WARN"]

FEW = 5
"""A day with fewer rows than this says nothing about what is usual among them."""

WEB = r"^https?://[^\s/]+\.?[^\s]*\Z"
HASH = r"^[0-9a-f]{64}\Z"
LINK_KINDS = ("code", "data", "demo", "project")
ODD_LINKS = (
    pl.col("links")
    .list.eval(
        ~pl.element().struct.field("url").str.contains(r"^https?://\S+$").fill_null(False)
        | ~pl.element().struct.field("kind").is_in(LINK_KINDS).fill_null(False)
    )
    .list.sum()
    .fill_null(0)
    .cast(pl.Int32)
    .alias("odd_links")
)
"""How many links of a row are no web address of a known kind."""


def present(column: str, why: str, tolerance: float = 0.0) -> Expectation:
    """Every row has the column's value."""
    return Expectation(
        f"{column}_present", "ExpectColumnValuesToNotBeNull", {"column": column}, why, tolerance=tolerance
    )


def unique(columns: Sequence[str], why: str, tolerance: float = 0.0) -> Expectation:
    """No two rows of a day agree in these columns; the check is named after the last."""
    # Rows without a value are the business of the expectation that it is present, and of its tolerance.
    arguments = {"column_list": ["day", *columns], "ignore_row_if": "any_value_is_missing"}
    return Expectation(f"{columns[-1]}_unique", "ExpectCompoundColumnsToBeUnique", arguments, why, tolerance=tolerance)


def between(
    name: str,
    column: str,
    low: float | None,
    high: float | None,
    why: str,
    *,
    severity: Severity = "ERROR",
    tolerance: float = 0.0,
    of: Literal["row", "day"] = "row",
) -> Expectation:
    """The value, where there is one, lies between these bounds, both included."""
    bounds = {key: value for key, value in {"min_value": low, "max_value": high}.items() if value is not None}
    arguments = {"column": column, **bounds}
    return Expectation(name, "ExpectColumnValuesToBeBetween", arguments, why, severity, tolerance, of)


def none_of(
    name: str, column: str, why: str, *, severity: Severity = "ERROR", of: Literal["row", "day"] = "day"
) -> Expectation:
    """A figure that counts what is wrong is 0."""
    return between(name, column, None, 0, why, severity=severity, of=of)


def same(name: str, left: str, right: str, why: str) -> Expectation:
    """Two figures of a day are equal."""
    return Expectation(name, "ExpectColumnPairValuesToBeEqual", {"column_A": left, "column_B": right}, why, of="day")


def matches(
    name: str, column: str, regex: str, why: str, *, severity: Severity = "ERROR", tolerance: float = 0.0
) -> Expectation:
    """The value, where there is one, has this form."""
    arguments = {"column": column, "regex": regex}
    return Expectation(name, "ExpectColumnValuesToMatchRegex", arguments, why, severity, tolerance)


def one_of(
    name: str, column: str, values: Sequence[str], why: str, *, severity: Severity = "ERROR", tolerance: float = 0.0
) -> Expectation:
    """The value, where there is one, is one of these."""
    arguments = {"column": column, "value_set": list(values)}
    return Expectation(name, "ExpectColumnValuesToBeInSet", arguments, why, severity, tolerance)


def shape() -> Expectation:
    """The batch has the columns of its table, and their types."""
    return none_of(
        "columns_and_types",
        "misfits",
        "A column is missing, is new or has another type than the table: the step and its migration have parted.",
    )


def usual(name: str, family: str, why: str) -> Expectation:
    """The figures of a family lie where those of the same weekday lay before, or have left that for some days now."""
    return none_of(name, f"{family}_drifted", why, severity="WARN")
