"""Mails that come back, as servers of several makes write them."""

import os
from datetime import date, timedelta
from pathlib import Path

from assets.mail.readers.reader import Reader
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.returned.address import Addresses
from assets.mail.returned.book import Book
from assets.mail.returned.inbox import Inbox, MaildirInbox
from assets.mail.returned.reading import Reading

TODAY = date.today()
YESTERDAY = TODAY - timedelta(days=1)
ADA = "ada@reader.example"

POSTFIX = """Return-Path: <>
X-Original-To: {to}
Delivered-To: {to}
From: Mail Delivery System <MAILER-DAEMON@mx.lab.example>
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="044E569CB6.1795977331/mx.lab.example"
Content-Transfer-Encoding: 8bit

This is a MIME-encapsulated message.

--044E569CB6.1795977331/mx.lab.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

<ada@reader.example>: host mx.reader.example said: 550 {status}
    <ada@reader.example>: Recipient address rejected: User unknown

--044E569CB6.1795977331/mx.lab.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.lab.example
X-Postfix-Queue-ID: 044E569CB6
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Sun, 29 Nov 2026 18:35:31 +0000 (UTC)

Final-Recipient: rfc822; ada@reader.example
Original-Recipient: rfc822;ada@reader.example
Action: {action}
Status: {status}
Remote-MTA: dns; mx.reader.example
Diagnostic-Code: smtp; 550 {status} <ada@reader.example>: Recipient address
    rejected: User unknown

--044E569CB6.1795977331/mx.lab.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <{to}>
From: p@lab.example
To: ada@reader.example
Subject: Papers

{returned}
--044E569CB6.1795977331/mx.lab.example--
"""

EXIM = """Return-path: <>
Envelope-to: {to}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.lab.example>
To: {to}
Content-Type: multipart/report; report-type=delivery-status; boundary=1700000000-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1700000000-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1700000000-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.lab.example

Action: failed
Final-Recipient: rfc822;ada@reader.example
Status: 5.0.0
Remote-MTA: dns; mx.reader.example
Diagnostic-Code: smtp; 550 {status} <ada@reader.example>... User unknown

--1700000000-eximdsn-1804289383
Content-type: message/rfc822

Subject: Papers

--1700000000-eximdsn-1804289383--
"""

SENDMAIL = """Return-Path: <MAILER-DAEMON>
From: Mail Delivery Subsystem <MAILER-DAEMON>
To: <{to}>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="xAT0.1795977331/mx.lab.example"
Subject: Returned mail: see transcript for details
Auto-Submitted: auto-generated (failure)

This is a MIME-encapsulated message

--xAT0.1795977331/mx.lab.example

   ----- The following addresses had permanent fatal errors -----

--xAT0.1795977331/mx.lab.example
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.lab.example
Received-From-MTA: DNS; localhost
Arrival-Date: Sun, 29 Nov 2026 18:35:31 GMT

Final-Recipient: RFC822; ada@reader.example
Action: failed
Status: {status} (no such user)
Remote-MTA: DNS; mx.reader.example
Diagnostic-Code: SMTP; 550 {status} User unknown
Last-Attempt-Date: Sun, 29 Nov 2026 18:35:32 GMT

--xAT0.1795977331/mx.lab.example--
"""

EXCHANGE = """From: postmaster@reader.example
To: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="c1c3f7b8-1b5e"
X-MS-Exchange-Message-Is-Ndr:
Subject: Undeliverable: Papers
Auto-Submitted: auto-replied

--c1c3f7b8-1b5e
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="88a7d2e4-4a3a"

--88a7d2e4-4a3a
Content-Type: text/plain; charset="us-ascii"

ada@reader.example wasn't found at reader.example.

--88a7d2e4-4a3a
Content-Type: text/html; charset="us-ascii"

<p>ada@reader.example wasn't found at reader.example.</p>

--88a7d2e4-4a3a--

--c1c3f7b8-1b5e
Content-Type: message/delivery-status

Reporting-MTA: dns;mx.reader.example
Received-From-MTA: dns;mx.lab.example
Arrival-Date: Sun, 29 Nov 2026 18:35:31 +0000

Final-Recipient: rfc822;ada@reader.example
Action: failed
Status: {status}
Diagnostic-Code: smtp;550 {status} RESOLVER.ADR.RecipNotFound; not found
X-Display-Name: Ada

--c1c3f7b8-1b5e
Content-Type: message/rfc822

Subject: Papers

--c1c3f7b8-1b5e--
"""

INTERNATIONAL = """To: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Größe

--b
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; mx.lab.example

Final-Recipient: utf-8; größe@reader.example
Action: failed
Status: {status}

--b--
"""

MAKES = {
    "postfix": POSTFIX,
    "exim": EXIM,
    "sendmail": SENDMAIL,
    "exchange": EXCHANGE,
    "international": INTERNATIONAL,
}

ABSENT = """Return-Path: <>
To: {to}
From: Ada <ada@reader.example>
Subject: Out of office
Auto-Submitted: auto-replied
Precedence: bulk

I am away. Status: 5.1.1, Action: failed.
"""

QMAIL = """Return-Path: <>
To: {to}
From: MAILER-DAEMON@mx.reader.example
Subject: failure notice

Hi. This is the qmail-send program at mx.reader.example.

<ada@reader.example>:
Sorry, no mailbox here by that name. (#5.1.1)
"""

LEAVING = """To: {to}
From: Ada <ada@reader.example>
Subject: unsubscribe

"""


def written(
    text: str, to: str, status: str = "5.1.1", action: str = "failed", returned: str = "", crlf: bool = False
) -> bytes:
    """One of these mails, to an address."""
    made = text.format(to=to, status=status, action=action, returned=returned).encode()
    return made.replace(b"\n", b"\r\n") if crlf else made


class House:
    """Readers of a Paperboy with a Maildir that mails come back to."""

    def __init__(self, home: Path, inbox: Inbox | None = None, hard_bounces: int = 2) -> None:
        self.secret = Secret(home / "mail.key")
        self.readers = Readers(home / "outbox.sqlite", self.secret)
        self.book = Book(home / "outbox.sqlite")
        self.addresses = Addresses("bounces@lab.example", self.secret)
        self.maildir = home / "returned"
        for name in ("tmp", "new", "cur"):
            (self.maildir / name).mkdir(parents=True, exist_ok=True)
        inbox = inbox or MaildirInbox(self.maildir)
        self.reading = Reading(inbox, self.addresses, self.readers, self.book, hard_bounces, home / "bounces.lock")

    def arrives(self, content: bytes, name: str = "") -> Path:
        """A mail is delivered."""
        name = name or f"{len(os.listdir(self.maildir / 'new')) + len(os.listdir(self.maildir / 'cur'))}.vm"
        (self.maildir / "new" / name).write_bytes(content)
        return self.maildir / "new" / name

    def bounce(self, reader: Reader, day: date, **said: str) -> bytes:
        """What Postfix returns of a mail to a reader."""
        return written(POSTFIX, self.addresses.of_mail(reader.id, day), **said)  # type: ignore[arg-type]

    def files(self) -> list[str]:
        """The mails in the Maildir, with their folders and flags."""
        return sorted(
            f"{folder}/{file.name}" for folder in ("new", "cur") for file in (self.maildir / folder).iterdir()
        )

    def events(self, reader: Reader) -> list[str]:
        """What happened to a reader."""
        return [f"{event.event} by {event.by}" for event in self.readers.events(reader.id)]
