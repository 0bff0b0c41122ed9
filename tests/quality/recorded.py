"""A warehouse whose record is written as the gate writes it, without a run: as bad, as hostile or as long as asked.

Also what a reader sees of a page: its text and the cells of its tables.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl

from assets.fetch.drift import SHARE
from assets.fetch.fetch import LEDGER
from orchestration.warehouse import Warehouse
from quality import entries
from quality.report.facts import TABLES, Day

AT = datetime(2025, 3, 12, 7, 30)
RUN = "0123456789"
HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"'&$\\frac{</style></title>javascript:alert(1)"""
FIGURE = pl.Schema({"asset": pl.String(), "day": pl.Date(), "figure": pl.String(), "value": pl.Float64()})


def warehouse(folder: Path) -> Warehouse:
    """A warehouse that holds nothing."""
    return Warehouse(path=str(folder / "warehouse.duckdb"))


def days_of(count: int, last: date = date(2025, 12, 31)) -> list[date]:
    """So many days up to `last`."""
    return [last - timedelta(days=back) for back in reversed(range(count))]


def record(store: Warehouse, days: Sequence[date], *, reason: str = "title_present: 12 of 36 rows failed.",
           key: str = "archive/2503.00001", source: str = "archive", figures: int = 8) -> list[Day]:  # fmt: skip
    """Attempts at these days in all six tables: each tenth is rejected, each fifteenth was and is published since."""
    bad, mended = set(days[::10]), set(days[6::15])
    with store.kept_open():
        for asset in TABLES:
            store.publish(asset, sorted(bad | mended), _attempts(asset, bad | mended, "rejected", reason, AT))
            good = set(days) - bad
            store.publish(asset, sorted(good), _attempts(asset, good, "published", "", AT + timedelta(hours=1)))
            held = [(asset, day, key, "title_present", reason, "{}", RUN, AT) for day in sorted(mended)]
            moved = [(asset, day, f"{reason}{place}", day.day * (place + 1) % 7 + 0.5)
                     for day in days for place in range(figures)]  # fmt: skip
            beside = {
                "quarantine": pl.DataFrame(held, schema=entries.QUARANTINE, orient="row"),
                "day_figures": pl.DataFrame(moved, schema=FIGURE, orient="row"),
            }
            store.publish(asset, days, beside, {"quality_results": _results(asset, days, bad | mended, reason)})
        ledger = [(source, day, "failed" if day in bad else "fresh", None, 0, 1, 0.1, reason, AT) for day in days]
        shares = [(source, day, f"paper.{source}", day.day % 20, 20) for day in days]
        store.publish("fetched_papers", days, {
            "fetch_ledger": pl.DataFrame(ledger, schema=LEDGER, orient="row"),
            "field_shares": pl.DataFrame(shares, schema=SHARE, orient="row"),
        })  # fmt: skip
    return [Day(day, "failed" if day in bad else "fresh", reason if day in bad else "") for day in days]


def _attempts(asset: str, days: set[date], outcome: str, reason: str, at: datetime) -> dict[str, pl.DataFrame]:
    rows = [(asset, day, outcome, 20 + day.day, reason, RUN, at) for day in sorted(days)]
    return {"partitions": pl.DataFrame(rows, schema=entries.PARTITIONS, orient="row")}


def _results(asset: str, days: Sequence[date], failed: set[date], reason: str) -> pl.DataFrame:
    """An ERROR expectation that fails on these days, and a WARN one that fails on them too."""
    return pl.DataFrame([
        {"asset": asset, "day": day, "expectation": name, "severity": severity, "passed": day not in failed,
         "observed": reason, "threshold": reason, "rows": 36, "unexpected": 12 if day in failed else 0,
         "seconds": 0.1, "run_id": RUN, "recorded_at": AT}
        for day in days for name, severity in (("title_present", "ERROR"), (reason, "WARN"))
    ])  # fmt: skip


class Seen(HTMLParser):
    """What a reader sees: `text`, the rows of every table, and all ids and addresses in the page's own elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self._texts: list[str] = []
        self._rows: list[list[str]] = []
        self.feed(page)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())

    @property
    def rows(self) -> list[list[str]]:
        return [[" ".join(cell.split()) for cell in row] for row in self._rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "srcset")]
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "style" and "{" in data:
            return
        self._texts.append(data)
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] += data
