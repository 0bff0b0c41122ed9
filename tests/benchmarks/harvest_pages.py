"""A harvest of arXiv's set `cs`, as it is made for a past day.

`python harvest_pages.py DATE`, back to that datestamp, with the settings in the environment; prints the seconds.
"""

import sys
import time
from datetime import UTC, date, datetime

from assets.fetch.registry import arxiv_source
from orchestration import resources
from orchestration.settings import load


def main(since: str) -> None:
    """Harvest what there is."""
    settings, now = load(), datetime.now(UTC)
    started = time.perf_counter()
    arxiv_source(settings, resources.web(settings)).harvest.reach("cs", date.fromisoformat(since), now, now)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
