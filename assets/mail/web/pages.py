"""The pages of the web service: what is told, filled into `templates`, and under which protection it is answered.

No page holds a script, an image or an address of a reader. Titles were written by strangers: Jinja2 escapes them.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assets.mail.bibtex import LARGEST, MOST, Library
from assets.mail.render import environment
from assets.mail.shelf import Kept
from assets.mail.web.liking import Liking
from assets.mail.web.wanted import CHOICES, Form, zones

TEMPLATES = Path(__file__).parent / "templates"
LOG = logging.getLogger("paperboy.web")

POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
EDITION_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
"""An edition's page is a mail, which has its styles within; it has no form."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise."""


@dataclass(frozen=True)
class Pages:
    """The pages; links within begin with the path of the public address, `root`."""

    root: str

    def home(
        self, form: str, newest: Sequence[Kept], status: int = 200, trouble: str = "", address: str = ""
    ) -> Response:
        """The form, with what was wrong with what was typed, and the newest editions."""
        return self._page("home.html", status, form=form, newest=newest, trouble=trouble, address=address)

    def asked(self) -> Response:
        """That a mail is on its way, whoever asked."""
        return self._page("asked.html")

    def confirm(self) -> Response:
        """The button that confirms."""
        return self._page("confirm.html")

    def confirmed(self, token: str) -> Response:
        """That the reader who has the token is one."""
        return self._page("confirmed.html", token=token)

    def unsubscribe(self, done: bool) -> Response:
        """The button that unsubscribes, or that it is done."""
        return self._page("unsubscribe.html", done=done)

    def preferences(self, token: str, signed: str, form: Form, told: str = "", saved: bool = False) -> Response:
        """What the reader who has the token wants, to be changed; or that it was `saved`, or why it was not."""
        status = HTTPStatus.BAD_REQUEST if told or form.troubles else HTTPStatus.OK
        values = {"token": token, "signed": signed, "form": form, "told": told, "saved": saved}
        return self._page("preferences.html", status, **values, choices=CHOICES, zones=zones())

    def likes(
        self, token: str, signed: str, liking: Liking, told: str = "", saved: bool = False, read: Library | None = None
    ) -> Response:
        """What the reader who has the token likes, to be changed; or that it was `saved`, or why it was not."""
        values = {"token": token, "signed": signed, "liking": liking, "told": told, "saved": saved, "read": read}
        status = HTTPStatus.BAD_REQUEST if told else HTTPStatus.OK
        return self._page("likes.html", status, **values, most=MOST, largest=LARGEST >> 20)

    def unmailed(self) -> Response:
        """That a reader gets no mail, so that there is nothing to want."""
        return self._page("unmailed.html")

    def stale(self, what: str) -> Response:
        """That a link is of no use: to `confirm`, or to `unsubscribe`."""
        return self._page("stale.html", HTTPStatus.GONE if what == "confirm" else HTTPStatus.NOT_FOUND, what=what)

    def error(self, status: int, told: str = "") -> Response:
        """What is wrong, in words of ours."""
        return self._page("error.html", status, phrase=HTTPStatus(status).phrase, told=told)

    def style(self) -> Response:
        """The style sheet of all pages but the editions."""
        content = (TEMPLATES / "style.css").read_bytes()
        return Response(content, media_type="text/css", headers={"cache-control": "max-age=3600"})

    def _page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(_ENVIRONMENT.get_template(template).render(root=self.root, **values), status)


class Guarded:
    """Every answer has the headers of protection, and an error is told without what was in the request."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app, self._pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = {name.lower() for name, _ in message["headers"]}
                missing = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *(pair for pair in missing if pair[0] not in given)]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            # The message of an error may hold an address; where it happened does not.
            places = "".join(traceback.format_tb(error.__traceback__))
            LOG.error("%s while a page was made:\n%s", type(error).__name__, places)
            if begun:
                raise
            await self._pages.error(500)(scope, receive, sending)


_ENVIRONMENT = environment("assets.mail.web")
