"""Lines by a language model for the papers of an edition: asked for once, kept, and never waited for long.

What is written is kept in `written_lines`, known by all that it follows from, so nothing is asked twice. What could not
be written is missing from the edition, which says so and goes on; a later run of it asks again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

import polars as pl

from assets.mail.digest import Digest
from assets.mail.line import Message, Unfit, accepted, key_of, messages

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

IN_A_ROW = 2
"""After so many papers without an answer, one after the other, no more is asked in a run."""

WRITTEN = pl.Schema({"key": pl.String(), "line": pl.String(), "model": pl.String(), "written_at": pl.Datetime("us")})
"""The columns of `written_lines`."""

TOLD = "unwritten_lines_told"
MISSING = pl.Schema({"day": pl.Date(), "unwritten_lines": pl.Int64(), TOLD: pl.String()})

SHOWN = """
    SELECT shown.*, works.abstract FROM shown
    JOIN unique_papers AS works ON works.day = shown.listed_on AND works.work_id = shown.work_id
    WHERE trim(works.abstract) <> '' ORDER BY shown.day DESC, shown.place
"""
KEPT = (
    "SELECT key, arg_min(line, written_at) AS line FROM written_lines WHERE key IN (SELECT unnest($keys)) GROUP BY key"
)


class NoAnswer(Exception):
    """The model gave none; the text says why. If `final`, it will give none to other papers of this run either."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


class Author(Protocol):
    """A language model somewhere."""

    @property
    def model(self) -> str:
        """Its name, which stands beside what it writes."""
        ...

    def answer(self, asked: Sequence[Message], seconds: float) -> str:
        """Its answer, within about so many seconds. Raises `NoAnswer`, and nothing else."""
        ...


@dataclass(frozen=True)
class Writer:
    """Who writes the lines, and what that may cost: the first `papers` of a day, and `seconds` a day."""

    author: Author
    papers: int
    seconds: float

    def write(self, warehouse: "Warehouse", made: Callable[[], Digest]) -> Mapping[str, str]:
        """Ask for what is missing of the digests, and keep it; returns by key why a line was not written.

        `made` reads the warehouse, which is left to others while the model is waited for.
        """
        with warehouse.kept_open():
            wanted = self._wanted(warehouse, made())
        lines, troubles = self._asked(wanted.filter(pl.col("line").is_null()))
        if lines:
            now = datetime.now(UTC).replace(tzinfo=None)
            rows = [(one, line, self.author.model, now) for one, line in lines.items()]
            warehouse.publish("digest", [], {}, {"written_lines": pl.DataFrame(rows, schema=WRITTEN, orient="row")})
        return troubles

    def lined(self, warehouse: "Warehouse", made: Digest, troubles: Mapping[str, str]) -> Digest:
        """The digests with the lines that are kept, and how many are missing of each day, and why."""
        wanted = self._wanted(warehouse, made)
        lines = wanted.drop_nulls("line").select("day", "work_id", "line", line_by=pl.lit(self.author.model))
        told = pl.DataFrame(_missing(wanted, troubles), schema=MISSING, orient="row")
        return replace(
            made,
            rows=made.rows.update(lines, on=["day", "work_id"]),
            facts=made.facts.update(told, on="day").join(told.select("day", TOLD), on="day", how="left"),
        )

    def _wanted(self, warehouse: "Warehouse", made: Digest) -> pl.DataFrame:
        """The papers that are to have a line, newest day first, with their `key`, and the line if it is kept."""
        new = made.rows.filter(~pl.col("day").is_in(list(made.mailed)), pl.col("place") <= self.papers)
        shown = new.select("day", "place", "work_id", "listed_on", "title")
        papers = warehouse.read(SHOWN, frames={"shown": shown})
        texts = papers.select("title", "abstract").iter_rows()
        keys = [key_of(title, abstract, self.author.model) for title, abstract in texts]
        kept = warehouse.read(KEPT, {"keys": keys})
        return papers.with_columns(key=pl.Series(keys, dtype=pl.String)).join(
            kept, on="key", how="left", maintain_order="left"
        )

    def _asked(self, papers: pl.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
        """The lines that were written, and why others were not, by key."""
        lines: dict[str, str] = {}
        troubles: dict[str, str] = {}
        unanswered, ended, day, until = 0, "", None, 0.0
        for paper in papers.unique("key", keep="first", maintain_order=True).iter_rows(named=True):
            if paper["day"] != day:
                day, until = paper["day"], time.monotonic() + self.seconds
            left = until - time.monotonic()
            if ended or left <= 0:
                troubles[paper["key"]] = ended or f"not asked, for the day's {self.seconds:g} s were over"
                continue
            try:
                lines[paper["key"]] = self._line(paper["title"], paper["abstract"], left)
                unanswered = 0
            except Unfit as error:
                troubles[paper["key"]], unanswered = str(error), 0
            except NoAnswer as error:
                troubles[paper["key"]], unanswered = str(error), unanswered + 1
                if error.final or unanswered == IN_A_ROW:
                    ended = f"not asked after that: {error}"
        return lines, troubles

    def _line(self, title: str, abstract: str, seconds: float) -> str:
        return accepted(self.author.answer(messages(title, abstract), seconds), title, abstract)


def _missing(wanted: pl.DataFrame, troubles: Mapping[str, str]) -> Iterator[tuple[date, int, str]]:
    """How many lines of which days are missing, and why, each reason with its count."""
    for (day,), papers in wanted.filter(pl.col("line").is_null()).group_by("day"):
        reasons = Counter(troubles.get(one, "not asked in this run") for one in papers["key"])
        yield day, papers.height, "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common())
