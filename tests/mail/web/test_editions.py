"""The editions on the web, their feeds and the service's health: what was mailed, as it was mailed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from defusedxml import ElementTree

from assets.mail.feeds import Place, atom, json_feed
from assets.mail.shelf import Kept, Shelf
from tests.mail.conftest import Server
from tests.mail.test_render import HOSTILE, Page, edition, paper
from tests.mail.web.site import ADA, BEN, Site

ATOM = "{http://www.w3.org/2005/Atom}"
FIRST = edition(paper())
SECOND = edition(paper(), paper(2, title="A Late Thought"))


def test_what_was_mailed_stays_as_it_was(site: Site, relay: Server) -> None:
    site.made.readers.add(ADA)
    site.mail(FIRST)
    page = site.ask("/editions/2026-11-20").text
    site.made.readers.add(BEN)
    site.mail(SECOND)
    assert len(relay.accepted) == 2
    assert site.ask("/editions/2026-11-20").text == page


def test_what_nobody_was_mailed_yet_follows_its_day(site: Site) -> None:
    for made in (FIRST, SECOND):
        site.mail(made)
    assert "A Late Thought" in site.ask("/editions/2026-11-20").text


def test_a_page_that_was_not_kept_when_the_mail_was_written_down_is_kept_by_the_next_run(site: Site) -> None:
    site.made.readers.add(ADA)
    site.mail(FIRST)
    for file in site.settings.editions.iterdir():
        file.unlink()
    assert site.ask("/editions/2026-11-20").status_code == 404
    site.mail(FIRST)
    assert site.ask("/editions/2026-11-20").status_code == 200


def test_a_page_without_what_is_said_of_it_is_not_shown(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(FIRST, [])
    (tmp_path / "2026-11-20.json").unlink()
    assert (shelf.page(FIRST.day), shelf.days()) == (None, [])


def test_the_first_page_names_the_newest_editions_first(site: Site) -> None:
    for day in range(1, 21):
        site.mail(replace(FIRST, day=date(2026, 11, day)))
    page = site.ask("/").text
    shown = [f"/editions/2026-11-{day:02}" for day in range(20, 0, -1)]
    assert [page.find(path) > 0 for path in shown] == [True] * 14 + [False] * 6
    assert sorted(shown[:14], key=page.find) == shown[:14]


def test_an_editions_page_leads_home_and_has_no_link_of_a_reader(site: Site) -> None:
    site.made.readers.add(ADA)
    site.mail(FIRST)
    page = site.ask("/editions/2026-11-20").text
    assert page.count('href="../"') == 2
    assert "unsubscribe" not in page.lower()
    assert site.reader().token not in page


def test_days_that_are_none_are_not_found(site: Site) -> None:
    site.mail(FIRST)
    for day in ("2026-11-19", "20261120", "2026-W47-5", "2026-11-20.html", "%2e%2e%2fmail.key", "x"):
        assert site.ask(f"/editions/{day}").status_code == 404


def test_both_feeds_hold_the_editions_whatever_their_texts(site: Site) -> None:
    for number, hostile in enumerate([*HOSTILE, "\ufffe\uffff ]]> \u0001"], 1):
        made = replace(edition(paper(title=hostile, url="javascript:alert(1)")), day=date(2026, 10, number))
        site.mail(made)
    atom = site.ask("/feed.atom")
    assert atom.headers["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(atom.content)
    entries = root.findall(f"{ATOM}entry")
    items = site.ask("/feed.json").json()["items"]
    assert len(entries) == len(items) == len(HOSTILE) + 1
    for entry, item in zip(entries, items, strict=True):
        assert entry.findtext(f"{ATOM}id") == item["id"] == f"{site.url}/editions/{item['id'][-10:]}"
        assert entry.findtext(f"{ATOM}updated") == item["date_published"]
        assert "<script" not in item["content_html"]
        assert "javascript:" not in item["content_html"].replace("&", "")
    titles = [str(entry.findtext(f"{ATOM}title")) for entry in entries][1:]  # the first holds what XML cannot
    assert [title.split() for title in titles] == [item["title"].split() for item in items][1:]


PATHS = ("/editions/2026-11-20", "/feed.atom", "/feed.json")


@pytest.mark.parametrize("path", PATHS)
def test_whoever_has_it_already_is_told_so(site: Site, path: str) -> None:
    site.mail(FIRST)
    first = site.ask(path)
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    for method in ("GET", "HEAD"):
        for known in ({"If-None-Match": tag}, {"If-None-Match": f'"other", W/{tag}'}, {"If-Modified-Since": changed}):
            again = site.ask(path, method, headers=known)
            assert (again.status_code, again.content) == (304, b"")
            for name in ("ETag", "Last-Modified", "Cache-Control", "Content-Security-Policy"):
                assert again.headers[name] == first.headers[name]
            assert "Content-Type" not in again.headers
    for known in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": changed},
        {"If-Modified-Since": "Fri, 20 Nov 2020 07:30:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert site.ask(path, headers=known).content == first.content
    site.mail(SECOND)
    assert site.ask(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_feed_without_editions_has_a_tag_too(site: Site) -> None:
    for path in PATHS[1:]:
        first = site.ask(path)
        assert "Last-Modified" not in first.headers
        assert site.ask(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("made", [atom, json_feed])
def test_a_feed_is_made_once_for_the_same_editions(
    tmp_path: Path, made: Callable[[Place, tuple[Kept, ...]], str]
) -> None:
    shelf, place = Shelf(tmp_path), Place("https://lab.example", "feed")
    shelf.put(FIRST, [])
    first = made(place, tuple(shelf.newest(20)))
    assert made(place, tuple(shelf.newest(20))) is first
    shelf.put(SECOND, [])
    assert "A Late Thought" not in first
    assert "A Late Thought" in made(place, tuple(shelf.newest(20)))


def test_feeds_lie_beside_the_editions_for_any_web_server(start: Callable[..., Site]) -> None:
    site = start(WEB__URL="https://lab.example/papers/")
    made = [replace(FIRST, day=date(2026, 11, day)) for day in range(1, 26)]
    for one in made:
        site.mail(one)
    folder, below = site.settings.editions, "https://lab.example/papers/editions"
    feed = json.loads((folder / "feed.json").read_text(encoding="utf-8"))
    root = ElementTree.fromstring((folder / "feed.xml").read_bytes())
    assert feed["feed_url"] == f"{below}/feed.json"
    assert [link.get("href") for link in root.findall(f"{ATOM}link[@rel='self']")] == [f"{below}/feed.xml"]
    days = [str(one.day) for one in reversed(made)][:20]
    links = [str(link.get("href")) for link in root.findall(f"{ATOM}entry/{ATOM}link")]
    assert [item["url"] for item in feed["items"]] == links == [f"{below}/{day}.html" for day in days]
    assert all((folder / link.rpartition("/")[2]).exists() for link in links)
    assert [item["id"] for item in feed["items"]] == [item["id"] for item in site.ask("/feed.json").json()["items"]]
    assert [str(day) for day in site.made.shelf.days()][:20] == days
    assert {file.suffix for file in folder.iterdir()} == {".html", ".json", ".xml"}, "no draft is left"


def test_without_an_address_on_the_web_there_are_no_feed_files(start: Callable[..., Site]) -> None:
    site = start(WEB__URL=None)
    site.mail(FIRST)
    assert {file.name for file in site.settings.editions.iterdir()} == {"2026-11-20.html", "2026-11-20.json"}


def test_a_feed_without_editions_is_a_feed(site: Site) -> None:
    assert ElementTree.fromstring(site.ask("/feed.atom").content).findall(f"{ATOM}entry") == []
    assert site.ask("/feed.json").json()["items"] == []


def test_health_is_the_newest_edition_and_its_age(site: Site) -> None:
    assert site.ask("/health").json() == {"state": "ok", "newest_day": None, "age_days": None}
    day = datetime.now(UTC).date() - timedelta(days=2)
    site.mail(replace(FIRST, day=day))
    assert site.ask("/health").json() == {"state": "ok", "newest_day": day.isoformat(), "age_days": 2}


def test_a_store_that_cannot_be_read_is_no_health(site: Site) -> None:
    site.sql("DROP TABLE readers")
    answer = site.ask("/health")
    assert (answer.status_code, json.loads(answer.text)["state"]) == (503, "unreadable")


def test_below_a_path_of_the_public_address_all_links_begin_with_it(start: Callable[..., Site]) -> None:
    site = start(WEB__URL="https://lab.example/papers/")
    site.mail(FIRST)
    page = Page(site.ask("/").text)
    links = [value for name, value in page.attributes if name in ("href", "action")]
    assert {"/papers/subscribe", "/papers/style.css", "/papers/editions/2026-11-20"} <= set(links)
    assert all(link.startswith("/papers/") for link in links)
    assert site.ask("/feed.json").json()["items"][0]["url"] == "https://lab.example/papers/editions/2026-11-20"
    assert site.ask("/", headers={"Host": "lab.example"}).status_code == 200
