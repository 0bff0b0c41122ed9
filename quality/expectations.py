"""What each table promises, as data: a suite a table, an expectation a row.

`row` expectations judge each row of a batch; `day` expectations judge one row of figures a day, so that a window of
days is judged as strictly as a day. The figures are `rows`, `upstream_rows`, the facts
that the step knows, and what the suite measures. `kind` is the name of a Great Expectations class and
`arguments` are its own. A column of lists is seen by its length, as `<column>_count`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

EMPTY = pl.col("rows") == 0
ON_A_WEEKDAY = pl.col("day").dt.weekday() <= 5
MIN_ROWS_FOR_ONE = 10
"""A tolerance above zero lets one row of a day pass into quarantine if the day has at least this many."""

NOT_PROSE = r"(?i:<(?:html|!doctype|script|body)\b)|&(?:[a-z]+|#\w+);|[\x00-\x08\x7f]"
"""Tags of a whole page, entities, control characters."""


IN_WORDS: Mapping[str, str] = {
    "ExpectColumnPairValuesToBeEqual": "{column_A} equals {column_B}",
    "ExpectColumnValueLengthsToBeBetween": "length of {column} {bounds}",
    "ExpectColumnValuesToBeBetween": "{column} {bounds}",
    "ExpectColumnValuesToBeInSet": "{column} is one of {values}",
    "ExpectColumnValuesToMatchRegex": "{column} matches {regex}",
    "ExpectColumnValuesToNotBeNull": "{column} is there",
    "ExpectColumnValuesToNotMatchRegex": "{column} does not match {regex}",
    "ExpectCompoundColumnsToBeUnique": "{columns} are unique together",
}
"""What each class of Great Expectations that a suite uses asks for, for a person to read."""


@dataclass(frozen=True)
class Expectation:
    """One promise: its check's `name`, what is expected of what, and in `why` the reason and what to do."""

    name: str
    kind: str
    arguments: Mapping[str, Any]
    why: str
    severity: Literal["ERROR", "WARN"] = "ERROR"
    tolerance: float = 0.0
    of: Literal["row", "day"] = "row"

    def allowed(self, rows: int) -> int:
        """How many of a day's rows may fail; they go to quarantine and the rest is published."""
        if not self.tolerance:
            return 0
        return max(int(self.tolerance * rows), 1 if rows >= MIN_ROWS_FOR_ONE else 0)

    @property
    def threshold(self) -> str:
        """The bound in words."""
        share = f"; up to {self.tolerance:.0%} of a day's rows may go to quarantine" if self.tolerance else ""
        lists = {"columns": "column_list", "values": "value_set"}
        listed = {name: ", ".join(self.arguments.get(argument, ())) for name, argument in lists.items()}
        return IN_WORDS[self.kind].format(**self.arguments, **listed, bounds=self._bounds) + share

    @property
    def _bounds(self) -> str:
        low, high = self.arguments.get("min_value"), self.arguments.get("max_value")
        if low is None or high is None:
            return f"at most {high}" if low is None else f"at least {low}"
        return f"from {low} to {high}"


@dataclass(frozen=True)
class Suite:
    """A table's promises; `key` tells its rows apart, `upstream` is the table it is made from, if one.

    `measures` are figures of a day's rows, `figures` are computed from the day's other figures.
    """

    key: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    upstream: str | None = None
    measures: tuple[pl.Expr, ...] = ()
    figures: tuple[pl.Expr, ...] = ()


def _present(column: str, why: str, tolerance: float = 0.0) -> Expectation:
    return Expectation(
        f"{column}_present", "ExpectColumnValuesToNotBeNull", {"column": column}, why, tolerance=tolerance
    )


def _unique(columns: tuple[str, ...], why: str) -> Expectation:
    # Rows without a value are the business of the expectation that it is present, and of its tolerance.
    arguments = {"column_list": ["day", *columns], "ignore_row_if": "any_value_is_missing"}
    return Expectation(f"{columns[-1]}_unique", "ExpectCompoundColumnsToBeUnique", arguments, why)


