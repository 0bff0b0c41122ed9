"""Invented records in bulk through deduplication, and now and then how long a thousand new ones take.

`python million_records.py CORPUS FOLDER RECORDS ...`: after each of these numbers of stored records a thousand more are
resolved, a tenth of them revisions under ids of their own. Prints JSON: [stored, [seconds, of them of processor] each
time, works found], and the seconds of the bulk; the first time is that of a file just opened. The records are the
corpus' own, and beyond these texts of which every other word is replaced.
"""

import gc
import gzip
import json
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from assets.clean.clean import CLEAN, title_key
from assets.clean.people import author_key
from assets.dedupe.decisions import NONE
from assets.dedupe.resolve import Resolved, resolve
from orchestration.warehouse import Warehouse
from tests.dedupe.records import put

A_DAY = 2_000
AT_ONCE = 25
NEW, REVISED = 1_000, 100
REPEATS = 6
FIRST = date(2020, 1, 1)


def main(corpus: str, folder: str, *sizes: str) -> None:
    """Fill a warehouse, and stop to measure."""
    papers = [json.loads(line) for line in gzip.open(corpus, "rt", encoding="utf-8")]
    warehouse = Warehouse(path=str(Path(folder) / "warehouse.duckdb"))
    measured, bulk, stored = [], 0.0, 0
    for size in map(int, sizes):
        while stored < size:
            count = min(A_DAY * AT_ONCE, size - stored)
            rows = [_record(papers, number) for number in range(stored, stored + count)]
            started = time.perf_counter()
            _publish(warehouse, _frame(rows))
            bulk += time.perf_counter() - started
            stored += count
        measured.append([stored, *_a_thousand_more(warehouse, papers, stored)])
    print(json.dumps([measured, bulk]))


def _publish(warehouse: Warehouse, records: pl.DataFrame) -> None:
    days = sorted(set(records["day"]))
    warehouse.publish("clean_papers", days, {"clean_papers": records})
    put(warehouse, days, resolve(warehouse, days, NONE))


def _a_thousand_more(
    warehouse: Warehouse, papers: Sequence[dict[str, Any]], stored: int
) -> tuple[list[tuple[float, float]], int]:
    """Seconds and processor seconds each time, and how many of the revised records were found to be a stored work."""
    day = FIRST + timedelta(days=stored)
    new = [_record(papers, stored + number, day) for number in range(NEW - REVISED)]
    revised = [_revised(_record(papers, number * (stored // REVISED)), day) for number in range(REVISED)]
    warehouse.publish("clean_papers", [day], {"clean_papers": _frame([*new, *revised])})
    # The corpus in this process is the benchmark's: no run of a pipeline has to look through it for garbage.
    gc.collect()
    gc.freeze()
    seconds = []
    with warehouse.kept_open():
        for _ in range(REPEATS):
            wall, cpu = time.perf_counter(), time.process_time()
            found = resolve(warehouse, [day], NONE)
            seconds.append((time.perf_counter() - wall, time.process_time() - cpu))
    warehouse.publish("clean_papers", [day], {"clean_papers": _frame([])})
    return seconds, _found(found)


def _found(resolved: Resolved) -> int:
    mirrored = pl.col("members").list.eval(pl.element().struct.field("source") == "mirror").list.any()
    return resolved.frame.filter(mirrored, pl.col("members").list.len() > 1).height


def _frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(CLEAN), **row} for row in rows], schema=CLEAN, orient="row")


def _record(papers: Sequence[dict[str, Any]], number: int, day: date | None = None) -> dict[str, Any]:
    paper = papers[number % len(papers)]
    random = Random(number)  # noqa: S311 - it makes texts, not secrets
    again = number >= len(papers)
    other = random.choice(papers)
    title = _mixed(paper["title"], other["title"], random) if again else paper["title"]
    authors = [*paper["authors"][:2], *other["authors"][:2]] if again else paper["authors"]
    return {
        "day": day or FIRST + timedelta(days=number // A_DAY),
        "source": "corpus",
        "source_id": f"{number:07}",
        "paper_id": f"corpus:{number:07}",
        "title": title,
        "title_key": title_key(title),
        "abstract": _mixed(paper["abstract"], other["abstract"], random) if again else paper["abstract"],
        "authors": authors,
        "author_keys": [author_key(name) for name in authors],
        "withdrawn": False,
        "links": [],
    }


def _mixed(text: str, other: str, random: Random) -> str:
    theirs = other.split() or ["nothing"]
    return " ".join(word if random.random() < 0.5 else random.choice(theirs) for word in text.split())


def _revised(record: dict[str, Any], day: date) -> dict[str, Any]:
    """The record at another source, its abstract without its last words."""
    words = record["abstract"].split()
    mirror = {"day": day, "source": "mirror", "paper_id": f"mirror:{record['source_id']}"}
    return {**record, **mirror, "abstract": " ".join(words[: max(1, len(words) * 9 // 10)])}


if __name__ == "__main__":
    main(*sys.argv[1:])
