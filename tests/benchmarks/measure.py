"""Whole processes, as the kernel accounts for them: wall clock, processor time and peak memory of a child."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

CHECKOUT = Path(__file__).parents[2]
DAILY_PAPERS = CHECKOUT / "../shared/data/huggingface/daily_papers"

PYTHON = sys.executable
PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
PLAIN_YEAR = str(Path(__file__).with_name("plain_year.py"))
RUN_A_DAY = str(Path(__file__).with_name("run_a_day.py"))
DOCUMENTED_WINDOWS = str(Path(__file__).with_name("documented_windows.py"))

RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Usage:
    """What one process used: seconds of wall clock and of processor, bytes at its peak; and what it printed."""

    wall: float
    cpu: float
    memory: int
    printed: str


def run(command: list[str], folder: Path, **settings: str) -> Usage:
    """Run a command to its end in the checkout, with settings as environment variables without their prefix.

    Its output goes to a file of `folder`. Raises `RuntimeError` with that output when it fails.
    """
    output = folder / "output.txt"
    to_file = [
        (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    started = time.perf_counter()
    child = os.posix_spawn(command[0], command, _environment(settings), file_actions=to_file)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    printed = output.read_text(encoding="utf-8")
    if status:
        raise RuntimeError(f"{' '.join(command)} failed:\n{printed}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT, printed)


def timed(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """The median seconds of wall clock and of processor that a call takes in this process."""
    seconds = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        seconds.append((time.perf_counter() - wall, time.process_time() - cpu))
    return median(wall for wall, _ in seconds), median(cpu for _, cpu in seconds)


@contextmanager
def served(serve: Callable[..., None], *arguments: object) -> Iterator[str]:
    """The address of a server in a process of its own, until the block ends.

    A process that is measured begins with the memory of the one that starts it, so that one must stay small. `serve`
    gets a connection before its arguments: it sends its address, and ends when it receives something.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *arguments))
    process.start()
    yield ours.recv()
    ours.send("end")
    process.join()


def typical(usages: Sequence[Usage]) -> Usage:
    """The median of each figure."""
    return Usage(
        median(usage.wall for usage in usages),
        median(usage.cpu for usage in usages),
        int(median(usage.memory for usage in usages)),
        usages[-1].printed,
    )


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without the operator's own settings, so that every run measures the same."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "DAGSTER_"))}
    paths = {"PYTHONPATH": str(CHECKOUT), "PAPERBOY_CONFIG": os.devnull}
    return ours | paths | {f"PAPERBOY_{name}": value for name, value in settings.items()}
