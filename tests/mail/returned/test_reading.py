"""What is read of a Maildir, what follows from it, and what is left alone."""

import os
from collections import Counter
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock

from assets.mail.database.opened import now, opened
from assets.mail.database.tables import bounces
from assets.mail.readers.reader import Reader, State
from assets.mail.returned import reading
from assets.mail.returned.inbox import Unreachable
from assets.mail.returned.reading import Kind
from assets.mail.returned.report import Failure
from tests.mail.returned.mails import ABSENT, ADA, LEAVING, POSTFIX, QMAIL, TODAY, YESTERDAY, House, written


@pytest.fixture
def ada(house: House) -> Reader:
    return house.readers.add(ADA)


def state(house: House, reader: Reader) -> State:
    found = house.readers.of(reader.id)
    assert found is not None
    return found.state


def read(house: House) -> dict[Kind, int]:
    return dict(house.reading.read().mails)


def test_hard_bounces_of_two_editions_suppress_a_reader(house: House, ada: Reader) -> None:
    ben = house.readers.add("ben@reader.example")
    house.arrives(house.bounce(ada, YESTERDAY))
    assert str(house.reading.read()) == "mails that came back: 1 for good"
    assert state(house, ada) is State.CONFIRMED
    house.arrives(house.bounce(ada, TODAY))
    assert str(house.reading.read()) == "mails that came back: 1 for good; 1 reader(s) suppressed"
    assert state(house, ada) is State.SUPPRESSED
    assert house.events(ada) == [
        "added by operator",
        "bounced by mail server",
        "bounced by mail server",
        "suppressed by mail server",
    ]
    assert state(house, ben) is State.CONFIRMED
    assert house.readers.due([]) == [ben]
    with pytest.raises(Exception, match=r"its mails came back \(5.1.1\)"):
        house.readers.add(ADA)
    assert str(house.reading.read()) == "mails that came back: none"


@pytest.mark.parametrize("hard_bounces", [1, 3])
def test_the_operator_says_after_how_many(tmp_path: Path, hard_bounces: int) -> None:
    house = House(tmp_path, hard_bounces=hard_bounces)
    ada = house.readers.add(ADA)
    for back in range(hard_bounces):
        assert state(house, ada) is State.CONFIRMED
        house.arrives(house.bounce(ada, TODAY - timedelta(days=back)))
        house.reading.read()
    assert state(house, ada) is State.SUPPRESSED


def test_one_edition_counts_once_however_often_it_comes_back(house: House, ada: Reader) -> None:
    for status in ("5.1.1", "5.1.1", "5.2.1"):
        house.arrives(house.bounce(ada, TODAY, status=status))
    assert read(house) == {Kind.HARD: 2, Kind.KNOWN: 1}
    assert state(house, ada) is State.CONFIRMED
    assert house.book.hard(ada.id) == 1


