"""The mail desk: from a day's digest to an edition, and from an edition to a mail for every reader, once.

What was mailed is frozen: the outbox says for which days mails were written down, and `editions` what the digest of
such a day held, so that no later edition shows it again. The outbox is written first, and all of a day at once;
`settle` brings `editions` up to it, before any digest is made again. So no crash can part the two.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from assets.mail import feeds
from assets.mail.attempt import State
from assets.mail.carried import NEW, waiting
from assets.mail.chat import Chat
from assets.mail.compose import Composer
from assets.mail.database.opened import now
from assets.mail.edition import Counts, Edition, Waiting
from assets.mail.known import Morning
from assets.mail.lists import SourceList
from assets.mail.material import Material, daily
from assets.mail.outbox import Outbox
from assets.mail.plan import Choosable, Plan, Planner
from assets.mail.pool import Pools
from assets.mail.rank import Ranking
from assets.mail.readers.likes import Likes
from assets.mail.readers.reader import Reader
from assets.mail.readers.store import Readers
from assets.mail.returned.address import Addresses
from assets.mail.shelf import Shelf
from assets.mail.tasting import Tasting
from assets.mail.transport import Transport
from assets.mail.words import ENGLISH
from assets.mail.writer import Writer

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

DELIVERY = pl.Schema(
    {
        "day": pl.Date(),
        "reader": pl.String(),
        "state": pl.String(),
        "message_id": pl.String(),
        "edition": pl.String(),
        "papers": pl.Int32(),
        "reason": pl.String(),
    }
)
"""The columns of `deliveries`."""

LISTS = "SELECT source, state, fetched, expected FROM fetch_ledger WHERE day = $day ORDER BY source"

UNSHOWN = """
    SELECT * REPLACE (row_number() OVER (ORDER BY place) AS place)
    FROM digest WHERE day = $day AND work_id NOT IN (SELECT work_id FROM editions WHERE day <> $day)
"""
"""A day's digest without what another edition has shown."""

FIGURES = """
    SELECT (SELECT count(*) FROM fetched_papers WHERE day = $day) AS fetched,
           (SELECT count(*) FROM unique_papers WHERE day = $day AND revision IS NOT TRUE) AS works
"""

UNSETTLED = """
    SELECT digest.day, work_id, coalesce(listed_on, digest.day) AS listed_on, coalesce(arrival, 'new') AS arrival,
           recorded_at AS frozen_at
    FROM digest JOIN partitions ON partitions.day = digest.day AND partitions.asset = 'digest'
    WHERE list_contains($days, digest.day) AND digest.day NOT IN (SELECT day FROM editions)
      AND work_id NOT IN (SELECT work_id FROM editions)
"""
"""What mails were written down of and `editions` does not hold. A paper that comes after its digest was made is late,
however long the mail took, so that is when an edition was frozen."""


