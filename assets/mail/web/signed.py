"""What the web service signs with the key of the house: the links that confirm an address, and its forms."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from assets.mail.readers.reader import Reader

FORM_LASTS = timedelta(days=1)


@dataclass(frozen=True)
class Signer:
    """Signs by a key, and knows again what it signed; a link to confirm is good for so many hours."""

    key: bytes
    confirm_hours: int

    def link(self, reader: Reader) -> str:
        """What confirms that this reader asked when they did last, and nothing that is asked later."""
        return self._serializer("confirm").dumps([reader.id, reader.asked_at.isoformat()])

    def asked(self, token: str) -> tuple[str, datetime] | None:
        """The id of the reader, and when they asked, if the token is ours and still good."""
        found = self._loads("confirm", token, timedelta(hours=self.confirm_hours))
        return (str(found[0]), datetime.fromisoformat(found[1])) if found else None

    def form(self, *page: str) -> str:
        """What the form of a page brings back, so that a request was made by that page of ours, which is not old."""
        return self._serializer("form").dumps(page)

    def is_form(self, token: str, *page: str) -> bool:
        """Whether a form brought back what `form` gave to the same page."""
        return self._loads("form", token, FORM_LASTS) == list(page)

    def _loads(self, salt: str, token: str, age: timedelta) -> list[str] | None:
        try:
            found: list[str] = self._serializer(salt).loads(token, max_age=int(age.total_seconds()))
        except BadData:
            return None
        return found

    def _serializer(self, salt: str) -> URLSafeTimedSerializer:
        digest = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeTimedSerializer(self.key, salt=salt, signer_kwargs=digest)
