"""The folder `reports` of the home, served to a browser beside the Dagster UI, whose pages cannot open files.

Read-only, on this machine's own address, and nothing above the folder. `python -m orchestration.reports PROCESS`
serves until the process of that number ends.
"""

import ipaddress
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.settings import Settings, current

POLL_SECONDS = 0.5
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-cache"),
    (b"referrer-policy", b"no-referrer"),
]


class _WithHeaders:
    """Every answer is of the type that it says, and asked for anew: the indexes change with every run."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        await self._app(scope, receive, sending)


def application(folder: Path, url: str) -> Starlette:
    """The files below `folder` at the path of `url`: GET and HEAD only, and for a browser that asks by these names."""
    parts = urlsplit(url)
    hosts = [str(parts.hostname), "localhost", "127.0.0.1"]
    return Starlette(
        routes=[Mount(parts.path or "/", StaticFiles(directory=folder, html=True))],
        middleware=[Middleware(_WithHeaders), Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
    )


def is_ours(url: str) -> bool:
    """Whether `url` is one that we serve: http on this machine's own IPv4 address, which no other machine reaches."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        return (
            isinstance(address := ipaddress.ip_address(parts.hostname), ipaddress.IPv4Address) and address.is_loopback
        )
    except ValueError:
        return parts.hostname == "localhost"


def start(settings: Settings) -> None:
    """Serve the settings' reports in a process of its own, which ends when this one does, whatever ends it.

    A url that is not ours is left to the operator's own web server.
    """
    if is_ours(settings.quality.url):
        subprocess.Popen([sys.executable, "-m", "orchestration.reports", str(os.getpid())])  # noqa: S603 - is ours


def serve(settings: Settings, process: int) -> None:
    """Serve until `process`, which started this one, has ended; a port that cannot be had is told and left alone."""
    url = settings.quality.url
    parts = urlsplit(url)
    settings.reports.mkdir(parents=True, exist_ok=True)
    try:
        listener = socket.create_server((parts.hostname or "", parts.port or 80))
    except OSError as error:
        print(
            f"The reports are not served: {url} cannot be had: {error.strerror or error}. The Dagster UI goes on, "
            f"but its links to Data Docs lead nowhere. Set quality.url to a free port, or open {settings.reports}.",
            file=sys.stderr,
        )
        return
    config = uvicorn.Config(
        application(settings.reports, url), log_level="warning", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_end_with, args=(server, process), daemon=True).start()
    print(f"The reports are served at {url}", file=sys.stderr)
    server.run(sockets=[listener])


def _end_with(server: uvicorn.Server, process: int) -> None:
    """A process that has ended is no longer this one's parent."""
    while os.getppid() == process:
        time.sleep(POLL_SECONDS)
    server.should_exit = True


if __name__ == "__main__":
    try:
        serve(current(), int(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
