"""Small tables for the warehouse, and real second processes that hold it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import polars as pl

from orchestration.warehouse import Warehouse
from quality.entries import PARTITIONS, QUARANTINE
from tests.lab import CHECKOUT

MONDAY, TUESDAY, SUNDAY = date(2025, 3, 10), date(2025, 3, 11), date(2025, 3, 16)
NOW = datetime(2025, 3, 12, 8, 30)

STRANGER = """
import sys
import duckdb

with duckdb.connect(sys.argv[1]):
    print("holding", flush=True)
    sys.stdin.readline()
"""
"""A program of somebody else that holds the file until it reads a line."""

Generation = tuple[list[date], dict[str, pl.DataFrame], dict[str, pl.DataFrame]]


def generation(number: int) -> Generation:
    """The arguments of a publish of two days in three tables, all of whose rows carry a number."""
    days = [MONDAY, TUESDAY]
    replace = {
        "tagged_papers": tagged(*[(day, f"{number}/{place}") for day in days for place in range(2_000)]),
        "partitions": partitions("digest", *days, rows=number),
    }
    seen = pl.DataFrame({"source": ["a"], "source_id": [str(number)], "seen_at": [NOW], "votes": [number]})
    return days, replace, {"popularity": seen.cast({"votes": pl.Int32})}


def tagged(*rows: tuple[date, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"day": pl.Date, "work_id": pl.String}, orient="row")


def partitions(asset: str, *days: date, rows: int = 1) -> pl.DataFrame:
    values = [(asset, day, "published", rows, "", "run", NOW) for day in days]
    return pl.DataFrame(values, schema=PARTITIONS, orient="row")


def quarantine(asset: str, day: date, key: str) -> pl.DataFrame:
    values = [(asset, day, key, "title_present", None, "{}", "run", NOW)]
    return pl.DataFrame(values, schema=QUARANTINE, orient="row")


def work_ids(warehouse: Warehouse) -> list[tuple[date, str]]:
    return warehouse.read("SELECT day, work_id FROM tagged_papers ORDER BY ALL").rows()


@contextmanager
def process(script: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A real second process in the checkout, ended with the block."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def line(started: "subprocess.Popen[str]") -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def let_go(started: "subprocess.Popen[str]") -> None:
    assert started.stdin is not None
    started.stdin.write("\n")
    started.stdin.close()
