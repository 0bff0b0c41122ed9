"""What the stored tables say of a batch: nothing of what the pipeline makes, and something of every way to spoil it."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from orchestration.resources import warehouse
from orchestration.warehouse import Warehouse
from quality import evidence
from quality.suites import SUITES
from tests.lab import STEPS, lab
from tests.quality.batches import MONDAY, TUESDAY, frame

FRIDAY = MONDAY + timedelta(days=4)
Spoil = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The tables of a week of the embedded sample."""
    home: Path = tmp_path_factory.mktemp("evidence")
    with lab(home) as paperboy:
        assert all(outcome.success for outcome in paperboy.backfill(MONDAY, FRIDAY))
        yield warehouse(paperboy.settings)


def found(made: Warehouse, asset: str, spoil: Spoil | None = None, days: tuple[date, ...] = (TUESDAY,)) -> pl.DataFrame:
    """The facts of the stored rows of Tuesday, spoilt."""
    frame = made.rows(asset, days)
    return evidence.gathered(made, asset, SUITES[asset], days, spoil(frame) if spoil else frame).facts


@pytest.mark.parametrize("asset", STEPS)
def test_what_the_pipeline_made_is_whole(made: Warehouse, asset: str) -> None:
    week = tuple(MONDAY + timedelta(days=day) for day in range(5))
    for days in ((TUESDAY,), week):
        facts = found(made, asset, days=days).select("misfits", *SUITES[asset].queries)
        shares = {"repeated", "unseen_categories", "lost_ids", "same_ids", "same_titles", "same_abstracts"}
        shares |= {"same_authors"}
        assert all(facts[name].max() == 0 for name in facts.columns if name not in {*shares, "mismatched"})
        assert all(facts.filter(pl.col(name) > 0.1).is_empty() for name in facts.columns if name in shares)
        assert "mismatched" not in facts.columns or facts.filter(pl.col("mismatched") > 0.5).is_empty()


def monday_again(made: Warehouse) -> Spoil:
    earlier = made.rows("fetched_papers", [MONDAY])
    return lambda frame: earlier.with_columns(day=pl.lit(TUESDAY))


def renamed(column: str, value: str) -> Spoil:
    """The first row under another id."""
    first = pl.int_range(pl.len()) == 0
    return lambda frame: frame.with_columns(pl.when(first).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))


def doubled_members(frame: pl.DataFrame) -> pl.DataFrame:
    """Each work holds the records of all."""
    every = frame["members"].explode().implode()
    return frame.with_columns(members=pl.lit(every).first())


def foreign_members(frame: pl.DataFrame) -> pl.DataFrame:
    """Each work of records that no table knows."""
    members = [[{**member, "source_id": "made-up"} for member in listed] for listed in frame["members"].to_list()]
    return frame.with_columns(pl.Series("members", members, frame.schema["members"]))


@pytest.mark.parametrize(
    ("asset", "fact", "spoil", "told"),
    [
        ("clean_papers", "unaccounted", lambda frame: frame.slice(1), "is missing"),
        ("clean_papers", "unaccounted", renamed("source_id", "made-up"), "sample/made-up was not fetched"),
        ("clean_papers", "emptied", lambda frame: frame.with_columns(votes=pl.lit(None, pl.Int32)), "sample/"),
        ("unique_papers", "unclaimed", lambda frame: frame.slice(1), "sample/"),
        ("unique_papers", "unknown_members", foreign_members, "made-up"),
        ("unique_papers", "unlike", lambda frame: frame.with_columns(abstract=pl.lit("Another.")), ":"),
        ("unique_papers", "mistaken", lambda frame: frame.with_columns(revision=pl.lit(True)), ":"),
        ("unique_papers", "shared", doubled_members, " and "),
        ("tagged_papers", "untagged", lambda frame: frame.slice(1), "is missing"),
        ("tagged_papers", "untagged", renamed("work_id", "made:up"), "made:up is no work of the day"),
        ("digest", "unknown_works", renamed("work_id", "made:up"), "made:up"),
    ],
)
def test_a_batch_that_is_not_what_the_tables_say_is_seen(
    made: Warehouse, asset: str, fact: str, spoil: Spoil, told: str
) -> None:
    facts = found(made, asset, spoil)
    assert facts[fact].item() >= 1
    assert told in facts[f"{fact}_told"].item()


def test_the_list_of_an_earlier_day_is_seen(made: Warehouse) -> None:
    facts = found(made, "fetched_papers", monday_again(made))
    assert facts["repeated"].item() == 1
    assert facts["repeated_told"].item() == f"sample has 100 % of what it listed on {MONDAY}"


def test_it_is_seen_in_a_window_that_holds_both(made: Warehouse) -> None:
    again = monday_again(made)
    both: Spoil = lambda frame: pl.concat([frame.filter(pl.col("day") == MONDAY), again(frame)])  # noqa: E731
    facts = found(made, "fetched_papers", both, (MONDAY, TUESDAY))
    assert facts.select("day", "repeated").rows() == [(MONDAY, 0), (TUESDAY, 1)]


