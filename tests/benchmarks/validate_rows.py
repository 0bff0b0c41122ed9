"""The row expectations of `clean_papers` on invented rows: `validate_rows.py WAY ROWS DAYS`, WAY one of `WAYS`.

Prints JSON: the seconds of judging, by the clock and of processor, and how many rows each expectation finds unexpected.
One row in a hundred is bad.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import reduce
from operator import or_

import polars as pl

from quality import findings, gate
from quality.expectations import Expectation
from quality.suites import SUITES
from tests.quality.batches import frame

SUITE = SUITES["clean_papers"]
PROMISES = [expectation for expectation in SUITE.expectations if expectation.of == "row"]
FIRST = date(2020, 1, 1)
SPOILED: Mapping[str, object] = {"title": None, "words": 0, "url": "javascript:alert(1)"}

Unexpected = dict[str, int]


def main(way: str, rows: str, days: str) -> None:
    """Judge in one way, after a small batch that pays for what is made once."""
    WAYS[way](batch(100, 1))
    offered = batch(int(rows), int(days))
    wall, cpu = time.perf_counter(), time.process_time()
    unexpected = WAYS[way](offered)
    taken = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**taken, "unexpected": unexpected}))


def batch(rows: int, days: int) -> pl.DataFrame:
    """Rows of `clean_papers`, as many of each day, told apart by their ids; in each hundredth a column is spoiled."""
    day, place = frame("clean_papers", FIRST, rows=100), pl.int_range(pl.len())
    many = pl.concat([day] * -(-rows // 100)).head(rows)
    numbered = many.with_columns(
        day=FIRST + timedelta(days=1) * (place * days // rows),
        source_id=place.cast(pl.String),
        paper_id=pl.format("sample:{}", place),
    )
    at = {column: place % (100 * len(SPOILED)) == 100 * number for number, column in enumerate(SPOILED)}
    return numbered.with_columns(
        pl.when(at[column]).then(pl.lit(bad, numbered.schema[column])).otherwise(column).alias(column)
        for column, bad in SPOILED.items()
    )


def by_gate(rows: pl.DataFrame) -> Unexpected:
    """The gate's own validation, all days at once."""
    return _counted(gate.places(gate.validate(findings.scalars(rows, SUITE.derived), PROMISES)))


def by_day(rows: pl.DataFrame) -> Unexpected:
    """Great Expectations as its guides use it: a validation definition over a data frame, run for a day at a time."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    whole = context.data_sources.add_pandas("days").add_dataframe_asset("day").add_batch_definition_whole_dataframe("d")
    asked = [getattr(gx.expectations, one.kind)(**one.arguments, meta={"name": one.name}) for one in PROMISES]
    suite = context.suites.add(gx.ExpectationSuite(name="clean_papers", expectations=asked))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="day", data=whole, suite=suite))
    counted: Counter[str] = Counter()
    for day in rows.partition_by("day"):
        offered = findings.scalars(day, SUITE.derived).to_pandas()
        answer = definition.run(batch_parameters={"dataframe": offered}, result_format="COMPLETE")
        # The results come in an order of their own.
        counted.update({name: len(places) for name, places in gate.places(answer.results).items()})
    return {promise.name: counted[promise.name] for promise in PROMISES}


def by_polars(rows: pl.DataFrame) -> Unexpected:
    """The same checks as expressions, all in one pass."""
    checks = {one.name: RULES[one.kind](one).fill_null(value=False).sum() for one in PROMISES}
    (found,) = findings.scalars(rows, SUITE.derived).select(**checks).to_dicts()
    return {name: int(count) for name, count in found.items()}


def _counted(places: Mapping[str, list[int]]) -> Unexpected:
    return {promise.name: len(places[promise.name]) for promise in PROMISES}


def _column(one: Expectation) -> pl.Expr:
    return pl.col(one.arguments["column"])


def _beyond(one: Expectation, value: pl.Expr) -> pl.Expr:
    sides = {"min_value": value.lt, "max_value": value.gt}
    return reduce(or_, (beyond(one.arguments[bound]) for bound, beyond in sides.items() if bound in one.arguments))


def _repeated(one: Expectation) -> pl.Expr:
    columns = one.arguments["column_list"]
    return pl.struct(columns).is_duplicated() & pl.all_horizontal(pl.col(columns).is_not_null())


RULES: Mapping[str, Callable[[Expectation], pl.Expr]] = {
    "ExpectColumnPairValuesToBeEqual": lambda one: pl.col(one.arguments["column_A"]).ne_missing(
        pl.col(one.arguments["column_B"])
    ),
    "ExpectColumnValueLengthsToBeBetween": lambda one: _beyond(one, _column(one).str.len_chars()),
    "ExpectColumnValuesToBeBetween": lambda one: _beyond(one, _column(one)),
    "ExpectColumnValuesToBeInSet": lambda one: ~_column(one).is_in(one.arguments["value_set"]),
    "ExpectColumnValuesToMatchRegex": lambda one: ~_column(one).str.contains(_rust(one)),
    "ExpectColumnValuesToNotBeNull": lambda one: _column(one).is_null(),
    "ExpectColumnValuesToNotMatchRegex": lambda one: _column(one).str.contains(_rust(one)),
    "ExpectCompoundColumnsToBeUnique": _repeated,
}
"""What each class of Great Expectations that the suite uses calls unexpected."""


def _rust(one: Expectation) -> str:
    """The pattern in Rust's spelling; one that looks ahead, to exclude arXiv's ids, is written without."""
    return str(one.arguments["regex"]).replace(r"\Z", r"\z").replace("(?!arxiv:)", "")


WAYS: Mapping[str, Callable[[pl.DataFrame], Unexpected]] = {"gate": by_gate, "by-day": by_day, "polars": by_polars}

if __name__ == "__main__":
    main(*sys.argv[1:])
