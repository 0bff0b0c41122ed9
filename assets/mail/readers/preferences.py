"""What a reader wants: how often, when, how much, and of what. Who says nothing gets what all get, when it is made."""

import datetime
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo

from assets.mail.profile import Wishes, plain
from assets.mail.words import LANGUAGES, known

MOST_PAPERS = 100
MOST_WISHES = 200
WEEK = datetime.timedelta(days=7)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SATURDAY = 5


WAYS = ("follow", "mute")
"""What a reader may do with what is named."""


class InvalidPreference(Exception):
    """A preference cannot be; each line of the text names one and says what it may be.

    `names` are those that cannot be, as `hour` and `follow_authors`.
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        super().__init__(text)
        self.names = frozenset(names)


class Frequency(StrEnum):
    """How often a reader is mailed."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"  # what a weekend brings comes on Monday
    WEEKLY = "weekly"


STORED = {"stored": True}
"""Says of values that they were chosen before: a time zone or a language among them may be none any more."""


def _zone(name: str, known: ValidationInfo) -> str:
    if name and known.context is not STORED and name not in available_timezones():
        raise ValueError(f"{name} is no time zone; one is Europe/Berlin")
    return name


def _language(code: str | None, asked: ValidationInfo) -> str | None:
    """One of `words.LANGUAGES`; who chose one that there is no more has the operator's."""
    if code is None or (asked.context is STORED and code not in LANGUAGES):
        return None
    return known(code)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Without those that are given twice, however they are written."""
    return tuple({plain(name): name for name in reversed(names)}.values())[::-1]


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Field(max_length=MOST_WISHES), AfterValidator(_once)]


class Named(BaseModel):
    """What is followed, or muted, as the reader wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: Names = ()
    categories: Names = ()
    authors: Names = ()
    keywords: Names = ()

    @property
    def wishes(self) -> Wishes:
        """As papers are compared with it."""
        return Wishes(**{kind: frozenset(map(plain, names)) for kind, names in self})


class Preferences(BaseModel):
    """What one reader wants.

    `weekday` counts from Monday, 0, and is that of a weekly mail; `hour` is None where the mail leaves as soon as it is
    made; an empty `time_zone` is the operator's; `size` is how many papers, None as many as the operator says.
    `language` is one of `words.LANGUAGES`, in which Paperboy speaks, None for the operator's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Frequency = Frequency.DAILY
    weekday: int = Field(default=4, ge=0, le=6)
    hour: int | None = Field(default=None, ge=0, le=23)
    time_zone: Annotated[str, AfterValidator(_zone)] = ""
    size: int | None = Field(default=None, ge=1, le=MOST_PAPERS)
    language: Annotated[str | None, AfterValidator(_language)] = None
    follow: Named = Named()
    mute: Named = Named()

    @property
    def wishes_nothing(self) -> bool:
        """Whether no paper is nearer to the reader than another."""
        return self.follow == self.mute == Named()

    def spoken(self, home: str) -> str:
        """The language in which Paperboy speaks to the reader; `home` is the operator's."""
        return self.language or home

    @property
    def rhythm(self) -> tuple[Frequency, int, str]:
        """What says on which days a mail leaves."""
        return self.frequency, self.weekday, self.time_zone

    def zone(self, home: str) -> ZoneInfo:
        """The reader's time zone; `home` is the operator's, also for who chose one that there is no more."""
        return ZoneInfo(home if self.lost_zone else self.time_zone or home)

    @property
    def lost_zone(self) -> str:
        """The time zone that was chosen, if there is none of that name any more; else empty."""
        try:
            ZoneInfo(self.time_zone or "UTC")
        except ZoneInfoNotFoundError:
            return self.time_zone
        return ""

    def day_of(self, at: datetime.datetime, home: str) -> datetime.date:
        """The reader's date at a time with a zone."""
        return at.astimezone(self.zone(home)).date()

    def leaves(self, made: datetime.datetime, home: str) -> datetime.datetime:
        """When a mail that was made at a time, both with a zone, leaves: at once, or when the reader's hour is next."""
        local = made.astimezone(self.zone(home))
        if self.hour is None or self.hour == local.hour:
            return made
        day = local.date() + datetime.timedelta(days=local.hour > self.hour)
        return datetime.datetime.combine(day, datetime.time(self.hour), local.tzinfo)

    def is_due(self, on: datetime.date, last: datetime.date | None, chosen: datetime.date = datetime.date.min) -> bool:
        """Whether a mail leaves on a day of the reader's to whom the last one left on another.

        A weekly one that was missed, as in an outage, leaves on the next day that can be; none was missed before the
        reader `chosen` to be mailed so.
        """
        if self.frequency is Frequency.DAILY:
            return True
        if self.frequency is Frequency.WEEKDAYS:
            return on.weekday() < SATURDAY
        planned = on - datetime.timedelta(days=(on.weekday() - self.weekday) % 7)
        if last is None:
            return planned == on
        return last < planned and (planned == on or chosen < planned)

    def first_day(self, day: datetime.date, on: datetime.date) -> datetime.date:
        """The first day of whose papers a mail tells that is made of `day` and leaves on another."""
        if self.frequency is Frequency.WEEKLY:
            return day - WEEK + datetime.timedelta(days=1)
        over_the_weekend = self.frequency is Frequency.WEEKDAYS and on.weekday() == 0
        return day - datetime.timedelta(days=2) if over_the_weekend else day


def stored(preferences: Preferences) -> str:
    """As the database holds them: JSON of what differs from what all get; empty where nothing does."""
    said = preferences.model_dump_json(exclude_defaults=True)
    return "" if said == "{}" else said


def read(text: str) -> Preferences:
    """What `stored` wrote."""
    return Preferences.model_validate_json(text, context=STORED) if text else NONE


def checked(values: dict[str, object]) -> Preferences:
    """Preferences of these values, as texts or not. Raises `InvalidPreference`."""
    try:
        return Preferences.model_validate(values)
    except ValidationError as error:
        found = [(_name(detail["loc"]), detail["msg"].removeprefix("Value error, ")) for detail in error.errors()]
        lines = (f"{name.replace('_', ' ')}: {message}" for name, message in found)
        raise InvalidPreference("\n".join(lines), [name for name, _ in found]) from None


def _name(place: tuple[int | str, ...]) -> str:
    return "_".join(part for part in place if isinstance(part, str))


NONE = Preferences()
"""Of a reader who said nothing."""