def _between(
    name: str,
    column: str,
    low: float | None,
    high: float | None,
    why: str,
    *,
    severity: Literal["ERROR", "WARN"] = "ERROR",
    tolerance: float = 0.0,
    of: Literal["row", "day"] = "row",
) -> Expectation:
    bounds = {key: value for key, value in {"min_value": low, "max_value": high}.items() if value is not None}
    arguments = {"column": column, **bounds}
    return Expectation(name, "ExpectColumnValuesToBeBetween", arguments, why, severity, tolerance, of)


def _same(name: str, left: str, right: str, why: str) -> Expectation:
    arguments = {"column_A": left, "column_B": right}
    return Expectation(name, "ExpectColumnPairValuesToBeEqual", arguments, why, of="day")


FETCHED = Suite(
    key=("source", "source_id"),
    figures=((EMPTY & ON_A_WEEKDAY).cast(pl.Int32).alias("empty_weekday"),),
    expectations=(
        _present("source_id", "Without an id a paper cannot be told from another; look at the stored body.", 0.1),
        _unique(("source", "source_id"), "A list names a paper once; a doubled page or a merged body does not."),
        _present("title", "A list whose titles vanish has changed its shape: the parser must learn it.", 0.1),
        _present("abstract", "A list whose abstracts vanish has changed its shape.", 0.1),
        _between("authors_present", "authors_count", 1, None,
                 "A paper has authors; a list without them has changed its shape.", tolerance=0.1),
        _between("votes_range", "votes", 0, 100_000,
                 "Votes are counts: others mean that another field was read.", tolerance=0.1),
        _same("complete", "rows", "expected",
              "Every record that the ledger counts must reach the table: a shortfall is lost papers."),
        _between("lists_still_there", "vanished_lists", None, 0,
                 "A source listed papers for the day at an earlier fetch and lists none now: it forgot, or a file is "
                 "gone. What was fetched stays; find the list again.", of="day"),
        _between("no_shortfall", "shortfall", None, 0,
                 "A list came in part, or none came at all: papers are missing. Nothing is published; the schedule "
                 "asks again for a week, after that paperboy refetch does. Where a part came, "
                 "fetch.deliver_incomplete = true publishes it, and says so.", of="day"),
        _between("every_source_answered", "sources_missing", None, 0,
                 "A source failed, is late or came in part. What the others list is published, and the edition says "
                 "which is missing; the next daily runs ask it again.", severity="WARN", of="day"),
        _between("records_still_listed", "forgotten", None, 0,
                 "A list no longer names records that it named before. They stay; look at the source.",
                 severity="WARN", of="day"),
        _between("fields_as_before", "fields_changed", None, 0,
                 "The records of a source have lost or gained a field: look whether the parser should know. "
                 "field_shares has its share over time.", severity="WARN", of="day"),
        _between("weekday_has_papers", "empty_weekday", None, 0,
                 "No source lists a paper on a weekday: a holiday, or a list that was missed. Look at the source.",
                 severity="WARN", of="day"),
    ),
)  # fmt: skip

