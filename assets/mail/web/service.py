"""The web service as an application: who asks for what, what is done for it, and which page answers.

GET and HEAD change nothing, for mail programs and their guards follow links before the reader does. A reader is known
by the token in a link alone: there are no cookies.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from urllib.parse import parse_qs, parse_qsl, urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from assets.mail.bibtex import LARGEST, UnreadableLibrary
from assets.mail.feeds import ENTRIES, Place, atom, json_feed
from assets.mail.readers.lab import Lab
from assets.mail.readers.preferences import InvalidPreference
from assets.mail.readers.reader import InvalidAddress, Reader, State, parsed
from assets.mail.readers.secret import BadSecret
from assets.mail.readers.store import Readers
from assets.mail.shelf import Kept, Shelf
from assets.mail.web.asked import Asked
from assets.mail.web.conditional import unless_known
from assets.mail.web.liking import Marking, Sent
from assets.mail.web.limits import TooMany
from assets.mail.web.pages import EDITION_POLICY, LOG, Guarded, Pages
from assets.mail.web.signed import Signer
from assets.mail.web.wanted import Fields, Form, filled

MAX_BODY = 8_192
MAX_PREFERENCES = 262_144
"""The body of the form that holds hundreds of names."""

MAX_FIELDS = 10_000
MAX_LIKES = 2 * LARGEST
"""The body of the form that holds a library, and papers beside it: a library that is a little too large is told so."""

NO_MORE = {"connection": "close"}

SUBSCRIBE, PREFERENCES, LIKES = "subscribe", "preferences", "likes"
"""The pages that have a form."""

SHOWN = 14
"""Editions that the first page names."""

MAY_BE_KEPT = {"cache-control": "max-age=300"}
OLD_FORM = "This page was open for too long, or the request came from elsewhere. Please send it again."


@dataclass(frozen=True)
class Service:
    """What is behind the pages, which are below `url`."""

    url: str
    readers: Readers
    asked: Asked
    shelf: Shelf
    signer: Signer
    lab: Lab
    liking: Marking

    @property
    def pages(self) -> Pages:
        """What is answered."""
        return Pages(urlsplit(self.url).path)

    def home(self, request: Request) -> Response:
        """`GET /`."""
        return self._form()

    async def subscribe(self, request: Request) -> Response:
        """`POST /subscribe`; the answer does not tell whether the address is known, or is mailed at all."""
        form = dict(parse_qsl((await _body(request, MAX_BODY)).decode("utf-8", "replace")))
        return await run_in_threadpool(self._subscribe, request, form)

    def confirm(self, request: Request) -> Response:
        """`/confirm/TOKEN`: a page with a button; what the button sends confirms."""
        found = self.signer.asked(request.path_params["token"])
        if found is None:
            return self.pages.stale("confirm")
        if request.method != "POST":
            return self.pages.confirm()
        _from_our_page(request)
        reader = self.readers.of(found[0]) if self.readers.confirm(*found) else None
        return self.pages.confirmed(reader.token) if reader else self.pages.stale("confirm")

    def unsubscribe(self, request: Request) -> Response:
        """`/unsubscribe/TOKEN`: a page with a button; any POST unsubscribes, also one click's (RFC 8058)."""
        token = request.path_params["token"]
        posted = request.method == "POST"
        found = self.readers.unsubscribe(token) if posted else self.readers.by_token(token)
        return self.pages.unsubscribe(done=posted) if found else self.pages.stale("unsubscribe")

    async def preferences(self, request: Request) -> Response:
        """`/preferences/TOKEN`: a form with what is stored; what it sends is stored."""
        if request.method != "POST":
            return await run_in_threadpool(self._preferences, request, None)
        sent = parse_qs((await _body(request, MAX_PREFERENCES)).decode("utf-8", "replace"), keep_blank_values=True)
        return await run_in_threadpool(self._preferences, request, sent)

    async def likes(self, request: Request) -> Response:
        """`/likes/TOKEN`: a form with what the reader likes; what it sends is stored."""
        reader = await run_in_threadpool(self.readers.by_token, request.path_params["token"])
        if reader is None or reader.state is not State.CONFIRMED:
            return self._no_reader(reader)  # before the file is read: whoever has no token cannot send one
        if request.method != "POST":
            return await run_in_threadpool(self._likes, reader, "", None)
        _from_our_page(request)
        async with _multipart(request, MAX_LIKES) as form:
            file = form.get("library")
            content = await file.read() if isinstance(file, UploadFile) and file.filename else None
            sent = Sent(_texts(form, "shown"), _texts(form, "like"), content, "forget" in form)
            return await run_in_threadpool(self._likes, reader, str(form.get("form", "")), sent)

    def edition(self, request: Request) -> Response:
        """`/editions/DAY`, as it was mailed."""
        day = _day(request.path_params["day"])
        page, kept = self.shelf.page(day), self.shelf.kept(day)
        if page is None or kept is None:
            raise HTTPException(404, "There is no edition of this day.")
        headers = {"content-security-policy": EDITION_POLICY, **MAY_BE_KEPT}
        return unless_known(request, HTMLResponse(page, headers=headers), [kept])

    def atom(self, request: Request) -> Response:
        """`/feed.atom`."""
        return self._feed(request, "feed.atom", atom, "application/atom+xml")

    def json(self, request: Request) -> Response:
        """`/feed.json`."""
        return self._feed(request, "feed.json", json_feed, "application/feed+json")

    def style(self, request: Request) -> Response:
        """`/style.css`."""
        return self.pages.style()

    def health(self, request: Request) -> Response:
        """`/health`, for whoever watches over the service: 503 where readers or editions cannot be read."""
        try:
            self.readers.by_token("")
            days = self.shelf.days()
        except (SQLAlchemyError, OSError) as error:
            LOG.error("the service is not healthy: %s", type(error).__name__)
            return JSONResponse({"state": "unreadable", "newest_day": None, "age_days": None}, 503)
        newest = days[0] if days else None
        age = (datetime.now(UTC).date() - newest).days if newest else None
        return JSONResponse({"state": "ok", "newest_day": newest and newest.isoformat(), "age_days": age})

    def _feed(
        self, request: Request, name: str, made: Callable[[Place, tuple[Kept, ...]], str], media_type: str
    ) -> Response:
        newest = tuple(self.shelf.newest(ENTRIES))
        feed = made(Place(self.url, name), newest)
        return unless_known(request, Response(feed, media_type=media_type, headers=MAY_BE_KEPT), newest)

    def _form(self, status: int = 200, trouble: str = "", address: str = "") -> Response:
        return self.pages.home(self.signer.form(SUBSCRIBE), self.shelf.newest(SHOWN), status, trouble, address)

    def _subscribe(self, request: Request, form: dict[str, str]) -> Response:
        address = form.get("address", "").strip()
        if not self.signer.is_form(form.get("form", ""), SUBSCRIBE) or not _is_ours(request):
            return self._form(400, OLD_FORM, address)
        if form.get("website"):
            return self.pages.asked()  # a field that no reader sees was filled in: by a machine
        try:
            name, valid = parsed(address)
        except InvalidAddress:
            name, valid = "", ""
        if name or not valid or "<" in address:
            return self._form(400, "This is not a mail address.", address)
        try:
            self.asked.ask(valid, _visitor(request))
        except TooMany as limit:
            answer = self.pages.error(429, "Too many requests came from here, or from everywhere. Try again later.")
            answer.headers["retry-after"] = str(limit.seconds)
            return answer
        return self.pages.asked()

    def _preferences(self, request: Request, sent: Fields | None) -> Response:
        reader = self.readers.by_token(request.path_params["token"])
        if reader is None or reader.state is not State.CONFIRMED:
            return self._no_reader(reader)
        page = partial(self.pages.preferences, reader.token, self.signer.form(PREFERENCES, reader.id))
        if sent is None:
            return page(filled(self.lab, reader.preferences))
        _from_our_page(request)
        form = Form(self.lab, reader.preferences, sent, {})
        if not self.signer.is_form(form.one("form"), PREFERENCES, reader.id):
            return page(form, OLD_FORM)
        try:
            wanted = form.read()
        except InvalidPreference as error:
            return page(form.refused(error.names))
        if self.readers.prefer(reader.token, wanted) is None:
            return self.pages.stale("unsubscribe")
        return page(filled(self.lab, wanted), saved=True)

    def _likes(self, reader: Reader, signed: str, sent: Sent | None) -> Response:
        page = partial(self.pages.likes, reader.token, self.signer.form(LIKES, reader.id))
        if sent is None:
            return page(self.liking.form(reader))
        if not self.signer.is_form(signed, LIKES, reader.id):
            return page(self.liking.form(reader), OLD_FORM)
        try:
            read = self.liking.save(reader, sent)
        except UnreadableLibrary as error:
            return page(self.liking.form(reader), f"Nothing was saved: the file {error}.")
        return page(self.liking.form(reader), saved=True, read=read)

    def _no_reader(self, reader: Reader | None) -> Response:
        """What is told to who has no token, or that of somebody who is not mailed."""
        if reader is None or reader.state is State.PENDING:
            return self.pages.stale("unsubscribe")
        return self.pages.unmailed()