def test_what_was_read_is_marked_and_what_was_read_before_a_crash_counts_once(
    house: House, ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.arrives(house.bounce(ada, YESTERDAY), "1.vm")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        house.reading.read()
    assert house.files() == ["new/1.vm"]
    assert [(row.day, row.reader, row.status, row.hard) for row in house.book.rows()] == [
        (YESTERDAY, ada.id, "5.1.1", True)
    ]
    assert read(house) == {Kind.KNOWN: 1}
    assert house.files() == ["cur/1.vm:2,S"]
    assert len(house.book.rows()) == 1
    assert house.events(ada).count("bounced by mail server") == 1


def test_a_crash_before_the_reader_was_suppressed_is_made_up_for(house: House, ada: Reader) -> None:
    house.book.note(ada.id, YESTERDAY, Failure("5.1.1", True))
    house.book.note(ada.id, TODAY, Failure("5.1.1", True))
    house.arrives(house.bounce(ada, TODAY))
    assert read(house) == {Kind.KNOWN: 1}
    assert state(house, ada) is State.SUPPRESSED


def test_soft_bounces_are_noted_and_nothing_follows(house: House, ada: Reader) -> None:
    for back, (status, action) in enumerate([("5.2.2", "failed"), ("5.7.1", "failed"), ("4.4.1", "delayed")]):
        house.arrives(house.bounce(ada, TODAY - timedelta(days=back), status=status, action=action))
    assert str(house.reading.read()) == "mails that came back: 3 for another reason, or late"
    assert Counter((row.status, row.hard) for row in house.book.rows()) == Counter(
        [("5.2.2", False), ("5.7.1", False), ("4.4.1", False)]
    )
    assert (state(house, ada), house.events(ada)) == (State.CONFIRMED, ["added by operator"])


def test_who_is_a_reader_again_begins_anew(house: House, ada: Reader) -> None:
    days = [TODAY - timedelta(days=back) for back in range(4)]
    for day in days[:2]:
        house.arrives(house.bounce(ada, day))
    house.reading.read()
    house.readers.add(ADA, again=True)
    house.arrives(house.bounce(ada, days[0]))
    house.arrives(house.bounce(ada, days[2]))
    assert read(house) == {Kind.KNOWN: 1, Kind.HARD: 1}
    assert state(house, ada) is State.CONFIRMED
    house.arrives(house.bounce(ada, days[3]))
    house.reading.read()
    assert state(house, ada) is State.SUPPRESSED


def test_bounces_of_long_ago_are_forgiven(house: House, ada: Reader, tmp_path: Path) -> None:
    house.arrives(house.bounce(ada, YESTERDAY))
    house.reading.read()
    with opened(tmp_path / "outbox.sqlite").begin() as connection:
        connection.execute(sa.update(bounces).values(at=now() - timedelta(days=31)))
    house.arrives(house.bounce(ada, TODAY))
    house.reading.read()
    assert state(house, ada) is State.CONFIRMED


def test_who_left_before_is_not_suppressed_and_who_was_erased_is_nobody(house: House, ada: Reader) -> None:
    ben = house.readers.add("ben@reader.example")
    house.readers.remove(ADA)
    house.readers.erase(ben.address)
    for reader in (ada, ben):
        for day in (TODAY, YESTERDAY):
            house.arrives(house.bounce(reader, day))
    assert read(house) == {Kind.HARD: 2, Kind.KNOWN: 2}
    assert state(house, ada) is State.UNSUBSCRIBED
    assert {row.reader for row in house.book.rows()} == {ada.id}


def forged(house: House, ada: Reader) -> dict[str, bytes]:
    """Mails that must change nothing."""
    mine, leave = house.addresses.of_mail(ada.id, TODAY), house.addresses.to_leave(ada)
    other = mine[:-20] + "aaaa" + mine[-16:]
    old = house.addresses.of_mail(ada.id, TODAY - timedelta(days=31))
    return {
        "no token": written(POSTFIX, "bounces@lab.example"),
        "another signature": written(POSTFIX, other),
        "no signature": written(POSTFIX, f"bounces+{ada.id}{TODAY:%Y%m%d}@lab.example"),
        "the plain id": written(POSTFIX, f"bounces+{ada.id}@lab.example"),
        "old": written(POSTFIX, old),
        "the token elsewhere": written(POSTFIX, "bounces@lab.example", returned=f"To: {mine}"),
        "absent": written(ABSENT, mine),
        "qmail": written(QMAIL, mine),
        "a person": written(LEAVING, mine),
        "empty": b"",
        "noise": bytes(range(256)) * 400,
        "absent, from the way out": written(ABSENT, leave),
        "a report, to the way out": written(POSTFIX, leave),
        "a plain token": written(LEAVING, f"bounces+unsubscribe-{ada.token}@lab.example"),
        "unsigned way out": written(LEAVING, f"bounces+unsubscribe-{ada.id}@lab.example"),
        "changed way out": written(LEAVING, leave.replace("unsubscribe-r", "unsubscribe-")),
        "nobody": written(LEAVING, leave.replace(ada.id, "r000000000000")),
        "broken": written(POSTFIX, mine).replace(b"boundary=", b"limit="),
        "no header ends": b"To: " + mine.encode(),
        "sql": written(POSTFIX, "bounces+'; DROP TABLE readers; --@lab.example"),
    }


def test_what_is_not_recognised_changes_nothing_stays_unread_and_blocks_nobody(house: House, ada: Reader) -> None:
    wrong = forged(house, ada)
    for number, content in enumerate(wrong.values()):
        house.arrives(content, f"{number:02}.vm")
    house.arrives(house.bounce(ada, TODAY), "99.vm")
    for _ in range(2):
        assert house.reading.read().mails[Kind.OTHER] == len(wrong)
    assert house.files() == ["cur/99.vm:2,S", *(f"new/{number:02}.vm" for number in range(len(wrong)))]
    assert (state(house, ada), len(house.book.rows())) == (State.CONFIRMED, 1)


def test_a_mail_to_a_reader_s_address_unsubscribes_them_once_whoever_wrote_it(house: House, ada: Reader) -> None:
    ben = house.readers.add("ben@reader.example")
    for _ in range(2):
        house.arrives(written(LEAVING, house.addresses.to_leave(ada).upper()))
    assert read(house) == {Kind.LEFT: 1, Kind.KNOWN: 1}
    assert (state(house, ada), state(house, ben)) == (State.UNSUBSCRIBED, State.CONFIRMED)
    assert house.events(ada)[-1] == "unsubscribed by reader"


def test_a_huge_mail_is_read_in_part(house: House, ada: Reader) -> None:
    file = house.arrives(house.bounce(ada, TODAY))
    with file.open("r+b") as content:
        content.truncate(2 << 30)  # a file with a hole, so that no disk is filled
    house.arrives(b"X: " + b"x" * (1 << 20) + b"\n" + house.bounce(ada, YESTERDAY))
    assert read(house) == {Kind.HARD: 1, Kind.OTHER: 1}


def test_thousands_of_strangers_mails_do_not_keep_ours_from_being_read(
    house: House, ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST", 2)
    for number in range(1_000):
        house.arrives(b"Subject: Buy!\n\nNow.\n", f"{number:04}.vm")
    for day in (TODAY, YESTERDAY, TODAY - timedelta(days=2)):
        house.arrives(house.bounce(ada, day), f"9999.{day}")
    assert read(house) == {Kind.OTHER: 1_000, Kind.HARD: 2}
    assert read(house) == {Kind.OTHER: 1_000, Kind.HARD: 1}


def test_whatever_else_lies_in_the_folder_is_left_alone(house: House, ada: Reader) -> None:
    new = house.maildir / "new"
    (new / "folder").mkdir()
    os.mkfifo(new / "pipe")
    (new / "gone").symlink_to(new / "nowhere")
    (new / ".hidden").write_bytes(house.bounce(ada, YESTERDAY))
    house.arrives(house.bounce(ada, TODAY), "zzz")
    assert read(house) == {Kind.OTHER: 3, Kind.HARD: 1}


def test_a_mail_that_a_program_has_moved_but_nobody_read_is_read(house: House, ada: Reader) -> None:
    cur = house.maildir / "cur"
    (cur / "1.vm:2,").write_bytes(house.bounce(ada, TODAY))
    (cur / "2.vm:2,F").write_bytes(house.bounce(ada, YESTERDAY))
    (cur / "3.vm:2,S").write_bytes(house.bounce(ada, TODAY - timedelta(days=2)))
    assert read(house) == {Kind.HARD: 2}
    assert house.files() == ["cur/1.vm:2,S", "cur/2.vm:2,FS", "cur/3.vm:2,S"]


def test_a_mail_that_another_program_takes_away_meanwhile_stops_nothing(
    house: House, ada: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house.arrives(house.bounce(ada, TODAY), "1")
    house.arrives(house.bounce(ada, YESTERDAY), "2")
    note = type(house.book).note

    def taken(*arguments: object) -> bool:
        first.unlink(missing_ok=True)
        return note(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(house.book), "note", taken)
    assert read(house) == {Kind.HARD: 2}


def test_a_folder_that_is_no_maildir_is_told(house: House) -> None:
    (house.maildir / "new").rmdir()
    for look in (house.reading.read, house.reading.inbox.check):
        with pytest.raises(Unreachable, match=f"{house.maildir}: not a Maildir"):
            look()


def test_one_process_reads_at_a_time(house: House, tmp_path: Path) -> None:
    with FileLock(tmp_path / "bounces.lock"), pytest.raises(Unreachable, match="another process"):
        house.reading.read()
    house.reading.read()


def test_no_address_is_written_down(house: House, ada: Reader, tmp_path: Path) -> None:
    house.arrives(house.bounce(ada, TODAY))
    house.arrives(house.bounce(ada, YESTERDAY))
    found = house.reading.read()
    assert "@" not in f"{found} {found!r} {house.book.rows()} {house.events(ada)}"
    with opened(tmp_path / "outbox.sqlite").connect() as connection:
        for table in ("bounces", "reader_events", "suppressions"):
            assert "@" not in repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608


def test_what_a_mail_program_sends_by_the_link_of_the_header_unsubscribes(house: House, ada: Reader) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ADA, house.addresses.to_leave(ada), "unsubscribe"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("This message was automatically generated.")
    house.arrives(mail.as_bytes())
    assert read(house) == {Kind.LEFT: 1}
