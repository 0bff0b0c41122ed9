"""A reader: an address that mail goes to because its owner, or the operator, asked for it."""

import datetime
from dataclasses import dataclass
from email.headerregistry import Address
from enum import StrEnum

from email_validator import EmailNotValidError

from assets.mail.message import mailbox
from assets.mail.readers.preferences import Preferences


class InvalidAddress(Exception):
    """What was given is not one mail address; the text says why."""


class State(StrEnum):
    """Whether a reader is mailed: only one who is confirmed."""

    PENDING = "pending"  # asked for the digest, and has not confirmed the address
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    UNNAMED = "unnamed"  # was one by the settings, which no longer name the address
    SUPPRESSED = "suppressed"  # no mail can go there


class Origin(StrEnum):
    """Who named the address."""

    SETTINGS = "settings"  # `mail.recipients`: a reader for as long as they name it
    OPERATOR = "operator"
    READER = "reader"


@dataclass(frozen=True)
class Reader:
    """One reader; times are UTC without a zone."""

    id: str  # `r` and twelve hexadecimal digits: what logs and tables may hold
    address: str
    name: str
    state: State
    origin: Origin
    token: str  # opaque; whoever has it may unsubscribe this reader and set what they want, for ever
    preferences: Preferences
    asked_at: datetime.datetime
    updated_at: datetime.datetime  # since when they are in this state, and mailed on these days

    @property
    def mailbox(self) -> str:
        """`Ada <ada@lab.example>`, or the address alone."""
        return mailbox_of(self.name, self.address)


def mailbox_of(name: str, address: str) -> str:
    """A name and an address, also one beyond ASCII, as one text."""
    local, _, domain = address.rpartition("@")
    return str(Address(name, local, domain)) if name else address


def parsed(written: str) -> tuple[str, str]:
    """The name and the address of `Ada <ada@lab.example>`. Raises `InvalidAddress`."""
    try:
        found = mailbox(written)
    except (EmailNotValidError, ValueError, IndexError) as error:
        raise InvalidAddress(f"{written!r} is not a mail address: {error}") from error
    return found.display_name, found.addr_spec


def key(address: str) -> str:
    """An address as it is compared: hardly a server tells capitals apart, and a reader is to be mailed once."""
    return address.casefold()
