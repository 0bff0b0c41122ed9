"""What one reader would be mailed, in whole labs: the same as is mailed then, why not, and that nothing is written."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from assets.mail.intents import Mail
from assets.mail.preview import Preview, preview
from assets.mail.readers.preferences import DAYS, Frequency, Named, Preferences
from orchestration.resources import desk, outbox, readers, warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.test_digest import publish
from tests.mail.test_own_mails import ADA, BEN, DAY, TODAY, VOTES, WEEKLY, prefer, text

BEFORE = DAY - timedelta(days=1)
KNOTS = Preferences(follow=Named(authors=("ada knots",)), mute=Named(keywords=("buoys",)))


@pytest.fixture
def harbour(new_lab: NewLab, tmp_path: Path) -> Iterator[Lab]:
    """A lab on a folder of lists, whose two days are made, and nobody was mailed."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with new_lab(
        SOURCES="archive", ARCHIVE__FOLDER=str(folder), DIGEST__SIZE="3", MAIL__RECIPIENTS="",
        WEB__URL="https://papers.lab.example",
    ) as made:  # fmt: skip
        publish(made, BEFORE, {"Lighthouses": 4})
        publish(made, DAY, VOTES)
        assert all(outcome.success for outcome in made.backfill(BEFORE, DAY))
        yield made


def previewed(lab: Lab, address: str, day: date = DAY) -> Preview:
    """And that nothing was written down for it."""
    box, store = outbox(lab.settings), readers(lab.settings)
    before = box.rows(), store.every()
    found = preview(desk(lab.settings), warehouse(lab.settings), day, store.find(address))
    assert (box.rows(), store.every()) == before
    return found


def titles(found: Preview) -> list[str]:
    assert found.edition is not None
    return [paper.title.split()[1].rstrip(",") for paper in found.edition.papers]


def test_what_is_shown_is_what_is_mailed_then(harbour: Lab) -> None:
    prefer(harbour, ADA, KNOTS)
    prefer(harbour, BEN)
    before = {one: previewed(harbour, one) for one in (ADA, BEN)}
    assert titles(before[ADA]) == ["Knots", "Harbours", "Ferries"]
    assert titles(before[BEN]) == ["Harbours", "Buoys", "Ferries"]
    assert "not written down yet; made now, it would leave at" in before[ADA].told[0]
    assert harbour.digest(DAY).success
    assert len(harbour.mails()) == 2
    for address, earlier in before.items():
        after = previewed(harbour, address)
        assert after.told[0].startswith("sent at ")
        assert after.edition == earlier.edition
        (mail,) = [mail for mail in harbour.mails() if mail["To"] == address]
        assert after.edition
        assert mail["Subject"] == after.edition.subject
        assert readers(harbour.settings).find(address).token in text(mail)


def test_a_mail_that_waits_is_shown_as_it_was_written_down(harbour: Lab) -> None:
    prefer(harbour, ADA, Preferences(hour=(datetime.now(UTC).hour + 2) % 24))
    assert harbour.digest(DAY).success
    frozen = previewed(harbour, ADA)
    prefer(harbour, ADA, KNOTS)
    assert previewed(harbour, ADA) == frozen
    assert frozen.told[0].startswith("written down; it leaves at ")
    assert harbour.mails() == []


def test_links_are_there_without_the_token_of_the_reader(harbour: Lab) -> None:
    prefer(harbour, ADA)
    links = previewed(harbour, ADA).links
    assert (links.unsubscribe, links.preferences) == (
        "https://papers.lab.example/unsubscribe/preview", "https://papers.lab.example/preferences/preview"
    )  # fmt: skip


@pytest.mark.parametrize("days", [1, 3, 6])
def test_who_is_not_due_sees_what_they_would_get_and_until_when(harbour: Lab, days: int) -> None:
    weekday = (TODAY.weekday() + days) % 7
    prefer(harbour, ADA, WEEKLY.model_copy(update={"weekday": weekday}))
    found = previewed(harbour, ADA)
    assert titles(found) == ["Harbours", "Buoys", "Ferries"]
    assert found.told == (f"not due until {DAYS[weekday]} {TODAY + timedelta(days=days)}; if it were now, this:",)


def test_who_had_this_week_s_mail_is_told_of_the_next(harbour: Lab) -> None:
    prefer(harbour, ADA, WEEKLY)
    ada, today = readers(harbour.settings).find(ADA), datetime.now(UTC).replace(tzinfo=None)
    outbox(harbour.settings).enqueue(BEFORE, "hash", [Mail(ada.id, "<1@lab.example>", [("x", "")], BEFORE, today)])
    told = f"not due until {DAYS[TODAY.weekday()]} {TODAY + timedelta(days=7)}, for this week’s was mailed"
    assert previewed(harbour, ADA).told == (f"there would be no mail: {told}",)


@pytest.mark.parametrize(
    ("preferences", "told"),
    [
        (Preferences(mute=Named(keywords=("on",))), "5 papers of 5 they mute"),
        (
            Preferences(frequency=Frequency.WEEKLY, weekday=(TODAY.weekday() + 1) % 7, mute=Named(keywords=("day",))),
            "6 papers of 6 they mute",
        ),
    ],
)  # fmt: skip
def test_who_mutes_all_is_told_so(harbour: Lab, preferences: Preferences, told: str) -> None:
    prefer(harbour, ADA, preferences)
    assert previewed(harbour, ADA) == Preview(None, (f"there would be no mail: {told}",), previewed(harbour, ADA).links)


def test_who_had_all_is_told_so(harbour: Lab) -> None:
    prefer(harbour, ADA)
    assert harbour.digest(DAY).success
    box = outbox(harbour.settings)
    with box._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM outbox")
    assert previewed(harbour, ADA).told == ("there would be no mail: 3 papers of 3 they were mailed before",)


def test_a_day_without_papers_and_a_reader_who_left(harbour: Lab) -> None:
    prefer(harbour, ADA)
    publish(harbour, DAY - timedelta(days=2), {})
    harbour.backfill(DAY - timedelta(days=2), DAY - timedelta(days=2))
    assert "has no papers" in previewed(harbour, ADA, DAY - timedelta(days=2)).told[0]
    readers(harbour.settings).remove(ADA)
    assert previewed(harbour, ADA) == Preview(None, ("no mail goes there: the reader is unsubscribed",))
