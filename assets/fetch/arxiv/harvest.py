"""The harvest over OAI-PMH: https://info.arxiv.org/help/oa/index.html.

A record's datestamp is the day when it was last modified, so what was announced on a past day is spread over all
datestamps from then until now. A set is therefore harvested back to that day and up to now, in slices of a week, each
of which goes on after its last page wherever it was broken off. The last slice has no end, and the next one begins on
the day that the server's own clock said when this one began.
"""

from datetime import UTC, date, datetime, time, timedelta

from filelock import FileLock

from assets.fetch.arxiv import markup, oai
from assets.fetch.arxiv.store import Coverage, HarvestStore, Short, Slice
from assets.fetch.bodies import BodyStore
from assets.fetch.http import Client
from assets.fetch.source import Body, SourceError

EARLIEST = date(2005, 9, 16)
"""The first datestamp that there is; older records bear it."""

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
FRESH_STARTS = 2
TOKEN_HOLDS = timedelta(hours=12)
"""A token counts records; when some of them have been modified since, it skips others that were never seen."""

FORMAT = "arXivRaw"


class Harvest:
    """Fills `store` from `url`; every page is in `bodies` before it is parsed."""

    def __init__(self, client: Client, bodies: BodyStore, store: HarvestStore, url: str) -> None:
        self._client, self._bodies, self.store, self._url = client, bodies, store, url

    def reach(self, harvest_set: str, since: date, until: datetime, now: datetime) -> list[Short]:
        """Harvest a set back to the datestamp `since`, and up to now unless it was asked after `until` already.

        Gives the slices from then on that came short. Raises `SourceError` where the harvest breaks off; what came
        is kept, and the next call goes on from there.
        """
        since = max(since, EARLIEST)
        with FileLock(f"{self.store.file}.{harvest_set.replace(':', '.')}.lock"):
            if broken_off := self.store.at(harvest_set):
                holds = now - broken_off.asked_at <= TOKEN_HOLDS
                anew = Slice(harvest_set, broken_off.first, broken_off.last, now)
                self._harvest(broken_off if holds else anew)
            for short in self.store.short(harvest_set, since):
                self._harvest(Slice(harvest_set, short.first, short.last, now))
            self._backwards(harvest_set, since, now)
            covered = self.store.coverage(harvest_set)
            if covered is None or covered.asked_at is None or covered.asked_at < until:
                self._forwards(harvest_set, since, now)
            return self.store.short(harvest_set, since)

    def take(self, paper: str) -> list[date]:
        """Harvest one paper that no slice gave; returns the days whose lists name it.

        Raises `SourceError` where arXiv does not give it.
        """
        identifier = f"oai:arXiv.org:{paper}"
        query = {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": FORMAT}
        body = self._client.get(self._url, query, accept=markup.ACCEPT, check=_usable)
        self._bodies.put(body)
        return self.store.take(oai.page(body).records, body.sha256)

    def _backwards(self, harvest_set: str, since: date, now: datetime) -> None:
        while (covered := self.store.coverage(harvest_set)) and since < covered.first:
            first = max(since, covered.first - WEEK)
            self._harvest(Slice(harvest_set, first, covered.first - DAY, now))

    def _forwards(self, harvest_set: str, since: date, now: datetime) -> None:
        """Week by week as long as the week is surely over, then without an end."""
        over, previous = now.astimezone(UTC).date() - DAY, None
        while True:
            covered = self.store.coverage(harvest_set)
            first = covered.through.date() if covered else since
            last = first + WEEK - DAY
            # A server whose clock stands before the slice would give the same one for ever.
            ends = last < over and first != previous
            self._harvest(Slice(harvest_set, first, last if ends else None, now))
            if not ends:
                return
            previous = first

    def _harvest(self, part: Slice) -> None:
        """One slice to its end; one that came short of what the server counts is asked for a second time."""
        if not part.responded_at:
            self.store.begin(part)
        part = self._whole(part)
        if self._short(part):
            part = self._whole(self._anew(part))
        self.store.end(part, self._covering(part), self._short(part))

    def _whole(self, part: Slice) -> Slice:
        starts = 0
        while part.token or not part.responded_at:
            try:
                part = self._next(part)
            except SourceError as error:
                expired = isinstance(error, oai.TokenExpired) or (part.token and not error.transient)
                if not expired or starts == FRESH_STARTS:
                    raise
                starts += 1
                part = self._anew(part)
        return part

    def _next(self, part: Slice) -> Slice:
        def usable(body: Body) -> None:
            page = _usable(body)
            if page and part.token and self.store.repeats(part, page):
                raise SourceError(f"{body.url}: the page repeats what came before it", transient=True)

        body = self._client.get(self._url, self._query(part), accept=markup.ACCEPT, check=usable)
        self._bodies.put(body)
        page = oai.page(body)
        if page.token and page.token == part.token:
            raise SourceError(f"{body.url}: the page names itself as the next one", transient=True)
        return self.store.add(part, page, body.sha256)

    def _query(self, part: Slice) -> dict[str, str]:
        if part.token:
            return {"verb": "ListRecords", "resumptionToken": part.token}
        query = {"verb": "ListRecords", "metadataPrefix": FORMAT, "set": part.harvest_set}
        query["from"] = part.first.isoformat()
        return query | ({"until": part.last.isoformat()} if part.last else {})

    def _anew(self, part: Slice) -> Slice:
        fresh = Slice(part.harvest_set, part.first, part.last, part.asked_at)
        self.store.begin(fresh)
        return fresh

    def _short(self, part: Slice) -> Short | None:
        received = self.store.received(part)
        if part.expected is None or received >= part.expected:
            return None
        last = part.last or _through(part).date()
        return Short(part.harvest_set, part.first, last, received, part.expected)

    def _covering(self, part: Slice) -> Coverage:
        """What the slice's set covers, now that the slice is through."""
        covered, through = self.store.coverage(part.harvest_set), _through(part)
        if covered is None:
            return Coverage(part.first, through, None if part.last else part.asked_at)
        if part.last is None:
            return Coverage(covered.first, max(covered.through, through), part.asked_at)
        asked_at = covered.asked_at if through > covered.through else None
        return Coverage(min(covered.first, part.first), max(covered.through, through), asked_at)


def _through(part: Slice) -> datetime:
    """Up to when a slice has everything, by the server's clock: no slice holds what is still to come."""
    if part.responded_at is None:
        raise ValueError(f"{part} has no page yet")
    if part.last is None:
        return part.responded_at
    return min(part.responded_at, datetime.combine(part.last + DAY, time(), UTC))


def _usable(body: Body) -> oai.Page | None:
    """The page of an answer with its time; that a token is no longer good is an answer too, without a page."""
    try:
        page = oai.page(body)
    except oai.TokenExpired:
        return None
    if page.responded_at is None:
        raise SourceError(f"{body.url}: a harvest without a responseDate", transient=True)
    return page
