"""On which list arXiv announced a version: the rule for past days, whose announcements are gone.

- What was submitted before 14:00 in New York is announced at 20:00 of the same evening, and the list bears the date
  of the morning after. What was submitted from Friday 14:00 to Monday 14:00 is Tuesday's list.
- Thursday's submissions after 14:00 and Friday's before it are announced on Sunday evening, as Monday's list.
- An evening without an announcement (`calendar.toml`) leaves its papers to the next one.
- A version that was submitted before the month of the paper's id was held back until then: it counts as submitted
  when the month began.

Of 382 papers of March 2025 whose hour of submission is known from elsewhere, 354 stood on the list of the rule, 15 on
the next, and 13 up to a week later: held for moderation, which nothing tells afterwards. A cross-list that was added
later, without a new version, leaves no trace in the harvest either.
"""

from datetime import UTC, date, datetime, time, timedelta

from assets.fetch.arxiv import ids
from assets.fetch.calendar import Calendar

CUTOFF = time(14)
SUNDAY = 6
LONGEST_SILENCE = timedelta(days=14)


def cutoff(day: date, calendar: Calendar) -> datetime:
    """Until when a submission came in time for the day's list, in the calendar's zone."""
    evening = calendar.announced_at(day).date()
    return datetime.combine(evening - timedelta(days=2 if evening.weekday() == SUNDAY else 0), CUTOFF, calendar.zone)


def listed_on(submitted: datetime, calendar: Calendar) -> date:
    """The day of the list that announced what was submitted at this moment, which has a zone."""
    day = calendar.next_list(submitted.astimezone(calendar.zone).date())
    while cutoff(day, calendar) <= submitted:
        day = calendar.next_list(day + timedelta(days=1))
    return day


def counts_from(paper: str, submitted: datetime, calendar: Calendar) -> datetime:
    """The moment from which on a version could be announced, in UTC."""
    return max(submitted, datetime.combine(ids.month(paper), time(), calendar.zone)).astimezone(UTC)


def window(day: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """The moments of submission, the end not included, that make up the day's list, in UTC."""
    before = day - timedelta(days=1)
    while not calendar.lists(before) and day - before < LONGEST_SILENCE:
        before -= timedelta(days=1)
    return cutoff(before, calendar).astimezone(UTC), cutoff(day, calendar).astimezone(UTC)
