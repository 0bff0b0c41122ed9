"""The embedded source: fictional papers of our own writing for any weekday, without a network.

Its lists hold what real feeds hold: TeX, entities, hard line breaks, the same work from a second feed,
revisions, withdrawals, late arrivals and, one weekday in three, a broken record. Every link is on a reserved
host. What the papers say is `sample_works`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from assets.fetch.sample_text import Dice, escaped, texed, wrapped
from assets.fetch.sample_works import Draft, Work, draft, phrase, works
from assets.fetch.source import Body, Listing, SourceError, utc

_COPIED = "version title abstract authors affiliations categories keywords votes comments doi note links url".split()


class SampleSource:
    """Papers that do not exist, the same ones on every machine."""

    name = "sample"
    calendar = None

    def fetch(self, day: date) -> Listing:
        """The day's list as one JSON body, `{"day", "count", "papers"}`; none on weekends."""
        if day.weekday() > 4:
            return Listing()
        papers = _listed(day)
        feed = {"day": day.isoformat(), "count": len(papers), "papers": papers}
        body = Body(_compact(feed).encode(), f"sample:///{day.isoformat()}", datetime.now(UTC))
        return Listing([body], expected=len(papers))

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        """The papers of the bodies as rows. Raises `SourceError` for a body that is no list of the day."""
        return [row for body in bodies for row in _rows(day, body)]

    def newest_day(self, until: date) -> date | None:
        """The last weekday up to and including `until`."""
        return until - timedelta(days=max(0, until.weekday() - 4))


def _rows(day: date, body: Body) -> list[dict[str, Any]]:
    try:
        feed = json.loads(body.content)
        listed, count, papers = feed["day"], feed["count"], feed["papers"]
        rows = [_row(day, body.sha256, paper) for paper in papers]
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"sample: {body.url}: not a list of papers: {error!r}") from error
    if listed != day.isoformat():
        raise SourceError(f"sample: {body.url}: a list for {listed} instead of {day}")
    if count != len(rows):
        raise SourceError(f"sample: {body.url}: {len(rows)} papers instead of {count}")
    return rows


def _row(day: date, sha256: str, paper: dict[str, Any]) -> dict[str, Any]:
    return {key: paper[key] for key in _COPIED} | {
        "day": day,
        "source": SampleSource.name,
        "source_id": paper["id"],
        "published": utc(paper["published"]),
        "body": sha256,
        "record": _compact(paper),
    }


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _listed(day: date) -> list[dict[str, Any]]:
    papers = []
    for work in works(day):
        if work.fate == "late":
            continue
        written = draft(work)
        papers.append(_first(work, written))
        if work.fate == "mirrored":
            papers.append(_mirror(work, written))
    for fate, (weekdays, told) in _LATER.items():
        earlier = works(_weekdays_before(day, weekdays))
        papers += [told(work, draft(work)) for work in earlier if work.fate == fate]
    return Dice(f"order {day.isoformat()}").shuffled(papers)


def _weekdays_before(day: date, count: int) -> date:
    weeks, weekday = divmod(day.weekday() - count, 5)
    return day + timedelta(weeks=weeks, days=weekday - day.weekday())


def _first(work: Work, written: Draft) -> dict[str, Any]:
    dice = Dice(f"{work.id} v1")
    paper = _paper(work, written, dice)
    if work.fate == "broken":
        paper |= dice.pick([{"title": ""}, {"title": "  "}, {"abstract": ""}])
    return paper


def _revision(work: Work, written: Draft) -> dict[str, Any]:
    dice = Dice(f"{work.id} v2")
    *kept, last = written.sentences
    changed = replace(written, sentences=[*kept, phrase("revision", dice), last])
    paper = _paper(work, changed, dice) | {"version": 2, "note": phrase("revised", dice)}
    if dice.chance(0.3):
        paper["title"] += dice.pick([" (Extended Version)", ": Revised and Extended", " [v2]"])
    return paper


def _withdrawal(work: Work, written: Draft) -> dict[str, Any]:
    dice = Dice(f"{work.id} v1")
    paper = _paper(work, written, dice)
    return paper | {"version": 2, "note": phrase("withdrawn", dice)}


def _mirror(work: Work, written: Draft) -> dict[str, Any]:
    dice = Dice(f"{work.id} mirror")
    key = hashlib.sha256(work.id.encode()).hexdigest()[:6]
    shown = {"id": f"mirror-{key}", "title": written.title, "url": f"https://mirror.example.org/item/{key}"}
    paper = _paper(work, written, dice) | shown | {"doi": None, "note": None, "affiliations": []}
    if dice.chance(0.5):
        paper["authors"] = [_initialled(author) for author in written.authors]
    return paper


def _initialled(author: str) -> str:
    given, _, family = author.partition(" ")
    return f"{given[0]}. {family}"


def _paper(work: Work, written: Draft, dice: Dice) -> dict[str, Any]:
    votes = dice.skewed()
    linked = dice.chance(0.45)
    return {
        "id": work.id,
        "version": 1,
        "title": texed(written.title, written.term, dice) if dice.chance(0.15) else written.title,
        "abstract": _abstract(written, dice),
        "authors": written.authors,
        "affiliations": written.affiliations,
        "categories": written.categories,
        "keywords": written.keywords,
        "published": f"{written.published.isoformat()}Z",
        "votes": votes,
        "comments": dice.between(0, votes // 4),
        "doi": f"10.5555/{work.id}" if dice.chance(0.2) else None,
        "note": phrase("usual", dice) if dice.chance(0.6) else None,
        "links": [written.link] if linked else [],
        "url": f"https://papers.example.org/abs/{work.id}",
    }


def _abstract(written: Draft, dice: Dice) -> str:
    sentences = list(written.sentences)
    trailing, entities, tex, hard = (dice.chance(share) for share in (0.2, 0.15, 0.3, 0.5))
    if trailing:
        sentences[-1] = phrase("release_link", dice, {"link": written.link})
    elif entities:
        sentences[-1] = phrase("significance", dice)
    text = " ".join(sentences)
    text = texed(text, written.term, dice) if tex else text
    text = escaped(text) if entities else text
    return wrapped(text) if hard else text


_LATER = {"late": (5, _first), "revised": (3, _revision), "withdrawn": (8, _withdrawal)}
"""How many weekdays after its submission a work of this fate is listed, and as what."""