CLEAN = Suite(
    key=("source", "source_id"),
    upstream="fetched_papers",
    expectations=(
        _same("every_record_cleaned", "rows", "upstream_rows",
              "Cleaning makes one row of each fetched record, neither more nor fewer."),
        _present("paper_id", "The normalised id is what identity rests on."),
        _unique(("source", "source_id"), "One row a record."),
        _present("title", "A paper that has no title after cleaning cannot be shown.", 0.1),
        _present("abstract", "A paper without an abstract can be neither tagged nor summarised.", 0.1),
        Expectation("title_length", "ExpectColumnValueLengthsToBeBetween",
                    {"column": "title", "min_value": 3, "max_value": 500},
                    "Shorter is a broken title; longer is an abstract in its place.", tolerance=0.1),
        Expectation("abstract_length", "ExpectColumnValueLengthsToBeBetween",
                    {"column": "abstract", "min_value": 40, "max_value": 10_000},
                    "Shorter is a cut abstract; longer is a whole paper. Look at the source's text.",
                    severity="WARN"),
        Expectation("text_is_prose", "ExpectColumnValuesToNotMatchRegex",
                    {"column": "title", "regex": NOT_PROSE},
                    "Markup or control characters in a title: an error page, or a cleaning rule that is missing.",
                    tolerance=0.1),
        Expectation("abstract_is_prose", "ExpectColumnValuesToNotMatchRegex",
                    {"column": "abstract", "regex": NOT_PROSE},
                    "Markup or control characters in an abstract: a cleaning rule is missing. paperboy clean-text "
                    "shows what becomes of a text.", severity="WARN"),
        _present("title_tex", "What has a title has it as the source wrote it, too.", 0.1),
        Expectation("author_keys_complete", "ExpectColumnPairValuesToBeEqual",
                    {"column_A": "author_keys_count", "column_B": "author_count"},
                    "Every author has a form for comparing: identity compares them in order."),
        _between("words_range", "words", 1, 3_000,
                 "An abstract has words, and fewer than a paper: look at the source's text.", severity="WARN"),
    ),
)  # fmt: skip

UNIQUE = Suite(
    key=("work_id",),
    upstream="clean_papers",
    figures=((pl.col("rows") - pl.col("upstream_rows")).alias("surplus"),),
    expectations=(
        _present("work_id", "A work is named by one of its members' ids."),
        _unique(("work_id",), "One row a work: the same work twice would be mailed twice."),
        _between("work_has_members", "members_count", 1, None, "A work is made of the records that name it."),
        _present("title", "The canonical record must have a title."),
        _between("no_more_works_than_records", "surplus", None, 0,
                 "Deduplication never makes papers: more works than records means that a record counts twice.",
                 of="day"),
    ),
)  # fmt: skip

TAGGED = Suite(
    key=("work_id",),
    upstream="unique_papers",
    measures=((pl.col("topics").list.len() > 0).mean().alias("with_topics"),),
    expectations=(
        _same("every_work_tagged", "rows", "upstream_rows", "Tagging makes one row of each work."),
        _unique(("work_id",), "One row a work."),
        _between("works_with_topics", "with_topics", 0.5, None,
                 "Most works should match the taxonomy; fewer means that it, or the text, has drifted.",
                 severity="WARN", of="day"),
    ),
)  # fmt: skip

DIGEST = Suite(
    key=("work_id",),
    upstream="unique_papers",
    expectations=(
        _unique(("work_id",), "A reader gets a paper once."),
        _unique(("place",), "Places are 1 to n, each once."),
        _same("edition_full", "rows", "edition_size", "The edition holds the best works, as many as it has room for."),
        _between("score_range", "score", 0, None, "Every part of the score is zero or more."),
        Expectation("links_are_web", "ExpectColumnValuesToMatchRegex",
                    {"column": "url", "regex": r"^https?://\S+\Z"},
                    "A mail links only to the web; anything else is an attack or a broken record.", tolerance=0.1),
    ),
)  # fmt: skip

DELIVERIES = Suite(
    key=("recipient", "state", "reason"),
    expectations=(
        _unique(("recipient",), "One mail a reader and day."),
        Expectation("state_sent", "ExpectColumnValuesToBeInSet", {"column": "state", "value_set": ["sent"]},
                    "A mail was not accepted, or nobody knows whether it was. Mend what the reason names, then run the "
                    "day again: what was sent is not sent twice."),
    ),
)  # fmt: skip

SUITES: Mapping[str, Suite] = {
    "fetched_papers": FETCHED,
    "clean_papers": CLEAN,
    "unique_papers": UNIQUE,
    "tagged_papers": TAGGED,
    "digest": DIGEST,
    "deliveries": DELIVERIES,
}
