"""The best of a span of days as a page: its days and their states in words, and the papers as an edition has them."""

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.mail import dates, render
from assets.mail.edition import Section
from assets.mail.period import Period
from assets.mail.selection import MISSING, TO_COME, Selection, selection
from assets.mail.words import ENGLISH
from orchestration.warehouse import Warehouse
from quality.entries import PARTITIONS
from tests.mail.test_edition import digest
from tests.mail.test_render import FORMULA, paper

WEDNESDAY = date(2026, 11, 18)
WEEK = Period.week(WEDNESDAY)
USUAL = ("fresh", "fresh", "fresh", "fresh", "fresh", "quiet", "quiet")


def selected(*states: str, period: Period = WEEK, papers: int = 3, left_out: int = 0) -> Selection:
    """A page of a period whose days are in these states."""
    section = Section("Robotics", tuple(paper(place, title=f"Robots {place}") for place in range(1, papers + 1)))
    days = dict(zip(period.days, states or USUAL, strict=True))
    return Selection(period, (section,) if papers else (), 40 if papers else 0, days, FORMULA, left_out)


@pytest.mark.parametrize(
    ("period", "heading"),
    [
        (WEEK, "Best of the week, 16 to 22 November 2026"),
        (Period.week(date(2026, 12, 31)), "Best of the week, 28 December 2026 to 3 January 2027"),
        (Period.week(date(2026, 6, 1)), "Best of the week, 1 to 7 June 2026"),
        (Period.month(WEDNESDAY), "Best of November 2026"),
        (Period.month(date(2027, 2, 3)), "Best of February 2027"),
        (Period.trailing(WEDNESDAY, 7), "Trending, 12 to 18 November 2026"),
        (Period.trailing(date(2026, 12, 3), 30), "Trending, 4 November to 3 December 2026"),
        (Period.trailing(WEDNESDAY, 1), "Best of Wednesday 18 November 2026"),
    ],
)
def test_the_heading_says_which_days(period: Period, heading: str) -> None:
    made = selected(*(["fresh"] * len(period.days)), period=period)
    assert made.heading == heading
    assert made.subject == f"{heading}: Robots 1 and 2 more"
    assert selected(*(["fresh"] * len(period.days)), period=period, papers=0).subject == heading


def test_a_whole_week_says_so() -> None:
    made = selected()
    assert (made.state, made.alarms) == ("complete", ())
    assert made.lead == "3 of 40 new papers, listed on 5 days. Quiet, without a list: 21 to 22 November."


def test_a_week_that_is_not_over_says_what_is_to_come() -> None:
    made = selected("fresh", "fresh", "fresh", *[TO_COME] * 4)
    assert (made.state, made.alarms) == ("so far", ())
    assert made.lead == "3 of 40 new papers, listed on 3 days. Still to come: 19 to 22 November."


def test_what_is_missing_is_said_first_the_worst_before() -> None:
    made = selected("fresh", MISSING, "incomplete", MISSING, "failed", "quiet", "waiting")
    assert made.state == "incomplete"
    assert made.alarms == (
        "Nothing was read of 17 November and 19 November: what was listed then is missing here.",
        "The lists of 18 November and 20 November were read in part only.",
        "Not every list of 22 November is there yet.",
    )
    body = render.text(made)
    assert body.startswith("Nothing was read of 17 November")
    assert "Paperboy, Best of the week, 16 to 22 November 2026, incomplete\n" in body


@pytest.mark.parametrize(
    ("states", "said"), [(USUAL, "No new papers."), ((MISSING, *USUAL[1:]), "No papers yet.")], ids=["read", "unread"]
)
def test_only_days_that_were_read_may_claim_that_there_is_nothing(states: tuple[str, ...], said: str) -> None:
    assert selected(*states, papers=0).lead.startswith(said)


def test_what_a_reader_muted_is_counted() -> None:
    assert selected(left_out=1).lead.endswith("Left out as muted: 1 paper.")


def test_both_bodies_are_the_digests_and_do_not_claim_to_be_a_mail() -> None:
    page, body = render.html(selected()), render.text(selected())
    for part in (page, " ".join(body.split())):
        assert "Robots 2" in part
        assert "A robot that asks first drops fewer objects. We learn what to ask." in part
        assert "Made by your lab’s own Paperboy." in part
        assert "This mail" not in part
        assert FORMULA in part


def test_days_in_words() -> None:
    days = [WEDNESDAY + timedelta(days=number) for number in (0, 1, 2, 5, 12, 13, 45)]
    assert dates.spans(days, WEDNESDAY, ENGLISH) == (
        "18 to 20 November, 23 November, 30 November to 1 December and 2 January 2027"
    )


def test_the_states_of_the_days_are_those_of_the_tables(tmp_path: Path) -> None:
    """Of Monday a list came whole, of Tuesday a part; Wednesday failed, Thursday is over, Friday is not."""
    tables = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    monday, tuesday, wednesday, *_ = WEEK.days
    noon = datetime(2026, 11, 19, 12)
    lists = pl.DataFrame(
        [(monday, "arxiv", "fresh", 9), (tuesday, "arxiv", "incomplete", 4), (tuesday, "sample", "fresh", 4),
         (wednesday, "arxiv", "fresh", 4)],
        schema=["day", "source", "state", "fetched"], orient="row",
    )  # fmt: skip
    ledger = lists.with_columns(attempts=1, seconds=0.1, reason=pl.lit(""), recorded_at=noon)
    tables.publish("fetched_papers", [monday, tuesday, wednesday], {"fetch_ledger": ledger})
    made = [("unique_papers", day, outcome, 1, "", "run", noon) for day, outcome in
            ((monday, "published"), (tuesday, "published"), (tuesday, "failed"), (wednesday, "failed"))]  # fmt: skip
    partitions = pl.DataFrame(made, schema=PARTITIONS, orient="row")
    tables.publish("unique_papers", [monday, tuesday, wednesday], {"partitions": partitions})
    rows = digest({"listed_on": monday, "why": "9 votes"}, {"listed_on": tuesday, "work_id": "b", "why": "4 votes"})
    found = selection(tables, WEEK, rows, newest=WEEK.days[3])
    assert list(found.days.values()) == ["fresh", "incomplete", MISSING, MISSING, TO_COME, TO_COME, TO_COME]
    assert [one.why for one in found.papers] == ["16 November: 9 votes", "17 November: 4 votes"]
    mine = rows.with_columns(because=pl.Series(["you follow Robots", ""]))
    assert [one.why for one in selection(tables, WEEK, mine, newest=WEEK.last).papers] == [
        "16 November: you follow Robots, 9 votes",
        "17 November: 4 votes",
    ]
