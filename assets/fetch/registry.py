"""Every source that the settings can name, a line each, with how it is built from them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from assets.fetch import calendar
from assets.fetch.archive import ArchiveSource
from assets.fetch.arxiv.joined import Joined
from assets.fetch.arxiv.query import Query
from assets.fetch.arxiv.source import ArxivSource
from assets.fetch.http import Client, Web
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.sample import SampleSource
from assets.fetch.source import Source

if TYPE_CHECKING:
    from orchestration.settings import Settings


def _huggingface(settings: "Settings", web: Web) -> Source:
    site = settings.huggingface
    client = web.client(
        "huggingface", [site.url],
        timeout_seconds=site.timeout_seconds, seconds_between_requests=site.seconds_between_requests,
    )  # fmt: skip
    source = HuggingFaceSource(client, site.url, site.page_size, calendar.load("huggingface", site.holidays))
    return Joined(source, arxiv_query(settings, web)) if site.joined else source


def arxiv_source(settings: "Settings", web: Web) -> ArxivSource:
    """arXiv's daily lists, and the harvest that past ones are made from."""
    site = settings.arxiv
    return ArxivSource(
        _arxiv_client(settings, web), web.store, settings.home / "arxiv",
        categories=site.categories, feed_url=site.feed_url, oai_url=site.oai_url, holidays=site.holidays,
    )  # fmt: skip


def arxiv_query(settings: "Settings", web: Web) -> Query:
    """arXiv's query API, which knows what other sources leave out."""
    return Query(_arxiv_client(settings, web), settings.arxiv.query_url)


def _arxiv_client(settings: "Settings", web: Web) -> Client:
    """One politeness over all that arXiv serves, whoever asks."""
    site = settings.arxiv
    return web.client(
        "arxiv", [site.feed_url, site.oai_url, site.query_url],
        timeout_seconds=site.timeout_seconds, seconds_between_requests=site.seconds_between_requests,
    )  # fmt: skip


SOURCES: dict[str, Callable[["Settings", Web], Source]] = {
    "sample": lambda settings, web: SampleSource(),
    "huggingface": _huggingface,
    "arxiv": arxiv_source,
    "archive": lambda settings, web: ArchiveSource(settings.archive.needed_folder),
}
