"""Whether a day is like those of its weekday before it: the figures that are kept, and their robust bounds.

A figure is outside where it is further from the median of its window than `WIDTH` times its spread: that of the
window, by the median absolute deviation, and that of chance, which is larger the fewer rows the day has. A new level
is told on the day that it begins: not where one of the last lists was outside on the same side already, nor where most
of them were at that level. All of it
follows from the figures of the days before, so that days may be made in any order. What is stored is read here, and
nothing is written.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from quality.expectations import Suite

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

WEEKS = 12
"""How many of the same weekday before a day are its window."""

FEWEST = 6
"""A window with fewer lists judges nothing."""

WIDTH = 4.5
"""Spreads between the median and a bound; on a normal scale three days in a million lie beyond."""

LISTS_BEFORE = 5
"""So many lists before a day are asked whether its level is new."""

DAYS_BEFORE = 21
"""How far back those lists reach; a source that lists less often has no level that could be new."""

FLOOR = {"count": 0.3, "size": 0.06, "share": 0.05}
"""The least spread of each scale: of a count and a size in logarithms, of a share as it is."""

CHANCE = {"count": 1.0, "size": 0.3}
"""The spread of one row's value on that scale; of a share it follows from the share."""

USUAL = 0.5
"""A field that most records had and none has any more is told by `fields_as_before`, as is one that is new."""

FIGURE = pl.Schema({"asset": pl.String(), "day": pl.Date(), "figure": pl.String(), "value": pl.Float64()})
"""The columns of `day_figures`."""

HISTORY = """
    SELECT day, figure, value FROM day_figures
    WHERE asset = $asset AND day BETWEEN $first AND $last AND NOT list_contains($days, day)
"""
LEAST = 5
"""A source that usually lists fewer papers is taken to list so many: three where one is usual are no nonsense."""

SHOWN = 2
"""So many figures are told with their bounds where none of them drifts."""

NAME = pl.col("figure")
OF_SOURCE = NAME.str.starts_with("rows.") | NAME.str.starts_with("present.")


