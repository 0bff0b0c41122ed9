"""Readers who unsubscribe while they are being mailed."""

from assets.mail.database.opened import Place, opened, transaction
from assets.mail.database.tables import readers
from assets.mail.readers.change import Change
from assets.mail.readers.reader import Origin


def leave(place: Place, reader: str) -> None:
    """A reader unsubscribes: what the web service does, but for the token."""
    with transaction(opened(place)) as connection:
        change = Change(connection)
        found = change.one(readers.c.id == reader)
        assert found is not None
        change.leave(found, Origin.READER)
