"""The few resources behind which all I/O sits, built from the settings; swapping them is the whole test harness."""

import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from sqlalchemy import make_url

from assets.clean.ids import named
from assets.dedupe.decisions import Decisions
from assets.dedupe.decisions import load as load_decisions
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.http import Web
from assets.fetch.registry import SOURCES
from assets.mail.chat import Chat
from assets.mail.database.opened import Place
from assets.mail.desk import Desk
from assets.mail.formula import Weights
from assets.mail.known import Morning
from assets.mail.outbox import Outbox
from assets.mail.pace import Pace, Sleep
from assets.mail.rank import Ranking
from assets.mail.readers.lab import Lab, Topic
from assets.mail.readers.likes import Likes
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.returned.address import Addresses
from assets.mail.returned.book import Book
from assets.mail.returned.imap import ImapInbox
from assets.mail.returned.inbox import MaildirInbox
from assets.mail.returned.reading import Reading
from assets.mail.shelf import Shelf
from assets.mail.signature import Signer
from assets.mail.transport import MaildirTransport, SmtpTransport, Transport
from assets.mail.writer import Writer
from assets.tag.taxonomy import DEFAULT, Taxonomy
from assets.tag.taxonomy import load as load_taxonomy
from orchestration.alerts.announce import Alarm
from orchestration.alerts.channels import MailChannel, WebhookChannel
from orchestration.alerts.words import Words
from orchestration.endpoint import Endpoint
from orchestration.quality_report import Reports
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, empty
from quality.data_docs import DataDocs
from quality.expectations import Suite
from quality.own import load as load_expectations
from quality.suites import EVERY

ALARM_WAIT_SECONDS = 5


def resources(settings: Settings) -> dict[str, Any]:
    """The resources of every job; all but the warehouse are made when a run begins, so that loading opens nothing."""
    return {
        "warehouse": warehouse(settings),
        "feeds": dg.ResourceDefinition(lambda _: feeds(settings)),
        "decisions": dg.ResourceDefinition(lambda _: decisions(settings)),
        "taxonomy": dg.ResourceDefinition(lambda _: taxonomy(settings)),
        "desk": dg.ResourceDefinition(lambda _: desk(settings)),
        "alarm": dg.ResourceDefinition(lambda _: alarm(settings)),
        "returned": dg.ResourceDefinition(lambda _: returned(settings)),
        "reports": dg.ResourceDefinition(lambda _: reports(settings)),
        "search_file": dg.ResourceDefinition(lambda _: settings.search_file),
        "data_docs": dg.ResourceDefinition(lambda context: data_docs(settings, context)),
    }


def warehouse(settings: Settings) -> Warehouse:
    """The DuckDB file of the home."""
    return Warehouse(path=str(settings.home / "warehouse.duckdb"), lock_wait_seconds=settings.lock_wait_seconds)


def feeds(settings: Settings) -> Feeds:
    """The sources that the settings name, in their order."""
    upstream = web(settings)
    sources = [SOURCES[name](settings, upstream) for name in settings.sources]
    return Feeds(sources, upstream.store, settings.fetch.late_days, settings.fetch.deliver_incomplete)


def web(settings: Settings) -> Web:
    """How every source is asked."""
    http = settings.http
    return Web(
        user_agent=f"paperboy/{version('paperboy')} (+mailto:{settings.contact})",
        store=BodyStore(settings.home / "bodies"),
        folder=settings.home / "http",
        connect_seconds=http.connect_seconds,
        total_seconds=http.total_seconds,
        attempts=http.attempts,
        backoff_seconds=http.backoff_seconds,
        retry_after_cap_seconds=http.retry_after_cap_seconds,
        max_body_bytes=http.max_body_mib << 20,
    )


def taxonomy(settings: Settings) -> Taxonomy:
    """The operator's topics, or ours; read again for every run."""
    return load_taxonomy(settings.taxonomy or DEFAULT)


def decisions(settings: Settings) -> Decisions:
    """What the operator decided about papers; read again for every run."""
    return load_decisions(settings.dedupe.decisions, named)


def expectations(settings: Settings) -> dict[str, Suite]:
    """What each table promises: our suites, with what the operator's folder adds and changes."""
    if settings.quality.expectations is None:
        return dict(EVERY)
    with empty() as connection:
        return load_expectations(settings.quality.expectations, connection)


def database(settings: Settings) -> Place:
    """Where the readers are, and what was mailed to whom: a file of the home, or on a server of PostgreSQL."""
    named = settings.mail.database
    return make_url(named.get_secret_value()) if named else settings.mail_file


def outbox(settings: Settings) -> Outbox:
    """What was mailed to whom."""
    return Outbox(database(settings), wait=settings.lock_wait_seconds)


def chat(settings: Settings) -> Chat:
    """The posts to the chat channels that the settings name."""
    return Chat(database(settings), [url.get_secret_value() for url in settings.mail.chat])


def secret(settings: Settings) -> Secret:
    """The key of the house."""
    return Secret(settings.home / "mail.key")


def readers(settings: Settings) -> Readers:
    """Who is mailed."""
    return Readers(database(settings), secret(settings))


