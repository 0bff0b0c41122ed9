"""What protects the readers from whoever asks: headers, forms, strangers' texts, and what is not said or logged."""

import logging
import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import requests

from assets.mail.edition import Edition
from assets.mail.readers.reader import State
from tests.mail.conftest import Server
from tests.mail.test_render import BAD_URLS, HOSTILE, Page, carrying, edition, paper
from tests.mail.web.site import ADA, BEN, EVE, FIELD, Site

CANARY = "canary.of.the.mine@reader.example"
STRICT = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
DAY = "2026-11-20"


def pages(site: Site) -> dict[str, str]:
    """Every path there is, with what it is good for, and some that are not there."""
    reader = site.made.readers.ask(ADA)
    assert reader is not None
    link = site.made.signer.link(reader)
    preferences = f"/preferences/{site.made.readers.add(BEN).token}"
    return {
        "/": "", f"/confirm/{link}": "", f"/unsubscribe/{reader.token}": "", f"/editions/{DAY}": "style",
        preferences: "", "/preferences/x": "", preferences.replace("preferences", "likes"): "", "/likes/x": "",
        "/confirm/x": "", "/unsubscribe/x": "", "/editions/2026-11-21": "", "/editions/..%2fmail": "", "/none": "",
        "/subscribe": "", "/feed.atom": "", "/feed.json": "", "/health": "", "/style.css": "",
    }  # fmt: skip


def protected(answer: requests.Response, styled: bool = False) -> bool:
    """Whether an answer has the headers that all have."""
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert policy == STRICT or styled
    headers = ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Server", "Set-Cookie")
    return [answer.headers.get(name) for name in headers] == ["nosniff", "no-referrer", "same-origin", None, None]


def test_every_answer_has_the_headers_of_protection_and_head_is_get_without_its_body(site: Site) -> None:
    site.mail(carrying())
    for path, what in pages(site).items():
        for method in ("GET", "POST", "OPTIONS"):
            assert protected(site.ask(path, method), what == "style"), path
        get, head = site.ask(path), site.ask(path, "HEAD")
        assert head.status_code == get.status_code
        assert head.content == b""
        has_a_form = path.startswith(("/preferences", "/likes")) or path == "/"
        different = {"date", "content-length"} if has_a_form else {"date"}
        gotten, headed = (
            {name.lower(): value for name, value in answer.headers.items() if name.lower() not in different}
            for answer in (get, head)
        )
        assert gotten == headed


def test_pages_with_a_token_and_forms_are_kept_by_nobody(site: Site) -> None:
    site.mail(carrying())
    kept = {path for path in pages(site) if site.ask(path).headers["Cache-Control"] != "no-store"}
    assert kept == {f"/editions/{DAY}", "/feed.atom", "/feed.json", "/style.css"}


def test_no_page_but_an_edition_has_styles_or_scripts_of_its_own(site: Site) -> None:
    site.mail(carrying())
    for path in pages(site):
        if path.startswith(("/feed", "/health", "/style")):
            continue
        page = Page(site.ask(path).text)
        assert "script" not in page.elements
        assert path.startswith("/editions/2026-11-20") or "style" not in page.elements + [
            name for name, _ in page.attributes
        ]


def test_the_answer_tells_of_no_address_whether_it_is_a_readers(site: Site, relay: Server) -> None:
    site.made.readers.add(ADA)
    site.made.readers.remove(site.made.readers.add(BEN).address)
    site.made.readers.suppress(site.made.readers.add(EVE).id, "550 no such user")
    before = [site.sql(f"SELECT * FROM {table}") for table in ("readers", "reader_events")]  # noqa: S608
    answers = [site.subscribe(address) for address in (ADA, BEN, EVE, CANARY)]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    headers = [{k: v for k, v in answer.headers.items() if k != "date"} for answer in answers]
    assert all(found == headers[0] for found in headers)
    assert [site.sql(f"SELECT * FROM {table}") for table in ("readers", "reader_events")] == before  # noqa: S608
    assert len(site.sql("SELECT * FROM asked")) == 4, "the time that it takes must not tell either: the same is written"
    assert relay.accepted == []


def test_a_machine_that_fills_in_every_field_is_answered_and_nothing_is_done(site: Site) -> None:
    assert site.subscribe(ADA, website="https://spam.example").content == site.subscribe(BEN).content
    site.work()
    assert [reader.address for reader in site.made.readers.every()] == [BEN]


@pytest.mark.parametrize("form", ["", "x", "a.b.c", "confirm"])
def test_a_form_that_is_not_ours_asks_for_nothing(site: Site, form: str) -> None:
    reader = site.made.readers.ask(BEN)
    assert reader is not None
    answer = site.subscribe(ADA, form=site.made.signer.link(reader) if form == "confirm" else form)
    assert (answer.status_code, "open for too long" in answer.text) == (400, True)
    assert site.sql("SELECT * FROM asked") == []


