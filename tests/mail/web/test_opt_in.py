"""From the form to the digest and out again, by real HTTP and SMTP: nobody becomes a reader who did not say so."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from assets.mail.attempt import State
from assets.mail.readers.reader import State as ReaderState
from assets.mail.readers.secret import Secret
from assets.mail.web.server import working
from assets.mail.web.signed import Signer
from orchestration.resources import returns
from tests.browser.stage import free_port
from tests.lab import CHECKOUT
from tests.mail.conftest import Script, Scripted, Server
from tests.mail.test_render import carrying
from tests.mail.web.site import ADA, BEN, Site, ago

both = pytest.mark.usefixtures("place")  # databases

LINK = re.compile(r"https?://\S+/confirm/\S+")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage) -> str:
    """The link that confirms, as it stands in both bodies."""
    (found,) = LINK.findall(body(mail))
    assert f'href="{found}"' in body(mail, "html")
    return str(found)


def asked(site: Site, relay: Server, address: str = ADA) -> str:
    """The link that is mailed to an address that was typed into the form."""
    before = len(relay.accepted)
    assert site.subscribe(address).status_code == 200
    site.work()
    (mail,) = relay.accepted[before:]
    assert mail["To"] == address
    return link(mail)


def subscribed(site: Site, relay: Server, address: str = ADA) -> str:
    """The token of a reader who asked and confirmed."""
    assert site.ask(asked(site, relay, address), "POST").status_code == 200
    return site.reader(address).token


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@both
def test_from_the_form_to_the_digest_and_out_again(site: Site, relay: Server) -> None:
    with working(site.work, pause=0.05):
        assert site.subscribe(ADA).status_code == 200
        wait_until(lambda: bool(relay.accepted))
    (mail,) = relay.accepted
    page = site.ask(link(mail))
    assert "<form" in page.text
    site.mail(carrying())
    assert len(relay.accepted) == 1, "whoever only asked is not mailed the digest"
    assert "You are a reader" in site.ask(link(mail), "POST").text
    site.mail(carrying())
    digest = relay.accepted[1]
    (way_out,) = re.findall(r"<(.+)>", digest["List-Unsubscribe"])
    assert body(digest).count(way_out) == 2
    assert body(digest, "html").count(f'href="{way_out}"') == 2
    web_view = f"{site.url}/editions/2026-11-20"
    assert body(digest).count(web_view) == body(digest, "html").count(web_view) == 2
    assert "Robots That Ask 60 Times" in site.ask(web_view).text
    done = site.ask(way_out, "POST", data=ONE_CLICK)
    assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)
    site.mail(carrying(title="Another Day"))
    assert len(relay.accepted) == 2
    events = [event.event for event in site.made.readers.events(site.reader().id)]
    assert events == ["asked", "confirmed", "unsubscribed"]


def test_the_headers_of_one_click_are_one_line_each_in_the_raw_bytes(start: Callable[..., Site], relay: Server) -> None:
    url = f"https://papers.{'department.' * 9}university.example"
    site = start(WEB__URL=url)
    site.made.readers.add(ADA)
    site.mail(carrying())
    raw = relay.envelopes[0].content
    assert isinstance(raw, bytes)
    headers = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert f"List-Unsubscribe: <{url}/unsubscribe/{site.reader().token}>" in headers
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert f"List-Archive: <{url}/>" in headers
    assert max(map(len, headers)) < 998


def test_a_way_out_by_mail_stands_behind_the_one_by_click_on_its_line(
    start: Callable[..., Site], relay: Server, tmp_path: Path
) -> None:
    site = start(BOUNCES__ADDRESS="bounces@lab.example", BOUNCES__INBOX=str(tmp_path / "returned"))
    site.made.readers.add(ADA)
    site.mail(carrying())
    raw, reader, addresses = relay.envelopes[0].content, site.reader(), returns(site.settings)
    assert isinstance(raw, bytes)
    assert addresses is not None
    ways_out = f"<{site.url}/unsubscribe/{reader.token}>, <mailto:{addresses.to_leave(reader)}?subject=unsubscribe>"
    assert f"\r\nList-Unsubscribe: {ways_out}\r\n" in raw.decode("ascii")
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_without_an_address_of_the_service_a_mail_has_no_links_to_it(start: Callable[..., Site], relay: Server) -> None:
    site = start(WEB__URL=None)
    site.made.readers.add(ADA)
    site.mail(carrying())
    (mail,) = relay.accepted
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive"} & set(mail.keys())
    assert not any(
        word in body(mail) + body(mail, "html") for word in (site.url, "Unsubscribe", "Preferences", "on the web")
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_looks_at_links_before_the_reader_changes_nothing(site: Site, relay: Server, method: str) -> None:
    token = subscribed(site, relay, BEN)
    links = [asked(site, relay), f"{site.url}/unsubscribe/{token}"]
    before = site.stored()
    for one in links * 2:
        answer = site.ask(one, method)
        assert (answer.status_code, bool(answer.content)) == (200, method == "GET")
    assert site.stored() == before


@pytest.mark.parametrize("data", [ONE_CLICK, {}, {"anything": "else"}], ids=str)
def test_one_click_needs_no_page_no_cookie_and_no_field_and_is_the_same_again(
    site: Site, relay: Server, data: dict[str, str]
) -> None:
    token = subscribed(site, relay)
    path = f"/unsubscribe/{token}"
    answers = [site.ask(path, "POST", data=data, headers={"Sec-Fetch-Site": "cross-site"}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert not any(answer.cookies or answer.history for answer in answers)
    assert site.reader().state is ReaderState.UNSUBSCRIBED
    assert [event.event for event in site.made.readers.events(site.reader().id)].count("unsubscribed") == 1


def test_a_one_click_of_several_parts_is_taken_too(site: Site, relay: Server) -> None:
    token = subscribed(site, relay)
    parts = {name: (None, value) for name, value in ONE_CLICK.items()}
    assert site.ask(f"/unsubscribe/{token}", "POST", files=parts).status_code == 200
    assert site.reader().state is ReaderState.UNSUBSCRIBED


@both
def test_a_token_that_nobody_has_unsubscribes_nobody(site: Site, relay: Server) -> None:
    token = subscribed(site, relay)
    before = site.stored()
    others = (token[:-1], token + "x", token.swapcase(), site.reader().id, "' OR 1=1 --", "%00", "..%2f", "x" * 5_000)
    for other in others:
        assert site.ask(f"/unsubscribe/{other}", "POST", data=ONE_CLICK).status_code == 404
    assert site.ask("/unsubscribe/nobody", "POST", data={**ONE_CLICK, "token": token}).status_code == 404
    assert site.ask("/unsubscribe/", "POST", data={"token": token}).status_code == 404
    assert site.stored() == before


def test_a_token_that_was_rotated_is_of_no_use(site: Site, relay: Server) -> None:
    token = subscribed(site, relay)
    site.made.readers.rotate(ADA)
    assert site.ask(f"/unsubscribe/{token}", "POST").status_code == 404
    assert site.ask(f"/unsubscribe/{site.reader().token}", "POST").status_code == 200


def test_a_link_confirms_its_own_reader_only(site: Site, relay: Server) -> None:
    ada, ben = asked(site, relay), asked(site, relay, BEN)
    (payload, _, signature), (other, at, _) = (one.rpartition("/")[2].split(".") for one in (ada, ben))
    for forged in (f"{other}.{at}.{signature}", f"{payload}.{at}", payload, f"{payload}..{signature}"):
        assert site.ask(f"/confirm/{forged}", "POST").status_code == 410
    assert site.ask("/confirm/x", "POST", data={"token": ada.rpartition("/")[2]}).status_code == 410
    assert {site.reader(one).state for one in (ADA, BEN)} == {ReaderState.PENDING}
    assert site.ask(ben, "POST").status_code == 200
    assert (site.reader().state, site.reader(BEN).state) == (ReaderState.PENDING, ReaderState.CONFIRMED)


def test_a_link_that_is_too_old_confirms_nothing(site: Site, relay: Server) -> None:
    old = asked(site, relay)
    signer = Signer(site.made.signer.key, confirm_hours=0)
    time.sleep(2.1)
    assert signer.asked(old.rpartition("/")[2]) is None
    assert site.made.signer.asked(old.rpartition("/")[2])


def test_a_link_signed_with_another_key_confirms_nothing(site: Site, relay: Server) -> None:
    asked(site, relay)
    other = Signer(Secret(site.folder / "other.key").key(), 48)
    assert site.ask(f"/confirm/{other.link(site.reader())}").status_code == 410
    assert site.ask(f"/confirm/{other.link(site.reader())}", "POST").status_code == 410
    assert site.reader().state is ReaderState.PENDING


def test_an_old_link_confirms_nothing_that_was_asked_later(site: Site, relay: Server) -> None:
    first = asked(site, relay)
    assert site.ask(first, "POST").status_code == 200
    assert site.ask(first, "POST").status_code == 200, "once more is as good as once"
    site.made.readers.unsubscribe(site.reader().token)
    assert site.ask(first, "POST").status_code == 410, "an old link must not undo that the reader left"
    second = asked(site, relay)
    assert site.ask(first, "POST").status_code == 410
    assert site.reader().state is ReaderState.PENDING
    assert site.ask(second, "POST").status_code == 200


def test_a_browser_that_comes_from_another_site_confirms_nothing(site: Site, relay: Server) -> None:
    found = asked(site, relay)
    assert site.ask(found, "POST", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert site.reader().state is ReaderState.PENDING


def test_who_is_a_reader_is_told_so_and_stays_one(site: Site, relay: Server) -> None:
    site.made.readers.add(ADA)
    site.subscribe(ADA)
    site.work()
    (mail,) = relay.accepted
    assert mail["Subject"] == "You are a reader already"
    assert mail["List-Unsubscribe"] == f"<{site.url}/unsubscribe/{site.reader().token}>"
    assert site.reader().state is ReaderState.CONFIRMED


@both
def test_an_address_that_bounced_is_not_mailed_and_one_that_was_erased_may_ask_again(site: Site, relay: Server) -> None:
    site.made.readers.suppress(site.made.readers.add(ADA).id, "550 no such user")
    site.made.readers.erase(site.made.readers.add(BEN).address)
    for address in (ADA, BEN):
        site.subscribe(address)
    site.work()
    assert [mail["To"] for mail in relay.accepted] == [BEN]
    assert {row.state for row in site.made.asked.rows()} == {State.SENT, State.CANCELLED}


def test_once_it_is_worked_off_the_address_is_the_readers_alone(site: Site, relay: Server) -> None:
    asked(site, relay)
    assert site.sql("SELECT address FROM asked") == [("",)]
    site.made.readers.erase(ADA)
    site.sql("VACUUM")
    site.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert ADA.encode() not in site.settings.mail_file.read_bytes()


@both
def test_a_reader_who_leaves_before_the_mail_is_sent_gets_none(site: Site, relay: Server) -> None:
    site.subscribe(ADA)
    site.made.asked._take_over(site.made.readers)
    site.made.readers.erase(ADA)
    site.work()
    assert relay.accepted == []
    assert [row.state for row in site.made.asked.rows()] == [State.CANCELLED]


@both
def test_who_asked_and_never_said_yes_is_forgotten_but_nobody_else_is(site: Site, relay: Server) -> None:
    asked(site, relay)
    subscribed(site, relay, BEN)
    site.made.readers.unsubscribe(site.reader(BEN).token)
    asked(site, relay, BEN)
    site.sql(f"UPDATE readers SET asked_at = {ago(days=3)}")  # noqa: S608 - of ours
    asked(site, relay, "eve@reader.example")
    assert [reader.address for reader in site.made.readers.every()] == [BEN, "eve@reader.example"]


def at(step: str, answer: str) -> Script:
    return lambda reached, _: answer if reached == step else None


@both
@pytest.mark.parametrize(
    ("step", "answer", "state", "accepted"),
    [
        ("CONNECT", "drop", State.RETRY, 0),
        ("MAIL", "451 later", State.RETRY, 0),
        ("RCPT", "451 later", State.RETRY, 0),
        ("RCPT", "550 no such user", State.FAILED, 0),
        ("DOT", "250 drop", State.UNKNOWN, 1),
    ],
)
def test_what_a_mail_server_does_to_a_mail_that_asks_for_confirmation(
    tmp_path: Path,
    scripted: Callable[[Script], Scripted],
    database: dict[str, str | None],
    step: str,
    answer: str,
    state: State,
    accepted: int,
) -> None:
    server = scripted(at(step, answer))
    site = Site(tmp_path, server.port, database)
    site.made.asked.ask(ADA, "127.0.0.1")
    for _ in range(3):
        site.work()
    assert [row.state for row in site.made.asked.rows()] == [state]
    assert len(server.accepted) == accepted
    assert ADA not in str(site.made.asked.rows())


@both
def test_what_is_put_off_is_sent_later_once_and_given_up_in_the_end(
    site: Site, relay: Server, tmp_path: Path, database: dict[str, str | None]
) -> None:
    site.subscribe(ADA)
    site.subscribe(BEN)
    Site(tmp_path, free_port(), database).work()
    assert {row.state for row in site.made.asked.rows()} == {State.RETRY}
    site.work()
    assert relay.accepted == [], "its pause is not over"
    ((given_up,), _) = site.sql("SELECT id FROM asked")
    site.sql("UPDATE asked SET due_at = '2026-01-01 00:00:00.000000'")
    site.sql(f"UPDATE asked SET asked_at = {ago(days=3)} WHERE id = '{given_up}'")  # noqa: S608 - of ours
    for _ in range(3):
        site.work()
    assert len(relay.accepted) == 1
    assert sorted(row.state for row in site.made.asked.rows()) == [State.FAILED, State.SENT]


DYING = """
import os, sys
from orchestration import web
from orchestration.resources import transport
from orchestration.settings import load
from {module} import {owner}

