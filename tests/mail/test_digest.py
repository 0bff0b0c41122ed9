"""Editions over days, in whole labs: late papers and missed days are mailed once, and what was mailed stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.mail.carried import LATE, MISSED, NEW
from assets.mail.desk import day_edition
from orchestration.resources import desk, outbox, warehouse
from tests.conftest import NewLab
from tests.lab import Lab

FIRST = datetime.now(UTC).date() - timedelta(days=20)
DAYS = [FIRST + timedelta(days=number) for number in range(7)]
SUBJECTS = ("Harbours", "Lighthouses", "Buoys", "Ferries", "Tides", "Anchors", "Sails", "Rudders", "Knots")


@pytest.fixture
def harbour(new_lab: NewLab, tmp_path: Path) -> Iterator[Lab]:
    """A lab on a folder of lists, with three papers of an arrival in an edition, and 20 days being current."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with new_lab(
        SOURCES="archive", ARCHIVE__FOLDER=str(folder), DIGEST__SIZE="3", MAIL__CURRENT_DAYS="31"
    ) as made:  # fmt: skip
        yield made


def publish(lab: Lab, day: date, votes: dict[str, int]) -> None:
    """The source's list of a day: a paper on each subject, with its votes."""
    assert lab.settings.archive.folder is not None
    file = lab.settings.archive.folder / f"{day}.json"
    file.write_text(json.dumps([_entry(day, subject, count) for subject, count in votes.items()]), encoding="utf-8")


def _entry(day: date, subject: str, votes: int) -> dict[str, Any]:
    number = 100 * day.toordinal() % 90_000 + SUBJECTS.index(subject)
    paper = {
        "id": f"2503.{number:05}",
        "title": f"On {subject}, Day {day.day}",
        "summary": f"We look at {subject.lower()} on day {day.day} and write down what the water does to them.",
        "authors": [{"name": f"Ada {subject}"}],
        "organization": {"name": subject, "fullname": f"{subject} College"},
        "upvotes": votes,
        "publishedAt": f"{day}T05:00:00.000Z",
    }
    return {"paper": paper, "numComments": 0}


def shown(lab: Lab, day: date) -> list[tuple[str, str]]:
    """The subjects of a day's digest by place, each with its arrival."""
    rows = warehouse(lab.settings).rows("digest", [day]).sort("place").select("title", "arrival").rows()
    return [(title.split()[1].rstrip(","), arrival) for title, arrival in rows]


def mailed(lab: Lab, day: date) -> list[str]:
    """Both bodies of the one mail of a day, in single spaces."""
    (mail,) = [mail for mail in lab.mails() if str(mail["Subject"]).startswith(f"{day.day} {day:%B %Y}")]
    parts = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_maintype() == "text"]
    return [" ".join(part.decode().split()) for part in parts if isinstance(part, bytes)]


def test_the_institution_of_a_paper_goes_from_the_list_into_the_mail(harbour: Lab) -> None:
    publish(harbour, DAYS[0], {"Harbours": 9})
    assert harbour.digest(DAYS[0]).success
    for table in ("fetched_papers", "clean_papers", "unique_papers", "digest"):
        assert warehouse(harbour.settings).rows(table, [DAYS[0]])["affiliations"].to_list() == [["Harbours College"]]
    assert all("Harbours College" in body for body in mailed(harbour, DAYS[0]))


def test_late_papers_go_once_with_the_next_edition_that_is_mailed(harbour: Lab) -> None:
    publish(harbour, DAYS[0], {"Harbours": 9, "Buoys": 1})
    assert harbour.digest(DAYS[0]).success
    publish(harbour, DAYS[0], {"Harbours": 9, "Buoys": 1, "Ferries": 5, "Tides": 4, "Sails": 3, "Knots": 2})
    assert harbour.digest(DAYS[1]).success, "a day without a list: nothing is mailed"
    assert shown(harbour, DAYS[1]) == []
    publish(harbour, DAYS[2], {"Anchors": 1})
    for _ in range(2):
        assert harbour.digest(DAYS[2]).success
        assert shown(harbour, DAYS[2]) == [("Anchors", NEW), ("Ferries", LATE), ("Tides", LATE), ("Sails", LATE)]
    assert shown(harbour, DAYS[0]) == [("Harbours", NEW), ("Buoys", NEW)], "what was mailed stays"
    publish(harbour, DAYS[3], {"Rudders": 1})
    assert harbour.digest(DAYS[3]).success
    assert shown(harbour, DAYS[3]) == [("Rudders", NEW)], "neither the late ones again, nor what did not make the cut"
    assert len(harbour.mails()) == 3
    assert all("Late arrivals: 3 of 4 papers" in body for body in mailed(harbour, DAYS[2]))


