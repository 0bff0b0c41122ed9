import datetime
import re
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from assets.mail.message import mailbox, message, message_id

DAY = datetime.date(2025, 3, 2)
DIGEST: dict[str, Any] = {
    "sender": "Paperboy <paperboy@lab.example>",
    "recipient": "ada@lab.example",
    "subject": "Papers",
    "text": "Text",
    "html": "<p>HTML</p>",
    "message_id": "<1@lab.example>",
    "date": datetime.datetime(2025, 3, 3, 7, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
}
LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def received(mail: EmailMessage) -> EmailMessage:
    return message_from_bytes(mail.as_bytes(), policy=policy.default)


def content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text = part.get_content()
    assert isinstance(text, str)
    return text


def unbroken(text: str) -> str:
    """Text as it arrives: lines end one way, and the last one ends."""
    text = re.sub(r"\r\n|\r|\n", "\n", text)
    return text.removesuffix("\n") + "\n"


def test_the_headers_of_a_digest() -> None:
    mail = received(message(**DIGEST))
    assert {name: str(value) for name, value in mail.items() if name != "Content-Type"} == {
        "From": "Paperboy <paperboy@lab.example>",
        "To": "ada@lab.example",
        "Subject": "Papers",
        "Date": "Mon, 03 Mar 2025 07:30:00 +0100",
        "Message-ID": "<1@lab.example>",
        "List-Id": "<paperboy.lab.example>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }
    assert parsedate_to_datetime(mail["Date"]) == DIGEST["date"]


def test_the_text_comes_before_the_html() -> None:
    mail = received(message(**DIGEST))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(subject=st.text(), text=st.text(), html=st.text())
def test_any_text_arrives_in_short_lines_of_ascii(subject: str, text: str, html: str) -> None:
    mail = message(**DIGEST | {"subject": subject, "text": text, "html": html})
    lines = mail.as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert all(line.isascii() and not re.search(rb"[\r\n\0]", line) for line in lines)
    assert unbroken(content(received(mail), "plain")) == unbroken(text)
    assert unbroken(content(received(mail), "html")) == unbroken(html)


@given(st.lists(st.text(st.sampled_from("ab.= \t\n\N{EM DASH}"))).map(tuple))
def test_a_text_in_blocks_is_the_text(blocks: tuple[str, ...]) -> None:
    whole = "\n".join(blocks)
    in_blocks, at_once = (message(**DIGEST | {"text": text, "html": text}) for text in (blocks, whole))
    assert in_blocks.as_bytes() == at_once.as_bytes()


def test_every_end_of_a_line_is_one() -> None:
    mail = message(**DIGEST | {"text": "a\r\nb\rc\n\r\nd", "html": ("a\r\nb", "c\rd")})
    assert content(mail, "plain") == "a\nb\nc\n\nd"
    assert content(mail, "html") == "a\nb\nc\nd"


@pytest.mark.parametrize("text", ["x" * 5000, "字" * 5000, "word " * 1000, "\n".join("." * 3)])
def test_long_lines_arrive_whole(text: str) -> None:
    mail = message(**DIGEST | {"text": text, "html": text, "subject": text[:900].replace("\n", "")})
    assert max(map(len, mail.as_bytes().split(b"\r\n"))) <= 78
    assert unbroken(content(received(mail), "plain")) == unbroken(text)
    assert unbroken(content(received(mail), "html")) == unbroken(text)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1))
def test_a_subject_survives_the_round_trip(word: str) -> None:
    subject = f"Größe {word} 数学"
    assert received(message(**DIGEST | {"subject": subject}))["Subject"] == subject


@pytest.mark.parametrize("line_break", LINE_BREAKS)
@pytest.mark.parametrize("field", ["subject", "message_id", "sender", "recipient"])
def test_no_field_begins_another_header(field: str, line_break: str) -> None:
    names = message(**DIGEST).keys()
    value = f"Ada{line_break}Bcc: eve@lab.example{line_break}{line_break}<ada@lab.example>"
    mail = received(message(**DIGEST | {field: value}))
    assert mail.keys() == names
    assert mail["To"].addresses[0].addr_spec == "ada@lab.example"


def test_a_long_domain_is_not_broken() -> None:
    domain = ".".join(["department"] * 20 + ["example"])
    address = f"paperboy@{domain}"
    mail = message(**DIGEST | {"sender": address, "message_id": message_id(DAY, "ada@lab.example", domain)})
    raw = mail.as_bytes().decode()
    assert f"\r\nList-Id: <paperboy.{domain}>\r\n" in raw
    assert f"\r\nMessage-ID: {message_id(DAY, 'ada@lab.example', domain)}\r\n" in raw
    assert f"From: {address}\r\n" in raw


