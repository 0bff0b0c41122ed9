"""What `paperboy doctor` looks at: each check says in one line what it found, or raises with what is wrong."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import requests

from assets.fetch.source import Source
from assets.mail import webhook
from assets.mail.database.opened import opened, shown
from assets.mail.message import mailbox
from assets.mail.readers.reader import key, parsed
from assets.mail.signature import Signer
from orchestration import resources
from orchestration.alerts.book import State
from orchestration.alerts.channels import WebhookChannel
from orchestration.settings import Settings

Check = Callable[[], str]
GIB = 2**30
WEB_SECONDS = 10
TOLD_DAYS = 7
"""How long a post that did not arrive is told of."""


def checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """The checks by name, in the order in which a trouble in one explains the next."""
    yield "settings", lambda: _summary(settings)
    yield "home", lambda: _home(settings)
    yield "warehouse", lambda: _warehouse(settings)
    yield "taxonomy", lambda: f"{len(resources.taxonomy(settings).topics)} topics"
    if settings.dedupe.decisions:
        yield "decisions", lambda: _decisions(settings)
    if settings.quality.expectations:
        yield "expectations", lambda: _expectations(settings)
    for source in resources.feeds(settings).sources:
        yield source.name, lambda source=source: _newest(source, settings)  # type: ignore[misc]
    if settings.summary.url:
        yield "summary", lambda: _writer(settings)
    if signer := resources.signer(settings):
        yield "dkim", lambda: _signed(signer, settings)
    yield "mail", lambda: resources.transport(settings).check()
    if settings.mail.chat:
        yield "chat", lambda: _chat(settings)
    yield "database", lambda: _database(settings)
    yield "readers", lambda: _readers(settings)
    if returned := resources.returned(settings):
        yield "bounces", returned.inbox.check
    if settings.web.url:
        yield "web", lambda: _web(str(settings.web.url))
    yield "alerts", lambda: _alerts(settings)


def _summary(settings: Settings) -> str:
    at = f"{settings.schedule.time:%H:%M} {settings.schedule.time_zone}"
    return f"sources {', '.join(settings.sources)}; daily at {at}; mail by {settings.mail.transport}"


def _decisions(settings: Settings) -> str:
    decided = resources.decisions(settings)
    return f"{len(decided.same)} pairs the same, {len(decided.different)} different"


def _expectations(settings: Settings) -> str:
    own = {table: len(suite.own) for table, suite in resources.expectations(settings).items() if suite.own}
    return (
        f"{sum(own.values())} of your own: {', '.join(f'{count} of {table}' for table, count in own.items()) or 'none'}"
    )


def _newest(source: Source, settings: Settings) -> str:
    yesterday = settings.yesterday()
    newest = source.newest_day(yesterday)
    if newest is None:
        raise LookupError(f"answers, but lists no paper up to {yesterday}")
    return f"reachable; newest day {newest}"


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise PermissionError(f"{settings.home} cannot be written")
    return f"{settings.home}, {shutil.disk_usage(settings.home).free / GIB:.0f} GiB free"


def _warehouse(settings: Settings) -> str:
    found = resources.warehouse(settings).read("SELECT count(DISTINCT day) AS days FROM fetched_papers")
    return f"{resources.warehouse(settings).path}, {found['days'].item()} days with papers"


def _database(settings: Settings) -> str:
    place = resources.database(settings)
    dialect = opened(place).dialect
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[dialect.name]
    return f"{shown(place)}, {name} {'.'.join(map(str, dialect.server_version_info or ()))}"


def _readers(settings: Settings) -> str:
    store, named = resources.readers(settings), {key(parsed(one)[1]) for one in settings.mail.recipients}
    due = {key(reader.address) for reader in store.due(settings.mail.recipients)}
    left = len(named - due)
    told = [f"{len(due)} mailed", *([f"{left} of mail.recipients not: unsubscribed, or erased"] if left else [])]
    return "; ".join([*told, *store.troubles()])


def _writer(settings: Settings) -> str:
    summary = settings.summary
    key = "with a key" if summary.secret() else "without a key"
    bounds = f"at most {summary.day_papers} papers and {summary.day_seconds:g} s a day"
    return f"{summary.model} at {summary.url}, {key}, {bounds}; not asked"


def _signed(signer: Signer, settings: Settings) -> str:
    record = signer.record(mailbox(settings.mail.sender).domain)
    unsigned = "" if settings.mail.transport == "smtp" else "; a Maildir's mails are not signed"
    return f"publish {record}{unsigned}"


def _chat(settings: Settings) -> str:
    posts, urls = resources.chat(settings), [url.get_secret_value() for url in settings.mail.chat]
    if unusable := webhook.unusable(urls):
        raise ValueError(f"apprise cannot read mail.chat, number {', '.join(map(str, unusable))}")
    if troubles := posts.troubles(settings.yesterday() - timedelta(days=TOLD_DAYS)):
        raise RuntimeError("; ".join(troubles))
    channels = ", ".join(f"{name} ({url.partition(':')[0]})" for name, url in posts.channels.items())
    sent = [post.day for post in posts.rows() if post.state == "sent"]
    return f"{channels}, last posted {max(sent, default='never')}"


def _web(url: str) -> str:
    """The readers' way: through the operator's web server to the service, where links of mails lead."""
    answer = requests.get(f"{url}/health", timeout=WEB_SECONDS)
    if not answer.ok:
        raise RuntimeError(f"{url}/health answers {answer.status_code}; is paperboy serve running behind it?")
    return f"{url}, newest edition {answer.json()['newest_day'] or 'none yet'}"


def _alerts(settings: Settings) -> str:
    alarm = resources.alarm(settings)
    if not alarm.on:
        return "off: nobody is told when a day fails; set alerts.to"
    if unusable := WebhookChannel(settings.alerts.notify).unusable():
        raise ValueError(f"apprise cannot read {', '.join(unusable)}")
    if undelivered := alarm.undelivered():
        told = [f"{found.subject!r} to {found.address} is {found.state}: {found.reason}" for found in undelivered]
        raise RuntimeError(f"{len(told)} message(s) of the last week did not arrive: {'; '.join(told)}")
    webhooks = f" and {len(settings.alerts.notify)} webhook(s)" if settings.alerts.notify else ""
    sent = len(alarm.book.sendings((State.SENT,)))
    return f"{', '.join(settings.alerts.to) or 'no mail'}{webhooks}, {sent} message(s) sent so far"
