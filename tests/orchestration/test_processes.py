"""The warehouse between processes: one at a time, and safe against one that is killed."""

import signal
import threading
import time

import pytest

from orchestration.warehouse import Warehouse, WarehouseBusy
from tests.orchestration.tables import (
    MONDAY,
    STRANGER,
    TUESDAY,
    generation,
    let_go,
    line,
    process,
    tagged,
    work_ids,
)

HOLDER = """
import sys
import dagster as dg
from orchestration.warehouse import Warehouse

@dg.op
def hold(warehouse: Warehouse):
    with warehouse.connect():
        print("holding", flush=True)
        sys.stdin.readline()

@dg.job
def backfill():
    hold()

backfill.execute_in_process(
    resources={"warehouse": Warehouse(path=sys.argv[1])},
    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
)
"""
"""A job that holds the warehouse until it reads a line."""

KILLED = """
import os
import signal
import sys
from orchestration.warehouse import Warehouse
from tests.orchestration.tables import generation

class Deadly(dict):
    "Tables in the midst of whose publish the process is killed, and not by Python."
    def items(self):
        for number, item in enumerate(super().items()):
            if number == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
            yield item
        os.kill(os.getpid(), signal.SIGKILL)

days, replace, append = generation(2)
if sys.argv[3] == "replace":
    Warehouse(path=sys.argv[1]).publish("digest", days, Deadly(replace), append)
else:
    Warehouse(path=sys.argv[1]).publish("digest", days, replace, Deadly(append))
"""
"""A writer that kills itself before a table of a publish, or after the last of them."""

ENDLESS = """
import sys
from itertools import count
from orchestration.warehouse import Warehouse
from tests.orchestration.tables import generation

for number in count(2):
    Warehouse(path=sys.argv[1]).publish("digest", *generation(number))
    print(number, flush=True)
"""

# One process at a time.


def test_a_warehouse_that_is_held_is_busy_and_names_the_job(warehouse: Warehouse) -> None:
    warehouse.read("SELECT 1")
    with process(HOLDER, warehouse.path) as holder:
        assert line(holder) == "holding"
        with pytest.raises(WarehouseBusy) as busy:
            warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "a"))})
        assert "in use by backfill (run " in str(busy.value)
        assert f"process {holder.pid}," in str(busy.value)
        assert "waited 0 s" in str(busy.value)
        let_go(holder)
        holder.wait()
    assert work_ids(warehouse) == []


def test_the_wait_is_bounded(warehouse: Warehouse) -> None:
    patient = Warehouse(path=warehouse.path, lock_wait_seconds=0.3)
    with process(STRANGER, warehouse_of(warehouse)) as holder:
        assert line(holder) == "holding"
        started = time.monotonic()
        with pytest.raises(WarehouseBusy, match=r"waited 0\.3 s"):
            patient.read("SELECT 1")
        assert time.monotonic() - started >= 0.3


def test_a_stranger_is_not_taken_for_the_last_job(warehouse: Warehouse) -> None:
    with process(STRANGER, warehouse_of(warehouse)) as holder:
        assert line(holder) == "holding"
        with pytest.raises(WarehouseBusy, match="in use by another program"):
            warehouse.read("SELECT 1")


def warehouse_of(warehouse: Warehouse) -> str:
    """The path of a warehouse that has been written to."""
    warehouse.read("SELECT 1")
    return warehouse.path


def test_who_waits_gets_it_when_it_is_released(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    waited, pause = threading.Event(), time.sleep

    def sleep(seconds: float) -> None:
        waited.set()
        pause(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    patient = Warehouse(path=warehouse_of(warehouse), lock_wait_seconds=60)
    frame = tagged((MONDAY, "a"))
    with process(HOLDER, warehouse.path) as holder:
        assert line(holder) == "holding"
        thread = threading.Thread(target=patient.publish, args=("digest", [MONDAY], {"tagged_papers": frame}))
        thread.start()
        assert waited.wait(60)
        let_go(holder)
        thread.join()
    assert work_ids(warehouse) == [(MONDAY, "a")]


# Killed.


@pytest.mark.parametrize(
    ("tables", "before"), [("replace", 1), ("replace", 2), ("append", 1)], ids=["first table", "second", "third"]
)
def test_a_writer_that_is_killed_leaves_the_old_rows(warehouse: Warehouse, tables: str, before: int) -> None:
    warehouse.publish("digest", *generation(1))
    with process(KILLED, warehouse.path, before, tables) as writer:
        assert writer.wait() == -signal.SIGKILL
    assert _generations(warehouse) == {1}


def test_a_writer_that_is_killed_at_any_time_leaves_one_generation(warehouse: Warehouse) -> None:
    warehouse.publish("digest", *generation(1))
    with process(ENDLESS, warehouse.path) as writer:
        last = [int(line(writer)) for _ in range(4)][-1]
        writer.kill()
        writer.wait()
    (found,) = _generations(warehouse)
    assert found >= last


def _generations(warehouse: Warehouse) -> set[int]:
    """The generations of which there are rows, after a look at whether each table is whole."""
    numbers = warehouse.read("SELECT DISTINCT split_part(work_id, '/', 1)::INTEGER FROM tagged_papers").rows()
    counts = warehouse.read("SELECT day, count(*) FROM tagged_papers GROUP BY day ORDER BY day").rows()
    assert counts == [(MONDAY, 2_000), (TUESDAY, 2_000)]
    beside = warehouse.read("SELECT DISTINCT rows FROM partitions").rows()
    latest = warehouse.read("SELECT max(votes) FROM popularity").rows()
    assert numbers == beside == latest
    return {number for (number,) in numbers}