def test_names_and_domains_beyond_ascii() -> None:
    mail = received(message(**DIGEST | {"recipient": '"Müller, Ada" <ada@münchen.example>'}))
    assert mail["To"].addresses[0].display_name == "Müller, Ada"
    assert mail["To"].addresses[0].addr_spec == "ada@xn--mnchen-3ya.example"


ADDRESSES = st.text("ab1.+-_@X", max_size=70), st.text("xy1.-X", max_size=260)


@given(st.tuples(*ADDRESSES).map("@".join))
@example(f"{'a' * 64}@lab.example")
@example(f"{'a' * 65}@lab.example")
@example(f"a@{'b' * 64}.example")
@example(f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.example")
@example("ada@lab.local")
@example("ada@lab.123")
def test_an_address_alone_is_what_it_is_to_those_who_look_closely(address: str) -> None:
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        with pytest.raises(ValueError, match=r"email|@|domain"):
            mailbox(address)
        return
    assert mailbox(address) == Address("", valid.local_part, valid.ascii_domain)
    mail = message(**DIGEST | {"recipient": address})
    assert mail["To"].addresses == received(mail)["To"].addresses == (mailbox(address),)


@pytest.mark.parametrize("address", ["", "ada", "ada@lab.example, eve@lab.example", "ada@", "a b@lab.example"])
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"email|@"):
        message(**DIGEST | {"recipient": address})


def test_a_message_id_belongs_to_one_reader_and_one_day() -> None:
    ids = {
        message_id(day, recipient, "lab.example")
        for day in (DAY, DAY + datetime.timedelta(1))
        for recipient in ("ada@lab.example", "bob@lab.example")
    }
    assert len(ids) == 4
    assert all(re.fullmatch(r"<[0-9a-f]{32}@lab\.example>", key) for key in ids)


def test_a_message_id_stays_the_same_from_release_to_release() -> None:
    assert message_id(DAY, "ada@lab.example", "münchen.example") == (
        "<b6c1f2717aec6e84bd2e5e90011c4f1c@xn--mnchen-3ya.example>"
    )


LONG = f"https://papers.{'department.' * 9}example/unsubscribe/{'x' * 32}"


def test_a_way_out_by_one_click_stays_on_one_line_however_long() -> None:
    """Encoded or folded within, no mail program finds it."""
    mail = message(**DIGEST, unsubscribe=LONG, archive="https://papers.example/")
    for raw in (mail.as_bytes(), mail.as_bytes(policy=policy.SMTP), mail.as_bytes(policy=policy.SMTPUTF8)):
        lines = raw.split(b"\r\n")
        assert f"List-Unsubscribe: <{LONG}>".encode() in lines
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
        assert b"List-Archive: <https://papers.example/>" in lines


LOCAL = f"{'b' * 23}+unsubscribe-r{'0' * 12}{'a' * 16}"
TO_LEAVE = f"{LOCAL[-64:]}@{'department.' * 22}example"


def test_ways_out_by_one_click_and_by_mail_share_a_line_that_every_server_takes() -> None:
    longest = f"https://papers.{'d' * 186}/unsubscribe/{'x' * 32}"
    mail = message(**DIGEST, unsubscribe=longest, unsubscribe_to=TO_LEAVE)
    way_out = f"List-Unsubscribe: <{longest}>, <mailto:{TO_LEAVE}?subject=unsubscribe>"
    assert len(way_out) < 998
    for raw in (mail.as_bytes(), mail.as_bytes(policy=policy.SMTP), mail.as_bytes(policy=policy.SMTPUTF8)):
        assert way_out.encode() in raw.split(b"\r\n")
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw.split(b"\r\n")


def test_one_click_is_not_promised_where_there_is_a_way_out_by_mail_only() -> None:
    mail = received(message(**DIGEST, unsubscribe_to=TO_LEAVE))
    assert mail["List-Unsubscribe"] == f"<mailto:{TO_LEAVE}?subject=unsubscribe>"
    assert "List-Unsubscribe-Post" not in mail


@pytest.mark.parametrize("line_break", LINE_BREAKS)
@pytest.mark.parametrize("field", ["archive", "unsubscribe", "unsubscribe_to", "return_to"])
def test_no_address_of_the_web_begins_another_header(field: str, line_break: str) -> None:
    wanted = message(**DIGEST | {field: "https://papers.example/"}).keys()
    assert received(message(**DIGEST | {field: f"https://x/{line_break}Bcc: eve@lab.example"})).keys() == wanted
