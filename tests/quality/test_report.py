"""The report as a page: what it says of a record, of none, of a hostile one and of a year; and its charts."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from orchestration.quarantined import DECISION
from orchestration.runs import days_between
from quality import suites
from quality.expectations import Change
from quality.report.charts import COLOURS, Chart, drawn
from quality.report.facts import Day, Facts, read
from quality.report.page import SHOWN, months, render
from quality.report.words import MEANINGS, REMEDIES, span, spells, summary
from tests.quality.recorded import AT, HOSTILE, Seen, days_of, record, warehouse

MARCH = days_between(date(2025, 3, 1), date(2025, 3, 31))
MAX_BYTES = 2_000_000


@pytest.fixture(scope="module")
def march(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    store = warehouse(tmp_path_factory.mktemp("march"))
    return read(store, record(store, MARCH))


@pytest.fixture(scope="module")
def page(march: Facts) -> Seen:
    return Seen(render(march, AT))


# What it says.


def test_the_summary_says_how_many_days_how_many_need_attention_and_what_to_do(march: Facts, page: Seen) -> None:
    told = (
        "31 days: 4 failed and 27 fresh. 4 days need attention. Next: 31 March 2025, failed. Mend what the reason "
        "names, then make the day again. paperboy backfill 2025-03-31 2025-03-31"
    )
    assert str(summary(march)) == told
    assert told in page.text


def test_each_day_that_needs_attention_leads_to_its_reason(page: Seen) -> None:
    for day in (1, 11, 21, 31):
        assert f"#day-2025-03-{day:02}" in page.addresses
        assert f"day-2025-03-{day:02}" in page.ids


def test_every_address_leads_to_a_place_in_the_page_and_no_id_stands_twice(page: Seen) -> None:
    assert page.addresses
    assert {address.removeprefix("#") for address in page.addresses} <= set(page.ids)
    assert all(address.startswith("#") for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))


def test_incidents_have_their_reason_and_what_ended_them_open_ones_first(march: Facts, page: Seen) -> None:
    bad, mended = MARCH[::10], MARCH[6::15]
    found = march.incidents.select("day", "ended_at").rows()
    open_ones = [day for day, ended in found if ended is None]
    assert open_ones == [day for day in reversed(bad) for _ in range(6)]
    assert found[len(open_ones) :] == [(day, AT.replace(hour=8)) for day in reversed(mended) for _ in range(6)]
    assert "36 incidents, 24 open." in page.text
    assert "Published 12 March 2025, 08:30 UTC by run 01234567; opened 12 March 2025, 07:30 UTC" in page.text
    assert f"{36 - SHOWN} incidents more" in page.text, "the rest is there, behind one click"


def test_an_expectation_that_fails_says_on_how_many_days_and_what_to_do(march: Facts, page: Seen) -> None:
    worst = {(row["asset"], row["expectation"]): row for row in march.expectations.iter_rows(named=True)}
    row = worst["fetched_papers", "title_present"]
    assert (row["failures"], row["days"], row["standing"], row["last_day"]) == (6, 6, 6, date(2025, 3, 31))
    assert "A list whose titles vanish has changed its shape: the parser must learn it." in page.text


def test_gaps_and_quarantine_are_told(march: Facts, page: Seen) -> None:
    assert march.gaps["day"].to_list() == MARCH[::10][::-1]
    assert any(row[:2] == ["31 March 2025 archive", "failed"] for row in page.rows)
    first = march.quarantine.row(0, named=True)
    assert (first["rows"], first["days"], first["decided"], first["keys"]) == (2, 2, 0, ["archive/2503.00001"])
    assert "archive/2503.00001" in page.text


def test_a_decision_counts_for_the_value_that_was_seen(tmp_path: Path) -> None:
    store = warehouse(tmp_path)
    days = record(store, MARCH[:10])
    held = store.read("SELECT * FROM quarantine WHERE asset = 'fetched_papers' ORDER BY day LIMIT 1")
    said = held.select("asset", "day", "key", "expectation", "value").with_columns(
        decision=pl.lit("dropped"), why=pl.lit("Spam."), decided_at=pl.lit(AT)
    )
    for value, decided in (("of another value", 0), (held["value"].item(), 1)):
        decision = said.with_columns(value=pl.lit(value, pl.String)).select(DECISION.names())
        store.publish("fetched_papers", [], {}, {"quarantine_decisions": decision})
        found = read(store, days).quarantine.filter(asset="fetched_papers", expectation=held["expectation"].item())
        assert found["decided"].item() == decided


def test_the_reason_of_an_expectation_is_what_the_operator_made_of_it(march: Facts) -> None:
    change = Change("title_present", None, 0.2, "Ask the library.")
    suites.adopt({"fetched_papers": suites.SUITES["fetched_papers"].extended([], [change])})
    try:
        assert "Changed by the operator: Ask the library." in Seen(render(march, AT)).text
    finally:
        suites.adopt(suites.EVERY)


def test_a_field_that_vanished_has_a_share_of_zero(march: Facts) -> None:
    shares = march.drift.filter(figure="present.archive.paper.archive")
    assert dict(shares.select("day", "value").iter_rows())[date(2025, 3, 20)] == 0
    assert shares.height == len(MARCH)


def test_headings_are_in_order(page: Seen) -> None:
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# Words.


def test_every_state_has_a_meaning_and_every_one_that_needs_attention_a_remedy() -> None:
    days = [Day(day, state) for day, state in zip(MARCH, MEANINGS, strict=False)]
    needing = {state for state in MEANINGS if state not in ("fresh", "quiet", "waiting")}
    assert set(REMEDIES) == needing
    assert {spell.state for spell in spells([day for day in days if day.state in needing])} == needing


def test_days_that_follow_one_another_are_one_spell() -> None:
    states = [*["not run"] * 3, "fresh", *["not run"] * 2, *["failed"] * 2]
    days = [Day(day, state, "why") for day, state in zip(MARCH, states, strict=False) if state != "fresh"]
    found = [(spell.first.day, spell.last.day, spell.state) for spell in spells(days[::-1])]
    assert found == [(7, 8, "failed"), (5, 6, "not run"), (1, 3, "not run")]
    assert spells(days[::-1])[1].command == "paperboy backfill 2025-03-05 2025-03-06"


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2025, 3, 1), date(2025, 3, 1), "1 March 2025"),
        (date(2025, 3, 1), date(2025, 3, 31), "1 to 31 March 2025"),
        (date(2025, 3, 1), date(2025, 4, 2), "1 March to 2 April 2025"),
        (date(2024, 12, 31), date(2025, 1, 1), "31 December 2024 to 1 January 2025"),
    ],
)
def test_a_span_says_once_what_its_ends_share(first: date, last: date, told: str) -> None:
    assert span(first, last) == told


def test_a_month_of_the_calendar_has_whole_weeks_and_no_other_days() -> None:
    days = [Day(day, "fresh") for day in days_between(date(2025, 2, 27), date(2025, 3, 3))]
    february, march = months(days)
    assert [month.name for month in (february, march)] == ["February 2025", "March 2025"]
    assert [[day and day.day.day for day in week] for week in february.weeks] == [
        [None, None, None, 27, 28, None, None]
    ]
    assert [[day and day.day.day for day in week] for week in march.weeks] == [
        [None, None, None, None, None, 1, 2], [3, None, None, None, None, None, None],
    ]  # fmt: skip


# Records of another kind.


def test_an_empty_warehouse_has_a_report_that_says_so(tmp_path: Path) -> None:
    facts = read(warehouse(tmp_path), [Day(day, "not run") for day in MARCH])
    seen = Seen(render(facts, AT))
    assert "31 days: 31 not run. No day needs attention. Nothing was made yet. paperboy digest" in seen.text
    assert seen.text.count("Nothing was made.") == 6
    assert "No attempt at these days has failed." in seen.text


def test_days_left_out_since_the_first_that_was_made_need_attention(tmp_path: Path) -> None:
    store = warehouse(tmp_path)
    record(store, MARCH[10:11])
    facts = read(store, [Day(day, "fresh" if day == MARCH[10] else "not run") for day in MARCH[:13]])
    assert [day.day for day in facts.needing] == [MARCH[12], MARCH[11]]
    assert summary(facts).command == "paperboy backfill 2025-03-12 2025-03-13"


def test_open_incidents_of_other_days_are_told(tmp_path: Path) -> None:
    store = warehouse(tmp_path)
    record(store, MARCH)
    seen = Seen(render(read(store, [Day(day, "fresh") for day in MARCH[1:5]]), AT))
    assert "Days outside this report have open incidents too: 4 days of 1 to 31 March 2025." in seen.text


def test_days_with_a_gap_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="from 2025-03-01 to 2025-03-03 are 2"):
        read(warehouse(tmp_path), [Day(MARCH[0], "fresh"), Day(MARCH[2], "fresh")])


def test_what_strangers_wrote_is_text(tmp_path: Path) -> None:
    store = warehouse(tmp_path)
    days = record(store, MARCH[:12], reason=HOSTILE, key=HOSTILE, source=HOSTILE)
    plain = Seen(render(read(store, [Day(day.day, "fresh") for day in days]), AT))
    seen = Seen(render(read(store, days), AT))
    assert set(seen.tags) == set(plain.tags) | {"h3"}
    assert not {"script", "img"} & set(seen.tags)
    assert seen.tags.count("style") == 1
    assert HOSTILE in seen.text


def test_a_year_is_one_file_of_moderate_size(tmp_path: Path) -> None:
    store = warehouse(tmp_path)
    reason = "title_present: 12 of 36 rows failed, 3 allowed (archive/2503.00001, archive/2503.00002). " * 3
    written = render(read(store, record(store, days_of(365), reason=reason)), AT)
    assert len(written.encode()) < MAX_BYTES
    assert Seen(written).tags.count("figure") == 6 * (2 + 6)


# Charts.


def chart(**changes: object) -> Chart:
    given = {
        "key": "papers-rows", "title": "Rows <a> day", "told": "From 1 to 3 & more.", "days": MARCH[:4],
        "values": [1.0, None, 3.0, 2.0], "bars": True, **changes,
    }  # fmt: skip
    return Chart(**given)  # type: ignore[arg-type]


def test_a_chart_is_named_coloured_by_the_stylesheet_and_keeps_its_text() -> None:
    svg = drawn(chart(marked=frozenset({MARCH[1]})))
    assert svg.startswith('<svg class="chart" viewBox="0 0 320 132" role="img" aria-labelledby="papers-rows-title ')
    assert '<title id="papers-rows-title">Rows &lt;a&gt; day</title>' in svg
    assert '<desc id="papers-rows-told">From 1 to 3 &amp; more.</desc>' in svg
    assert set(re.findall(r"#[0-9a-f]{6}", svg)) == set()
    assert {name for name in COLOURS.values() if name in svg} == set(COLOURS.values())
    assert re.findall(r"<text[^>]*>([^<]+)<", svg) == ["1 Mar", "2 Mar", "4 Mar", "0", "1.5", "3"]
    assert "http" not in svg
    assert "metadata" not in svg


def test_bars_are_one_path_in_which_a_missing_day_is_a_gap() -> None:
    (path,) = [d for d, style in re.findall(r'<path d="([^"]+)" style="([^"]+)"', drawn(chart())) if "series" in style]
    bars = re.findall(r"M ([\d.]+) ([\d.]+) L ([\d.]+) ([\d.]+)", path)
    heights = [float(foot) - float(top) for _, foot, _, top in bars]
    assert len(bars) == 3
    assert [round(height / heights[0], 1) for height in heights] == [1, 3, 2]


def test_one_value_of_a_line_is_a_dot() -> None:
    svg = drawn(chart(bars=False, values=[None, 0.5, None, None], share=True))
    assert svg.count("<use ") == 1
    assert "60%" in svg


@pytest.mark.parametrize("values", [[None] * 4, [0.0] * 4, [1e9, 0.0, None, 3.0]], ids=str)
def test_a_chart_of_nothing_or_of_very_much_is_drawn(values: list[float | None]) -> None:
    assert drawn(chart(values=values)).endswith("</svg>")
