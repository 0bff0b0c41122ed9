"""What readers tick, and the library that they give, by real HTTP: what is stored, and what is refused."""

import socket
from collections.abc import Callable, Sequence
from html import unescape

import pytest
import requests

from assets.mail.bibtex import LARGEST, MOST, Entry
from assets.mail.readers.likes import Like, Liked
from assets.mail.readers.reader import Origin
from assets.mail.web.service import MAX_LIKES
from tests.mail.conftest import Server
from tests.mail.test_render import HOSTILE, Page, carrying, edition, paper
from tests.mail.web.site import ADA, BEN, FIELD, Site
from tests.mail.web.test_opt_in import body
from tests.mail.web.test_protection import protected

FILE = b'--x\r\nContent-Disposition: form-data; name="library"; filename="a.bib"\r\n\r\n'
LIBRARY = b"@article{a, title={Keels}, year={2024}}\n@article{b, title={Anchors}, abstract={They hold.}, year={1999}}"


@pytest.fixture
def path(site: Site) -> str:
    """The page of a reader who was mailed."""
    site.made.readers.add(ADA)
    site.mail(carrying())
    return f"/likes/{site.reader().token}"


def shown(page: str) -> list[str]:
    return [unescape(part.split('"')[0]) for part in page.split('name="shown" value="')[1:]]


def ticked(page: str) -> list[str]:
    return [unescape(part.split('"')[0]) for part in page.split('name="like" value="')[1:] if " checked>" in part[:200]]


def save(
    site: Site, path: str, ticks: Sequence[str], library: bytes | None = None, **others: str | list[str]
) -> requests.Response:
    """Tick these and no others, and send it, as a browser does: a file that was not chosen is an empty one."""
    page = site.ask(path).text
    (signed,) = FIELD.findall(page)
    file = ("library.bib", library) if library is not None else ("", b"")
    fields = {"form": signed, "shown": shown(page), "like": list(ticks), **others}
    return site.ask(path, "POST", data=fields, files={"library": file})


def liked(site: Site) -> Liked:
    return site.made.liking.likes.of(site.reader())


def test_what_is_ticked_is_stored_and_shown_again_and_may_be_unticked(site: Site, path: str) -> None:
    papers = shown(site.ask(path).text)
    assert papers == [one.work_id for section in carrying().sections for one in section.papers]
    answer = save(site, path, papers[1:3])
    assert (answer.status_code, "Saved." in answer.text, answer.history) == (200, True, [])
    assert [one.paper for one in liked(site).papers] == sorted(papers[1:3])
    assert all(one.title for one in liked(site).papers)
    assert ticked(answer.text) == ticked(site.ask(path).text) == papers[1:3]
    assert "2 ticked" in answer.text
    save(site, path, papers[:2])
    assert {one.paper for one in liked(site).papers} == set(papers[:2])
    assert "Saved." not in site.ask(path).text


def test_a_page_that_is_sent_as_it_came_changes_nothing(site: Site, path: str) -> None:
    for ticks in ([], shown(site.ask(path).text)[:1]):
        save(site, path, ticks)
        before = site.stored()
        assert save(site, path, ticks).status_code == 200
        assert site.stored() == before


def test_what_was_ticked_elsewhere_meanwhile_stays(site: Site, path: str) -> None:
    other, first = Like("arxiv:2503.00001", "On <b>Sails</b>"), shown(site.ask(path).text)[0]
    site.made.liking.likes.note(site.reader(), Origin.READER, [other])
    save(site, path, [first], shown=[first])
    assert {one.paper for one in liked(site).papers} == {other.paper, first}
    page = site.ask(path).text
    assert "Ticked before" in page
    assert "On &lt;b&gt;Sails&lt;/b&gt;" in page
    save(site, path, [])
    assert liked(site) == Liked()


def test_what_no_mail_of_the_reader_held_cannot_be_ticked(site: Site, path: str) -> None:
    assert save(site, path, ["arxiv:9999.99999", "", "x" * 5_000]).status_code == 200
    assert liked(site) == Liked()


def test_a_library_is_read_and_replaced_and_forgotten(site: Site, path: str) -> None:
    answer = save(site, path, [], LIBRARY)
    assert "Of your library 2 papers count." in " ".join(answer.text.split())
    assert liked(site).shelf == (Entry("Anchors", "They hold."), Entry("Keels", ""))
    assert save(site, path, []).status_code == 200
    assert len(liked(site).shelf) == 2, "a file that was not chosen takes nothing away"
    many = (
        b"".join(b"@misc{k%d, title={T}, year={%d}}" % (n, 1000 + n) for n in range(MOST + 2))
        + b"@misc{broken, title={"
    )
    told = " ".join(save(site, path, [], many, forget="yes").text.split())
    left_out = f"the 2 oldest were left out, for at most {MOST} count; 1 could not be read."
    assert f"Of your library {MOST} papers count; {left_out}" in told
    assert len(liked(site).shelf) == MOST
    assert save(site, path, [], forget="yes").status_code == 200
    assert liked(site) == Liked()


@pytest.mark.parametrize(
    ("library", "told"),
    [
        (b"", "holds no entry with a title; export your library as BibTeX."),
        (b"\xff\xfe", "is not text in UTF-8; export your library as BibTeX, in UTF-8."),
        (b"x" * (LARGEST + 1), "has more than 8 MB; export the newest of your papers only."),
    ],
    ids=["empty", "no text", "too large"],
)
def test_what_is_no_library_changes_nothing(site: Site, path: str, library: bytes, told: str) -> None:
    save(site, path, [], LIBRARY)
    before = site.stored()
    answer = save(site, path, shown(site.ask(path).text)[:1], library)
    assert (answer.status_code, site.stored()) == (400, before)
    assert f"Nothing was saved: the file {told}" in answer.text


