"""A table's days in figures and charts: volume, what was held back, and the figures that moved most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import polars as pl
from markupsafe import Markup

from quality.report.charts import Chart, drawn
from quality.report.facts import TABLES, Facts
from quality.report.words import plural

MOVED = 6
"""So many of a table's figures are drawn: those that moved most. Of the others the range is told."""

LEAST = 1e-9
SHARE = "present."
"""A figure that begins so is the share of records that hold something in a field."""


@dataclass(frozen=True)
class Grid:
    """Figures as a table: the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class TableView:
    """What the page shows of a table."""

    name: str
    sentence: str
    charts: Sequence[tuple[Chart, Markup]]
    volumes: Grid
    drawn_figures: Grid
    all_figures: Grid


def views(facts: Facts) -> list[TableView]:
    """All six, in the order of the pipeline."""
    return [_view(facts, name) for name in TABLES]


def _view(facts: Facts, name: str) -> TableView:
    days = [day.day for day in facts.days]
    volumes = {row["day"]: row for row in facts.volumes.filter(pl.col("asset") == name).iter_rows(named=True)}
    figures = _figures(facts, name)
    moved = sorted(sorted(figures, key=lambda figure: -_movement(figures[figure]))[:MOVED])
    charts = [_volume(name, days, volumes), _held_back(name, days, volumes)] if volumes else []
    charts += [_line(name, place, days, figure, figures[figure]) for place, figure in enumerate(moved)]
    return TableView(
        name,
        _sentence(volumes),
        [(chart, drawn(chart)) for chart in charts],
        _volume_grid(volumes),
        _day_grid(days, {figure: figures[figure] for figure in moved}),
        _range_grid(figures),
    )


def _figures(facts: Facts, name: str) -> dict[str, dict[date, float]]:
    found: dict[str, dict[date, float]] = {}
    of_table = facts.drift.filter(pl.col("asset") == name).select("figure", "day", "value")
    for figure, day, value in of_table.iter_rows():
        found.setdefault(figure, {})[day] = value
    return found


def _movement(values: Mapping[date, float]) -> float:
    """How far a figure goes beside its own size; a share beside the whole is moved by what it moves."""
    low, high, _ = _ends(values)
    return (high - low) / max(abs(low), abs(high), LEAST)


def _sentence(volumes: Mapping[date, Mapping[str, Any]]) -> str:
    if not volumes:
        return "Nothing was made."
    rows = sum(row["rows"] for row in volumes.values())
    quarantined = sum(row["quarantined"] for row in volumes.values())
    refused = sum(1 for row in volumes.values() if row["rejected"] or row["failed"])
    share = f", {held:.1%} of what came" if (held := _share(quarantined, rows)) else ""
    attempts = f"; {plural(refused, 'day')} with a rejected or failed attempt" if refused else ""
    return f"{plural(rows, 'row')} on {plural(len(volumes), 'day')}; {quarantined:,} in quarantine{share}{attempts}."


def _share(quarantined: int, rows: int) -> float:
    return quarantined / (quarantined + rows) if quarantined else 0.0


def _refused(volumes: Mapping[date, Mapping[str, Any]]) -> frozenset[date]:
    return frozenset(day for day, row in volumes.items() if row["rejected"] or row["failed"])


def _volume(name: str, days: Sequence[date], volumes: Mapping[date, Mapping[str, Any]]) -> Chart:
    counts = [row["rows"] for row in volumes.values()]
    told = f"From {min(counts):,} to {max(counts):,} rows a day, {sum(counts):,} in all."
    values = [float(volumes[day]["rows"]) if day in volumes else None for day in days]
    return Chart(f"{name}-rows", "Rows a day", told, days, values, bars=True)


def _held_back(name: str, days: Sequence[date], volumes: Mapping[date, Mapping[str, Any]]) -> Chart:
    shares = {day: _share(row["quarantined"], row["rows"]) for day, row in volumes.items()}
    refused = _refused(volumes)
    told = f"Up to {highest:.1%} of a day’s rows." if (highest := max(shares.values())) else "None."
    if refused:
        told += f" A cross: an attempt failed or was rejected whole, on {plural(len(refused), 'day')}."
    values = [shares.get(day) for day in days]
    return Chart(f"{name}-held", "Share of rows in quarantine", told, days, values, refused, share=True, bars=True)


def _line(name: str, place: int, days: Sequence[date], figure: str, values: Mapping[date, float]) -> Chart:
    low, high, last = (_number(figure, value) for value in _ends(values))
    drawn_values = [values.get(day) for day in days]
    if not figure.startswith(SHARE):
        return Chart(f"{name}-{place}", figure, f"From {low} to {high}, last {last}.", days, drawn_values)
    source, _, field = figure.removeprefix(SHARE).partition(".")
    told = f"{source}’s records that hold it: from {low} to {high}, last {last}."
    return Chart(f"{name}-{place}", field, told, days, drawn_values, share=True)


def _ends(values: Mapping[date, float]) -> tuple[float, float, float]:
    """The least, the greatest and the last."""
    return min(values.values()), max(values.values()), values[max(values)]


def _volume_grid(volumes: Mapping[date, Mapping[str, Any]]) -> Grid:
    rows = [
        [str(day), row["outcome"], f"{row['rows']:,}", f"{row['quarantined']:,}",
         f"{_share(row['quarantined'], row['rows']):.1%}", str(row["rejected"]), str(row["failed"])]
        for day, row in volumes.items()
    ]  # fmt: skip
    return Grid(("Day", "Last attempt", "Rows", "In quarantine", "Share", "Rejected", "Failed"), rows)


def _day_grid(days: Sequence[date], figures: Mapping[str, Mapping[date, float]]) -> Grid:
    named = [day for day in days if any(day in values for values in figures.values())]
    rows = [
        [str(day), *(_number(figure, values[day]) if day in values else "–" for figure, values in figures.items())]
        for day in named
    ]
    return Grid(("Day", *figures), rows)


def _range_grid(figures: Mapping[str, Mapping[date, float]]) -> Grid:
    rows = []
    for figure, values in figures.items():
        low, high, last = _ends(values)
        rows.append([figure, *(_number(figure, end) for end in (low, median(values.values()), high, last))])
    return Grid(("Figure", "Lowest", "Median", "Highest", "Last"), rows)


def _number(figure: str, value: float) -> str:
    if figure.startswith(SHARE):
        return f"{value:.0%}"
    return f"{value:,.0f}" if value >= 100 or value.is_integer() else f"{value:.3g}"
