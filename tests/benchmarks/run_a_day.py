"""A run a day in one process, after a run that warms it up: prints the seconds of the days' runs as a JSON list.

`python run_a_day.py FIRST LAST`, days as YYYY-MM-DD; the day before FIRST is the warming-up. A script, because the
package `tests` sets the settings aside by which its caller names the home.
"""

import json
import sys
import time
import warnings
from datetime import date, timedelta


def main(first: date, last: date) -> None:
    """Run the job `backfill` for each day from first to last, both included."""
    from orchestration import runs
    from orchestration.definitions import defs
    from orchestration.settings import current

    seconds = []
    with runs.instance(current()) as instance:
        for day in runs.days_between(first - timedelta(days=1), last):
            started = time.perf_counter()
            outcome = runs.run_day(defs, instance, "backfill", day)
            seconds.append(time.perf_counter() - started)
            if not outcome.success:
                sys.exit(f"{day}: {outcome.reason}")
    print(json.dumps(seconds[1:]))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="dagster")
    main(*(date.fromisoformat(argument) for argument in sys.argv[1:]))
