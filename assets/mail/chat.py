"""Chat channels: every mailed edition is posted once to each, as an intent that is written down before.

As in the outbox, `sending` is committed before a post leaves, so that after a crash it is `unknown` and not posted
again by itself. No failure of a channel reaches the mails. How a post travels is `webhook`'s business.
"""

import datetime
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from assets.mail import webhook
from assets.mail.attempt import DUE, State, States, attempted, noted, pause
from assets.mail.database.opened import Place, now, opened, transaction
from assets.mail.database.tables import chat
from assets.mail.database.turn import Busy, Turn, turn
from assets.mail.edition import Edition, shortened
from assets.mail.render import is_web_url

PAPERS = 5
"""How many papers a post names; a channel is not an edition."""

TITLE_LENGTH = 150
"""Characters of a paper's title."""

FIRST_PAUSE, LONGEST_PAUSE = datetime.timedelta(minutes=5), datetime.timedelta(hours=4)
"""Between attempts; each is twice as long as the one before."""

_CALLS = re.compile(r"@(?=\w)|<(?=[!@#&])")
"""By which a chat service would call people: `@everyone`, `<!channel>`."""


@dataclass(frozen=True)
class Post:
    """One edition for one channel; times are UTC without a zone."""

    day: datetime.date
    channel: str
    state: State
    edition: str  # SHA-256 of it
    attempts: int
    reason: str
    due_at: datetime.datetime
    updated_at: datetime.datetime


