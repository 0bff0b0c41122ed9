"""`python -m tests.benchmarks [NAME ...]` prints the tables of the benchmarks named, or of all."""

import sys

from tests.benchmarks import (
    alarms,
    clean,
    cold,
    data_docs,
    dedupe,
    detection,
    fetch,
    gate,
    harvest,
    identity,
    learned,
    mailing,
    million,
    ranking,
    readers,
    search,
    summaries,
    tags,
    texts,
    validate,
    year,
)

BENCHMARKS = {
    "alarms": alarms.report,
    "clean": clean.report,
    "cold": cold.report,
    "data_docs": data_docs.report,
    "dedupe": dedupe.report,
    "detection": detection.report,
    "fetch": fetch.report,
    "gate": gate.report,
    "harvest": harvest.report,
    "identity": identity.report,
    "learned": learned.report,
    "mailing": mailing.report,
    "million": million.report,
    "ranking": ranking.report,
    "readers": readers.report,
    "search": search.report,
    "summaries": summaries.report,
    "tags": tags.report,
    "texts": texts.report,
    "validate": validate.report,
    "year": year.report,
}


def main(names: list[str]) -> None:
    """Print each table as soon as it is measured."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names or BENCHMARKS:
        for line in BENCHMARKS[name]():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