def application(service: Service, hosts: list[str]) -> Starlette:
    """The service for browsers that ask by one of these names of hosts."""
    pages = service.pages
    failing: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
        HTTPException: _told(pages), SQLAlchemyError: _unavailable(pages), BadSecret: _unavailable(pages),
    }  # fmt: skip
    made = Starlette(
        routes=[
            Route("/", service.home),
            Route("/subscribe", service.subscribe, methods=["POST"]),
            Route("/confirm/{token}", service.confirm, methods=["GET", "POST"]),
            Route("/unsubscribe/{token}", service.unsubscribe, methods=["GET", "POST"]),
            Route("/preferences/{token}", service.preferences, methods=["GET", "POST"]),
            Route("/likes/{token}", service.likes, methods=["GET", "POST"]),
            Route("/editions/{day}", service.edition),
            Route("/feed.atom", service.atom),
            Route("/feed.json", service.json),
            Route("/health", service.health),
            Route("/style.css", service.style),
        ],
        middleware=[Middleware(Guarded, pages), Middleware(TrustedHostMiddleware, allowed_hosts=hosts)],
        exception_handlers=failing,
    )
    made.router.redirect_slashes = False
    return made


def _told(pages: Pages) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        own_words = error.detail != HTTPStatus(error.status_code).phrase
        response = pages.error(error.status_code, error.detail if own_words else "")
        response.headers.update(error.headers or {})
        return response

    return answer