def test_categories_that_no_paper_had_are_seen(made: Warehouse) -> None:
    known = made.rows("clean_papers", [MONDAY, FRIDAY])["categories"].explode().n_unique()
    facts = found(made, "clean_papers", lambda frame: frame.with_columns(categories=pl.lit(["made.UP"])))
    # Of few known categories nothing is concluded.
    assert facts["unseen_categories"].item() == (1 if known >= 20 else 0)


def test_mails_of_more_papers_than_are_stored_are_seen(made: Warehouse) -> None:
    stored = (
        made.rows("unique_papers", [day for day in (MONDAY, TUESDAY)]).height + made.rows("digest", [TUESDAY]).height
    )
    papers = stored + 1
    mail = pl.DataFrame(
        [(TUESDAY, "a@lab.example", "sent", "<1@lab.example>", "0" * 64, papers, "")],
        schema=made.rows("deliveries", [TUESDAY]).cast({"papers": pl.Int32}).schema,
        orient="row",
    )
    facts = found(made, "deliveries", lambda _: mail)
    assert facts["beyond_stored_told"].item() == f"{papers} papers mailed, {stored} stored"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda frame: frame.drop("votes"), "votes is missing"),
        (lambda frame: frame.rename({"votes": "upvotes"}), "votes is missing; upvotes is not of the table"),
        (lambda frame: frame.with_columns(votes=pl.col("votes").cast(pl.String)), "votes is String, not Int32"),
        (lambda frame: frame.with_columns(source_id=pl.lit(2503.1)), "source_id is Float64, not String"),
        (lambda frame: frame.with_columns(authors=pl.lit("A; B")), "authors is String, not List(String)"),
    ],
)
def test_a_batch_of_another_shape_is_judged_all_the_same(made: Warehouse, spoil: Spoil, told: str) -> None:
    stored, suite = made.rows("fetched_papers", [TUESDAY]), SUITES["fetched_papers"]
    whole = evidence.gathered(made, "fetched_papers", suite, [TUESDAY], spoil(stored))
    assert whole.facts["misfits_told"].item() == told
    assert dict(whole.frame.schema) == dict(stored.schema)
    assert whole.frame.height == stored.height


TUESDAYS = [TUESDAY - timedelta(weeks=week) for week in range(1, 8)]


@pytest.fixture
def weeks(tmp_path: Path) -> Warehouse:
    """Seven Tuesdays of twenty papers each, all published the day before they were listed."""
    tables = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    for asset in ("fetched_papers", "clean_papers"):
        tables.publish(asset, TUESDAYS, {asset: dated(frame(asset, *TUESDAYS), 1)})
    return tables


def dated(rows: pl.DataFrame, days_old: int) -> pl.DataFrame:
    """The rows as published so many days before they were listed."""
    return rows.with_columns(published=pl.col("day").cast(pl.Datetime("us")) - timedelta(days=days_old))


@pytest.mark.parametrize(("days_old", "moved"), [(1, 0), (0, 1), (2, 1)])
def test_dates_that_are_out_of_step_are_seen(weeks: Warehouse, days_old: int, moved: int) -> None:
    rows = dated(frame("fetched_papers", TUESDAY), days_old)
    facts = evidence.gathered(weeks, "fetched_papers", SUITES["fetched_papers"], [TUESDAY], rows).facts
    assert facts["moved_dates"].item() == moved
    if moved:
        told = f"the newest paper of sample is {days_old} days old, on such a weekday usually 1"
        assert facts["moved_dates_told"].item() == told


def test_a_source_whose_ids_are_of_another_kind_is_seen(weeks: Warehouse) -> None:
    rows = frame("clean_papers", TUESDAY).with_columns(paper_id="sample:" + pl.col("source_id"))
    for ids, lost in ((rows, 1), (frame("clean_papers", TUESDAY), 0)):
        facts = evidence.gathered(weeks, "clean_papers", SUITES["clean_papers"], [TUESDAY], ids).facts
        assert facts["lost_ids"].item() == lost


@pytest.mark.parametrize(
    ("fact", "column"),
    [("same_ids", "paper_id"), ("same_titles", "title"), ("same_abstracts", "abstract"), ("same_authors", "authors")],
)
def test_what_many_rows_have_in_common_is_seen(weeks: Warehouse, fact: str, column: str) -> None:
    rows = frame("clean_papers", TUESDAY).with_columns(authors=pl.concat_list("title"))
    harmed = pl.int_range(pl.len()) < 5
    same = rows.with_columns(pl.when(harmed).then(pl.col(column).first()).otherwise(column).alias(column))
    for batch, share in ((rows, 0), (same, 0.25)):
        facts = evidence.gathered(weeks, "clean_papers", SUITES["clean_papers"], [TUESDAY], batch).facts
        assert facts[fact].item() == share


def test_abstracts_beside_titles_of_others_are_seen(made: Warehouse) -> None:
    own = found(made, "clean_papers")["mismatched"].item()
    others = found(made, "clean_papers", lambda rows: rows.with_columns(pl.col("abstract").reverse()))
    assert own < 0.5 < others["mismatched"].item()