class Chat:
    """The posts to the channels at `urls`, in the database at `place`, made where it does not exist."""

    def __init__(self, place: Place, urls: Sequence[str] = ()) -> None:
        self._engine, self._urls = opened(place), urls
        self._states = States(self._engine, chat)

    @cached_property
    def channels(self) -> dict[str, str]:
        """The URLs by the channels' names, which are no secrets."""
        return {f"chat-{webhook.name(url)}": url for url in self._urls}

    def enqueue(self, edition: Edition) -> None:
        """Write down that each channel is to get the edition of its day; who was to get one of that day keeps it."""
        day = edition.day
        untried = {"state": State.PENDING, "attempts": 0, "reason": "", "updated_at": now()}
        first = {**untried, "due_at": now() + FIRST_PAUSE}
        with transaction(self._engine) as connection:
            known = set(connection.scalars(sa.select(chat.c.channel).where(chat.c.day == day)))
            new = [name for name in self.channels if name not in known]
            rows = [{"day": day, "channel": name, "edition": edition.content_hash, **first} for name in new]
            if rows:
                connection.execute(sa.insert(chat), rows)

    def post(self, edition: Edition, page: str) -> None:
        """Post what is due of the edition's day; `page` is its web view, or empty. Nothing while another process does.

        The rows tell afterwards what became of it.
        """
        with suppress(Busy), turn(self._engine, "chat.lock", wait=0) as held:
            ended = "the sender ended without noting the outcome"
            self._states.move(sa.true(), (State.SENDING,), State.UNKNOWN, ended, held)
            unnamed = chat.c.channel.not_in(list(self.channels))
            self._states.move(unnamed, DUE, State.CANCELLED, "the settings name this channel no longer", held)
            for row in self.rows(edition.day):
                if row.state in DUE:
                    self._attempt(row, edition, page, held)

    def waiting(self, since: datetime.date, at: datetime.datetime) -> dict[datetime.date, datetime.datetime]:
        """The days from `since` on of which posts are due again at `at`, and when each changed."""
        due = sa.and_(chat.c.day >= since, chat.c.state.in_(DUE), chat.c.due_at <= at)
        query = sa.select(chat.c.day, sa.func.max(chat.c.updated_at)).where(due).group_by(chat.c.day)
        with self._engine.connect() as connection:
            return {day: changed for day, changed in connection.execute(query)}

    def give_up(self, before: datetime.date, untouched: datetime.datetime) -> int:
        """Note as failed what is due of the days before that one and was not touched since a time; how many posts."""
        past = sa.and_(chat.c.day < before, chat.c.updated_at < untouched)
        return self._states.move(past, DUE, State.FAILED, "given up, for the edition is past. " + chat.c.reason)

    def resolve(self, day: datetime.date, channel: str, *, sent: bool) -> bool:
        """Whether a post was `unknown`; now it is sent, or due, as the operator found in the channel."""
        this = sa.and_(chat.c.day == day, chat.c.channel == channel)
        state, reason = (State.SENT, "") if sent else (State.RETRY, "not sent, the operator says")
        return self._states.move(this, (State.UNKNOWN,), state, reason) > 0

    def again(self, day: datetime.date, channel: str | None = None) -> int:
        """Make due what failed of a day, or of one channel's; how many posts that are."""
        which = sa.true() if channel is None else chat.c.channel == channel
        return self._states.move(sa.and_(chat.c.day == day, which), (State.FAILED,), State.RETRY, "to be tried again")

    def rows(self, day: datetime.date | None = None) -> list[Post]:
        """The posts of a day, or of all days, by day and channel."""
        query = sa.select(chat).order_by(chat.c.day, chat.c.channel)
        if day is not None:
            query = query.where(chat.c.day == day)
        with self._engine.connect() as connection:
            return [Post(**{**row, "state": State(row["state"])}) for row in connection.execute(query).mappings()]

    def troubles(self, since: datetime.date, until: datetime.date = datetime.date.max) -> list[str]:
        """What was tried and did not arrive, of the days from one to another, in words."""
        told = (State.RETRY, State.FAILED, State.UNKNOWN)
        rows = [row for row in self.rows() if since <= row.day <= until and row.state in told]
        return [f"the post of {row.day} to {row.channel} is {row.state}: {row.reason}" for row in rows]

    def _attempt(self, row: Post, edition: Edition, page: str, held: Turn) -> None:
        this = sa.and_(chat.c.day == row.day, chat.c.channel == row.channel)
        at = now()
        tried = {"attempts": row.attempts + 1, "due_at": at + pause(row.attempts, FIRST_PAUSE, LONGEST_PAUSE)}
        if not self._states.move(this, DUE, State.SENDING, "", held, **tried, updated_at=at):
            return
        # Who lost the turn does not touch what the next sender claimed.
        ours = sa.update(chat).where(this, chat.c.state == State.SENDING, chat.c.updated_at == at)

        def note(state: State, reason: str) -> None:
            noted(self._engine, ours.values(state=state, reason=reason, updated_at=now()), held)

        with attempted(note):
            webhook.post(self.channels[row.channel], lambda title, text: said(edition, page, title, text))


def said(edition: Edition, page: str, title_room: int, room: int) -> tuple[str, str]:
    """The title and the text of a post, within so many characters; papers that find no room are left out.

    What a reader must know before all else comes first. Without room for a title it is the text's first line.
    """
    state = "" if edition.state == "fresh" else f" ({edition.state})"
    title = f"Paperboy: {edition.heading}{state}"
    if title_room < len(title):
        room -= len(title) + 2  # the library puts it before the text
    ending = f"\n\nAll of it: {page}" if page else ""
    text = shortened(_quiet(" ".join((*edition.alarms, edition.lead))), max(room - len(ending) - 2, 0))
    for number, paper in enumerate(edition.papers[:PAPERS], 1):
        link = f"\n{paper.url}" if is_web_url(paper.url) else ""
        entry = f"\n\n{number}. {_quiet(shortened(paper.title, TITLE_LENGTH))}{link}"
        if len(text) + len(entry) + len(ending) > room:
            break
        text += entry
    return title, text + ending


def _quiet(text: str) -> str:
    """A stranger's words that call nobody, by a space without width."""
    return _CALLS.sub(lambda found: f"{found[0]}\u200b", text)
