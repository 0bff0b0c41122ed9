"""The floor of fetching: a bare loop of `requests` and `json.loads` over the same pages, that stores nothing.

`python bare_loop.py URL FIRST LAST`, days as YYYY-MM-DD; prints the records and the seconds as JSON.
"""

import json
import sys
import time
from datetime import date
from itertools import count

import requests

from orchestration.runs import days_between

SIZE = 100


def main(url: str, first: str, last: str) -> None:
    """Ask for each day page by page."""
    records = 0
    started = time.perf_counter()
    for day in days_between(date.fromisoformat(first), date.fromisoformat(last)):
        for page in count():
            query = {"date": str(day), "p": str(page), "limit": str(SIZE)}
            listed = json.loads(requests.get(f"{url}/api/daily_papers", params=query, timeout=30).content)
            records += len(listed)
            if len(listed) < SIZE:
                break
    print(json.dumps([records, time.perf_counter() - started]))


if __name__ == "__main__":
    main(*sys.argv[1:])
