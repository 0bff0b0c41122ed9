"""Mails that Paperboy signs itself, verified by what a real mail server received."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from assets.mail.message import message
from assets.mail.signature import SIGNED, BadKey, Signer
from assets.mail.transport import SmtpTransport, TransportError
from tests.mail.conftest import Server
from tests.mail.test_headers import KINDS, LINKS
from tests.mail.test_message import DIGEST
from tests.postfix import postfix

NAME = b"news._domainkey.lab.example."


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, lock: KeySerializationEncryption | None = None) -> bytes:
    content = key.private_bytes(Encoding.PEM, form, lock or NoEncryption())
    assert isinstance(content, bytes)
    return content


KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    file = tmp_path / "dkim.pem"
    file.write_bytes(pem(KEY))
    file.chmod(0o600)
    return Signer("news", file)


def sent(server: Server, signer: Signer, **fields: Any) -> bytes:
    """A mail as it was received."""
    transport = SmtpTransport("127.0.0.1", server.port, "none", timeout=10, signer=signer)
    with transport.session() as send:
        send(message(**DIGEST | LINKS | fields, feedback="a:b:c:paperboy"))
    content = server.envelopes[-1].content
    assert isinstance(content, bytes)
    return content


def verified(mail: bytes, signer: Signer, domain: str = "lab.example") -> bool:
    """Whether the signature holds, by what the zone file would publish."""
    name, _, strings = signer.record(domain).partition(" IN TXT ")
    zone = {name.encode(): "".join(re.findall('"(.*?)"', strings)).encode()}
    return bool(dkim.verify(mail, dnsfunc=lambda asked, timeout=5: zone.get(asked)))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_received_is_what_was_signed(serve: Callable[..., Server], signer: Signer, kind: str) -> None:
    """The library folds a domain of more than a line within; nobody has one."""
    assert verified(sent(serve(), signer, **KINDS[kind] | {"sender": "Käte <paperboy@lab.example>"}), signer)


def test_an_address_beyond_ascii_is_signed_too(serve: Callable[..., Server], signer: Signer) -> None:
    assert verified(sent(serve(enable_SMTPUTF8=True), signer, recipient="jürgen@lab.example"), signer)


def test_a_signature_survives_a_relay(serve: Callable[..., Server], signer: Signer) -> None:
    """Postfix adds headers and writes the message anew; whoever it passes the mail on to can still verify it."""
    sink = serve()
    with postfix(sink.port) as relay:
        with SmtpTransport("127.0.0.1", relay.port, "none", timeout=10, signer=signer).session() as send:
            for number, fields in enumerate(KINDS.values()):
                usual = {"sender": "paperboy@lab.example", "recipient": "ada@reader.example"}
                send(message(**DIGEST | LINKS | fields | usual | {"message_id": f"<{number}@lab.example>"}))
        relay.until(lambda: len(sink.envelopes) == len(KINDS))
    for envelope in sink.envelopes:
        assert isinstance(envelope.content, bytes)
        assert envelope.content.count(b"Received: ") == 1
        assert verified(envelope.content, signer)


def test_a_byte_that_was_changed_is_noticed(serve: Callable[..., Server], signer: Signer) -> None:
    mail = sent(serve(), signer)
    for part in (b"ada@lab", b"Papers", b"/unsubscribe/", b"=One-Click", b"alternative", b"<p>HTML", b"Text\r\n"):
        place = mail.rindex(part)
        changed = mail[:place] + bytes([mail[place] ^ 1]) + mail[place + 1 :]
        assert changed != mail
        assert not verified(changed, signer), part
    assert not verified(b"From: eve@lab.example\r\n" + mail, signer)


def test_every_header_that_counts_is_signed(serve: Callable[..., Server], signer: Signer) -> None:
    mail = sent(serve(), signer)
    found = re.search(rb"h=([^;]*);", mail)
    assert found
    signed = [name.strip().decode() for name in found[1].split(b":")]
    assert signed == [*map(str.lower, SIGNED), "from"]
    assert b"c=relaxed/relaxed" in mail
    assert b"d=lab.example" in mail


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_either_form_of_key_is_read(serve: Callable[..., Server], signer: Signer, form: PrivateFormat) -> None:
    signer.key_file.write_bytes(pem(KEY, form))
    assert verified(sent(serve(), signer), signer)


WRONG = {
    "empty": b"",
    "no key": b"hunter2",
    "broken": pem(KEY)[:-100],
    "locked": pem(KEY, lock=BestAvailableEncryption(b"hunter2")),
    "of another kind": pem(ed25519.Ed25519PrivateKey.generate()),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_key_that_is_none_is_told_with_its_file_and_nothing_is_sent(
    serve: Callable[..., Server], signer: Signer, wrong: str
) -> None:
    signer.key_file.write_bytes(WRONG[wrong])
    server = serve()
    with pytest.raises(TransportError, match=r"^mail\.dkim_key_file .*dkim\.pem holds no .*; openssl genrsa -out"):
        sent(server, signer)
    assert server.accepted == []
    with pytest.raises(TransportError, match=r"^mail\.dkim_key_file"):
        SmtpTransport("127.0.0.1", server.port, "none", signer=signer).check()


def test_a_key_that_is_not_there_or_open_to_all_is_told(signer: Signer) -> None:
    signer.key_file.chmod(0o644)
    with pytest.raises(BadKey, match=r"can be read by every user of this machine: chmod o-r .*dkim\.pem"):
        signer.signing()
    signer.key_file.unlink()
    with pytest.raises(BadKey, match=r"dkim\.pem: No such file or directory; openssl"):
        signer.record("lab.example")


def test_the_record_fits_into_a_zone_file(signer: Signer) -> None:
    record = signer.record("lab.example")
    assert record.startswith('news._domainkey.lab.example. IN TXT ( "v=DKIM1; k=rsa; p=')
    strings = re.findall('"(.*?)"', record)
    assert len(strings) == 2
    assert all(len(string) <= 255 for string in strings)
