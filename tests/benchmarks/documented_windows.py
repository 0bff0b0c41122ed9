"""Windows of days made in one process, after one that warms it up, with a clock on Data Docs.

Prints for each window its processor seconds, those of its Data Docs, and their bytes, as JSON. `python
documented_windows.py FIRST WINDOWS`, FIRST as YYYY-MM-DD. A script, because the package `tests` sets the settings aside
by which its caller names the home.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

DAYS = 31


def main(first: date, windows: int) -> None:
    """Run the job `backfill` for so many windows after the first."""
    from orchestration import runs
    from orchestration.definitions import defs
    from orchestration.settings import current
    from quality.data_docs import DataDocs

    spent: list[float] = []
    DataDocs.write = _timed(DataDocs.write, spent)  # type: ignore[method-assign]
    DataDocs.finish = _timed(DataDocs.finish, spent)  # type: ignore[method-assign]
    measured = []
    with runs.instance(current()) as instance:
        for number in range(windows + 1):
            spent.clear()
            start = first + timedelta(days=DAYS * number)
            days = runs.days_between(start, start + timedelta(days=DAYS - 1))
            began = time.process_time()
            (outcome,) = runs.backfill(defs, instance, days, lambda _: None)
            seconds = time.process_time() - began
            if not outcome.success:
                sys.exit(f"{start}: {outcome.reason}")
            pages = (current().reports / "data-docs" / outcome.run_id).glob("*.html")
            measured.append((seconds, sum(spent), sum(page.stat().st_size for page in pages)))
    print(json.dumps(measured[1:]))


def _timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = time.process_time()
        try:
            return function(*arguments)
        finally:
            spent.append(time.process_time() - began)

    return timed


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="dagster")
    main(date.fromisoformat(sys.argv[1]), int(sys.argv[2]))
