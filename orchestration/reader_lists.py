"""Lists of readers as CSV: what `paperboy readers import` reads and `export` writes."""

import csv
import io
from collections.abc import Sequence
from email.headerregistry import Address

from assets.mail.readers.reader import InvalidAddress, Reader, parsed

COLUMNS = ("address", "name", "state", "origin", "since")
"""What is exported; an import needs `address`, takes `name`, and has no use for the others."""

LEFT = ("unsubscribed", "suppressed")


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
        address = (row["address"] or "").strip()
        if not address or row.get("state") in LEFT:
            continue
        try:
            _, plain = parsed(address)
            found.append(str(Address(row.get("name") or "", addr_spec=plain)))
        except (InvalidAddress, ValueError) as error:
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
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
