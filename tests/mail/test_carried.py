"""What an edition carries: every work is looked at once, whatever became of the days between; none is shown twice."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED, NEW, boarding, carried, new

EDITION = pl.Schema({"day": pl.Date(), "work_id": pl.String(), "arrival": pl.String(), "frozen_at": pl.Datetime("us")})
MEMBERS = pl.List(pl.Struct({"paper_id": pl.String()}))
WORKS = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "members": MEMBERS,
        "revision": pl.Boolean(),
        "seen_at": pl.Datetime("us"),
    }
)


def nov(day: int) -> date:
    return date(2026, 11, day)


def morning(day: int, hour: int = 7) -> datetime:
    """A time of the morning on which the edition of the day before is made."""
    return datetime(2026, 11, day, hour)


def works(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"revision": False, "seen_at": morning(30)}
    named = [usual | {"members": [{"paper_id": row["work_id"]}]} | row for row in rows]
    return pl.DataFrame(named, schema=WORKS, orient="row")


def editions(*rows: tuple[int, str, str]) -> pl.DataFrame:
    """Editions by day, work and arrival, each frozen the next morning."""
    frozen = [(nov(day), work, arrival, morning(day + 1)) for day, work, arrival in rows]
    return pl.DataFrame(frozen, schema=EDITION, orient="row")


def arrivals(found: pl.DataFrame) -> dict[str, str]:
    return dict(found.select("work_id", "arrival").iter_rows())


MAILED = editions((10, "a", NEW), (16, "b", NEW))


def test_a_new_installation_has_missed_nothing() -> None:
    earlier = works({"day": nov(9), "work_id": "x"})
    assert arrivals(carried(earlier, editions(), nov(17))) == {}
    assert arrivals(carried(earlier, MAILED, nov(17))) == {}, "a day before the first edition"
    assert arrivals(carried(earlier, editions((17, "a", NEW)), nov(17))) == {}, "the edition itself is the first"


def test_the_first_edition_is_the_one_that_was_mailed_first() -> None:
    """An old day that the operator mails by its name opens no new past."""
    by_name = pl.DataFrame([(nov(2), "old", NEW, morning(17))], schema=EDITION, orient="row")
    earlier = works({"day": nov(5), "work_id": "x"})
    assert arrivals(carried(earlier, pl.concat([MAILED, by_name]), nov(17))) == {}


def test_what_is_seen_after_the_edition_of_its_day_is_late() -> None:
    found = works(
        {"day": nov(16), "work_id": "known then", "seen_at": morning(17, 6)},
        {"day": nov(16), "work_id": "at that moment", "seen_at": morning(17)},
        {"day": nov(16), "work_id": "later", "seen_at": morning(17, 8)},
        {"day": nov(10), "work_id": "much later", "seen_at": morning(17, 8)},
        {"day": nov(16), "work_id": "nobody knows when", "seen_at": None},
    )
    assert arrivals(carried(found, MAILED, nov(17))) == {"later": LATE, "much later": LATE}


def test_days_without_an_edition_are_missed_whenever_they_were_seen() -> None:
    found = works(
        {"day": nov(18), "work_id": "x", "seen_at": morning(19)},
        {"day": nov(19), "work_id": "y", "seen_at": None},
        {"day": nov(20), "work_id": "of the edition itself"},
        {"day": nov(21), "work_id": "of a later day"},
    )
    assert arrivals(carried(found, MAILED, nov(20))) == {"x": MISSED, "y": MISSED}


def test_an_outage_of_months_is_caught_up_and_what_is_late_by_more_than_a_month_is_not() -> None:
    found = works({"day": nov(16), "work_id": "late"}, {"day": nov(17), "work_id": "missed"})
    much_later = date(2027, 3, 1)
    assert arrivals(carried(found, MAILED, much_later)) == {"late": LATE, "missed": MISSED}
    since = pl.concat([MAILED, editions((29, "c", NEW))])
    assert arrivals(carried(found, since, date(2027, 1, 2))) == {}


def test_what_an_edition_has_shown_is_never_shown_again() -> None:
    found = works(
        {"day": nov(17), "work_id": "b"},
        {"day": nov(17), "work_id": "renamed", "members": [{"paper_id": "new name"}, {"paper_id": "a"}]},
        {"day": nov(17), "work_id": "c"},
    )
    assert arrivals(carried(found, MAILED, nov(18))) == {"c": MISSED}


def test_a_new_version_is_not_a_new_work() -> None:
    found = works(
        {"day": nov(17), "work_id": "revised", "revision": True}, {"day": nov(17), "work_id": "x", "revision": None}
    )
    assert arrivals(carried(found, MAILED, nov(18))) == {"x": MISSED}
    assert arrivals(new(found, MAILED)) == {"x": NEW}


def test_what_did_not_make_the_cut_of_a_catch_up_is_not_late_after_it() -> None:
    caught_up = pl.concat([MAILED, editions((20, "best", MISSED))])
    found = works(
        {"day": nov(18), "work_id": "cut", "seen_at": morning(19)},
        {"day": nov(18), "work_id": "came after", "seen_at": morning(21, 9)},
    )
    assert arrivals(carried(found, caught_up, nov(21))) == {"came after": LATE}


def test_what_did_not_make_the_cut_of_the_late_ones_is_not_late_again() -> None:
    told = pl.concat([MAILED, editions((17, "best", LATE))])
    found = works(
        {"day": nov(16), "work_id": "cut", "seen_at": morning(17, 9)},
        {"day": nov(16), "work_id": "later still", "seen_at": morning(18, 9)},
    )
    assert arrivals(carried(found, told, nov(18))) == {"later still": LATE}


def test_an_edition_that_carried_nothing_has_not_looked_at_earlier_days() -> None:
    """A past day that was mailed by its name: the missed days before it are still missed."""
    found = works({"day": nov(14), "work_id": "x", "seen_at": morning(15)})
    assert arrivals(carried(found, MAILED, nov(17))) == {"x": MISSED}


def test_for_an_edition_that_was_mailed_it_is_what_waited_then() -> None:
    mailed = pl.concat([MAILED, editions((18, "c", NEW), (18, "x", MISSED), (19, "d", NEW), (19, "z", LATE))])
    found = works(
        {"day": nov(17), "work_id": "x", "seen_at": morning(18)},
        {"day": nov(17), "work_id": "y", "seen_at": morning(18)},
        {"day": nov(17), "work_id": "z", "seen_at": morning(20)},
    )
    assert arrivals(carried(found, mailed, nov(18))) == {"x": MISSED, "y": MISSED}


def test_what_an_earlier_edition_showed_is_not_new() -> None:
    found = works(
        {"day": nov(11), "work_id": "a"}, {"day": nov(16), "work_id": "b"}, {"day": nov(15), "work_id": "b"},
        {"day": nov(17), "work_id": "c"},
    )  # fmt: skip
    assert new(found, MAILED).select("day", "work_id").rows() == [(nov(16), "b"), (nov(15), "b"), (nov(17), "c")]


def test_late_works_alone_wait_for_an_edition_but_missed_days_are_mailed() -> None:
    late = works({"day": nov(16), "work_id": "x"}).with_columns(arrival=pl.lit(LATE))
    missed = works({"day": nov(17), "work_id": "y"}).with_columns(arrival=pl.lit(MISSED))
    assert boarding(late, new=1).equals(late)
    assert boarding(late, new=0).is_empty()
    assert boarding(pl.concat([late, missed]), new=0).height == 2


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 14)), max_size=25), st.sets(st.integers(2, 12)))
def test_with_room_for_all_every_work_is_shown_once(listed: list[tuple[int, int]], up: set[int]) -> None:
    """Works of a dozen days, each seen some days after it was listed, and a digest made on some of the mornings."""
    seen_at = [morning(day + 1, 6) + timedelta(days=delay) for day, delay in listed]
    shown = editions((1, "first", NEW))
    for day in [*sorted(up), 27]:
        seen = [place for place, moment in enumerate(seen_at) if moment < morning(day + 1)]
        known = works(
            *({"day": nov(listed[place][0]), "work_id": str(place), "seen_at": seen_at[place]} for place in seen)
        )
        own = new(known, shown).filter(pl.col("day") == nov(day))
        waiting = boarding(carried(known, shown, nov(day)), new=1 if day == 27 else own.height)
        found = {**arrivals(own), **arrivals(waiting)}
        shown = pl.concat([shown, editions(*((day, work, arrival) for work, arrival in found.items()))])
    before_the_first = [place for place, (day, delay) in enumerate(listed) if day == 1 and delay == 0]
    expected = {str(place) for place in range(len(listed))} - set(map(str, before_the_first))
    assert sorted(shown["work_id"].to_list()) == sorted({*expected, "first"})
