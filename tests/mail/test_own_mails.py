"""Readers who want different things, in whole labs: what each is mailed by the runs that mail the day."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from assets.mail.attempt import State
from assets.mail.database.opened import Place
from assets.mail.readers.preferences import Frequency, Named, Preferences
from orchestration.resources import outbox, readers, warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.conftest import Server
from tests.mail.readers.test_store import lose_zone
from tests.mail.test_digest import SUBJECTS, _entry, publish
from tests.orchestration.test_mail_policy import NEWEST

TODAY = datetime.now(UTC).date()
DAY = TODAY - timedelta(days=1)
EARLIER = [DAY - timedelta(days=back) for back in range(9, 0, -1)]
ADA, BEN = "ada@reader.example", "ben@reader.example"
WEEKLY = Preferences(frequency=Frequency.WEEKLY, weekday=TODAY.weekday())


@pytest.fixture
def harbour(new_lab: NewLab, tmp_path: Path) -> Iterator[Lab]:
    """A lab on a folder of lists, with three papers in an edition, and nobody named by the settings."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with new_lab(
        SOURCES="archive", ARCHIVE__FOLDER=str(folder), DIGEST__SIZE="3", MAIL__CURRENT_DAYS="31", MAIL__RECIPIENTS=""
    ) as made:  # fmt: skip
        yield made


def prefer(lab: Lab, address: str, preferences: Preferences = Preferences()) -> None:  # noqa: B008
    store = readers(lab.settings)
    store.add(address)
    store.set_preferences(address, preferences)


def told(lab: Lab, address: str) -> list[list[str]]:
    """What each mail to an address tells, by its day: papers by place, as their subjects with their days."""
    return [_papers(mail) for mail in sorted(lab.mails(), key=_day) if mail["To"] == address]


def _day(mail: Message) -> datetime:
    """The last day of which a mail tells."""
    (written,) = re.findall(r"(\d+ \w+ \d{4})(?: \(\w+\))?:", str(mail["Subject"]))
    return datetime.strptime(written, "%d %B %Y").replace(tzinfo=UTC)


