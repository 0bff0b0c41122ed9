import datetime
import mailbox
import os
import socket
import ssl
import stat
from collections.abc import Callable
from contextlib import suppress
from email import message_from_string
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from assets.mail.message import message
from assets.mail.pace import Pace
from assets.mail.transport import (
    DeliveryUnknown,
    MaildirTransport,
    SmtpTransport,
    Transport,
    TransportError,
    Undelivered,
)
from tests.mail.conftest import Clock, Script, Scripted, Server

PASSWORD = "correct-horse"
TEXT = "A line\n.\n..\n.. and one that begins with a dot\n"


def digest(recipient: str = "ada@lab.example", number: int = 1) -> EmailMessage:
    return message(
        sender="Paperboy <paperboy@lab.example>",
        recipient=recipient,
        subject="Papers",
        text=TEXT,
        html="<p>A line</p>",
        message_id=f"<{number}@lab.example>",
        date=datetime.datetime(2025, 3, 3, 7, 30, tzinfo=datetime.UTC),
    )


def large() -> EmailMessage:
    """More than the buffers between two sockets hold, so that the sender notices when nobody reads."""
    mail = digest()
    mail.clear_content()
    mail.set_content(bytes(24_000_000), "application", "octet-stream", cte="base64")
    return mail


def plain(port: int) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, "none", timeout=10)


def deliver(transport: Transport, mail: EmailMessage) -> None:
    with transport.session() as send:
        send(mail)


def at(step: str, answer: str) -> Script:
    return lambda reached, _: answer if reached == step else None


def nobody_listens() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


RETURN_TO = f"{'b' * 64}@{'department.' * 20}example"


def returning() -> EmailMessage:
    mail = digest()
    mail["Return-Path"] = f"<{RETURN_TO}>"
    return mail


def test_where_a_message_comes_back_to_goes_by_the_envelope_alone(serve: Callable[..., Server]) -> None:
    server, mail = serve(), returning()
    for sent in (mail, digest(number=2)):
        deliver(plain(server.port), sent)
    assert [envelope.mail_from for envelope in server.envelopes] == [RETURN_TO, "paperboy@lab.example"]
    assert not any("Return-Path" in found for found in server.accepted)
    assert "Return-Path" in mail, "the caller's message stays as it was"


def test_a_maildir_gets_no_return_path(tmp_path: Path) -> None:
    deliver(MaildirTransport(tmp_path / "maildir"), returning())
    (mail,) = mailbox.Maildir(tmp_path / "maildir")
    assert "Return-Path" not in mail


def test_the_message_arrives_as_it_was(serve: Callable[..., Server]) -> None:
    server = serve()
    deliver(plain(server.port), digest())
    (mail,) = server.accepted
    headers = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "Precedence")
    assert {name: mail[name] for name in headers} == {name: digest()[name] for name in headers}
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == TEXT


def test_a_batch_shares_one_connection(scripted: Callable[[Script], Scripted]) -> None:
    server = scripted(lambda step, recipient: "550 no" if (step, recipient) == ("RCPT", "1@lab.example") else None)
    with plain(server.port).session() as send:
        send(digest("0@lab.example", 0))
        with pytest.raises(Undelivered):
            send(digest("1@lab.example", 1))
        send(digest("2@lab.example", 2))
    assert server.accepted == ["<0@lab.example>", "<2@lab.example>"]
    assert server.connections == 1


@pytest.mark.parametrize(("per_connection", "connections"), [(1, 7), (2, 4), (3, 3), (7, 1), (100, 1)])
def test_a_connection_serves_so_many_messages_and_no_more(
    scripted: Callable[[Script], Scripted], per_connection: int, connections: int
) -> None:
    server = scripted(lambda step, recipient: "550 no" if (step, recipient) == ("RCPT", "2@lab.example") else None)
    with SmtpTransport("127.0.0.1", server.port, "none", timeout=10, per_connection=per_connection).session() as send:
        for number in range(7):
            with suppress(Undelivered):
                send(digest(f"{number}@lab.example", number))
    assert server.accepted == [f"<{number}@lab.example>" for number in range(7) if number != 2]
    assert server.connections == connections


