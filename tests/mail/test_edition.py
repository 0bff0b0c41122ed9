"""Editions: sections in order, counts in words, a subject of one line, a hash that tells editions apart."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.edition import NOTES, Counts, Edition, edition, one_line, shortened
from assets.mail.rank import DIGEST

DAY = date(2026, 11, 20)
COUNTS = Counts(fetched=36, unique=31, digest=20)


def digest(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        **dict.fromkeys(DIGEST, None),
        "day": DAY,
        "topic": "Other",
        "title": "A Title",
        "withdrawn": False,
    }
    usual |= {"work_id": "a", "why": "new, no votes yet"}
    numbered = ({"place": place} | row for place, row in enumerate(rows, 1))
    return pl.DataFrame([usual | row for row in numbered], schema=DIGEST, orient="row")


def of(*rows: dict[str, Any], state: str = "fresh", counts: Counts = COUNTS) -> Edition:
    return edition(DAY, state, digest(*rows), counts)


def test_sections_stand_where_their_best_paper_would() -> None:
    topics = ["Vision", "Language", "Vision", "Other", "Language"]
    found = edition(DAY, "fresh", digest(*({"topic": topic} for topic in topics)).reverse(), COUNTS)
    assert [(section.label, [paper.place for paper in section.papers]) for section in found.sections] == [
        ("Vision", [1, 3]),
        ("Language", [2, 5]),
        ("Other", [4]),
    ]


def test_another_day_is_another_edition() -> None:
    assert not edition(date(2026, 11, 19), "fresh", digest({}), COUNTS).sections


def test_a_paper_with_nothing_but_a_title_is_whole() -> None:
    paper = of({}).sections[0].papers[0]
    assert (paper.summary, paper.authors, paper.topics, paper.links, paper.url) == ("", (), (), (), "")


@pytest.mark.parametrize(
    ("counts", "state", "lead"),
    [
        (COUNTS, "fresh", "20 of 31 new papers; 36 records fetched."),
        (Counts(1, 1, 1), "fresh", "1 of 1 new paper; 1 record fetched."),
        (Counts(1_200, 1_100, 20), "fresh", "20 of 1,100 new papers; 1,200 records fetched."),
        (Counts(0, 0, 0), "quiet", "No new papers."),
        (Counts(0, 0, 0), "failed", "No papers yet."),
    ],
)
def test_the_lead_says_how_much_was_read(counts: Counts, state: str, lead: str) -> None:
    assert of(state=state, counts=counts).lead == lead


@pytest.mark.parametrize("state", NOTES)
def test_every_state_but_fresh_has_a_note(state: str) -> None:
    assert bool(of(state=state).note) == (state != "fresh")


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="'fine', not one of fresh, quiet"):
        of(state="fine")


def test_the_subject_names_the_day_and_the_top_paper() -> None:
    assert of({"title": "Depth"}).subject == "20 November 2026: Depth"
    assert of({"topic": "B", "title": "Depth"}, {"topic": "A"}).subject == "20 November 2026: Depth and 1 more"
    assert of({}, state="incomplete").subject == "20 November 2026 (incomplete): A Title"
    assert of(state="quiet").subject == "20 November 2026 (quiet): No new papers"
    assert of(state="waiting").subject == "20 November 2026 (waiting): No papers yet"
    assert of({"title": "word " * 99}).subject.endswith(" word …")


@given(st.text(), st.text())
def test_nothing_in_an_edition_breaks_a_line(title: str, topic: str) -> None:
    found = of({"title": f"A{title}", "topic": topic, "summary": title, "authors": [title], "url": topic})
    paper = found.sections[0].papers[0]
    for text in (
        found.subject,
        found.sections[0].label,
        paper.title,
        paper.summary,
        *paper.authors,
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
    assert of({}).content_hash == "617d4d575791dc8c88c1a204211c97e370b90c8e193f7568459ceef08895afb8"


def test_the_hash_tells_editions_apart() -> None:
    found = of({})
    others = [
        of({"title": "B"}),
        of({}, {}),
        of({}, state="incomplete"),
        replace(found, day=date(2026, 11, 19)),
    ]
    assert len({other.content_hash for other in (found, *others)}) == 5
    assert of({}).content_hash == found.content_hash