def _unavailable(pages: Pages) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        LOG.error("the readers cannot be reached: %s", type(error).__name__)
        return pages.error(503, "Nothing was changed. Please try again in a minute.")

    return answer


async def _body(request: Request, most: int) -> bytes:
    return b"".join([chunk async for chunk in _stream(request, most)])


async def _stream(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise HTTPException(413, f"At most {most:,} bytes can be sent here.", NO_MORE)
        yield chunk


@asynccontextmanager
async def _multipart(request: Request, most: int) -> AsyncIterator[FormData]:
    """A form with a file, which is closed at the end."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "The form is sent as multipart/form-data.")
    sent = MultiPartParser(request.headers, _stream(request, most), max_files=1, max_fields=MAX_FIELDS)
    try:
        form = await sent.parse()
    except MultiPartException as error:
        raise HTTPException(400, "What was sent is no form of ours.", NO_MORE) from error
    try:
        yield form
    finally:
        await form.close()


def _texts(form: FormData, name: str) -> list[str]:
    return [value for value in form.getlist(name) if isinstance(value, str)]


def _day(written: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise HTTPException(404) from None
    if day.isoformat() != written:
        raise HTTPException(404)
    return day


def _is_ours(request: Request) -> bool:
    """Whether a browser that says where a request comes from says that it is from here."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _from_our_page(request: Request) -> None:
    if not _is_ours(request):
        raise HTTPException(403, "The request came from another site. Open the link of the mail again.")


def _visitor(request: Request) -> str:
    """Whom a request counts for: an IPv4 address, or the network that a household has by IPv6."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or int(address) >> 64)