@pytest.mark.parametrize("site_of_origin", ["cross-site", "same-site"])
def test_another_site_cannot_send_our_form(site: Site, site_of_origin: str) -> None:
    assert site.subscribe(ADA, {"Sec-Fetch-Site": site_of_origin}).status_code == 400
    assert site.sql("SELECT * FROM asked") == []
    assert site.subscribe(ADA, {"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "ada", "ada@", "@reader.example", "a b@reader.example", "ada@reader.example, eve@reader.example",
        "ada@reader.example\r\nBcc: eve@reader.example", "ada@reader.example\nSubject: x", "ada\0@reader.example",
        "Buy now https://spam.example <ada@reader.example>", "<ada@reader.example>", '"<script>"@reader.example',
        "ada@[127.0.0.1]", "ada@localhost", "'; DROP TABLE readers; --", "a" * 300 + "@reader.example",
        "<script>alert(1)</script>@reader.example", 'ada@reader.example" autofocus onfocus="alert(1)',
    ],
)  # fmt: skip
def test_what_is_not_one_bare_address_is_refused_and_shown_again_harmlessly(site: Site, address: str) -> None:
    answer = site.subscribe(address)
    assert answer.status_code == 400
    assert site.sql("SELECT * FROM asked") == []
    page = Page(answer.text)
    assert "script" not in page.elements
    assert not any(name.startswith("on") for name, _ in page.attributes)


@pytest.mark.parametrize("address", ["o'hara@reader.example", "a+b_c=d%e@reader.example", "{x}`|~@reader.example"])
def test_an_address_that_looks_like_sql_is_an_address(site: Site, relay: Server, address: str) -> None:
    assert site.subscribe(address).status_code == 200
    site.work()
    assert [reader.address for reader in site.made.readers.every()] == [address]
    assert [mail["To"].addresses[0].addr_spec for mail in relay.accepted] == [address]


def test_an_edition_of_hostile_texts_is_harmless_on_every_page(site: Site) -> None:
    for number, (hostile, url) in enumerate(zip(HOSTILE, BAD_URLS, strict=False), 1):
        day = date(2026, 10, number)
        made = edition(paper(title=hostile, summary=hostile, authors=(hostile,), url=url, why=hostile), label=hostile)
        site.mail(Edition(day, made.state, made.sections, made.counts, (hostile,), hostile))
        for path in (f"/editions/{day}", "/"):
            page = Page(site.ask(path).text)
            assert not {"script", "img", "svg", "iframe", "object", "base"} & set(page.elements)
            assert page.elements.count("style") == (path != "/")
            assert not any(name.startswith("on") for name, _ in page.attributes)
            links = [value for name, value in page.attributes if name in ("href", "src", "action")]
            assert all(link.startswith(("https://", "/", "../")) and not link.startswith("//") for link in links), links


def test_a_body_without_end_is_cut_off(site: Site) -> None:
    assert site.ask("/subscribe", "POST", data=b"address=" + b"a" * 9_000).status_code == 413
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as client:
        client.sendall(b"POST /subscribe HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(b"2328\r\n" + b"a" * 9_000 + b"\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"


def test_another_name_of_this_host_is_refused(site: Site) -> None:
    answer = site.ask("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert protected(answer)


def test_a_canary_is_in_no_log_and_on_no_page_of_an_error(
    site: Site, relay: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever breaks: the tables away, a bug that names the address, a mail server that repeats it."""
    caplog.set_level(logging.DEBUG)
    form = FIELD.findall(site.ask("/").text)[0]
    typed = {"address": CANARY, "website": "", "form": form}
    told = [site.subscribe(CANARY)]
    site.work()
    token = site.reader(CANARY).token
    site.sql("ALTER TABLE web_uses RENAME TO away")
    told.append(site.ask("/subscribe", "POST", data=typed))
    site.sql("ALTER TABLE readers RENAME TO gone")
    told += [site.ask(f"/unsubscribe/{token}", "POST"), site.ask(f"/unsubscribe/{token}"), site.ask("/health")]
    site.made.asked.ask = _buggy  # type: ignore[method-assign]  # as a bug would have it
    told.append(site.ask("/subscribe", "POST", data=typed))
    assert [answer.status_code for answer in told] == [200, 503, 503, 503, 503, 500]
    assert all(protected(answer) for answer in told)
    out = capfd.readouterr()
    others = ("mail.log", "urllib3")  # of the mail server and the client that the test itself is
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith(others))
    logged += out.out + out.err
    assert "ValueError while a page was made" in logged
    for secret in (CANARY, token, form):
        assert secret not in logged
        assert secret not in "".join(answer.text for answer in told)


def _buggy(address: str, visitor: str) -> None:
    raise ValueError(f"{address} of {visitor} is odd")


def test_a_mail_server_that_repeats_the_address_is_not_repeated(
    tmp_path: Path, scripted: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    server = scripted(lambda step, _: f"550 <{CANARY}> is unknown" if step == "RCPT" else None)
    site = Site(tmp_path, server.port)  # type: ignore[attr-defined]  # a server that follows a script
    site.made.asked.ask(CANARY, "127.0.0.1")
    site.work()
    assert CANARY not in str(site.sql("SELECT * FROM asked")) + caplog.text
    assert site.reader(CANARY).state is State.PENDING


def test_the_service_opens_no_warehouse(site: Site) -> None:
    site.mail(carrying())
    for path in pages(site):
        site.ask(path)
    assert not list((site.folder / "home").glob("warehouse*"))
