"""The mail's database, carried from one place to another: who has a file and wants PostgreSQL loses no history."""

import sqlalchemy as sa

from assets.mail.database.opened import Place, opened, shown, transaction
from assets.mail.database.tables import TABLES
from assets.mail.database.turn import turn

BATCH = 10_000
"""Rows that are held at once."""


class NotEmpty(Exception):
    """The other place holds something; the text names it and says what to do."""


def copied(source: Place, target: Place, wait: float) -> dict[str, int]:
    """Copy every row into a database that holds none, all or nothing; how many of each table.

    Nobody writes to either meanwhile; who sends is waited for, so many seconds. Raises `NotEmpty`, and `Busy`.
    """
    before, after = opened(source), opened(target)
    with turn(before, "lock", wait), turn(before, "asked.lock", wait), turn(before, "chat.lock", wait):
        with transaction(before) as old, transaction(after) as new:
            for table in TABLES.sorted_tables:
                if new.execute(sa.select(table).limit(1)).first():
                    raise NotEmpty(
                        f"{shown(target)} is in use: its table {table.name} has rows; name an empty database"
                    )
            return {table.name: _copy(table, old, new) for table in TABLES.sorted_tables}


def _copy(table: sa.Table, old: sa.Connection, new: sa.Connection) -> int:
    count = 0
    for rows in old.execute(sa.select(table)).mappings().partitions(BATCH):
        new.execute(sa.insert(table), [dict(row) for row in rows])
        count += len(rows)
    column = table.autoincrement_column
    if count and column is not None and new.dialect.name == "postgresql":
        # PostgreSQL counts on by itself, and does not look at numbers that it was given.
        sequence, last = sa.func.pg_get_serial_sequence(table.name, column.name), sa.func.max(column)
        new.execute(sa.select(sa.func.setval(sequence, last)))
    return count