def test_messages_keep_their_distance_over_all_sessions(scripted: Callable[[Script], Scripted]) -> None:
    server, clock = scripted(at("RCPT", "450 later")), Clock()
    pace = Pace(20, clock=clock, sleep=clock.sleep)
    for _ in range(2):
        with SmtpTransport("127.0.0.1", server.port, "none", timeout=10, pace=pace).session() as send:
            for _ in range(2):
                with pytest.raises(Undelivered, match="later"):
                    send(digest())
    assert clock.slept == [3, 3, 3]


def test_a_wait_that_is_broken_off_leaves_the_message_unsent(scripted: Callable[[Script], Scripted]) -> None:
    def ended(seconds: float) -> None:
        raise KeyboardInterrupt

    server = scripted(at("QUIT", "221 bye"))
    pace = Pace(1, clock=lambda: 0, sleep=ended)
    with SmtpTransport("127.0.0.1", server.port, "none", timeout=10, pace=pace).session() as send:
        send(digest(number=0))
        with pytest.raises(KeyboardInterrupt):
            send(digest(number=1), lambda: pytest.fail("claimed"))
    assert server.accepted == ["<0@lab.example>"]


@pytest.mark.parametrize(
    ("step", "ending"),
    [
        ("MAIL", "drop"),
        ("MAIL", "reset"),
        ("MAIL", "421 enough for now"),
    ],
)
def test_a_connection_that_ends_between_two_messages_is_replaced(
    scripted: Callable[[Script], Scripted], step: str, ending: str
) -> None:
    def script(reached: str, recipient: str) -> str | None:
        return ending if reached == step and recipient else None

    server = scripted(script)
    with plain(server.port).session() as send:
        for number in range(3):
            send(digest(number=number))
    assert server.accepted == [f"<{number}@lab.example>" for number in range(3)]
    assert server.connections == 3


@pytest.mark.parametrize("ending", ["drop", "reset"])
def test_a_connection_that_ends_after_a_refusal_is_replaced(
    scripted: Callable[[Script], Scripted], ending: str
) -> None:
    """Only what was refused half-way needs a word before the next message."""
    server = scripted(
        lambda step, recipient: (
            ending if step == "RSET" else "550 no" if step == "RCPT" and server.connections == 1 else None
        )
    )
    with plain(server.port).session() as send:
        with pytest.raises(Undelivered):
            send(digest(number=0))
        for number in (1, 2):
            send(digest(number=number))
    assert server.accepted == ["<1@lab.example>", "<2@lab.example>"]
    assert server.connections == 2


@pytest.mark.parametrize("ending", ["drop", "reset"])
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL"])
def test_a_connection_that_fell_before_the_recipient_says_nothing_of_him(
    scripted: Callable[[Script], Scripted], step: str, ending: str
) -> None:
    server = scripted(at(step, ending))
    with pytest.raises(TransportError, match=f"^127.0.0.1:{server.port}: .*[Cc]onnect"):
        deliver(plain(server.port), digest())


@pytest.mark.parametrize("ending", ["drop", "reset"])
@pytest.mark.parametrize("step", ["RCPT", "DATA", "BODY"])
def test_a_connection_that_fell_before_the_final_dot(
    scripted: Callable[[Script], Scripted], step: str, ending: str
) -> None:
    server = scripted(at(step, ending))
    with pytest.raises(Undelivered) as caught:
        deliver(plain(server.port), large() if step == "BODY" else digest())
    assert not caught.value.permanent
    assert not isinstance(caught.value, TransportError)


@pytest.mark.parametrize("ending", ["drop", "reset", "what?", "354 still waiting", "999 no", "x" * 10_000])
def test_no_clear_answer_to_the_final_dot(scripted: Callable[[Script], Scripted], ending: str) -> None:
    server = scripted(at("DOT", ending))
    with pytest.raises(DeliveryUnknown, match="no answer to the whole message"):
        deliver(plain(server.port), digest())


