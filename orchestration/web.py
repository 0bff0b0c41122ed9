"""The web service, built from the settings."""

import logging
import signal
import sys
import threading
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from assets.mail.pace import Sleep
from assets.mail.shelf import Shelf
from assets.mail.transport import Transport, TransportError
from assets.mail.web.asked import Asked
from assets.mail.web.letter import Letters
from assets.mail.web.liking import Marking
from assets.mail.web.limits import Limits
from assets.mail.web.server import configured, working
from assets.mail.web.service import Service, application
from assets.mail.web.signed import Signer
from orchestration.reports import is_ours
from orchestration.resources import database, lab, likes, outbox, readers, secret, transport
from orchestration.settings import Settings, SettingsError


def service(settings: Settings) -> Service:
    """What the pages are made of. Raises `SettingsError` where readers could not find the service."""
    web, key = settings.web, secret(settings)
    limits = Limits(web.mails_per_address, web.asks_per_visitor, web.asks_per_day)
    return Service(
        url=address(settings),
        readers=readers(settings),
        asked=Asked(database(settings), key, limits, web.confirm_hours),
        shelf=Shelf(settings.editions),
        signer=Signer(key.key(), web.confirm_hours),
        lab=lab(settings),
        liking=Marking(likes(settings), outbox(settings)),
    )


def address(settings: Settings) -> str:
    """Where readers find the service: `web.url`, or for a first look this machine itself."""
    local = f"http://{settings.web.host}:{settings.web.port}"
    if settings.web.url is None and not is_ours(local):
        raise SettingsError(
            f"web.host is {settings.web.host}, which other machines reach: set web.url to the https address at which "
            "readers find the service"
        )
    return settings.web.url or local


def app(settings: Settings, made: Service) -> Starlette:
    """The application, for whoever asks for it by its public name or from this machine."""
    return application(made, [str(urlsplit(made.url).hostname), settings.web.host, "localhost", "127.0.0.1"])


def work(settings: Settings, made: Service, sending: Transport) -> None:
    """Send what was asked for and is due."""
    letters = Letters(settings.mail.sender, made.url, made.signer)
    made.asked.work(made.readers, sending, letters.compose)


def until(ending: threading.Event) -> Sleep:
    """Sleep that breaks off when the service ends; raises `TransportError`, so that the mail waits for the next one."""

    def sleep(seconds: float) -> None:
        if ending.wait(seconds):
            raise TransportError("the service ended before the mail's turn")

    return sleep


def serve(settings: Settings) -> None:
    """Serve until a signal ends it."""
    made = service(settings)
    web = settings.web
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    server = uvicorn.Server(configured(app(settings, made), web.host, web.port, web.trusted_proxies))
    print(f"Paperboy's web service listens on {web.host}, port {web.port}, for {made.url}", file=sys.stderr)
    # Uvicorn ends by the signal that it was sent; a mail that is being sent is to be noted before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ending = threading.Event()
    sending = transport(settings, until(ending))
    with working(lambda: work(settings, made, sending), ending=ending):
        server.run()
