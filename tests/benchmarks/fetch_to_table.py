"""Fetching days into the table as the asset does it, but for Dagster and the gate: bodies, ledger, drift, DuckDB.

`python fetch_to_table.py FIRST LAST` with the settings in the environment; prints the records and the seconds as JSON.
"""

import json
import sys
import time
from datetime import date

from assets.fetch.round import Round
from orchestration import resources
from orchestration.partitions import DAYS_A_RUN
from orchestration.runs import days_between
from orchestration.settings import load


def main(first: str, last: str) -> None:
    """Windows of days, each published; what is opened or imported once a process is so before."""
    settings = load()
    warehouse, feeds = resources.warehouse(settings), resources.feeds(settings)
    warehouse.counts("fetched_papers", [])
    days, records = days_between(date.fromisoformat(first), date.fromisoformat(last)), 0
    started = time.perf_counter()
    for start in range(0, len(days), DAYS_A_RUN):
        made = Round.of(warehouse, feeds, days[start : start + DAYS_A_RUN], [])
        tables = {"fetched_papers": made.rows, "fetch_ledger": made.ledger, "field_shares": made.shares}
        warehouse.publish("fetched_papers", made.days, tables, {"popularity": made.snapshots})
        records += made.rows.height
    print(json.dumps([records, time.perf_counter() - started]))


if __name__ == "__main__":
    main(*sys.argv[1:])
