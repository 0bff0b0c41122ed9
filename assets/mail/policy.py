"""Whether a day may be mailed. Mail is not taken back, so every answer but a plain yes is a no, with its reason."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Request:
    """What a run asks: to mail `day`, with what is known when it asks.

    `newer` is a later day whose digest is made already, `newest` the newest day that the sources were found to
    list, where somebody asked them, and `confirmed` the day that the operator named with `--confirm`. A `backfill` is
    a run of several days, or one that makes everything but the mail.
    """

    day: date
    today: date
    current_days: int
    newer: date | None = None
    newest: date | None = None
    confirmed: date | None = None
    backfill: bool = False


def refusal(request: Request) -> str | None:
    """Why the day is not mailed, or None if it is."""
    if request.confirmed == request.day:
        return None
    if request.backfill:
        return "a backfill never mails"
    if request.newer is not None:
        return f"{request.newer} is made already, so it is a past day"
    if request.day == request.newest:
        return None
    if (request.today - request.day).days > request.current_days:
        return f"it is older than {request.current_days} days, so it is a past day"
    return None
