"""The addresses that mails come back to: whose they are, and that nobody else can write one."""

from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.readers.reader import Reader
from assets.mail.readers.secret import Secret
from assets.mail.returned.address import LONGEST_MAILBOX, RECIPIENTS, Addresses
from assets.mail.returned.report import head
from tests.mail.returned.mails import House

TODAY = datetime.now(UTC).date()
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def mail(to: str, header: str = "To") -> Message:
    return head(f"Subject: x\n{header}: {to}\n\n".encode())


@pytest.fixture
def ada(house: House) -> Reader:
    return house.readers.add("ada@reader.example")


def both(house: House, reader: Reader) -> list[str]:
    return [house.addresses.of_mail(reader.id, TODAY), house.addresses.to_leave(reader)]


def good(house: House, to: str) -> bool:
    found = mail(to)
    return house.addresses.bounced(found) is not None or house.addresses.leaving(found, house.readers.of) is not None


def test_an_address_says_whose_mail_of_which_edition_it_was(house: House, ada: Reader) -> None:
    to = house.addresses.of_mail(ada.id, TODAY)
    assert house.addresses.bounced(mail(to)) == (ada.id, TODAY)
    assert house.addresses.leaving(mail(to), house.readers.of) is None
    to = house.addresses.to_leave(ada)
    assert house.addresses.bounced(mail(to)) is None
    found = house.addresses.leaving(mail(to), house.readers.of)
    assert found is not None
    assert found.id == ada.id


def test_a_token_is_of_small_letters_and_digits_and_fits_into_a_local_part(house: House, ada: Reader) -> None:
    longest = Addresses(f"{'b' * LONGEST_MAILBOX}@lab.example", house.secret)
    for addresses in (house.addresses, longest):
        for to in (addresses.of_mail(ada.id, TODAY), addresses.to_leave(ada)):
            local, _, domain = to.partition("@")
            assert domain == "lab.example"
            assert len(local) <= 64
            assert set(local) <= {*LETTERS, "+", "-"}
    assert len(longest.to_leave(ada).partition("@")[0]) == 64


def test_the_case_of_an_address_does_not_matter(house: House, ada: Reader) -> None:
    assert all(good(house, to.upper()) and good(house, to.title()) for to in both(house, ada))


@pytest.mark.parametrize("header", RECIPIENTS)
def test_any_header_that_names_the_address_will_do(house: House, ada: Reader, header: str) -> None:
    to = house.addresses.of_mail(ada.id, TODAY)
    for written in (to, f"<{to}>", f'"Paperboy, Bounces" <{to}>', f"someone@lab.example,\n {to}", f"prvs=1=x+{to}"):
        assert house.addresses.bounced(mail(written, header)) == (ada.id, TODAY)


@pytest.mark.parametrize("header", ["From", "Subject", "Cc", "Reply-To", "Received"])
def test_no_other_header_will(house: House, ada: Reader, header: str) -> None:
    assert house.addresses.bounced(mail(house.addresses.of_mail(ada.id, TODAY), header)) is None


def test_an_address_that_was_changed_by_one_character_is_nobody_s(house: House, ada: Reader) -> None:
    for to in both(house, ada):
        token = to[len("bounces+") : to.index("@")]
        for place, letter in enumerate(token):
            for other in {"a", "b", "2", "3"} - {letter}:
                assert not good(house, f"bounces+{token[:place]}{other}{token[place + 1 :]}@lab.example")
            assert not good(house, f"bounces+{token[:place]}{token[place + 1 :]}@lab.example")


def test_a_signature_is_of_one_reader_one_day_one_purpose_and_one_house(
    house: House, ada: Reader, tmp_path: Path
) -> None:
    ben = house.readers.add("ben@reader.example")
    mine, theirs = both(house, ada), both(house, ben)
    for one, other in zip(mine, theirs, strict=True):
        assert not good(house, other.replace(ben.id, ada.id))
        assert one.split("@")[0][-16:] != other.split("@")[0][-16:]
    assert mine[0].split("@")[0][-16:] != mine[1].split("@")[0][-16:]
    yesterday = house.addresses.of_mail(ada.id, TODAY - timedelta(days=1))
    assert not good(house, yesterday.replace(f"{TODAY - timedelta(days=1):%Y%m%d}", f"{TODAY:%Y%m%d}"))
    elsewhere = Addresses("bounces@lab.example", Secret(tmp_path / "other.key"))
    assert not good(house, elsewhere.of_mail(ada.id, TODAY))
    assert not good(house, elsewhere.to_leave(ada))


def test_a_forged_address_beside_a_good_one_hides_nothing(house: House, ada: Reader) -> None:
    to = house.addresses.of_mail(ada.id, TODAY)
    forged = to.replace(ada.id, "r000000000000")
    assert house.addresses.bounced(mail(f"{forged}, {to}")) == (ada.id, TODAY)


PIECES = st.sampled_from(
    [
        b"+unsubscribe-r0123456789ab",
        b"+r0123456789ab",
        b"20269999",
        b"a" * 16,
        b"@",
        b"\n ",
        b"\xff",
        b"=?x?q?=?=",
        b"\0",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=30), st.sampled_from(RECIPIENTS))
def test_no_header_makes_the_reading_fail(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], header: str
) -> None:
    addresses = Addresses("bounces@lab.example", Secret(tmp_path_factory.getbasetemp() / "mail.key"))
    found = head(header.encode() + b": " + b"".join(pieces) + b"\n\n")
    assert addresses.bounced(found) is None
    assert addresses.leaving(found, lambda _: None) is None


def test_a_mail_may_come_back_for_thirty_days(house: House, ada: Reader) -> None:
    for days, is_good in ((0, True), (30, True), (31, False), (400, False)):
        assert good(house, house.addresses.of_mail(ada.id, TODAY - timedelta(days=days))) is is_good


def test_an_address_to_leave_ends_with_the_reader_s_links(house: House, ada: Reader) -> None:
    to = house.addresses.to_leave(ada)
    house.readers.rotate(ada.address)
    assert not good(house, to)
    new = house.addresses.to_leave(house.readers.find(ada.address))
    assert good(house, new)
    house.readers.erase(ada.address)
    assert not good(house, new)
