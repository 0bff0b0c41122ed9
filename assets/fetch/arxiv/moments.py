"""Times as arXiv writes them: by ISO 8601, or as in a mail."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def moment(text: str) -> datetime:
    """A moment in UTC; one without a zone is of UTC. Raises `ValueError` for what is no time."""
    told = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