{owner}.{method} = lambda *_: os.kill(os.getpid(), 9)
web.work(settings := load(), web.service(settings), transport(settings))
"""


@pytest.mark.parametrize(
    ("module", "owner", "method", "mails"),
    [
        ("assets.mail.readers.store", "Readers", "ask", 1),
        ("assets.mail.readers.store", "Readers", "of", 1),
        ("assets.mail.web.letter", "Letters", "compose", 1),
        ("smtplib", "SMTP", "mail", 1),
        ("assets.mail.transport", "_Session", "_end", 0),
        ("smtplib", "SMTP", "quit", 0),
    ],
)
def test_a_service_that_is_killed_loses_no_mail_and_sends_none_twice(
    site: Site, relay: Server, module: str, owner: str, method: str, mails: int
) -> None:
    """Where the last byte was being sent, nobody can know, and so it is said: `unknown`."""
    site.subscribe(ADA)
    code = DYING.format(module=module, owner=owner, method=method)
    died = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **site.environment}, cwd=CHECKOUT, check=False
    )
    assert died.returncode == -9
    before = len(relay.accepted)
    for _ in range(3):
        site.work()
    assert len(relay.accepted) - before == mails
    (row,) = site.made.asked.rows()
    sent_before_it_died = method == "quit"
    assert row.state is (State.SENT if mails or sent_before_it_died else State.UNKNOWN)
    assert before == sent_before_it_died