def test_a_server_that_falls_silent_after_the_final_dot(scripted: Callable[[Script], Scripted]) -> None:
    server = scripted(at("DOT", ""))
    with pytest.raises(DeliveryUnknown, match="timed out"):
        deliver(SmtpTransport("127.0.0.1", server.port, "none", timeout=0.2), digest())


@pytest.mark.parametrize(("code", "permanent"), [("450", False), ("550", True), ("421", False)])
@pytest.mark.parametrize("step", ["RCPT", "DATA", "DOT"])
def test_a_refusal(scripted: Callable[[Script], Scripted], step: str, code: str, permanent: bool) -> None:
    server = scripted(at(step, f"{code}-5.1.1 no such\r\n{code} reader"))
    with pytest.raises(Undelivered, match=f"^{code} 5.1.1 no such reader$") as caught:
        deliver(plain(server.port), digest())
    assert caught.value.permanent == permanent
    assert server.accepted == []


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL"])
def test_a_refused_sender_is_nobody_s_fault_but_the_settings(scripted: Callable[[Script], Scripted], step: str) -> None:
    server = scripted(lambda reached, _: "550 not you" if reached in (step, "HELO") else None)
    with pytest.raises(TransportError, match=f"127.0.0.1:{server.port}: 550 not you") as caught:
        deliver(plain(server.port), digest())
    assert not caught.value.permanent


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "." * 80])
def test_a_server_that_cannot_be_reached(host: str) -> None:
    port = nobody_listens()
    for attempt in (SmtpTransport(host, port).check, lambda: deliver(SmtpTransport(host, port), digest())):
        with pytest.raises(TransportError, match=rf"^{host}:{port}: \S"):
            attempt()


def test_an_address_beyond_ascii(serve: Callable[..., Server]) -> None:
    server = serve(enable_SMTPUTF8=True)
    deliver(plain(server.port), digest("jürgen@lab.example"))
    assert server.envelopes[0].rcpt_tos == ["jürgen@lab.example"]
    assert "To: jürgen@lab.example\r\n".encode() in (server.envelopes[0].content or b"")


def test_an_address_that_the_server_cannot_take(serve: Callable[..., Server]) -> None:
    server = serve(enable_SMTPUTF8=False)
    with plain(server.port).session() as send:
        for number in range(2):
            with pytest.raises(Undelivered, match="SMTPUTF8") as caught:
                send(digest("jürgen@lab.example", number))
            assert caught.value.permanent
            send(digest(number=number))
    assert len(server.accepted) == 2


def accepts(login: Any) -> AuthResult:
    return AuthResult(success=login.password == PASSWORD.encode(), handled=False)


def by(transport: str, server: Server, password: str | None = PASSWORD) -> SmtpTransport:
    assert transport in ("starttls", "tls", "none")
    return SmtpTransport("127.0.0.1", server.port, transport, "paperboy", password, timeout=10)  # type: ignore[arg-type]


def secure(serve: Callable[..., Server], security: str, context: ssl.SSLContext) -> Server:
    parameters: dict[str, Any] = {"authenticator": lambda *arguments: accepts(arguments[-1])}
    if security == "tls":
        return serve(**parameters, ssl_context=context, auth_require_tls=False)
    return serve(**parameters, tls_context=context, require_starttls=True)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_and_logged_in(serve: Callable[..., Server], server_tls: ssl.SSLContext, security: str) -> None:
    server = secure(serve, security, server_tls)
    transport = by(security, server)
    assert transport.check() == f"127.0.0.1:{server.port} ({security}, as paperboy)"
    deliver(transport, digest())
    assert len(server.accepted) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(
    serve: Callable[..., Server], server_tls: ssl.SSLContext, security: str
) -> None:
    server = secure(serve, security, server_tls)
    with pytest.raises(TransportError, match=f"127.0.0.1:{server.port}: .*certificate verify failed"):
        by(security, server).check()


