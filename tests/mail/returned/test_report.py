"""What reports of several servers say, and that no mail makes the reading of them fail."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.returned.inbox import MOST_OF_HEAD, MOST_OF_MAIL
from assets.mail.returned.report import HARD, Failure, failures, head, is_automatic
from tests.mail.returned.mails import ABSENT, EXCHANGE, LEAVING, MAKES, POSTFIX, QMAIL, SENDMAIL, written

TO = "bounces+r0123456789ab20261119aaaaaaaaaaaaaaaa@lab.example"
each = pytest.mark.parametrize


@each("make", MAKES)
@each("crlf", [False, True])
def test_each_make_of_server_is_understood(make: str, crlf: bool) -> None:
    for status, hard in (("5.1.1", True), ("5.2.2", False)):
        assert failures(written(MAKES[make], TO, status, crlf=crlf)) == [Failure(status, hard)]


@each(
    ("status", "action", "hard"),
    [
        *((status, "failed", True) for status in sorted(HARD)),
        ("5.1.1", "Failed", True),
        ("5.2.2", "failed", False),  # the mailbox is full
        ("5.7.1", "failed", False),  # not wanted: it may be the sender's fault
        ("5.4.4", "failed", False),  # no such host, as also a broken resolver says
        ("5.0.0", "failed", False),
        ("4.4.1", "failed", False),  # given up after days of trying
        ("4.4.1", "delayed", False),
        ("5.1.1", "delayed", False),
        ("5.1.100", "failed", False),
    ],
)
def test_only_a_failure_that_is_the_address_s_is_hard(status: str, action: str, hard: bool) -> None:
    assert failures(written(POSTFIX, TO, status, action)) == [Failure(status, hard)]


@each("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_tells_no_failure(action: str) -> None:
    assert failures(written(POSTFIX, TO, "2.0.0", action)) == []


def test_a_report_of_several_recipients_tells_of_each() -> None:
    text = SENDMAIL.replace("\n\n--xAT0.1795977331/mx.lab.example--", "{more}\n\n--xAT0.1795977331/mx.lab.example--")
    more = "\n\nFinal-Recipient: RFC822; ben@reader.example\nAction: failed\nStatus: 5.2.2"
    raw = text.format(to=TO, status="5.1.1", more=more).encode()
    assert failures(raw) == [Failure("5.1.1", True), Failure("5.2.2", False)]


@each("text", [ABSENT, QMAIL, LEAVING, "", "\n", "no mail at all", "\0" * 100])
def test_what_is_no_report_is_none(text: str) -> None:
    assert failures(text.format(to=TO).encode()) is None


@each(
    ("old", "new"),
    [
        ("multipart/report; report-type=delivery-status", "multipart/mixed"),
        ("multipart/report; report-type=delivery-status", "text/plain"),
        ("message/delivery-status", "text/plain"),
        ("message/delivery-status", "message/disposition-notification"),
        ("Action: failed", "Axtion: failed"),
        ("Status: 5.1.1", "Status: five"),
        ("Status: 5.1.1", "Status: 5.1.1.1"),
        ("Status: 5.1.1", "Status: 5.1.1111111111"),
        ("Status: 5.1.1", "Status: 9.1.1"),
        ("Status: 5.1.1\n", ""),
        ("boundary=", "limit="),
    ],
)
def test_a_report_that_is_none_after_all(old: str, new: str) -> None:
    raw = written(POSTFIX, TO)
    assert old.encode() in raw
    assert failures(raw.replace(old.encode(), new.encode())) is None


def test_a_report_in_what_is_returned_is_not_read() -> None:
    inner = written(SENDMAIL, TO).decode()
    outer = written(POSTFIX, TO, "4.4.1", "delayed", returned=inner)
    assert failures(outer) == [Failure("4.4.1", False)]


def test_a_number_that_is_no_status_is_not_taken_for_one() -> None:
    raw = written(MAKES["exim"], TO).replace(b"smtp; 550 5.1.1 <", b"smtp; 550 5.1.1.1 <")
    assert failures(raw) == [Failure("5.0.0", False)]
    raw = written(MAKES["exim"], TO).replace(b"smtp; 550 5.1.1 <", b"smtp; 550 [5.1.1.7] <")
    assert failures(raw) == [Failure("5.0.0", False)]


def test_no_word_of_a_report_is_kept_but_the_status() -> None:
    assert "ada" not in repr(failures(written(EXCHANGE, TO)))


def test_the_beginning_of_a_report_is_enough() -> None:
    raw = written(POSTFIX, TO, returned="x" * 1_000_000)
    assert failures(raw[:4_000]) == [Failure("5.1.1", True)]


NESTED = b"".join(
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="%d"\n\n--%d\n' % (level, level)
    for level in range(5_000)
)
MANY = written(POSTFIX, TO).replace(
    b"--044E569CB6.1795977331/mx.lab.example\nContent-Description: Delivery",
    b"--044E569CB6.1795977331/mx.lab.example\n\nx\n" * 1_000
    + b"--044E569CB6.1795977331/mx.lab.example\nContent-Description: Delivery",
)


@each(
    "raw",
    [
        NESTED,
        MANY,
        b"Content-Type: multipart/report; boundary=\xff\xfe\n\n--\xff\xfe\n\n",
        written(POSTFIX, TO).replace(b"charset=utf-8", b"charset=no-such"),
        written(POSTFIX, TO).replace(b"Status: 5.1.1", b"Status: \xff5.1.1"),
        written(POSTFIX, TO).replace(b"Status: 5.1.1", b"Status: =?no-such?q?5.1.1?="),
        b"Content-Type: multipart/report; boundary*=unknown''%ff\n\n",
        b"\xff" * 100_000,
        b"To: " + b"<" * 60_000 + b"\n\n",
        b"To:\n" + b" a@b,\n" * 10_000 + b"\n",
        b'Content-Type: multipart/report; a="' + b";" * 260_000 + b"\n\n",
        written(POSTFIX, TO).replace(b"text/plain; ", b'multipart/mixed; a="' + b";" * 260_000),
        b"X: \xff\n" * 40_000,
    ],
    ids=[
        "nested",
        "parts",
        "boundary",
        "charset",
        "bytes",
        "encoded",
        "rfc2231",
        "noise",
        "brackets",
        "recipients",
        "parameters",
        "inner",
        "fields",
    ],
)
def test_nothing_that_is_broken_makes_the_reading_fail_or_take_long(raw: bytes) -> None:
    begun = time.process_time()
    is_automatic(head(raw[:MOST_OF_HEAD]))
    assert failures(raw[:MOST_OF_MAIL]) in (None, [Failure("5.1.1", True)])
    assert time.process_time() - begun < 2


@given(st.data())
def test_no_damage_to_a_report_makes_the_reading_fail(data: st.DataObject) -> None:
    raw = bytearray(written(MAKES[data.draw(st.sampled_from(sorted(MAKES)))], TO))
    for _ in range(data.draw(st.integers(0, 20))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
        raw = raw or bytearray(b"\n")
    is_automatic(head(bytes(raw)))
    failures(bytes(raw))


@each(
    ("header", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: Auto-Replied (vacation)", True),
        ("Auto-Submitted: auto-replied; owner-email=x", True),
        ("Auto-Submitted: auto-notified", True),
        ("Return-Path: <>", True),
        ("Content-Type: multipart/report; boundary=x", True),
        ("Auto-Submitted: no", False),
        ("Auto-Submitted: auto-generated", False),  # a mail program that leaves a list for its user
        ("Return-Path: <ada@reader.example>", False),
        ("Subject: unsubscribe", False),
    ],
)
def test_an_answer_that_a_machine_gives_is_known(header: str, automatic: bool) -> None:
    assert is_automatic(head(f"{header}\n\nunsubscribe\n".encode())) is automatic
