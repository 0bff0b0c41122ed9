"""The service at work: uvicorn before the application, and beside it the thread that sends what was asked for."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from assets.mail.web.pages import LOG

POLL_SECONDS = 1.0
"""Requests are looked at in this rhythm and not when they come, so that no answer's time tells of them."""

SECONDS_TO_END = 10


def configured(app: ASGIApp, host: str, port: int, trusted: Sequence[str]) -> uvicorn.Config:
    """The server at a host and port; `X-Forwarded-For` counts from the `trusted` addresses and networks only.

    Requests are not logged: their paths hold the readers' tokens.
    """
    return uvicorn.Config(
        app, host=host, port=port, proxy_headers=bool(trusted), forwarded_allow_ips=list(trusted),
        access_log=False, log_level="warning", server_header=False, lifespan="off", limit_concurrency=200,
        timeout_graceful_shutdown=SECONDS_TO_END, ws="none",
    )  # fmt: skip


@contextmanager
def working(
    work: Callable[[], None], pause: float = POLL_SECONDS, ending: threading.Event | None = None
) -> Iterator[None]:
    """Do the work in a thread, again and again, until the end; what fails is logged by its kind, and tried again.

    `ending` is set at the end, so that work that waits for something can see it.
    """
    ending = ending or threading.Event()

    def loop() -> None:
        while not ending.wait(pause):
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever fails once
                LOG.error("what was asked for could not be worked off: %s", type(error).__name__)

    thread = threading.Thread(target=loop, name="asked")
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(SECONDS_TO_END)
