"""A run a day in one process, in the order given, whatever becomes of each: `python make_days.py DAY ...`.

A script, because the package `tests` sets the settings aside by which its caller names the home.
"""

import sys
import warnings
from collections.abc import Sequence
from datetime import date


def main(days: Sequence[date]) -> None:
    """Run the job `backfill` for each of the days."""
    from orchestration import runs
    from orchestration.definitions import defs
    from orchestration.settings import current

    with runs.instance(current()) as instance:
        for day in days:
            runs.run_day(defs, instance, "backfill", day)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="dagster")
    main([date.fromisoformat(argument) for argument in sys.argv[1:]])
