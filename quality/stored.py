"""The suites on what stands in the tables, for `paperboy check`; nothing is written, and nothing is tolerated.

Some figures were known to the step alone, when it ran. What rests on one of them is said to be unjudged here.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from quality import findings, gate, suites
from quality.decisions import Decisions
from quality.expectations import Expectation
from quality.verdict import Verdict


@dataclass(frozen=True)
class Stored:
    """What stands in a table of some days, as `gate.judge` takes a batch, with the operator's decisions.

    `marks` are further columns of the rows; `left_out` counts the rows that are in quarantine instead, as (day, rows).
    """

    asset: str
    days: Sequence[date]
    rows: pl.DataFrame
    marks: pl.DataFrame
    left_out: pl.DataFrame
    upstream_rows: pl.DataFrame | None
    facts: pl.DataFrame | None
    decided: Decisions


def judge(stored: Stored) -> tuple[Verdict, Mapping[str, list[date]]]:
    """Every expectation of the suite on every day, and of each by name the days on which it cannot be judged.

    A row that fails and was not released should be in quarantine: so none is tolerated. Those that are in quarantine
    count among the day's rows, because the table before and the ledger counted them.
    """
    started, suite = time.perf_counter(), suites.of(stored.asset)
    plain = replace(suite, figures=())
    figures = findings.figures_of(plain, stored.days, stored.rows, stored.upstream_rows, stored.facts)
    counted = figures.select("day", "rows")
    figures = figures.update(_with(stored.left_out, counted), on="day")
    figures = figures.with_columns(e for e in suite.figures if set(e.meta.root_names()) <= set(figures.columns))
    known = () if stored.facts is None else stored.facts.columns
    unjudged = {e.name: days for e in suite.expectations if (days := _unjudged(e, figures, known))}
    asked = [replace(e, tolerance=0.0) for e in suite.expectations if len(unjudged.get(e.name, ())) < figures.height]
    strict = replace(suite, expectations=tuple(asked))
    found = gate.found_by(strict, figures, counted, stored.rows, stored.decided, stored.marks)
    kept = tuple(finding for finding in found if finding.day not in unjudged.get(finding.expectation.name, ()))
    return Verdict(stored.asset, strict, stored.rows, kept, time.perf_counter() - started), unjudged


def _with(left_out: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """How many rows each day has together with those that are left out, where there are any."""
    out = left_out.select("day", out="rows")
    return counted.join(out, on="day").select("day", pl.col("rows") + pl.col("out"))


def _unjudged(expectation: Expectation, figures: pl.DataFrame, facts: Sequence[str]) -> list[date]:
    """The days without a figure that the expectation speaks of; what rows tell is not missed where there are none."""
    if expectation.of == "row":
        return []
    columns = [column for name, column in expectation.arguments.items() if name.startswith("column")]
    if not set(columns) <= set(figures.columns):
        return figures["day"].to_list()
    missing = [pl.col(column).is_null() & ((pl.col("rows") > 0) | (column in facts)) for column in columns]
    return figures.filter(pl.any_horizontal(missing))["day"].to_list()