def test_who_was_mailed_nothing_yet_may_give_a_library(site: Site) -> None:
    site.made.readers.add(ADA)
    path = f"/likes/{site.reader().token}"
    assert "Once a mail was made for you" in site.ask(path).text
    assert save(site, path, [], LIBRARY).status_code == 200
    assert len(liked(site).shelf) == 2


def test_mails_and_preferences_lead_to_the_page(site: Site, path: str, relay: Server) -> None:
    digest = relay.accepted[-1]
    assert body(digest).count(f"{site.url}{path}") == body(digest, "html").count(f'href="{site.url}{path}"') == 2
    assert f'href="{path}"' in site.ask(path.replace("likes", "preferences")).text
    assert f'href="{path.replace("likes", "preferences")}"' in site.ask(path).text


def test_what_strangers_wrote_is_text(site: Site, relay: Server) -> None:
    site.made.readers.add(ADA)
    site.mail(edition(*(paper(work_id=hostile, title=hostile, place=n) for n, hostile in enumerate(HOSTILE, 1))))
    answer = site.ask(f"/likes/{site.reader().token}")
    page = Page(answer.text)
    assert not {"script", "img", "iframe", "svg"} & set(page.elements)
    assert len(shown(answer.text)) == len(HOSTILE)
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert protected(answer)
    assert ADA not in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_looks_at_the_page_before_the_reader_changes_nothing(site: Site, path: str, method: str) -> None:
    before, first = site.stored(), shown(site.ask(path).text)[0]
    answer = site.ask(f"{path}?like={first}&forget=yes", method)
    assert (answer.status_code, bool(answer.content), site.stored()) == (200, method == "GET", before)


def test_only_the_page_s_own_form_is_taken(site: Site, path: str) -> None:
    site.made.readers.add(BEN)
    (of_ben,) = FIELD.findall(site.ask(f"/likes/{site.reader(BEN).token}").text)
    (of_preferences,) = FIELD.findall(site.ask(path.replace("likes", "preferences")).text)
    first, before = shown(site.ask(path).text)[:1], site.stored()
    for signed in ("", "x", of_ben, of_preferences):
        answer = save(site, path, first, form=signed)
        assert (answer.status_code, "Please send it again" in answer.text) == (400, True)
    file = {"library": ("", b"")}
    elsewhere = site.ask(path, "POST", data={"form": "x"}, files=file, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
    assert site.stored() == before


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("application/x-www-form-urlencoded", b"form=x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"nothing of the kind", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nx\r\n--x--\r\n", 400),
        ("multipart/form-data; boundary=x", FILE + b"x" * MAX_LIKES, 413),
    ],
    ids=["urlencoded", "no boundary", "no parts", "no name", "too large"],
)
def test_what_is_no_form_is_refused(site: Site, path: str, content_type: str, content: bytes, status: int) -> None:
    before = site.stored()
    answer = site.ask(path, "POST", data=content, headers={"Content-Type": content_type})
    assert (answer.status_code, protected(answer), site.stored()) == (status, True, before)


def test_two_files_are_one_too_many(site: Site, path: str) -> None:
    before = site.stored()
    (signed,) = FIELD.findall(site.ask(path).text)
    files = [("library", ("a.bib", LIBRARY)), ("library", ("b.bib", LIBRARY))]
    answer = site.ask(path, "POST", data={"form": signed}, files=files)
    assert (answer.status_code, site.stored()) == (400, before)
    assert "What was sent is no form of ours." in answer.text


def test_without_a_token_no_byte_of_a_file_is_read(site: Site, path: str) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as visitor:
        head = "POST /likes/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        visitor.sendall(f"{head}Content-Length: {MAX_LIKES}\r\n\r\n".encode())
        assert visitor.recv(12) == b"HTTP/1.1 404"


def test_a_large_library_is_taken(site: Site, path: str) -> None:
    paper = b"@misc{k%d, title={T}, year={%d}, note={" + b"word " * 2_000 + b"}}\n"
    library = b"".join(paper % (n, n) for n in range(LARGEST // len(paper)))
    assert save(site, path, [], library).status_code == 200
    assert len(liked(site).shelf) == MOST


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_has_no_token_or_is_not_mailed_finds_nothing_to_tick(site: Site, path: str, method: str) -> None:
    assert site.ask("/likes/x", method, **sent(method)).status_code == 404
    site.made.readers.remove(ADA)
    assert "No mail goes to you" in site.ask(path, method, **sent(method)).text


def sent(method: str) -> dict[str, dict[str, tuple[str, bytes]]]:
    return {"files": {"library": ("", b"")}} if method == "POST" else {}


@pytest.mark.parametrize("state", ["pending", "retry", "failed", "cancelled"])
def test_a_mail_that_did_not_arrive_has_nothing_to_tick(site: Site, path: str, state: str) -> None:
    site.sql(f"UPDATE outbox SET state = '{state}'")  # noqa: S608 - a state of ours
    assert shown(site.ask(path).text) == []


def test_a_reader_of_before_mails_kept_their_papers_sees_none(start: Callable[..., Site]) -> None:
    site = start()
    site.made.readers.add(ADA)
    site.mail(carrying())
    site.sql("UPDATE outbox SET works = ''")
    assert "Once a mail was made for you" in site.ask(f"/likes/{site.reader().token}").text
