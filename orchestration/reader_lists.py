"""Lists of readers as CSV: what `paperboy readers import` reads and `export` writes."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from assets.mail.readers.lab import Lab
from assets.mail.readers.preferences import WAYS, InvalidPreference
from assets.mail.readers.reader import InvalidAddress, Reader, mailbox_of, parsed
from assets.mail.readers.store import Listed
from orchestration.preferred import SINGLE, texts, values

COLUMNS = ("address", "name", "state", "origin", "since", *SINGLE, *WAYS)
"""What is exported; an import needs `address`, takes `name` and preferences, and has no use for the others."""

NOT_READERS = ("pending", "unsubscribed", "unnamed", "suppressed")
"""Rows of an export that make nobody a reader."""


FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet takes for the beginning of a formula."""


class BadList(Exception):
    """A list cannot be read; the text names its file, the line, and what is wrong."""


def read(text: str, name: str, lab: Lab) -> list[Listed]:
    """The readers of a CSV file that is called `name`, without those who left.

    Of preferences a line says those that have a column; an empty cell is what all get. Raises `BadList`.
    """
    rows = csv.DictReader(io.StringIO(text))
    if "address" not in (rows.fieldnames or ()):
        raise BadList(f"{name}: the first line must name the columns, with address among them; name may be another")
    wanted = [column for column in (*SINGLE, *WAYS) if column in (rows.fieldnames or ())]
    found = []
    for row in rows:
        address = _unquoted(row["address"] or "")
        if not address or row.get("state") in NOT_READERS:
            continue
        try:
            _, plain = parsed(address)
            mailbox = mailbox_of(_unquoted(row.get("name") or ""), plain)
            found.append(Listed(mailbox, _preferences({column: row[column] or "" for column in wanted}, lab)))
        except (InvalidAddress, InvalidPreference) as error:
            raise BadList(f"{name}, line {rows.line_num}{_column(error)}: {error}; nothing was imported") from error
    return found


def written(readers: Sequence[Reader]) -> str:
    """The readers as CSV with `COLUMNS`."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for one in readers:
        known = {"state": one.state, "origin": one.origin, "since": f"{one.updated_at:%Y-%m-%d}"}
        named = {"address": _plain(one.address), "name": _plain(one.name)}
        table.writerow({**named, **known, **texts(one.preferences)})
    return text.getvalue()


def _preferences(cells: Mapping[str, str], lab: Lab) -> dict[str, Any]:
    """Raises `InvalidPreference` for one column alone."""
    found: dict[str, Any] = {}
    for column, cell in cells.items():
        try:
            found |= values({column: cell}, lab)
        except InvalidPreference as error:
            raise InvalidPreference(str(error), [column]) from error
    return found


def _column(error: Exception) -> str:
    return f", column {', '.join(error.names)}" if isinstance(error, InvalidPreference) else ""


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a name is a stranger's to choose."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _unquoted(text: str) -> str:
    """What was written so."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
