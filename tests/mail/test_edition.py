"""Editions: sections in order, counts in words, a subject of one line, a hash that tells editions apart."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED, NEW
from assets.mail.edition import QUIET, Counts, Edition, Link, Waiting, one_line, shortened
from assets.mail.lists import SourceList
from assets.mail.material import Material, daily
from assets.mail.rank import DIGEST

DAY = date(2026, 11, 20)
COUNTS = Counts(fetched=36, unique=31, digest=20)
FRESH = (SourceList("huggingface", "fresh", 36),)
EARLIER = {"listed_on": date(2026, 11, 18), "arrival": LATE}


def digest(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        **dict.fromkeys(DIGEST, None),
        "day": DAY,
        "topic": "Other",
        "title": "A Title",
        "withdrawn": False,
        "listed_on": DAY,
        "arrival": NEW,
    }
    usual |= {"why": "new, no votes yet"}
    numbered = ({"place": place, "work_id": "abcde"[place - 1]} | row for place, row in enumerate(rows, 1))
    return pl.DataFrame([usual | row for row in numbered], schema=DIGEST, orient="row")


def edition(day: date, lists: Sequence[SourceList], rows: pl.DataFrame, counts: Counts) -> Edition:
    """As a mail to all; of more papers than `rows`, if `counts` says so."""
    return replace(daily(day, lists, rows, counts).whole, counts=counts)


def of(*rows: dict[str, Any], state: str = "fresh", counts: Counts = COUNTS) -> Edition:
    return edition(DAY, [SourceList("huggingface", state, counts.fetched)], digest(*rows), counts)


def test_sections_stand_where_their_best_paper_would() -> None:
    topics = ["Vision", "Language", "Vision", "Other", "Language"]
    found = edition(DAY, FRESH, digest(*({"topic": topic} for topic in topics)).reverse(), COUNTS)
    assert [(section.label, [paper.place for paper in section.papers]) for section in found.sections] == [
        ("Vision", [1, 3]),
        ("Language", [2, 5]),
        ("Other", [4]),
    ]


def test_another_day_is_another_edition() -> None:
    assert not edition(date(2026, 11, 19), FRESH, digest({}), COUNTS).sections


def test_links_keep_their_kinds() -> None:
    links = [{"url": "https://lab.example/\n x", "kind": "data"}, {"url": None, "kind": None}]
    assert of({"links": links}).papers[0].links == (Link("https://lab.example/ x", "data"), Link("", ""))


def test_a_paper_with_nothing_but_a_title_is_whole() -> None:
    paper = of({}).sections[0].papers[0]
    assert paper.affiliations == ()
    assert (paper.summary, paper.authors, paper.topics, paper.links, paper.url) == ("", (), (), (), "")


@pytest.mark.parametrize(
    ("counts", "state", "lead"),
    [
        (COUNTS, "fresh", "20 of 31 new papers; 36 records fetched."),
        (Counts(1, 1, 1), "fresh", "1 of 1 new paper; 1 record fetched."),
        (Counts(1_200, 1_100, 20), "fresh", "20 of 1,100 new papers; 1,200 records fetched."),
        (Counts(0, 0, 0), "fresh", "No new papers."),
        (Counts(0, 0, 0), "quiet", f"No new papers. {QUIET}"),
        (Counts(0, 0, 0), "failed", "No papers yet."),
    ],
)
def test_the_lead_says_how_much_was_read(counts: Counts, state: str, lead: str) -> None:
    assert of(state=state, counts=counts).lead == lead


def test_what_came_late_and_what_was_missed_stand_at_the_end_each_with_its_day() -> None:
    waiting = {
        LATE: Waiting(1, date(2026, 11, 18), date(2026, 11, 18)),
        MISSED: Waiting(187, date(2026, 11, 9), date(2026, 11, 17)),
    }
    missed = {"arrival": MISSED, "topic": "Vision"}
    found = of(
        {"topic": "Vision"},
        EARLIER | {"topic": "Vision", "topics": ["Vision", "Robotics"], "why": "24 votes"},
        missed | {"listed_on": date(2026, 11, 9)},
        missed | {"listed_on": date(2026, 11, 17)},
        counts=Counts(36, 31, 1, waiting),
    )
    assert [(section.label, section.is_new, len(section.papers)) for section in found.sections] == [
        ("Vision", True, 1),
        ("Late arrivals: 1 paper listed on earlier days, after their edition was mailed", False, 1),
        ("Catch-up: 2 of 187 papers from 9 to 17 November, days without an edition", False, 2),
    ]
    assert [paper.place for paper in found.papers] == [1, 2, 3, 4]
    assert [paper.why for paper in found.papers[1:3]] == ["18 November: 24 votes", "9 November: new, no votes yet"]
    assert found.papers[1].topics == ("Vision", "Robotics")
    assert (
        found.lead == "1 of 31 new papers; 36 records fetched. At the end: 1 late arrival and 2 papers of missed days."
    )


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 19), date(2026, 11, 19), "from 19 November, a day without an edition"),
        (date(2026, 10, 30), date(2026, 11, 2), "from 30 October to 2 November, days without an edition"),
        (date(2025, 12, 30), date(2026, 1, 2), "from 30 December 2025 to 2 January, days without an edition"),
        (date(2025, 12, 30), date(2025, 12, 31), "from 30 to 31 December 2025, days without an edition"),
    ],
)
def test_missed_days_in_words(first: date, last: date, words: str) -> None:
    row = {"arrival": MISSED, "listed_on": first}
    found = of(row, counts=Counts(0, 0, 0, {MISSED: Waiting(1, first, last)}))
    assert found.sections[0].label == f"Catch-up: 1 paper {words}"


def test_a_quiet_day_may_hold_nothing_but_a_catch_up() -> None:
    missed = {"arrival": MISSED, "listed_on": date(2026, 11, 18), "title": "Depth"}
    counts = Counts(0, 0, 0, {MISSED: Waiting(2, date(2026, 11, 18), date(2026, 11, 18))})
    found = of(missed, missed, state="quiet", counts=counts)
    assert found.subject == "20 November 2026 (quiet): Catch-up: Depth and 1 more"
    assert found.lead == f"No new papers. {QUIET} At the end: 2 papers of missed days."


def test_the_subject_names_the_day_and_the_top_paper() -> None:
    assert of({"title": "Depth"}).subject == "20 November 2026: Depth"
    assert of({"topic": "B", "title": "Depth"}, {"topic": "A"}).subject == "20 November 2026: Depth and 1 more"
    assert of({}, state="incomplete").subject == "20 November 2026 (incomplete): A Title"
    assert of(state="quiet").subject == "20 November 2026 (quiet): No new papers"
    assert of(state="waiting").subject == "20 November 2026 (waiting): No papers yet"
    assert of({"title": "word " * 99}).subject.endswith(" word …")


@given(st.text(), st.text())
def test_nothing_in_an_edition_breaks_a_line(title: str, topic: str) -> None:
    found = of(
        {
            "title": f"A{title}",
            "topic": topic,
            "summary": title,
            "authors": [title],
            "affiliations": [title],
            "url": topic,
        }
    )
    paper = found.sections[0].papers[0]
    for text in (
        found.subject,
        found.sections[0].label,
        paper.title,
        paper.summary,
        *paper.authors,
        *paper.affiliations,
        paper.url,
    ):
        assert len(text.splitlines()) <= 1
        assert text == one_line(text)


@pytest.mark.parametrize("separator", ["\r\n", "\n", "\t", "\x00", "\x0b", "\x85", "\u2028", "\u2029", "\x1b\x07"])
def test_control_characters_are_blanks(separator: str) -> None:
    assert of({"title": f"A Title{separator}Bcc: x"}).subject == "20 November 2026: A Title Bcc: x"


def test_overrides_of_the_direction_go_but_joined_emoji_stay() -> None:
    assert one_line("abc\u202edef 👩‍🔬") == "abcdef 👩‍🔬"


@given(st.text(), st.integers(1, 40))
def test_a_shortened_text_is_the_beginning_of_the_text(text: str, length: int) -> None:
    found = shortened(text, length)
    assert len(found) <= max(length + 2, 0)
    assert found == text or (found.endswith(" …") and text.startswith(found[:-2]))


def test_the_hash_is_stable() -> None:
    assert of({}).content_hash == "3ecaea3793165c4901c271da7bdf2f14b2d1cc5ddce54da449287e1f7f508ec1"


def test_the_hash_tells_editions_apart() -> None:
    found = of({})
    waiting = Waiting(3, date(2026, 11, 18), date(2026, 11, 18))
    others = [
        of({"title": "B"}),
        of({"affiliations": ["ETH Zürich"]}),
        of({}, {}),
        of({}, state="incomplete"),
        replace(found, day=date(2026, 11, 19)),
        replace(found, alarms=("arXiv could not be read.",)),
        of({}, EARLIER, counts=replace(COUNTS, waiting={LATE: waiting})),
        of({}, EARLIER, counts=replace(COUNTS, waiting={LATE: replace(waiting, works=4)})),
        of({}, EARLIER | {"listed_on": date(2026, 11, 17)}, counts=replace(COUNTS, waiting={LATE: waiting})),
    ]
    assert len({other.content_hash for other in (found, *others)}) == 1 + len(others)
    assert of({}).content_hash == found.content_hash


def test_what_was_stored_before_papers_had_affiliations_is_read_as_it_was() -> None:
    made = daily(DAY, FRESH, digest({"authors": ["Ada Lovelace"]}), COUNTS)
    before = json.loads(made.stored())
    for entry in before["entries"]:
        del entry["paper"]["affiliations"]
    found = Material.read(json.dumps(before))
    assert found == made
    assert found.whole.content_hash == made.whole.content_hash


def test_affiliations_are_kept_with_the_mails() -> None:
    made = daily(DAY, FRESH, digest({"affiliations": ["ETH Zürich", " ", None]}), COUNTS)
    assert made.whole.papers[0].affiliations == ("ETH Zürich",)
    assert Material.read(made.stored()) == made
