"""What the operator decided about single rows, and which rows of a batch that is about.

A decision is about a key, an expectation and the value that was seen: a row that comes with another value is judged
anew. Where decisions are made and shown is the command's business.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from quality.expectations import Expectation, Suite

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

Decision = Literal["released", "dropped"]
"""Released: the row is taken in spite of the expectation. Dropped: it stays out, and nobody is asked again."""

DECIDED = """
    SELECT day, key, expectation, value, decision FROM decided WHERE asset = $asset AND list_contains($days, day)
"""
NO_COLUMN = ("regex", "value_set")
"""Arguments whose words are not names of columns."""

PASSING = ("day", "seen_at", "body")
"""When and where a row was seen: another each time that it is fetched, and nothing that was seen of it."""


@dataclass(frozen=True)
class Decisions:
    """The last decision on each row of some days of a table, by (day, key, expectation, value)."""

    last: Mapping[tuple[date, str, str, str | None], Decision] = field(default_factory=dict)

    @classmethod
    def of(cls, warehouse: "Warehouse", asset: str, days: Sequence[date]) -> "Decisions":
        """Those that are stored."""
        rows = warehouse.read(DECIDED, {"asset": asset, "days": list(days)}).iter_rows()
        return cls({(day, key, expectation, value): decision for day, key, expectation, value, decision in rows})

    def on(self, suite: Suite, expectation: Expectation, row: Mapping[str, Any]) -> Decision | None:
        """What was decided about a row that breaks an expectation of the suite."""
        seen = value_of(suite, expectation, row)
        return self.last.get((row["day"], key_of(suite.key, row), expectation.name, seen))


NONE = Decisions()


def key_of(keys: Sequence[str], row: Mapping[str, Any]) -> str:
    """A row's key in words: its values joined by a slash."""
    return "/".join(str(row[column]) for column in keys)


def judged(suite: Suite, expectation: Expectation, columns: Iterable[str]) -> list[str]:
    """Those of the columns that a row expectation speaks of, by itself or by what the suite derives from it.

    It sees a column of lists by its length, `<column>_count`. SQL of the operator's speaks of those that it names.
    """
    sql = next((own.sql for own in suite.own if own.expectation.name == expectation.name), "")
    arguments = [value for name, value in expectation.arguments.items() if name not in NO_COLUMN]
    named = {word for value in (*arguments, sql.lower()) for word in re.findall(r"\w+", str(value))}
    for derived in suite.derived:
        if derived.meta.output_name() in named:
            named.update(derived.meta.root_names())
    return [column for column in columns if column != "day" and {column, f"{column}_count"} & named]


def value_of(suite: Suite, expectation: Expectation, row: Mapping[str, Any]) -> str | None:
    """What the expectation saw of a row, in words; None where its one column holds nothing.

    SQL that names no column may have looked at any: its value is a fingerprint of the row.
    """
    columns = judged(suite, expectation, row)
    if not columns:
        whole = {column: value for column, value in row.items() if column not in PASSING}
        said = json.dumps(whole, default=str, sort_keys=True)
        return f"row {hashlib.sha256(said.encode()).hexdigest()[:16]}"
    if len(columns) == 1:
        return None if row[columns[0]] is None else str(row[columns[0]])
    return ", ".join(f"{column} {row[column]}" for column in columns)