def measured(asset: str, suite: Suite, frame: pl.DataFrame, shares: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows of `FIGURE` for each day that `frame` has rows of: how many, of which source, and the suite's own figures.

    `shares` are rows of `field_shares`, of which each field's share of a source's records is a figure.
    """
    values = [figure.value.cast(pl.Float64).alias(figure.name) for figure in suite.usual]
    by_day = frame.group_by("day").agg(pl.len().cast(pl.Float64).alias("rows"), *values)
    found = [by_day.unpivot(index="day", variable_name="figure")]
    if "source" in frame.columns:
        counted = frame.group_by("day", "source").agg(value=pl.len().cast(pl.Float64))
        found.append(counted.select("day", figure="rows." + pl.col("source"), value="value"))
    if shares is not None:
        present = (pl.col("present") / pl.col("rows")).cast(pl.Float64)
        name = "present." + pl.col("source") + "." + pl.col("field")
        found.append(shares.select("day", figure=name, value=present))
    kept = pl.concat(found).drop_nulls().filter(pl.col("value").is_finite())
    return kept.select(pl.lit(asset).alias("asset"), *kept.columns).cast(FIGURE)


def history(warehouse: "Warehouse", asset: str, days: Sequence[date]) -> pl.DataFrame:
    """The figures of the days before, as far back as a window of these days reaches: (day, figure, value)."""
    first = min(days) - timedelta(weeks=WEEKS, days=DAYS_BEFORE)
    return warehouse.read(HISTORY, {"asset": asset, "first": first, "last": max(days), "days": list(days)})


def judged(suite: Suite, days: Sequence[date], now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Of each day and family of figures how many began to drift, and what to tell: facts for the gate.

    `now` are the figures of these days, `before` those of earlier ones; of a window, each day sees its own earlier
    days too. The columns are `<family>_drifted`, `<family>_drifted_told`, and `times_usual`, the rows of the source
    that has most in relation to its window.
    """
    facts = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
    if not families(suite):
        return facts
    bounded = _bounded(suite, days, pl.concat([before, now.select(before.columns)]))
    for family in families(suite):
        told = _told(bounded.filter(pl.col("family") == family), family)
        facts = facts.join(told, on="day", how="left")
        quiet = pl.col(f"{family}_drifted_told").fill_null(f"not judged: fewer than {FEWEST} lists of the weekday")
        facts = facts.with_columns(pl.col(f"{family}_drifted").fill_null(0), quiet)
    return facts.join(_times_usual(bounded), on="day", how="left")


def _times_usual(bounded: pl.DataFrame) -> pl.DataFrame:
    """How large the source's list is that is largest beside its window, in medians of it."""
    source = pl.format("{}: {} rows", _group(), pl.col("value").cast(pl.Int64)).sort_by("times").last()
    rows = bounded.filter(NAME.str.starts_with("rows."))
    return rows.group_by("day").agg(times_usual=pl.max("times").round(2), times_usual_told=source)


def families(suite: Suite) -> list[str]:
    """The families of figures that the suite judges."""
    columns = [str(expectation.arguments.get("column", "")) for expectation in suite.expectations]
    return [column.removesuffix("_drifted") for column in columns if column.endswith("_drifted")]


def _bounded(suite: Suite, days: Sequence[date], figures: pl.DataFrame) -> pl.DataFrame:
    """Each figure of these days that can be judged, with its bounds, its side of them, and whether that is new."""
    known = _known(suite, figures.filter(pl.col("day") <= max(days)))
    counts = figures.filter((NAME.str.starts_with("rows.") | (NAME == "rows")) & (pl.col("value") > 0))
    lists = counts.select("day", group=_group(), listed="value")
    since = lists.filter(pl.col("day") >= min(days) - timedelta(days=DAYS_BEFORE))
    kinds = known.select("group", "figure", "family", "scale").unique()
    # A source that is silent where others list has no list, and no rows.
    silent = (
        since.filter(pl.col("group") == "").select("day").join(kinds.filter(pl.col("family") == "rows"), how="cross")
    )
    asked = pl.concat([silent, since.join(kinds.filter(pl.col("family") != "rows"), on="group").select(silent.columns)])
    valued = _valued(asked.join(since, on=["group", "day"], how="left"), known, "day")
    sides = _sides(valued.join(_windows(asked, lists, known), on=["day", "figure"]))
    return _begins(sides).filter(pl.col("day").is_in(list(days)))


def _begins(sides: pl.DataFrame) -> pl.DataFrame:
    """Whether what lies outside only begins to: no list just before did on that side, nor were most at its level."""
    earlier = range(1, LISTS_BEFORE + 1)
    same = [
        (pl.col("side").shift(back).over("figure", order_by="day") == pl.col("side")).fill_null(False)
        for back in earlier
    ]
    values = [pl.col("value").shift(back).over("figure", order_by="day") for back in earlier]
    level = pl.concat_list(values).list.drop_nulls().list.median()
    there = pl.when(pl.col("side") > 0).then(level > pl.col("high")).otherwise(level < pl.col("low")).fill_null(False)
    return sides.with_columns(begins=(pl.col("side") != 0) & ~pl.any_horizontal(same) & ~there)


def _group() -> pl.Expr:
    """The source that a figure is about; none of those of all rows."""
    return pl.when(OF_SOURCE).then(NAME.str.split(".").list.get(1)).otherwise(pl.lit(""))


def _known(suite: Suite, figures: pl.DataFrame) -> pl.DataFrame:
    """The figures that are judged, with what kind of number each is."""
    own = {figure.name: figure for figure in suite.usual}
    named = [("rows.", "rows", "count"), ("present.", "present", "share")]
    family = NAME.replace_strict(
        {name: figure.family for name, figure in own.items()}, default=None, return_dtype=pl.String
    )
    scale = NAME.replace_strict(
        {name: figure.scale for name, figure in own.items()}, default=None, return_dtype=pl.String
    )
    for start, of_source, its_scale in named:
        family = pl.when(NAME.str.starts_with(start)).then(pl.lit(of_source)).otherwise(family)
        scale = pl.when(NAME.str.starts_with(start)).then(pl.lit(its_scale)).otherwise(scale)
    return figures.with_columns(group=_group(), family=family, scale=scale).drop_nulls("family")


def _valued(asked: pl.DataFrame, known: pl.DataFrame, day: str) -> pl.DataFrame:
    """What is asked for with its value; a field or source that is not named there has nothing."""
    values = known.select("figure", "value", pl.col("day").alias(day))
    found = asked.join(values, on=["figure", day], how="left")
    return found.with_columns(pl.when(OF_SOURCE).then(pl.col("value").fill_null(0)).otherwise("value")).drop_nulls(
        "value"
    )


def _windows(asked: pl.DataFrame, lists: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The lists of the same weekday before each day: their number and first, the median and its deviation."""
    apart = (pl.col("day") - pl.col("then")).dt.total_days()
    pairs = asked.select("group", "day").unique().join(lists.select("group", then="day"), on="group")
    pairs = pairs.filter(apart.is_between(7, 7 * WEEKS) & (apart % 7 == 0))
    values = _valued(pairs.join(asked.select("group", "day", "figure", "scale"), on=["group", "day"]), known, "then")
    number = _scaled(pl.col("value"))
    return (
        values.with_columns(number=number)
        .group_by("day", "figure")
        .agg(
            lists=pl.len(),
            first=pl.min("then"),
            middle=pl.median("number"),
            spread=1.4826 * (pl.col("number") - pl.col("number").median()).abs().median(),
        )
        .filter(pl.col("lists") >= FEWEST)
    )


def _scaled(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("scale") == "share").then(value).otherwise(value.clip(lower_bound=0).log1p())


def _unscaled(number: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("scale") == "share").then(number.clip(0, 1)).otherwise(number.exp() - 1)


def _sides(found: pl.DataFrame) -> pl.DataFrame:
    """Where each figure lies: `side` is 1 above its bounds, -1 below, 0 inside."""
    usual_rows = _unscaled(pl.col("middle"))
    rows = pl.when(pl.col("family") == "rows").then(usual_rows).otherwise(pl.col("listed")).clip(lower_bound=1)
    share = pl.col("middle").clip(0.02, 0.98)
    of_one = pl.when(pl.col("scale") == "share").then((share * (1 - share)).sqrt()).otherwise(_of(CHANCE))
    chance = of_one / rows.sqrt()
    spread = (pl.max_horizontal("spread", _of(FLOOR)).pow(2) + chance.pow(2)).sqrt()
    low, high = (_unscaled(pl.col("middle") + side * WIDTH * spread).clip(lower_bound=0) for side in (-1, 1))
    bounded = found.with_columns(low=low, high=high, times=pl.col("value") / usual_rows.clip(lower_bound=LEAST))
    side = pl.when(pl.col("value") > pl.col("high")).then(1).when(pl.col("value") < pl.col("low")).then(-1).otherwise(0)
    return bounded.with_columns(side=pl.when(_told_by_fetch()).then(0).otherwise(side))


def _of(constants: Mapping[str, float]) -> pl.Expr:
    return pl.col("scale").replace_strict(constants, default=None, return_dtype=pl.Float64)


def _told_by_fetch() -> pl.Expr:
    """Fields that are new, or that most records had and none has: `fields_as_before` tells them."""
    new, gone = pl.col("middle") == 0, (pl.col("value") == 0) & (pl.col("middle") >= USUAL)
    return (pl.col("family") == "present") & (new | gone)


def _told(bounded: pl.DataFrame, family: str) -> pl.DataFrame:
    """How many figures of a family began to drift on each day, and in words which, or what they were compared with."""
    number = pl.col("value").round(2).cast(pl.String)
    bounds = pl.format("usually {} to {}", pl.col("low").round(2), pl.col("high").round(2))
    since = pl.format("on {} {}s since {}", pl.col("lists"), pl.col("day").dt.strftime("%A"), pl.col("first"))
    each = pl.format("{} {}, {} {}", NAME, number, bounds, since)
    begun = each.filter(pl.col("begins")).sort().str.join("; ")
    rest = (
        pl.when(pl.len() <= SHOWN)
        .then(each.sort().str.join("; "))
        .otherwise(pl.format("{} figures as usual", pl.len()))
    )
    drifted = pl.col("begins").sum().cast(pl.Int64)
    return bounded.group_by("day").agg(
        drifted.alias(f"{family}_drifted"),
        pl.when(drifted > 0).then(begun).otherwise(rest).alias(f"{family}_drifted_told"),
    )
