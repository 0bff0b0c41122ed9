"""How a message leaves the house: into a Maildir, or to a mail server over SMTP.

A transport says what became of each message and nothing else: which messages are due, and what to do about
one that did not arrive, is the outbox's business.
"""

import mailbox
import re
import smtplib
import socket
import ssl
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, NoReturn, Protocol

from assets.mail.octets import address, international, octets
from assets.mail.pace import Pace
from assets.mail.signature import BadKey, Sign, Signer

UNUSABLE = re.compile(rb"5\.1\.(1|3|6|10)\b")
"""The enhanced status codes (RFC 3463, RFC 7505) of an answer to RCPT that say that there is no such address."""

Security = Literal["starttls", "tls", "none"]


class Undelivered(Exception):
    """The message was surely not accepted.

    It is `permanent` where trying again cannot help, and `unusable` where that is because no such address exists.
    """

    def __init__(self, reason: str, permanent: bool = False, unusable: bool = False) -> None:
        super().__init__(reason)
        self.permanent, self.unusable = permanent, unusable


class TransportError(Undelivered):
    """No message can be delivered now, whoever its reader is; the text names the place and what was wrong."""


class DeliveryUnknown(Exception):
    """The message was handed over whole, but the answer did not arrive: the reader may have it or not."""


def _at_once() -> None:
    """Nothing stands between a message and its last byte."""


class Deliver(Protocol):
    """Delivers one message to the address in its To; see `Transport.session`."""

    def __call__(self, message: EmailMessage, claim: Callable[[], object] = _at_once) -> None:
        """Call `claim` when all but the last byte has gone. If it raises, the message is not delivered."""
        ...


class Transport(Protocol):
    """A way to deliver mail."""

    def session(self) -> AbstractContextManager[Deliver]:
        """A function that delivers one message to the address in its To; call it for each message of a batch.

        It returns once the message is accepted, else raises `Undelivered`, its kind `TransportError`, or
        `DeliveryUnknown`, after each of which it can be called with the next message.
        """
        ...

    def check(self) -> str:
        """The transport in one line, once it is known to work; raises `TransportError`. Delivers nothing."""
        ...


