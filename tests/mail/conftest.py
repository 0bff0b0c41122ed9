"""Real mail servers on the loopback interface: aiosmtpd, and one that follows a script step by step."""

import datetime
import ipaddress
import re
import socket
import socketserver
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.serving import served

Script = Callable[[str, str], str | None]
"""From a step and the recipient, as far as known, to the answer; None for the usual one.

The steps are CONNECT, EHLO, NOOP, RSET, MAIL, RCPT, DATA, BODY (a message begins), DOT (it has ended), QUIT.
An answer that ends in "drop" is not given: the connection is closed instead; "reset" adds a TCP reset. So
"250 drop" to a DOT is a message that was accepted while its sender will never know.
"""

USUAL = {
    "CONNECT": "220 ready",
    "EHLO": "250-loopback\r\n250 SMTPUTF8",
    "DATA": "354 go on",
    "BODY": "",
    "QUIT": "221 bye",
}


@dataclass
class Clock:
    """A clock that only sleeping moves on."""

    now: float = 1000
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server(Controller):
    """aiosmtpd on a free port, remembering what it accepted, and from which connections."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(self, hostname="127.0.0.1", port=0, **parameters)
        self.accepted: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.peers: set[Any] = set()

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.accepted.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append(envelope)
        self.peers.add(session.peer)
        return "250 accepted"

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@dataclass
class Scripted:
    """The scripted server's address and memory: the Message-IDs it accepted."""

    script: Script
    accepted: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0


class _Closed(Exception):
    """The script closed the connection, or the sender did in the midst of a message."""


class _Conversation(socketserver.StreamRequestHandler):
    state: Scripted
    recipient = ""
    body = b""

    def handle(self) -> None:
        self.state.connections += 1
        try:
            self.answer("CONNECT")
            while line := self.rfile.readline():
                self.follow(line.decode())
        except (_Closed, ConnectionError):
            pass

    def follow(self, line: str) -> None:
        if found := re.search(r"TO:<(.*)>", line, re.IGNORECASE):
            self.recipient = found[1]
        if self.answer(line.split()[0].upper()).startswith("354"):
            self.answer("BODY")
            self.body = b"".join(self.lines())
            self.answer("DOT")

    def lines(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _Closed
            yield line

    def answer(self, step: str) -> str:
        answer = self.state.script(step, self.recipient)
        if answer is None:
            answer = USUAL.get(step, "250 ok")
        if step == "DOT" and answer.startswith("2"):
            self.state.accepted.append(message_from_bytes(self.body, policy=policy.default)["Message-ID"])
        if answer.endswith("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.endswith(("drop", "reset")):
            raise _Closed
        if answer:
            self.wfile.write(f"{answer}\r\n".encode())
        return answer


class _Loopback(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # the base class would end the stream first, and so forestall the reset


@contextmanager
def scripted_server(script: Script) -> Iterator[Scripted]:
    """A server that follows a script."""
    state = Scripted(script)
    handler = type("Conversation", (_Conversation,), {"state": state})
    with served(_Loopback(("127.0.0.1", 0), handler)) as state.port:
        yield state


@pytest.fixture(scope="session")
def scripted() -> Iterator[Callable[[Script], Scripted]]:
    """Start a server that follows a script."""
    with ExitStack() as running:
        yield lambda script: running.enter_context(scripted_server(script))


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start aiosmtpd, with parameters of its own."""
    with ExitStack() as running:

        def start(**parameters: Any) -> Server:
            server = Server(**parameters)
            server.start()
            running.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    builder = builder.serial_number(1).add_extension(address, critical=False)
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    pem = tmp_path_factory.mktemp("tls") / "loopback.pem"
    pem.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    """The server's side of TLS with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust that certificate the way an operator trusts an authority of the house."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