def text(mail: Message) -> str:
    """The plain part."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def _papers(mail: Message) -> list[str]:
    words = " ".join(text(mail).split())
    found = {f"{subject} {day}": words.find(f"On {subject}, Day {day} ") for subject in SUBJECTS for day in range(32)}
    return sorted((one for one, place in found.items() if place >= 0), key=found.__getitem__)


def named(day: date, *subjects: str) -> list[str]:
    return [f"{subject} {day.day}" for subject in subjects]


VOTES = {"Harbours": 9, "Buoys": 8, "Ferries": 7, "Tides": 6, "Knots": 5}


def test_follows_mutes_and_sizes_are_each_readers_own(harbour: Lab) -> None:
    follow = Preferences(follow=Named(authors=("ada knots",)), mute=Named(keywords=("buoys",)))
    prefer(harbour, ADA)
    prefer(harbour, BEN, follow)
    prefer(harbour, "all@reader.example", Preferences(size=9))
    publish(harbour, DAY, VOTES)
    assert harbour.digest(DAY).success
    assert told(harbour, ADA) == [named(DAY, "Harbours", "Buoys", "Ferries")]
    assert told(harbour, BEN) == [named(DAY, "Knots", "Harbours", "Ferries")]
    assert told(harbour, "all@reader.example") == [named(DAY, *VOTES)]
    (mail,) = [mail for mail in harbour.mails() if mail["To"] == BEN]
    assert "you follow Ada Knots, 5 votes" in " ".join(text(mail).split())
    assert "3 of 5 new papers" in " ".join(text(mail).split())


def test_a_weekly_reader_gets_the_best_of_the_week_and_each_paper_once(harbour: Lab) -> None:
    prefer(harbour, ADA, WEEKLY)
    for number, day in enumerate(EARLIER):
        publish(harbour, day, {SUBJECTS[number]: number + 1})
        assert harbour.backfill(day, day)[0].success
    assert harbour.digest(DAY).success, "a day without a list of its own"
    (mail,) = harbour.mails()
    assert _papers(mail)[:3] == [f"{SUBJECTS[number]} {EARLIER[number].day}" for number in (8, 7, 6)]
    words = " ".join(text(mail).split())
    assert f"{DAY - timedelta(days=6):%-d}" in words.split(",")[1]
    assert "3 of 6 new papers, listed on 6 days." in words
    assert harbour.digest(DAY).success
    publish(harbour, DAY, {"Harbours": 1})
    assert harbour.digest(DAY).success
    assert len(harbour.mails()) == 1, "once a week"


def test_who_wants_mail_every_day_again_gets_what_others_got_meanwhile_and_nothing_twice(harbour: Lab) -> None:
    prefer(harbour, ADA)
    prefer(harbour, BEN)
    first, second, third = EARLIER[-2], EARLIER[-1], DAY
    publish(harbour, first, {"Harbours": 9, "Buoys": 8})
    assert harbour.digest(first).success
    prefer(harbour, BEN, WEEKLY.model_copy(update={"weekday": (TODAY.weekday() + 2) % 7}))
    publish(harbour, second, {"Ferries": 9})
    assert harbour.digest(second).success
    prefer(harbour, BEN)
    publish(harbour, third, {"Tides": 3})
    assert harbour.digest(third).success
    assert told(harbour, ADA) == [named(first, "Harbours", "Buoys"), named(second, "Ferries"), named(third, "Tides")]
    assert told(harbour, BEN) == [named(first, "Harbours", "Buoys"), named(second, "Ferries") + named(third, "Tides")]


def test_a_mail_that_waits_is_made_of_what_was_known_when_it_was_written_down(harbour: Lab) -> None:
    prefer(harbour, ADA, Preferences(hour=(datetime.now(UTC).hour + 2) % 24))
    publish(harbour, DAY, {"Harbours": 9})
    assert harbour.digest(DAY).success
    assert harbour.mails() == []
    box = outbox(harbour.settings)
    assert [row.state for row in box.rows(DAY)] == [State.PENDING]
    publish(harbour, DAY, {"Harbours": 1, "Buoys": 12})
    assert harbour.digest(DAY).success
    with box._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET due_at = updated_at")
    assert harbour.digest(DAY).success
    (mail,) = harbour.mails()
    assert "9 votes" in text(mail)
    assert _papers(mail) == named(DAY, "Harbours")


def test_a_reader_whose_time_zone_there_is_no_more_holds_nobody_up_and_is_told_of(harbour: Lab) -> None:
    prefer(harbour, ADA)
    prefer(harbour, BEN)
    store = readers(harbour.settings)
    lose_zone(store, store.find(BEN))
    publish(harbour, DAY, VOTES)
    made = harbour.digest(DAY)
    assert made.success
    assert len(told(harbour, ADA)) == 1
    assert {row.reader for row in outbox(harbour.settings).rows(DAY)} == {reader.id for reader in store.every()}
    trouble = f"{store.find(BEN).id} chose the time zone Mars/Olympus, which there is no more: theirs is UTC meanwhile"
    assert trouble in [log.user_message for log in harbour.instance.all_logs(made.run_id)]


class Meanwhile(Server):
    """A mail server during whose taking of each mail something happens."""

    happens: Callable[[str], object]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        self.happens(envelope.rcpt_tos[0])
        return answer


def test_who_is_given_another_token_during_a_delivery_is_mailed_with_it(new_lab: NewLab, place: Place) -> None:
    url = {} if isinstance(place, Path) else {"MAIL__DATABASE": place.render_as_string(hide_password=False)}
    smtp = {"MAIL__TRANSPORT": "smtp", "MAIL__HOST": "127.0.0.1", "MAIL__SECURITY": "none", "MAIL__RECIPIENTS": ""}
    server = Meanwhile()
    server.start()
    try:
        with new_lab(MAIL__PORT=str(server.port), WEB__URL="https://papers.lab.example", **smtp, **url) as made:
            store = readers(made.settings)
            for address in (ADA, BEN):
                store.add(address)
            server.happens = lambda to: store.rotate(BEN if to == ADA else ADA)
            assert made.digest(NEWEST, newest=True).success
            (_, later) = server.accepted
            token = store.find(str(later["To"])).token
            assert f"/unsubscribe/{token}>" in str(later["List-Unsubscribe"])
    finally:
        server.stop()
    assert f"/preferences/{token}" in text(later)


def test_a_backfill_writes_nothing_down_for_anybody(harbour: Lab) -> None:
    prefer(harbour, ADA, WEEKLY)
    prefer(harbour, BEN)
    publish(harbour, DAY, VOTES)
    assert harbour.backfill(DAY, DAY)[0].success
    assert outbox(harbour.settings).rows() == []


def test_a_paper_that_has_another_id_by_now_is_known_to_who_wishes_nothing_any_more(harbour: Lab) -> None:
    """A weekly mail told of a day that had no edition; it was the journal's paper, and arXiv lists it too since."""
    prefer(harbour, ADA, WEEKLY)
    before = EARLIER[-1]
    publish(harbour, before, {"Harbours": 9, "Buoys": 8})
    assert harbour.backfill(before, before)[0].success
    publish(harbour, DAY, {"Sails": 99, "Tides": 98})
    assert harbour.digest(DAY).success
    work = f"arxiv:{_entry(before, 'Harbours', 9)['paper']['id']}"
    with outbox(harbour.settings)._engine.begin() as connection:
        changed = connection.exec_driver_sql("UPDATE shown SET work = ? WHERE work = ?", (f"was {work}", work))
        assert changed.rowcount == 1
    prefer(harbour, ADA)
    with warehouse(harbour.settings).connect() as connection:
        connection.execute(
            "UPDATE unique_papers SET members = list_concat(members, list_transform(members, lambda one: "
            "struct_update(one, paper_id := 'was ' || one['paper_id']))) WHERE day = ?",
            [before],
        )
    assert harbour.send(before).success
    assert told(harbour, ADA) == [named(before, "Buoys"), named(DAY, "Sails", "Tides") + named(before, "Harbours")]