@dataclass(frozen=True)
class Desk:
    """Who mails what to whom: the settings of the mail and of the ranking, with the outbox and its transport.

    `named` are the addresses that the settings make readers. Editions are kept on the `shelf`, for the web service at
    `url`; without one, empty, mails have no links to it. They are posted to the channels of `chat`, too. The
    `writer`, if there is one, adds a line to the papers of a digest; mails come back to the addresses of `returns`,
    where somebody reads them. `language` is that of the editions on the shelf, and of mails to who chose none.
    """

    outbox: Outbox
    readers: Readers
    likes: Likes
    transport: Transport
    sender: str
    named: Collection[str]
    ranking: Ranking
    current_days: int
    morning: Morning
    shelf: Shelf
    chat: Chat
    url: str = ""
    writer: Writer | None = None
    returns: Addresses | None = None
    language: str = ENGLISH.language

    def today(self) -> date:
        """The operator's date; the newest day that can be over is the one before."""
        return datetime.now(ZoneInfo(self.morning.time_zone)).date()

    def waiting(self) -> dict[date, datetime]:
        """The days of which mails or posts are due, and since when, or when each changed."""
        oldest, at = self._oldest(), now()
        found = self.outbox.waiting(oldest, at)
        for day, changed in self.chat.waiting(oldest, at).items():
            found[day] = max(changed, found.get(day, changed))
        return dict(sorted(found.items()))

    def give_up(self) -> tuple[dict[date, int], int]:
        """Note as failed what waits of past editions, and nobody asked for within a day: mails by day, and posts."""
        oldest, at = self._oldest(), now()
        return self.outbox.give_up(oldest, at), self.chat.give_up(oldest, at - timedelta(days=1))

    def pools(self, warehouse: "Warehouse", made: Material[Edition]) -> Pools:
        """What readers choose from of the day that was `made`."""
        tasting = Tasting(warehouse, self.likes, made.frame.day)
        return Pools(warehouse, made, self.ranking, self.morning, self.today() - timedelta(days=1), tasting)

    def mail(
        self,
        made: Material[Edition],
        pools: Choosable,
        *,
        again: bool = False,
        confirmed: bool = False,
    ) -> None:
        """Write down a mail for every reader who is due and has none of this day yet, then send what is due.

        `made` is the day's edition for all, `pools` are what readers choose from. Who would get no paper is not mailed.
        The edition for all is posted, after the mails. If `again`, nothing is written down: what is due is sent. If
        `confirmed`, the operator asked for the day by name.
        """
        edition = made.whole
        readers = {reader.id: reader for reader in self.readers.due(self.named)}
        if not again:
            planner = self.planner(edition.day, confirmed=confirmed)
            self._write_down(edition, planner.plan(list(readers.values()), pools))
        if edition.papers:
            self.shelf.put(edition, self.outbox.editions(edition.day), made.whole_in(self.language))
            if self.url:
                feeds.write(self.shelf, self.url)
        with self.readers.with_tokens(readers) as reader:
            compose = self.composer(reader, made).compose
            self.outbox.deliver(edition.day, self.transport, compose, self.readers.suppress)
        self.chat.post(edition, self.url and f"{self.url}/editions/{edition.day}")

    def planner(self, day: date, *, confirmed: bool = False) -> Planner:
        """Plans for the edition of a day; `confirmed` as for `mail`."""
        return Planner(
            self.outbox, day, self.ranking.size, self.morning.time_zone, self._domain, confirmed, self.likes.who()
        )

    def composer(self, reader: Callable[[str], Reader | None], made: Material[Edition]) -> Composer:
        """Makes the mails of the day that was `made` to whom `reader` finds by an id."""
        return Composer(self.outbox, reader, self.sender, self.url, made, self.returns, self.language)

    def _write_down(self, edition: Edition, plan: Plan) -> None:
        """The plan ends with this: of many readers it is large, and delivering takes long."""
        self.outbox.enqueue(edition.day, edition.content_hash, plan.mails, plan.materials)
        # After the mails: a post that waits without them would have the day pass for mailed.
        if edition.papers:
            self.chat.enqueue(edition)

    def _oldest(self) -> date:
        """The oldest day that may be current."""
        return self.today() - timedelta(days=self.current_days)

    @property
    def _domain(self) -> str:
        return parseaddr(self.sender)[1].rpartition("@")[2]

    def settle(self, warehouse: "Warehouse") -> None:
        """Note in `editions` what every edition held of which mails or posts were written down; it stays."""
        days = list({*self.outbox.states(date.min, date.max), *(post.day for post in self.chat.rows())})
        unsettled = warehouse.read(UNSETTLED, {"days": days})
        if mailed := unsettled["day"].unique().to_list():
            warehouse.publish("deliveries", mailed, {"editions": unsettled})

    def delivered(self, days: Collection[date]) -> pl.DataFrame:
        """The outbox's rows of these days but those that wait for a reader's hour, with the columns of `deliveries`."""
        rows = [row for day in days for row in self.outbox.rows(day) if row.state is not State.PENDING or row.is_due]
        return pl.DataFrame(
            [
                (row.day, row.reader, str(row.state), row.message_id, row.edition, row.papers, row.reason)
                for row in rows
            ],
            schema=DELIVERY,
            orient="row",
        )


def day_edition(warehouse: "Warehouse", day: date) -> Edition:
    """The edition of a day as its tables stand; without papers where nothing was published.

    What another edition has shown is left out; of this one's own, once it was mailed, nothing.
    """
    return day_material(warehouse, day).whole


def day_material(warehouse: "Warehouse", day: date) -> Material[Edition]:
    """What the mails of a day are made of: the frame of `day_edition`, and its papers."""
    with warehouse.kept_open():
        lists = [SourceList(**row) for row in warehouse.read(LISTS, {"day": day}).to_dicts()]
        digest = warehouse.read(UNSHOWN, {"day": day})
        # Editions of before works of earlier days were carried say nothing of how theirs came.
        digest = digest.with_columns(pl.col("arrival").fill_null(NEW), pl.col("listed_on").fill_null(pl.col("day")))
        fetched, works = warehouse.read(FIGURES, {"day": day}).row(0)
        earlier = digest.filter(pl.col("arrival") != NEW)
        waited = _waited(earlier, waiting(warehouse, day)) if earlier.height else {}
    return daily(day, lists, digest, Counts(fetched, works, digest.height - earlier.height, waited))


def _waited(shown: pl.DataFrame, waiting: pl.DataFrame) -> dict[str, Waiting]:
    """The figures of what waited for an edition, of which some is shown, by arrival."""
    columns = ("work_id", "listed_on", "arrival")
    works = pl.concat([shown.select(columns), waiting.select("work_id", "arrival", listed_on="day").select(columns)])
    figures = works.unique("work_id", keep="first", maintain_order=True).group_by("arrival")
    rows = figures.agg(works=pl.len(), first=pl.min("listed_on"), last=pl.max("listed_on")).to_dicts()
    return {row.pop("arrival"): Waiting(**row) for row in rows}
