"""What a promise is, as data; the promises themselves are in `suites`, a module a table.

`row` expectations judge each row of a batch; `day` expectations judge one row of figures a day, so that a window of
days is judged as strictly as a day. The figures are `rows`, `upstream_rows`, the facts that the step knows, what the
suite measures and asks of the stored tables, and how far the day is from its own past. `kind` is the name of a Great
Expectations class and `arguments` are its own. A column of lists is seen by its length, as `<column>_count`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import polars as pl

MIN_ROWS_FOR_ONE = 10
"""A tolerance above zero lets one row of a day pass into quarantine if the day has at least this many."""

IN_WORDS: Mapping[str, str] = {
    "ExpectColumnPairValuesToBeEqual": "{column_A} equals {column_B}",
    "ExpectColumnValueLengthsToBeBetween": "length of {column} {bounds}",
    "ExpectColumnValuesToBeBetween": "{column} {bounds}",
    "ExpectColumnValuesToBeInSet": "{column} is one of {values}",
    "ExpectColumnValuesToMatchRegex": "{column} matches {regex}",
    "ExpectColumnValuesToNotBeNull": "{column} is there",
    "ExpectColumnValuesToNotMatchRegex": "{column} does not match {regex}",
    "ExpectCompoundColumnsToBeUnique": "{columns} are unique together",
}
"""What each class of Great Expectations that a suite uses asks for, for a person to read."""


@dataclass(frozen=True)
class Expectation:
    """One promise: its check's `name`, what is expected of what, and in `why` the reason and what to do."""

    name: str
    kind: str
    arguments: Mapping[str, Any]
    why: str
    severity: Literal["ERROR", "WARN"] = "ERROR"
    tolerance: float = 0.0
    of: Literal["row", "day"] = "row"

    def allowed(self, rows: int) -> int:
        """How many of a day's rows may fail; they are kept out and the rest is published."""
        if not self.tolerance:
            return 0
        return max(int(self.tolerance * rows), 1 if rows >= MIN_ROWS_FOR_ONE else 0)

    @property
    def columns(self) -> list[str]:
        """The columns, or figures of a day, that it speaks of."""
        named = [value for name, value in self.arguments.items() if name.startswith("column")]
        return [column for value in named for column in ([value] if isinstance(value, str) else value)]

    @property
    def threshold(self) -> str:
        """The bound in words."""
        share = f"; up to {self.tolerance:.0%} of a day's rows may be kept out" if self.tolerance else ""
        lists = {"columns": "column_list", "values": "value_set"}
        listed = {name: ", ".join(map(str, self.arguments.get(argument, ()))) for name, argument in lists.items()}
        words = IN_WORDS.get(self.kind, f"{self.kind} {_told(self.arguments)}")
        return words.format(**self.arguments, **listed, bounds=self._bounds) + share

    @property
    def _bounds(self) -> str:
        low, high = self.arguments.get("min_value"), self.arguments.get("max_value")
        if low is None or high is None:
            return f"at most {high}" if low is None else f"at least {low}"
        return f"from {low} to {high}"


def _told(arguments: Mapping[str, Any]) -> str:
    """Arguments in words, without anything that `format` would read."""
    told = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return told.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True)
class Addition:
    """An expectation of the operator's; one in `sql` is on the column or figure `<name>_found`.

    The SQL is one SELECT over `batch`, the rows about to be written with their `row_number`, and over the stored
    tables. It finds what is wrong: rows by `row_number`, or days by `day`, perhaps with what was `observed`.
    """

    expectation: Expectation
    sql: str = ""


@dataclass(frozen=True)
class Change:
    """Another severity, or tolerance, of one of our expectations, and why the operator wants it."""

    name: str
    severity: Literal["ERROR", "WARN"] | None
    tolerance: float | None
    why: str

    def applied(self, expectation: Expectation) -> Expectation:
        """The expectation as the operator wants it; one that only tells tolerates nothing."""
        severity = self.severity or expectation.severity
        tolerance = expectation.tolerance if severity == "ERROR" else 0.0
        tolerance = tolerance if self.tolerance is None else self.tolerance
        why = f"{expectation.why} Changed by the operator: {self.why}"
        return replace(expectation, severity=severity, tolerance=tolerance, why=why)


Scale = Literal["count", "size", "share"]


@dataclass(frozen=True)
class Figure:
    """A number a day that is judged against its own past: an aggregate of the day's rows.

    Figures of one `family` are judged together, by the expectation on `<family>_drifted`. `scale` says how the number
    varies by itself: a `count` by factors, a `size` (the median of a length) hardly, a `share` as its rows are few.
    """

    name: str
    value: pl.Expr
    family: str
    scale: Scale


@dataclass(frozen=True)
class Suite:
    """A table's promises; `key` tells its rows apart, `upstream` is the table it is made from, if one.

    `derived` are columns of each row that Great Expectations can read where it cannot read the row's own. `measures`
    are figures of a day's rows, `figures` are computed from the day's other figures. `queries` are further figures by
    name, each a SELECT of `day` and that name, and perhaps `<name>_told`, over `batch`, the rows about to be written,
    over `gone`, the key of stored rows that they replace, and over the stored tables. `usual` are the figures that are
    kept and judged against their past. `own` are the operator's expectations, which `expectations` holds too.

    A book has `beside`, the table whose step writes it. Where its rows have no day, theirs is the date of the column
    `dated_by`, a time in UTC.
    """

    key: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    upstream: str | None = None
    derived: tuple[pl.Expr, ...] = ()
    measures: tuple[pl.Expr, ...] = ()
    figures: tuple[pl.Expr, ...] = ()
    queries: Mapping[str, str] = field(default_factory=dict)
    usual: tuple[Figure, ...] = ()
    own: tuple[Addition, ...] = ()
    beside: str = ""
    dated_by: str = ""

    def rows_of(self, table: str) -> str:
        """The table as SQL, each of its rows with a day."""
        return f"(SELECT CAST({self.dated_by} AS DATE) AS day, * FROM {table})" if self.dated_by else table  # noqa: S608

    def dated(self, frame: pl.DataFrame, today: date) -> pl.DataFrame:
        """Rows that are about to be written, each with a day: a row that lacks its time is of today."""
        if not self.dated_by:
            return frame
        return frame.with_columns(pl.col(self.dated_by).dt.date().fill_null(today).alias("day"))

    @property
    def known_figures(self) -> list[str]:
        """The figures of a day that an expectation can speak of."""
        spoken_of = [name for one in self.expectations if one.of == "day" for name in one.columns]
        measured = [figure.meta.output_name() for figure in (*self.measures, *self.figures)]
        return list(dict.fromkeys(["rows", *["upstream_rows"] * bool(self.upstream), *measured, *spoken_of]))

    def extended(self, own: Sequence[Addition], changes: Sequence[Change]) -> "Suite":
        """The suite as the operator wants it."""
        changed = {change.name: change for change in changes}
        ours = (changed[one.name].applied(one) if one.name in changed else one for one in self.expectations)
        return replace(self, expectations=(*ours, *(addition.expectation for addition in own)), own=tuple(own))
