"""arXiv's daily lists of some categories.

The list of a day is its announcement: that is current for a day, and is kept when it is seen. For a day whose
announcement nobody kept, the list is made again from the harvest by the rule of `lists.py`.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from defusedxml.ElementTree import tostring

from assets.fetch import calendar
from assets.fetch.arxiv import feed, ids, markup, oai
from assets.fetch.arxiv.harvest import Harvest
from assets.fetch.arxiv.store import HarvestStore
from assets.fetch.bodies import BodyStore
from assets.fetch.http import Client
from assets.fetch.source import Body, Listing, SourceError

CURRENT_DAYS = 4
"""How long after its day an announcement may still be the current one: over a weekend and a holiday."""

FEED_HOLDS = timedelta(minutes=10)
"""For so long one look at the feed serves all days of a run."""

DAYS_BACK = 10
OAI_NAMESPACE = "{http://www.openarchives.org/OAI/2.0/}"
LISTED = "{urn:paperboy:listed}listed"
"""What a list that is made from the harvest says of each record, in its `<about>`: the version, and why it is named."""


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class ArxivSource:
    """The lists of `categories`; `folder` keeps the harvest."""

    name = "arxiv"

    def __init__(
        self,
        client: Client,
        bodies: BodyStore,
        folder: Path,
        *,
        categories: Collection[str],
        feed_url: str,
        oai_url: str,
        holidays: Collection[date] = (),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client, self._bodies, self._now = client, bodies, now
        self._categories, self._feed_url, self._oai_url = tuple(categories), feed_url, oai_url
        self._looked: tuple[datetime, SourceError | None] | None = None
        self.calendar = calendar.load(self.name, holidays)
        self.harvest = Harvest(client, bodies, HarvestStore(folder / "harvest.sqlite", self.calendar), oai_url)

    def fetch(self, day: date) -> Listing:
        """The day's announcement, else the list by the harvest once it is due; nothing on a day without a list."""
        if not self.calendar.lists_on_weekday(day):
            return Listing()
        now, failure = self._now(), None
        if abs(now.astimezone(self.calendar.zone).date() - day) <= timedelta(days=CURRENT_DAYS):
            failure = self._current_announcement(now)
        if announcement := self._kept(day):
            return announcement
        if self.calendar.lists(day) and now >= self.calendar.due_at(day):
            return self._harvested(day, now, failure)
        if failure:
            raise failure
        return Listing()

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        told = feed.once(row for body in bodies for row in _rows(body))
        usual = {"day": day, "source": self.name, "links": []}
        return [{**usual, **row, "url": f"https://arxiv.org/abs/{row['source_id']}"} for row in told]

    def newest_day(self, until: date) -> date | None:
        """The latest day whose list is announced already, by the calendar; the feed is asked whether it answers."""
        days = (until - timedelta(days=back) for back in range(DAYS_BACK))
        now = self._now()
        if failure := self._current_announcement(now):
            raise failure
        return next((day for day in days if self.calendar.lists(day) and self.calendar.announced_at(day) <= now), None)

    def _current_announcement(self, now: datetime) -> SourceError | None:
        """Look at the feed, unless that was done just now for another day; gives what went wrong."""
        if self._looked is None or now - self._looked[0] > FEED_HOLDS:
            failure = None
            try:
                self._keep_announcement()
            except SourceError as error:
                failure = error
            self._looked = now, failure
        return self._looked[1]

    def _keep_announcement(self) -> None:
        """Keep the current announcement under its own day, whatever day is asked for: tomorrow it is gone.

        A feed that names nobody is not kept; on a day with a list it is a mistake.
        """
        day, entries, body = self._announcement(self._categories)
        if entries:
            listing = Listing([body]) if entries < feed.MOST else self._by_category(day)
            self._bodies.keep(self._announcement_name, day, listing)

    def _by_category(self, day: date) -> Listing:
        """The announcement of each category by itself, for one that is cut."""
        parts = {category: self._announcement([category]) for category in self._categories}
        if any(part[0] != day for part in parts.values()):
            raise SourceError(f"{self.name}: the announcement of {day} changed while it was asked for", transient=True)
        cut = [category for category, (_, entries, _) in parts.items() if entries >= feed.MOST]
        missing = f"arXiv cuts an announcement after {feed.MOST} entries: {', '.join(cut)}" if cut else ""
        return Listing([body for _, _, body in parts.values()], missing=missing)

    def _announcement(self, categories: Collection[str]) -> tuple[date, int, Body]:
        """The feed of these categories: its day, how many entries it has, and its body."""
        url = f"{self._feed_url}/{'+'.join(categories)}"
        body = self._client.get(url, accept=markup.ACCEPT, check=feed.announcement)
        told = feed.announcement(body)
        return told.day, len(told.rows), body

    @property
    def _announcement_name(self) -> str:
        return f"arxiv announcement: {'+'.join(self._categories)}"

    def _kept(self, day: date) -> Listing | None:
        try:
            return self._bodies.listing(self._announcement_name, day)
        except FileNotFoundError:
            return None

    def _harvested(self, day: date, now: datetime, failure: SourceError | None) -> Listing:
        """The list by the rule. Raises `SourceError` where the harvest breaks off: a part of a list is none."""
        since, due = day - timedelta(days=1), self.calendar.due_at(day)
        sets = sorted({ids.harvest_set(category) for category in self._categories})
        short = [part for harvest_set in sets for part in self.harvest.reach(harvest_set, since, due, now)]
        root, count = self._list(day)
        body = Body(tostring(root), f"{self._oai_url}?verb=ListRecords&metadataPrefix=arXivRaw#day={day}", now)
        lacking = f"the announcement could not be had ({failure}); the list is the harvest's" if failure else ""
        return Listing([body], count, missing="; ".join(map(str, short)), lacking=lacking)

    def _list(self, day: date) -> tuple[Element, int]:
        """The stored records of the day's list as one OAI-PMH document, and how many there are."""
        root = Element(f"{OAI_NAMESPACE}OAI-PMH")
        records = SubElement(root, f"{OAI_NAMESPACE}ListRecords")
        for record, version in self.harvest.store.announced(day):
            if not ids.chosen(record.categories, self._categories):
                continue
            kind = "new" if version == 1 else "replace"
            if not ids.chosen(record.categories[:1], self._categories):
                kind = "cross" if version == 1 else "replace-cross"
            about = SubElement(record.element, f"{OAI_NAMESPACE}about")
            SubElement(about, LISTED, {"version": str(version), "announced": kind})
            records.append(record.element)
        return root, len(records)


def _rows(body: Body) -> Iterator[dict[str, Any]]:
    root = markup.tree(body, *feed.ROOTS, oai.ROOT)
    if markup.local(root) in feed.ROOTS:
        yield from ({**row, "body": body.sha256} for row in feed.announcement(body).rows)
        return
    try:
        yield from ({**_listed(element), "body": body.sha256} for element in root.iter(f"{OAI_NAMESPACE}record"))
    except ValueError as error:
        raise SourceError(f"{body.url}: {error}") from error


def _listed(record: Element) -> dict[str, Any]:
    """A record of a list that was made from the harvest; raises `ValueError` for one of another document."""
    listed = record.find(f"{OAI_NAMESPACE}about/{LISTED}")
    if listed is None:
        raise ValueError("a record that does not say why it is listed")
    told = {"version": int(listed.get("version", "")), "announced": listed.get("announced")}
    return {**oai.row(oai.record(record)), **told}
