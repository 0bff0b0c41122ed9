"""How the fields of a source's records come and go: an upstream that changes its shape is seen, and kills nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import orjson
import polars as pl

SHARE = pl.Schema(
    {"source": pl.String(), "day": pl.Date(), "field": pl.String(), "present": pl.Int32(), "rows": pl.Int32()}
)
"""The columns of `field_shares`."""

USUAL = 0.5
"""A field that at least this share of the last lists' records had is missed when a whole list has none of it."""

MIN_ROWS = 5
"""A shorter list says nothing about what is usual."""

LAST_DAYS = 28
"""How far back the lists reach that a list is compared with."""


def shares(records: pl.DataFrame) -> pl.DataFrame:
    """How many records of each source and day hold something in each field, as rows of `SHARE`.

    A field is a key of the record, or of an object in it: `paper.ai_summary`.
    """
    found = []
    for (source, day), rows in records.group_by("source", "day", maintain_order=True):
        present = _present(orjson.loads(record) for record in rows["record"])
        found += [(source, day, field, count, rows.height) for field, count in sorted(present.items())]
    return pl.DataFrame(found, schema=SHARE, orient="row")


def _present(records: Iterable[dict[str, Any]]) -> Counter[str]:
    """How many records hold something in each field; zero and false are something."""
    outer: Counter[str] = Counter()
    inner: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        outer.update([key for key, value in record.items() if value or value == 0])
        for key, value in record.items():
            if isinstance(value, dict):
                inner[key].update([name for name, held in value.items() if held or held == 0])
    return outer + Counter({f"{key}.{name}": count for key, held in inner.items() for name, count in held.items()})


def changes(now: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """The fields that vanished from a day's lists or appeared in them: (day, fields_changed, fields_changed_told).

    `history` are rows of `SHARE` of other days; only those before a day count for it.
    """
    before = history.join(now.select("source", "day").unique(), on=["source", "day"], how="anti")
    lists: dict[str, dict[date, dict[str, tuple[int, int]]]] = defaultdict(lambda: defaultdict(dict))
    for source, day, field, present, rows in pl.concat([before.select(SHARE.names()), now]).iter_rows():
        lists[source][day][field] = (present, rows)
    told: dict[date, list[str]] = defaultdict(list)
    for source, day in now.select("source", "day").unique().sort("source", "day").iter_rows():
        told[day] += [f"{source} {change}" for change in _changes(day, lists[source])]
    rows_ = [(day, len(found), "; ".join(found)) for day, found in told.items()]
    columns = {"day": pl.Date, "fields_changed": pl.Int64, "fields_changed_told": pl.String}
    return pl.DataFrame(rows_, schema=columns, orient="row")


def _changes(day: date, lists: Mapping[date, Mapping[str, tuple[int, int]]]) -> Iterator[str]:
    earlier = [listed for other, listed in lists.items() if 0 < (day - other).days <= LAST_DAYS]
    had = sum(max((rows for _, rows in listed.values()), default=0) for listed in earlier)
    has = max((rows for _, rows in lists[day].values()), default=0)
    if had < MIN_ROWS or has < MIN_ROWS:
        return
    # A field that the last list had no more was told with that list.
    last = lists[max(other for other in lists if other < day)]
    for field in sorted(last.keys() - lists[day].keys()):
        share = sum(listed[field][0] for listed in earlier if field in listed) / had
        if share >= USUAL:
            yield f"{field} vanished ({share:.0%} of the records before)"
    known = {field for other, listed in lists.items() if other < day for field in listed}
    for field in sorted(lists[day].keys() - known):
        yield f"{field} appeared ({lists[day][field][0] / has:.0%} of the records)"
