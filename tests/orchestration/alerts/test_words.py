"""What the operator reads: every reason on visible lines, with nobody's address in it."""

from datetime import date, datetime, timedelta

import pytest

from orchestration.alerts.attempts import Attempt
from orchestration.alerts.words import WIDTH, Words
from quality.incidents import Incident, Warned

DAY, AT = date(2026, 11, 26), datetime(2026, 11, 27, 7, 31)
WORDS = Words("/srv/paperboy", ["Quill Canary <canary@reader.example>"])


def incident(reason: str = "title_present: 6 of 12 rows failed.", day: date = DAY) -> Incident:
    """An incident at its second attempt."""
    return Incident("clean_papers", day, 0, AT, AT + timedelta(hours=1), 2, "rejected", reason, "abcdef", None, None)


def warned(expectation: str, day: date) -> Warned:
    """A warning about cleaned papers."""
    return Warned("clean_papers", expectation, day, "2 of 40 rows unexpected", "at least 40")


def test_an_incident_in_words() -> None:
    subject, text = WORDS.message("alert", [WORDS.incident(incident(), "run abcdef of daily_digest")])
    assert subject == "Paperboy: clean_papers 2026-11-26 was rejected"
    said = " ".join(text.split())
    assert "2 attempts, the last at 2026-11-27 08:31 UTC (run abcdef of daily_digest); the first at" in said
    assert "title_present: 6 of 12 rows failed." in said
    assert "\n    paperboy digest 2026-11-26\n    paperboy status 2026-11-26 2026-11-26\n" in text


@pytest.mark.parametrize(
    "hidden",
    [
        "Quill Canary <canary@reader.example>", "canary@reader.example", "<canary@reader.example>,",
        "other@reader.example", "mailto:canary@reader.example?x", "Canary@Reader.Example", "@channel",
    ],
)  # fmt: skip
def test_no_address_is_in_a_text(hidden: str) -> None:
    text = WORDS.message("alert", [WORDS.incident(incident(f"550 {hidden} is unknown"), "run")])[1]
    assert "@" not in text
    assert "canary" not in text.lower()
    assert "is unknown" in text


def test_a_strangers_text_forges_no_line_and_no_direction() -> None:
    forged = "odd\r\n\r\nNothing is left to do.\u2028From: eve\u2029\x85\x1b[2J\u202eback"
    text = WORDS.message("alert", [WORDS.incident(incident(forged), "run")])[1]
    assert "odd Nothing is left to do. From: eve [2Jback" in text
    assert not {"\r", "\u2028", "\u2029", "\x85", "\x1b", "\u202e"} & set(text)


def test_lines_are_short_and_a_long_reason_is_cut() -> None:
    text = WORDS.message("alert", [WORDS.incident(incident("word " * 5_000), "run")])[1]
    assert max(map(len, text.splitlines())) <= WIDTH
    assert len(text) < 3_000
    assert "…" in text


def test_many_incidents_are_one_message_that_names_all() -> None:
    items = [WORDS.incident(incident(day=DAY + timedelta(number)), "run") for number in range(31)]
    subject, text = WORDS.message("alert", items)
    assert subject == "Paperboy: 31 incidents, 2026-11-26 to 2026-12-26"
    assert "And 11 more: clean_papers 2026-12-16 was rejected;" in " ".join(text.split())
    assert "clean_papers 2026-12-26 was rejected" in " ".join(text.split())


def test_a_window_that_left_no_outcome_in_words() -> None:
    days = [DAY, DAY + timedelta(1)]
    item = WORDS.attempt(Attempt("abcdef0123", "backfill", days, AT, "", "killed"))
    subject, text = WORDS.message("alert", [item])
    assert subject == "Paperboy: the run of 2026-11-26 to 2026-11-27 failed"
    assert "\n    paperboy doctor\n    paperboy backfill 2026-11-26 2026-11-27\n" in text


def test_warnings_are_grouped_and_only_new_ones_explained() -> None:
    days = [DAY + timedelta(number) for number in range(8)]
    found = [*(warned("abstract_length", day) for day in days), warned("words_range", DAY)]
    subject, text = WORDS.message("warnings", [WORDS.warnings(found, {"clean_papers: words_range"})])
    said = " ".join(text.split())
    assert subject == "Paperboy: 2 warnings for 2026-11-26 to 2026-12-03"
    assert "clean_papers: abstract_length. 2026-11-26: 2 of 40 rows unexpected; 2026-11-27:" in said
    assert "; and on 3 more days up to 2026-12-03. Expected: at least 40. Shorter is a cut abstract" in said
    assert "clean_papers: words_range again. 2026-11-26: 2 of 40 rows unexpected." in said
    assert "An abstract has words" not in said