def test_a_server_without_encryption_gets_nothing(serve: Callable[..., Server]) -> None:
    server = serve()
    for security, reason in (("starttls", "STARTTLS"), ("tls", "SSL"), ("none", "starttls or tls only")):
        with pytest.raises(TransportError, match=f"127.0.0.1:{server.port}: .*{reason}"):
            deliver(by(security, server), digest())
    assert server.accepted == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("password", ["wrong-horse", "wrong-hörse", None])
def test_a_refused_login_does_not_tell_the_password(
    serve: Callable[..., Server], server_tls: ssl.SSLContext, password: str | None
) -> None:
    transport = by("starttls", secure(serve, "starttls", server_tls), password)
    with pytest.raises(TransportError, match=r"login as mail\.user") as caught:
        transport.check()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "horse" not in repr(caught.value) + repr(transport) + str(transport)
    assert "hörse" not in repr(caught.value) + repr(transport) + str(transport)


@pytest.mark.usefixtures("trusted")
def test_a_user_who_is_an_address_stands_in_no_reason(serve: Callable[..., Server], server_tls: ssl.SSLContext) -> None:
    server = secure(serve, "starttls", server_tls)
    transport = SmtpTransport("127.0.0.1", server.port, "starttls", "ada@lab.example", "wrong-horse", timeout=10)
    with pytest.raises(TransportError, match=r"login as mail\.user refused \(535\)") as caught:
        transport.check()
    assert "ada" not in repr(caught.value)


def test_a_check_delivers_nothing(scripted: Callable[[Script], Scripted]) -> None:
    steps: list[str] = []
    server = scripted(lambda step, _: steps.append(step))
    assert plain(server.port).check() == f"127.0.0.1:{server.port} (none)"
    assert steps == ["CONNECT", "EHLO", "NOOP", "QUIT"]


@pytest.mark.parametrize("answer", ["drop", "421 not now"])
def test_a_check_of_a_server_that_is_not_ready(scripted: Callable[[Script], Scripted], answer: str) -> None:
    server = scripted(at("NOOP", answer))
    with pytest.raises(TransportError, match=f"127.0.0.1:{server.port}: (421 not now|Connection)"):
        plain(server.port).check()


@pytest.mark.parametrize("answer", ["drop", "500 never"])
def test_a_server_that_does_not_say_goodbye(scripted: Callable[[Script], Scripted], answer: str) -> None:
    server = scripted(at("QUIT", answer))
    deliver(plain(server.port), digest())
    assert server.accepted == ["<1@lab.example>"]


def test_a_maildir_holds_each_message_as_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    transport = MaildirTransport(folder)
    assert transport.check() == f"Maildir {folder}"
    with transport.session() as send:
        send(digest("ada@lab.example"))
        send(digest("jürgen@lab.example"))
    mails = [message_from_string(path.read_bytes().decode()) for path in (folder / "new").iterdir()]
    assert {mail["To"] for mail in mails} == {"ada@lab.example", "jürgen@lab.example"}
    assert all(b"\r" not in path.read_bytes() for path in (folder / "new").iterdir())
    assert list((folder / "tmp").iterdir()) == []
    assert len(mailbox.Maildir(folder)) == 2
    assert stat.S_IMODE(folder.joinpath("new").stat().st_mode) == 0o700


def test_a_maildir_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    transport = MaildirTransport(tmp_path / "file" / "maildir")
    for attempt in (transport.check, lambda: deliver(transport, digest())):
        with pytest.raises(TransportError, match=r"maildir: .*Not a directory"):
            attempt()


def test_a_maildir_that_goes_away(tmp_path: Path) -> None:
    with MaildirTransport(tmp_path / "maildir").session() as send:
        os.rename(tmp_path / "maildir", tmp_path / "elsewhere")
        with pytest.raises(Undelivered, match="No such file") as caught:
            send(digest())
    assert not caught.value.permanent