@dataclass(frozen=True)
class MaildirTransport:
    """Mail as files in a Maildir, made where it does not exist: for a first look, without a mail server."""

    folder: Path

    @contextmanager
    def session(self) -> Iterator[Deliver]:
        """See `Transport`."""
        maildir = self._open()

        def deliver(message: EmailMessage, claim: Callable[[], object] = _at_once) -> None:
            content = octets(message, linesep="\n")
            claim()
            try:
                maildir.add(content)
            except (OSError, mailbox.Error) as error:
                raise Undelivered(f"{self.folder}: {error}") from error

        yield deliver

    def check(self) -> str:
        """See `Transport`."""
        self._open()
        return f"Maildir {self.folder}"

    def _open(self) -> mailbox.Maildir:
        try:
            for name in ("tmp", "new", "cur"):
                (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise TransportError(f"{self.folder}: {error}") from error
        return mailbox.Maildir(self.folder)


@dataclass(frozen=True)
class SmtpTransport:
    """A mail server, its certificate verified; `timeout` is in seconds, for each answer of the server.

    A connection is left after `per_connection` messages, and another one made. The `pace` holds over all sessions.
    Mails get a signature of their own where there is a `signer`.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30
    per_connection: int = 100
    pace: Pace = field(default_factory=Pace)
    signer: Signer | None = None

    @contextmanager
    def session(self) -> Iterator[Deliver]:
        """See `Transport`. One connection serves many messages, and is replaced when the server ends it."""
        session = _Session(self)
        try:
            yield session.deliver
        finally:
            session.close()

    def check(self) -> str:
        """See `Transport`."""
        self.signing()
        smtp = self.connect()
        try:
            _require(250, smtp.noop())
        except smtplib.SMTPException as error:
            self.fail(error)
        finally:
            _quit(smtp)
        return f"{self.host}:{self.port} ({self.security}{f', as {self.user}' if self.user else ''})"

    def signing(self) -> Sign:
        """What signs mails, or leaves them as they are; raises `TransportError`."""
        if self.signer is None:
            return lambda mail, domain: mail
        try:
            return self.signer.signing()
        except BadKey as error:
            raise TransportError(str(error)) from None

    def connect(self) -> smtplib.SMTP:
        """A connection that is encrypted and logged in as the settings say; raises `TransportError`."""
        try:
            with ExitStack() as undo:
                smtp = self._greet()
                undo.callback(smtp.close)
                # A message's last byte goes alone, and Nagle's algorithm would hold it for the 40 ms of a late ACK.
                if smtp.sock:
                    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.security == "starttls":
                    smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
                self._log_in(smtp)
                undo.pop_all()
                return smtp
        except (OSError, UnicodeError) as error:
            self.fail(error)

    def fail(self, error: Exception) -> NoReturn:
        """Raise `TransportError` that names the server, because of `error`."""
        raise TransportError(f"{self.host}:{self.port}: {_reason(error)}") from error

    def _greet(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        """Log in where a user is set. No word of the server or smtplib goes on: it may hold the password.

        Nor does the user's name, which often is an address.
        """
        if self.user is None:
            return
        login = f"{self.host}:{self.port}: login as mail.user"
        if self.security == "none":
            raise TransportError(f"{login}: a password goes over starttls or tls only, not security 'none'")
        try:
            smtp.login(self.user, self.password or "")
        except smtplib.SMTPNotSupportedError:
            raise TransportError(f"{login}: the server offers none") from None
        except smtplib.SMTPResponseException as error:
            raise TransportError(f"{login} refused ({error.smtp_code})") from None
        except UnicodeError:
            raise TransportError(f"{login}: the user or the password is not ASCII") from None
        except smtplib.SMTPException:
            raise TransportError(f"{login} failed: the connection fell or no common method") from None


class _Session:
    """Deliveries over one SMTP connection at a time.

    smtplib raises the same exception whether the connection fell before the message was complete or after, so
    the commands are given one by one.
    """

    def __init__(self, transport: SmtpTransport) -> None:
        self._transport, self._sign = transport, transport.signing()
        self._smtp: smtplib.SMTP | None = None
        self._begun = 0  # messages, on this connection
        self._half_way = False  # in one that was refused

    def deliver(self, message: EmailMessage, claim: Callable[[], object] = _at_once) -> None:
        """See `Transport.session`."""
        content = self._sign(octets(message, linesep="\r\n"), message["From"].addresses[0].domain)
        self._transport.pace.wait()
        smtp = self._begin(message)
        try:
            _expect(2, smtp.rcpt(address(message, "To")), "RCPT")
            _expect(3, smtp.docmd("DATA"))
            smtp.send(_stuffed(content))
            _require_silence(smtp)
        except smtplib.SMTPException as error:
            self.close()
            raise Undelivered(_reason(error)) from error
        try:
            claim()
        except BaseException:
            self.drop()
            raise
        self._end(smtp)

    def close(self) -> None:
        """Leave the server, if it is still there."""
        if self._smtp is not None:
            _quit(self._smtp)
            self._smtp = None

    def drop(self) -> None:
        """Close the connection in the midst of a message, which the server then forgets (RFC 5321, 4.1.1.4)."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _begin(self, message: EmailMessage) -> smtplib.SMTP:
        """A connection that has accepted the sender: the last one, or where that has served its time, a new one."""
        if self._begun >= self._transport.per_connection:
            self.close()
        self._begun += 1
        if self._smtp is not None:
            with suppress(smtplib.SMTPException):
                if self._half_way:
                    self._smtp.rset()
                self._half_way = True
                _mail(self._smtp, message)
                return self._smtp
            self.close()
        self._smtp, self._begun, self._half_way = self._transport.connect(), 1, True
        try:
            _mail(self._smtp, message)
        except smtplib.SMTPException as error:
            self.close()
            self._transport.fail(error)
        return self._smtp

    def _end(self, smtp: smtplib.SMTP) -> None:
        """Send the final dot: from here on only a clear answer tells whether the message was accepted."""
        try:
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
            if code // 100 not in (2, 4, 5):
                raise smtplib.SMTPDataError(code, text)
        except smtplib.SMTPException as error:
            self.close()
            raise DeliveryUnknown(f"no answer to the whole message: {_reason(error)}") from error
        self._half_way = False
        _expect(2, (code, text))


def _mail(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    beyond_ascii = international(message)
    if beyond_ascii and not smtp.has_extn("smtputf8"):
        raise Undelivered("the server does not take addresses beyond ASCII (SMTPUTF8)", permanent=True)
    options = ("SMTPUTF8", "BODY=8BITMIME") if beyond_ascii else ()
    _require(250, smtp.mail(_envelope_sender(message), options))


def _require(wanted: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != wanted:
        raise smtplib.SMTPResponseException(*answer)


def _require_silence(smtp: smtplib.SMTP) -> None:
    """Raise if the server has left, or spoken, before the message's end, for which it then does not wait any more.

    What is sent to who has left arrives nowhere, and yet the first of it fails at no call.
    """
    assert smtp.sock is not None  # noqa: S101 - something was sent over it a moment ago
    patience = smtp.sock.gettimeout()
    smtp.sock.settimeout(0)
    try:
        said = smtp.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        smtp.sock.settimeout(patience)
        return
    except OSError as error:
        smtp.close()
        raise smtplib.SMTPServerDisconnected(f"Connection lost before the message's end: {error}") from error
    smtp.close()
    how = "The server spoke" if said else "Connection closed"
    raise smtplib.SMTPServerDisconnected(f"{how} before the message's end")


def _expect(kind: int, answer: tuple[int, bytes], command: str = "") -> None:
    """Raise `Undelivered` unless the answer's code is of the kind, its first digit."""
    code, text = answer
    if code // 100 != kind:
        permanent = code // 100 == 5
        # Of a bare 550 nobody knows whether it means the address or the sender.
        unusable = permanent and command == "RCPT" and UNUSABLE.match(text) is not None
        raise Undelivered(_reason(smtplib.SMTPResponseException(*answer)), permanent, unusable)


def _stuffed(content: bytes) -> bytes:
    """A message as it is sent: a dot that begins a line is doubled (RFC 5321, 4.5.2), lest it end the message."""
    return (b"." if content.startswith(b".") else b"") + content.replace(b"\r\n.", b"\r\n..")


def _quit(smtp: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException):
        smtp.quit()
    smtp.close()


def _envelope_sender(message: EmailMessage) -> str:
    """Where the message comes back to: its Return-Path, else its From."""
    return str(message.get("Return-Path", "")).strip("<>") or address(message, "From")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        # A server likes to repeat the reader's address, which belongs into no log.
        text = re.sub(r"\S*@\S+", "[address]", text)
        return textwrap.shorten(f"{error.smtp_code} {text}", 300, placeholder=" …")
    return str(error)