def test_missed_days_are_caught_up_in_one_edition_even_on_a_quiet_day(harbour: Lab) -> None:
    publish(harbour, DAYS[0], {"Harbours": 9})
    assert harbour.digest(DAYS[0]).success
    publish(harbour, DAYS[2], {"Buoys": 3, "Ferries": 1})
    publish(harbour, DAYS[3], {"Tides": 2, "Sails": 4})
    for first, last in ((DAYS[1], DAYS[2]), (DAYS[3], DAYS[3])):
        assert all(outcome.success for outcome in harbour.backfill(first, last))
    assert shown(harbour, DAYS[3]) == [("Sails", NEW), ("Tides", NEW)], "what is not mailed carries nothing"
    assert len(harbour.mails()) == 1
    for _ in range(2):
        assert harbour.digest(DAYS[5]).success, "a day without a list"
        assert shown(harbour, DAYS[5]) == [("Sails", MISSED), ("Tides", MISSED), ("Buoys", MISSED)]
    assert len(harbour.mails()) == 2
    edition = day_edition(warehouse(harbour.settings), DAYS[5])
    assert edition.sections[0].label.startswith("Catch-up: 3 of 4 papers from ")
    assert outbox(harbour.settings).rows(DAYS[5])[0].edition == edition.content_hash
    assert outbox(harbour.settings).rows(DAYS[5])[0].papers == 3
    assert harbour.send(DAYS[3]).success
    assert len(harbour.mails()) == 2, "all that it holds was mailed with the catch-up"
    publish(harbour, DAYS[6], {"Knots": 1})
    assert all(outcome.success for outcome in harbour.backfill(DAYS[5], DAYS[6]))
    assert shown(harbour, DAYS[5]) == [("Sails", MISSED), ("Tides", MISSED), ("Buoys", MISSED)]
    assert harbour.digest(DAYS[6]).success
    assert shown(harbour, DAYS[6]) == [("Knots", NEW)]


def test_a_crash_between_the_outbox_and_the_note_of_what_was_mailed_is_repaired(harbour: Lab) -> None:
    publish(harbour, DAYS[0], {"Harbours": 9})
    assert harbour.digest(DAYS[0]).success
    tables = warehouse(harbour.settings)
    editions = tables.rows("editions", [DAYS[0]])
    tables.publish("deliveries", [DAYS[0]], {"editions": editions.clear()})
    publish(harbour, DAYS[0], {"Harbours": 9, "Buoys": 12})
    publish(harbour, DAYS[1], {"Tides": 2})
    assert harbour.digest(DAYS[1]).success
    assert tables.rows("editions", [DAYS[0]]).equals(editions)
    assert shown(harbour, DAYS[0]) == [("Harbours", NEW)]
    assert shown(harbour, DAYS[1]) == [("Tides", NEW), ("Buoys", LATE)]


def test_a_mail_that_waits_for_its_server_holds_what_was_written_down(harbour: Lab) -> None:
    """The edition is frozen when its digest is made, however often the day is made again before the mail leaves."""
    publish(harbour, DAYS[0], {"Harbours": 9})
    assert harbour.digest(DAYS[0]).success
    publish(harbour, DAYS[0], {"Harbours": 2, "Buoys": 12})
    assert harbour.digest(DAYS[0]).success
    edition = day_edition(warehouse(harbour.settings), DAYS[0])
    (row,) = outbox(harbour.settings).rows(DAYS[0])
    assert (len(edition.papers), row.edition) == (
        1,
        replace(edition, counts=replace(edition.counts, fetched=1, unique=1)).content_hash,
    )
    frozen_at = warehouse(harbour.settings).rows("editions", [DAYS[0]])["frozen_at"].item()
    desk(harbour.settings).settle(warehouse(harbour.settings))
    assert warehouse(harbour.settings).rows("editions", [DAYS[0]])["frozen_at"].to_list() == [frozen_at]