def likes(settings: Settings) -> Likes:
    """What readers like."""
    return Likes(database(settings))


def lab(settings: Settings) -> Lab:
    """The lab as its readers see it. Raises `TaxonomyError`."""
    topics = [Topic(topic.key, topic.label, topic.area) for topic in taxonomy(settings).topics]
    return Lab(topics, settings.digest.size, settings.schedule.time_zone, settings.mail.language)


def transport(settings: Settings, sleep: Sleep = time.sleep) -> Transport:
    """How mail leaves: a Maildir of the home, or a mail server, which `sleep` keeps from having too many at once."""
    if settings.mail.transport == "maildir":
        return MaildirTransport(settings.home / "maildir")
    return _smtp(settings, Pace(settings.mail.per_minute, sleep=sleep))


def desk(settings: Settings) -> Desk:
    """Who is mailed what."""
    return Desk(
        outbox=outbox(settings),
        readers=readers(settings),
        likes=likes(settings),
        transport=transport(settings),
        sender=settings.mail.sender,
        named=settings.mail.recipients,
        ranking=Ranking(settings.digest.size, Weights(**settings.rank.model_dump())),
        current_days=settings.mail.current_days,
        morning=Morning(settings.schedule.time, settings.schedule.time_zone),
        shelf=Shelf(settings.editions),
        chat=chat(settings),
        url=settings.web.url or "",
        writer=writer(settings),
        returns=returns(settings),
        language=settings.mail.language,
    )


def returns(settings: Settings) -> Addresses | None:
    """The addresses that mails come back to, where somebody reads them."""
    return Addresses(settings.bounces.address, secret(settings)) if settings.bounces.address else None


def bounces(settings: Settings) -> Book:
    """The mails that came back."""
    return Book(database(settings))


def returned(settings: Settings) -> Reading | None:
    """Who reads the mails that came back: nobody, unless the operator says where they are."""
    place, addresses = settings.bounces.inbox, returns(settings)
    if addresses is None or place is None:
        return None
    password = settings.bounces.password.get_secret_value() if settings.bounces.password else None
    return Reading(
        inbox=ImapInbox(place, password) if "://" in place else MaildirInbox(Path(place)),
        addresses=addresses,
        readers=readers(settings),
        book=bounces(settings),
        hard_bounces=settings.bounces.hard_bounces,
        lock=settings.home / "bounces.lock",
    )


def writer(settings: Settings) -> Writer | None:
    """Who writes a line about each paper of an edition: nobody, unless the operator names a model."""
    summary = settings.summary
    if not (summary.url and summary.model):
        return None
    author = Endpoint(
        summary.url, summary.model, summary.secret, timeout_seconds=summary.timeout_seconds,
        connect_seconds=settings.http.connect_seconds, user_agent=f"paperboy/{version('paperboy')}",
    )  # fmt: skip
    return Writer(author, summary.day_papers, summary.day_seconds)


def alarm(settings: Settings) -> Alarm:
    """Who is told of what fails. It gives up on a warehouse in use soon, for it can look again."""
    return Alarm(
        warehouse=Warehouse(
            path=str(settings.home / "warehouse.duckdb"),
            lock_wait_seconds=min(ALARM_WAIT_SECONDS, settings.lock_wait_seconds),
        ),
        file=settings.home / "alerts.sqlite",
        channels=[
            MailChannel(transport(settings), settings.mail.sender, settings.alerts.to),
            WebhookChannel(settings.alerts.notify),
        ],
        words=Words(str(settings.home), settings.mail.recipients),
        time_zone=settings.schedule.time_zone,
        wait=min(ALARM_WAIT_SECONDS, settings.lock_wait_seconds),
    )


def reports(settings: Settings) -> Reports:
    """The reports on quality, in a folder of the home."""
    return Reports(settings, outbox(settings))


def signer(settings: Settings) -> Signer | None:
    """What signs mails: nothing, unless the operator names a key."""
    mail = settings.mail
    return Signer(mail.dkim_selector, mail.dkim_key_file) if mail.dkim_selector and mail.dkim_key_file else None


def _smtp(settings: Settings, pace: Pace) -> SmtpTransport:
    mail = settings.mail
    password = mail.password.get_secret_value() if mail.password else None
    return SmtpTransport(
        mail.host, mail.port, mail.security, mail.user, password, mail.timeout_seconds,
        mail.per_connection, pace, signer(settings),
    )  # fmt: skip


def data_docs(settings: Settings, context: dg.InitResourceContext) -> Iterator[DataDocs]:
    """Where Data Docs are written. Once the run is over, however it ended, they are indexed and old ones removed."""
    docs = DataDocs(settings.reports, settings.quality.data_docs_days, settings.quality.url)
    try:
        yield docs
    finally:
        _finish(docs, context)


def _finish(docs: DataDocs, context: dg.InitResourceContext) -> None:
    try:
        docs.finish()
    except Exception as error:
        unwritten = f"The index of Data Docs in {docs.folder} could not be brought up to date: {error}"
        if context.log:
            context.log.warning(unwritten, exc_info=not isinstance(error, OSError))
