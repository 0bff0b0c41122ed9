"""Lists of readers as CSV: what `paperboy readers import` reads and `export` writes."""

import csv
import io
from collections.abc import Sequence

from assets.mail.readers.reader import InvalidAddress, Reader, mailbox_of, parsed

COLUMNS = ("address", "name", "state", "origin", "since")
"""What is exported; an import needs `address`, takes `name`, and has no use for the others."""

NOT_READERS = ("pending", "unsubscribed", "unnamed", "suppressed")
"""Rows of an export that make nobody a reader."""


FORMULA = ("=", "+", "-", "@", "\t")
"""What a spreadsheet takes for the beginning of a formula."""


class BadList(Exception):
    """A list cannot be read; the text names its file, the line, and what is wrong."""


def read(text: str, name: str) -> list[str]:
    """The readers of a CSV file that is called `name`, as `Ada <ada@lab.example>`, without those who left.

    Raises `BadList`.
    """
    rows = csv.DictReader(io.StringIO(text))
    if "address" not in (rows.fieldnames or ()):
        raise BadList(f"{name}: the first line must name the columns, with address among them; name may be another")
    found = []
    for row in rows:
        address = _unquoted(row["address"] or "")
        if not address or row.get("state") in NOT_READERS:
            continue
        try:
            _, plain = parsed(address)
            found.append(mailbox_of(_unquoted(row.get("name") or ""), plain))
        except InvalidAddress as error:
            raise BadList(f"{name}, line {rows.line_num}: {error}; nothing was imported") from error
    return found


def written(readers: Sequence[Reader]) -> str:
    """The readers as CSV with `COLUMNS`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(
        (_plain(one.address), _plain(one.name), one.state, one.origin, f"{one.updated_at:%Y-%m-%d}") for one in readers
    )
    return text.getvalue()


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a name is a stranger's to choose."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _unquoted(text: str) -> str:
    """What was written so."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
