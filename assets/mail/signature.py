"""A mail's own DKIM signature (RFC 6376), for a relay that signs none: by it others know who answers for the mail.

A signature is over the very bytes that go over the wire, so it is made last.
"""

import base64
import stat
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Archive", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Auto-Submitted", "Feedback-ID", "MIME-Version", "Content-Type",
)  # fmt: skip
"""The headers that are signed where a mail has them; RFC 8058 asks for those of one click."""

LEAST_BITS = 1024
"""Receivers take a signature by a shorter key for none (RFC 8301)."""

MOST_OF_STRING = 255
"""Characters of one string of a TXT record."""

Sign = Callable[[bytes, str], bytes]
"""From a whole mail, its lines ending in CRLF, and the domain that answers for it, to the mail with its signature."""


class BadKey(Exception):
    """Mails cannot be signed; the text names the key's file and says what to do."""


@dataclass(frozen=True)
class Signer:
    """Signs by the RSA key in a PEM file, which is published under `selector`."""

    selector: str
    key_file: Path

    def signing(self) -> Sign:
        """What signs mails, once the key is read; raises `BadKey`."""
        import dkim
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        pem = self._key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

        def sign(mail: bytes, domain: str) -> bytes:
            head = message_from_bytes(mail.partition(b"\r\n\r\n")[0])
            names = [name.encode() for name in SIGNED if name in head]
            # From is named once more than there is: nobody may add another one.
            signature: bytes = dkim.sign(
                mail, self.selector.encode(), domain.encode(), pem,
                canonicalize=(b"relaxed", b"relaxed"), include_headers=[*names, b"From"],
            )  # fmt: skip
            return signature + mail

        return sign

    def record(self, domain: str) -> str:
        """The DNS record to publish, as a line of a zone file; raises `BadKey`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
        strings = " ".join(f'"{text[at : at + MOST_OF_STRING]}"' for at in range(0, len(text), MOST_OF_STRING))
        return f"{self.selector}._domainkey.{domain}. IN TXT ( {strings} )"

    def _key(self) -> "RSAPrivateKey":
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        file = f"mail.dkim_key_file {self.key_file}"
        make = f"openssl genrsa -out {self.key_file} 2048 makes one"
        try:
            open_to_all = stat.S_IMODE(self.key_file.stat().st_mode) & stat.S_IROTH
            key = load_pem_private_key(self.key_file.read_bytes(), password=None)
        except OSError as error:
            raise BadKey(f"{file}: {error.strerror}; {make}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):  # whose words may hold some of the key
            raise BadKey(f"{file} holds no private key in PEM, without a password; {make}") from None
        if open_to_all:
            raise BadKey(f"{file} can be read by every user of this machine: chmod o-r {self.key_file}")
        if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
            raise BadKey(f"{file} holds no RSA key of at least {LEAST_BITS} bits; {make}")
        return key
