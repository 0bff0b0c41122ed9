"""The mail desk: from a day's digest to an edition, and from an edition to a mail for every reader, once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from assets.mail import render
from assets.mail.edition import Counts, Edition, edition
from assets.mail.message import message, message_id
from assets.mail.outbox import Outbox
from assets.mail.transport import Transport

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

DELIVERY = pl.Schema(
    {
        "day": pl.Date(),
        "recipient": pl.String(),
        "state": pl.String(),
        "message_id": pl.String(),
        "edition": pl.String(),
        "papers": pl.Int32(),
        "reason": pl.String(),
    }
)
"""The columns of `deliveries`."""

STATE = "SELECT state FROM fetch_ledger WHERE day = $day"


@dataclass(frozen=True)
class Desk:
    """Who mails what to whom: the settings of the mail, with its outbox and transport."""

    outbox: Outbox
    transport: Transport
    sender: str
    recipients: Collection[str]
    size: int
    current_days: int
    time_zone: str

    def today(self) -> date:
        """The operator's date; the newest day that can be over is the one before."""
        return datetime.now(ZoneInfo(self.time_zone)).date()

    def mail(self, edition: Edition) -> None:
        """Write down a mail for every reader who has none of this day yet, then send what is due.

        A day without papers is not mailed.
        """
        if not edition.counts.digest:
            return
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        readers = list(self.recipients)
        ids = [message_id(edition.day, reader, domain) for reader in readers]
        self.outbox.enqueue(edition.day, edition.content_hash, edition.counts.digest, readers, ids)
        html, text = render.html(edition), render.text(edition)

        def compose(reader: str, identity: str) -> EmailMessage:
            return message(
                sender=self.sender, recipient=reader, subject=edition.subject, text=text, html=html,
                message_id=identity, date=datetime.now(UTC),
            )  # fmt: skip

        self.outbox.deliver(edition.day, self.transport, compose)

    def delivered(self, days: Collection[date]) -> pl.DataFrame:
        """The outbox's rows of these days, with the columns of `deliveries`."""
        rows = [row for day in days for row in self.outbox.rows(day)]
        return pl.DataFrame(
            [
                (row.day, row.recipient, str(row.state), row.message_id, row.edition, row.papers, row.reason)
                for row in rows
            ],
            schema=DELIVERY,
            orient="row",
        )


def day_edition(warehouse: "Warehouse", day: date) -> Edition:
    """The edition of a day as its tables stand; without papers where nothing was published."""
    states = warehouse.read(STATE, {"day": day})["state"].to_list()
    rows = {table: warehouse.rows(table, [day]) for table in ("fetched_papers", "unique_papers", "digest")}
    counts = Counts(*(rows[table].height for table in ("fetched_papers", "unique_papers", "digest")))
    return edition(day, _state(states), rows["digest"], counts)


def _state(sources: Collection[str]) -> str:
    """The day's state from its sources': fresh as soon as one has papers and none failed."""
    worst = {"failed", "incomplete", "waiting"}.intersection(sources)
    return min(worst) if worst else "fresh" if "fresh" in sources else "quiet"
