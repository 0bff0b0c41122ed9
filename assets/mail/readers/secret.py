"""The key of the house, in a file of its own: what it signs and hashes is of this Paperboy only."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

BYTES = 32


class BadSecret(Exception):
    """The file of the key cannot be used; the text names it and says what to do."""


class Secret:
    """The key in `file`, made when it is first needed, for the operator's eyes only."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def key(self) -> bytes:
        """The key, 32 bytes. Raises `BadSecret`."""
        try:
            self._make()
            key = bytes.fromhex(self._file.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise BadSecret(f"{self._file}: the key cannot be read ({error}); put it back from your backup") from error
        if len(key) != BYTES:
            raise BadSecret(f"{self._file}: holds {len(key)} bytes, not {BYTES}; put it back from your backup")
        return key

    def needed(self, hashes: int) -> None:
        """Raise `BadSecret` if the key is lost by which so many hashes were made: a new one knows none of them."""
        if hashes and not self._file.exists():
            told = f"{hashes} addresses that get no mail are known by it only"
            raise BadSecret(f"{self._file}: the key is lost, and {told}; put it back from your backup")

    def hash(self, text: str) -> str:
        """A text as 64 hexadecimal digits that tell nothing of it to who lacks the key."""
        return hmac.new(self.key(), text.encode(), hashlib.sha256).hexdigest()

    def _make(self) -> None:
        """Make the file unless it is there, whole or not at all, whoever else does so at once."""
        if self._file.exists():
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{self._file.name}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as written:
            written.write(secrets.token_hex(BYTES))
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(draft, self._file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
