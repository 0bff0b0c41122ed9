"""What `paperboy audit` finds in a harvested month, and what it does about it."""

from collections.abc import Iterator
from datetime import date

from assets.fetch.arxiv.audit import Audit, audit
from assets.fetch.registry import arxiv_query, arxiv_source
from orchestration.resources import web
from orchestration.settings import Settings

SHOWN = 20
"""How many ids a line names; the count is always whole."""


def audited(settings: Settings, month: date, *, ask: bool) -> Iterator[str]:
    """The lines of a month's audit. With `ask`, what turns out to be missing is harvested on the way.

    Raises `SourceError` where arXiv does not answer.
    """
    upstream = web(settings)
    harvest = arxiv_source(settings, upstream).harvest
    query = arxiv_query(settings, upstream) if ask else None
    found = audit(harvest.store, month, query, settings.arxiv.categories)
    if not found:
        yield f"no id of {month:%Y-%m} was harvested yet; past days of arXiv are what is harvested"
    for one in found:
        yield _summary(one)
        for paper in one.missing or ():
            days = ", ".join(map(str, harvest.take(paper)))
            yield f"  {paper} was missing, and is harvested now; paperboy refetch its days: {days}"


def _summary(found: Audit) -> str:
    span = f"{found.lowest} to {found.highest}: {found.seen} seen, {len(found.unseen)} never seen"
    if found.missing is not None:
        return f"{span}, {len(found.missing)} of these in the chosen categories"
    more = f" and {len(found.unseen) - SHOWN} more" if len(found.unseen) > SHOWN else ""
    return f"{span}: {', '.join(found.unseen[:SHOWN])}{more}" if found.unseen else span
