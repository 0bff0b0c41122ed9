"""A benchmark's table as aligned plain text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.measure import Usage, timed

HEADS = ("what", "wall s", "cpu s", "peak MB", "runs", "ratio", "target")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """One measured thing: the medians of its runs, its ratio to the floor in words, and what was aimed at."""

    what: str
    wall: float
    cpu: float | None
    memory: int | None
    runs: int
    ratio: str = "the floor"
    target: str = "-"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as texts, a cell a head."""
        cpu = "-" if self.cpu is None else f"{self.cpu:.2f}"
        memory = "-" if self.memory is None else f"{self.memory / MEGABYTE:.0f}"
        return (self.what, f"{self.wall:.2f}", cpu, memory, str(self.runs), self.ratio, self.target)


def measured(what: str, usage: Usage, runs: int, ratio: str = "the floor", target: str = "-") -> Row:
    """The row of a process."""
    return Row(what, usage.wall, usage.cpu, usage.memory, runs, ratio, target)


def in_process(what: str, work: Callable[[], object], runs: int, scale: float = 1) -> Row:
    """The row of a call in this process, of which the seconds are scaled."""
    wall, cpu = timed(work, runs)
    return Row(what, scale * wall, scale * cpu, None, runs)


def at_most(value: float, bound: float, unit: str = "") -> str:
    """A target that is an upper bound, and whether it was met."""
    return f"{'met' if value <= bound else 'MISSED'}: at most {bound:g}{unit}"


def at_least(value: float, bound: float) -> str:
    """A target that is a lower bound, and whether it was met."""
    return f"{'met' if value >= bound else 'MISSED'}: at least {bound:g}"


def lines(title: str, rows: Sequence[Row], notes: Sequence[str] = ()) -> Iterator[str]:
    """The table under its title, with notes below."""
    cells = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(HEADS))]
    yield title
    for line in cells:
        yield "  ".join(_aligned(place, cell, widths[place]) for place, cell in enumerate(line)).rstrip()
    yield from notes


def _aligned(place: int, cell: str, width: int) -> str:
    numbers = range(1, 5)
    return cell.rjust(width) if place in numbers else cell.ljust(width)
