"""What readers choose themselves, by real HTTP: what is stored, what is refused, and that nobody else chooses."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape

import pytest
import requests

from assets.mail.readers.preferences import DAYS, NONE, Frequency, Named, Preferences
from assets.mail.readers.reader import State
from assets.mail.web.service import MAX_PREFERENCES
from tests.mail.conftest import Server
from tests.mail.test_render import HOSTILE, Page, carrying
from tests.mail.web.site import ADA, BEN, EVE, FIELD, Site
from tests.mail.web.test_opt_in import asked, body
from tests.mail.web.test_protection import CANARY, protected

Fields = Mapping[str, str | Sequence[str]]

USUAL: Fields = {"frequency": "daily", "weekday": "4", "hour": "", "time_zone": "", "size": "", "language": ""}
"""What a browser sends of a form that was not touched, but for what is empty."""

WANTED = Preferences(
    frequency=Frequency.WEEKLY, weekday=0, hour=7, time_zone="Europe/Berlin", size=5, language="fr",
    follow=Named(topics=("agents", "robot-learning"), authors=("Ada Lovelace", "Émile Borel"), keywords=("tool use",)),
    mute=Named(topics=("driving",), categories=("cs.CR",)),
)  # fmt: skip
SENT: Fields = {
    "frequency": "weekly", "weekday": "0", "hour": "7", "time_zone": "Europe/Berlin", "size": "5", "language": "FR",
    "follow_topics": ["agents", "robot-learning"], "follow_authors": " Ada Lovelace\r\n\r\nÉmile  Borel\r\n",
    "follow_keywords": "tool use", "mute_topics": "driving", "mute_categories": "cs.CR",
}  # fmt: skip


@pytest.fixture
def path(site: Site) -> str:
    """The page of a reader."""
    return f"/preferences/{site.made.readers.add(ADA).token}"


def form(site: Site, path: str) -> str:
    (signed,) = FIELD.findall(site.ask(path).text)
    return str(signed)


def save(
    site: Site, path: str, fields: Fields, headers: Mapping[str, str] | None = None, **others: str
) -> requests.Response:
    """Fill the page in and send it."""
    return site.ask(path, "POST", data={"form": form(site, path), **USUAL, **fields, **others}, headers=headers or {})


def values(page: str, name: str) -> list[str]:
    """The values of all fields of a name that are chosen."""
    fields = [tag for tag in page.split("<") if f'name="{name}"' in tag]
    if fields[0].startswith("select"):
        chosen = page.split(f'name="{name}"')[1].split("</select>")[0].split("<option")
        return [tag.split('"')[1] for tag in chosen if " selected" in tag]
    if fields[0].startswith("textarea"):
        return [unescape(fields[0].partition(">\n")[2])]
    return [tag.split('value="')[1].split('"')[0] for tag in fields if " checked" in tag or 'type="number"' in tag]


def test_what_is_chosen_is_stored_shown_again_and_said(site: Site, path: str) -> None:
    answer = save(site, path, SENT)
    assert (answer.status_code, "Saved." in answer.text, answer.history) == (200, True, [])
    assert site.reader().preferences == WANTED
    for page in (answer.text, site.ask(path).text):
        assert values(page, "frequency") == ["weekly"]
        assert [values(page, name) for name in ("weekday", "hour", "size")] == [["0"], ["7"], ["5"]]
        assert values(page, "language") == ["fr"]
        assert "selected>Europe/Berlin</option>" in page
        assert values(page, "follow_topics") == ["agents", "robot-learning"]
        assert values(page, "mute_topics") == ["driving"]
        assert values(page, "follow_authors") == ["Ada Lovelace\nÉmile Borel"]
        assert values(page, "mute_categories") == ["cs.CR"]
    assert "Saved." not in site.ask(path).text
    events = [(event.event, event.by) for event in site.made.readers.events(site.reader().id)]
    assert events == [("added", "operator"), ("preferred", "reader")]


def test_a_page_that_is_sent_as_it_came_changes_nothing(site: Site, path: str) -> None:
    before = site.stored()
    assert save(site, path, {}).status_code == 200
    assert site.stored() == before
    save(site, path, SENT)
    before = site.stored()
    assert save(site, path, SENT).status_code == 200
    assert site.stored() == before


def test_the_page_says_what_the_lab_has_and_leads_out(start: Callable[..., Site]) -> None:
    site = start(DIGEST__SIZE="12", SCHEDULE__TIME_ZONE="Asia/Tokyo")
    token = site.made.readers.add(ADA).token
    page = site.ask(f"/preferences/{token}").text
    assert "as the lab says, 12" in page
    assert "The lab’s, Asia/Tokyo" in page
    assert f'href="/unsubscribe/{token}"' in page
    assert all(day in page for day in DAYS)
    assert ADA not in page


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_looks_at_the_page_before_the_reader_changes_nothing(site: Site, path: str, method: str) -> None:
    before = site.stored()
    for query in ("", "?frequency=weekly&size=5", f"?form={form(site, path)}&frequency=weekly&weekday=1"):
        answer = site.ask(path + query, method)
        assert (answer.status_code, bool(answer.content), protected(answer)) == (200, method == "GET", True)
    assert site.stored() == before


def test_mails_lead_to_the_page_and_so_do_the_welcome_and_the_letter(site: Site, relay: Server) -> None:
    welcome = site.ask(asked(site, relay), "POST").text
    page = f"/preferences/{site.reader().token}"
    assert f'href="{page}"' in welcome
    site.mail(carrying())
    digest = relay.accepted[-1]
    assert body(digest).count(f"{site.url}{page}") == body(digest, "html").count(f'href="{site.url}{page}"') == 2
    site.subscribe(ADA)
    site.work()
    assert f"{site.url}{page}" in body(relay.accepted[-1])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("language", "tlh", "Choose a language."),
        ("size", "0", "Write a number from 1 to 100, or nothing."),
        ("size", "101", "Write a number"),
        ("size", "many", "Write a number"),
        ("hour", "24", "Choose an hour."),
        ("hour", "-1", "Choose an hour."),
        ("weekday", "7", "Choose a day."),
        ("weekday", "", "Choose a day."),
        ("frequency", "hourly", "Choose one of these."),
        ("time_zone", "../../etc/passwd", "Choose a time zone."),
        ("follow_topics", "no-such-topic", "Choose topics that stand here."),
        ("mute_topics", "no-such-topic", "Choose topics that stand here."),
        ("follow_authors", "\r\n".join(f"Ada {number}" for number in range(201)), "These are 201 lines"),
        ("mute_keywords", "a" * 101, "A line has at most 100 characters."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_what_was_typed_stays(
    site: Site, path: str, field: str, value: str, told: str
) -> None:
    save(site, path, SENT)
    before = site.stored()
    answer = save(site, path, {**SENT, "follow_keywords": "another", field: value})
    assert (answer.status_code, protected(answer)) == (400, True)
    assert site.stored() == before
    place = answer.text.index(f'id="{field}-trouble"')
    assert told in answer.text[place : place + 120]
    is_of_many = field in ("frequency", "follow_topics", "mute_topics")
    assert len(re.findall(f'aria-invalid="true" aria-describedby="[^"]*{field}-trouble"', answer.text)) == (
        not is_of_many
    )
    assert values(answer.text, "follow_keywords") == ["another"]
    if field in ("size", "follow_authors", "mute_keywords"):
        assert [text.split() for text in values(answer.text, field)] == [value.split()]


def test_two_hundred_names_of_each_kind_are_kept(site: Site, path: str) -> None:
    names = tuple(f"Author Number {number} of a Long Paper" for number in range(200))
    fields = {f"{way}_{kind}": "\r\n".join(names) for way in ("follow", "mute") for kind in ("authors", "keywords")}
    assert save(site, path, fields).status_code == 200
    assert site.reader().preferences.follow.authors == site.reader().preferences.mute.keywords == names


def test_more_than_the_form_holds_is_cut_off_and_other_forms_hold_as_little_as_before(site: Site, path: str) -> None:
    assert save(site, path, {"follow_authors": "a" * MAX_PREFERENCES}).status_code == 413
    assert site.ask("/subscribe", "POST", data=b"address=" + b"a" * 9_000).status_code == 413
    assert site.reader().preferences == NONE


def test_what_is_followed_and_muted_is_muted_and_said_so(site: Site, path: str) -> None:
    fields = {"follow_topics": "agents", "mute_topics": "agents", "follow_authors": "Ada", "mute_authors": "ADA"}
    answer = save(site, path, fields)
    assert "Both followed and muted, and so muted: Agents and tool use, Ada." in answer.text
    assert "do not come, also if you follow" in answer.text


def test_topics_that_the_operator_named_by_label_or_that_are_gone_are_shown_and_kept(site: Site, path: str) -> None:
    wanted = Preferences(follow=Named(topics=("agents AND tool use", "alchemy")))
    site.made.readers.set_preferences(ADA, wanted)
    page = site.ask(path).text
    assert values(page, "follow_topics") == ["agents", "alchemy"]
    assert "No longer among the topics" in page
    assert save(site, path, {"follow_topics": ["agents", "alchemy"]}).status_code == 200
    assert site.reader().preferences.follow.topics == ("agents", "alchemy")
    assert save(site, path, {"follow_topics": ["agents"]}).status_code == 200
    assert save(site, path, {"follow_topics": ["agents", "alchemy"]}).status_code == 400


def test_a_time_zone_that_is_not_offered_stays(site: Site, path: str) -> None:
    site.made.readers.set_preferences(ADA, Preferences(time_zone="Etc/GMT+5"))
    assert "selected>Etc/GMT+5</option>" in site.ask(path).text


@pytest.mark.parametrize("old", ["", "x", "a.b.c", "subscribe", "confirm", "another"])
def test_a_form_that_is_old_or_of_another_page_is_told_and_nothing_lost(site: Site, path: str, old: str) -> None:
    site.made.readers.add(BEN)
    others = {
        "subscribe": form(site, "/"),
        "confirm": site.made.signer.link(site.reader()),
        "another": form(site, f"/preferences/{site.reader(BEN).token}"),
    }
    before = site.stored()
    answer = save(site, path, SENT, form=others.get(old, old))
    assert (answer.status_code, "open for too long" in answer.text) == (400, True)
    assert site.stored() == before
    assert values(answer.text, "follow_authors")[0].split() == ["Ada", "Lovelace", "Émile", "Borel"]
    assert values(answer.text, "follow_topics") == ["agents", "robot-learning"]
    (signed,) = FIELD.findall(answer.text)
    assert save(site, path, SENT, form=signed).status_code == 200
    assert site.reader().preferences == WANTED


def test_the_form_of_this_page_subscribes_nobody(site: Site, path: str) -> None:
    assert site.subscribe(EVE, form=form(site, path)).status_code == 400
    assert site.sql("SELECT * FROM asked") == []


@pytest.mark.parametrize("site_of_origin", ["cross-site", "same-site"])
def test_another_site_cannot_choose_for_a_reader(site: Site, path: str, site_of_origin: str) -> None:
    assert save(site, path, SENT, {"Sec-Fetch-Site": site_of_origin}).status_code == 403
    assert site.reader().preferences == NONE
    assert save(site, path, SENT, {"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_token_that_nobody_has_shows_and_changes_nothing(site: Site, path: str) -> None:
    token = site.reader().token
    before = site.stored()
    others = (token[:-1], token + "x", token.swapcase(), site.reader().id, "' OR 1=1 --", "%00", "..%2f", "x" * 5_000)
    fields = {**USUAL, **SENT, "token": token, "form": form(site, path)}
    for other in others:
        for method in ("GET", "POST"):
            answer = site.ask(f"/preferences/{other}", method, data=fields)
            assert (answer.status_code, protected(answer)) == (404, True)
    for nobody in ("/preferences/", "/preferences", f"/preferences?token={token}", "/preferences/nobody"):
        assert site.ask(nobody, "POST", data=fields).status_code == 404
    assert site.ask("/preferences/x").text == site.ask("/unsubscribe/x").text
    assert site.stored() == before


def test_each_reader_chooses_for_themselves(site: Site, path: str) -> None:
    ben = site.made.readers.add(BEN)
    assert save(site, path, SENT, token=ben.token).status_code == 200
    assert (site.reader().preferences, site.reader(BEN).preferences) == (WANTED, NONE)
    site.made.readers.rotate(ADA)
    assert site.ask(path).status_code == 404
    assert site.reader().preferences == WANTED


@pytest.mark.parametrize("state", [State.PENDING, State.UNSUBSCRIBED, State.UNNAMED, State.SUPPRESSED])
def test_who_gets_no_mail_has_nothing_to_choose(site: Site, path: str, state: State) -> None:
    fields = {**USUAL, **SENT, "form": form(site, path)}
    site.sql(f"UPDATE readers SET state = '{state.value}'")  # noqa: S608 - a word of ours
    before = site.stored()
    pending = state is State.PENDING
    for method in ("GET", "POST"):
        answer = site.ask(path, method, data=fields)
        assert (answer.status_code, "<form" in answer.text) == (404 if pending else 200, False)
        assert ("No mail goes to you" in answer.text) is not pending
        assert ADA not in answer.text
    assert site.stored() == before


@pytest.mark.parametrize("hostile", [*HOSTILE, "'; DROP TABLE readers; --", "' OR 1=1 --", '" autofocus onfocus="a()'])
def test_hostile_names_are_names_and_shown_harmlessly(site: Site, path: str, hostile: str) -> None:
    answer = save(site, path, {"follow_authors": hostile[:90], "mute_keywords": hostile[:90]})
    assert answer.status_code == 200
    for page in map(Page, (answer.text, site.ask(path).text)):
        assert not {"script", "img", "svg", "iframe", "style", "object", "base"} & set(page.elements)
        assert not any(name.startswith("on") or name == "autofocus" for name, _ in page.attributes)
    assert site.reader().preferences.follow.authors
    assert site.sql("SELECT count(*) FROM readers") == [(1,)]


@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x85", "\x0b"])
def test_a_line_is_a_name_however_it_ends_and_no_name_holds_another(site: Site, path: str, newline: str) -> None:
    save(site, path, {"follow_authors": f"Ada{newline}Bcc: eve@reader.example{newline}\u202eEve\x00\x07"})
    assert site.reader().preferences.follow.authors == ("Ada", "Bcc: eve@reader.example", "Eve")


def test_what_nobody_can_want_in_a_browser_is_refused_too(site: Site, path: str) -> None:
    before = site.stored()
    signed = form(site, path)
    for sent in (b"", b"\xff\xfe=%ff&%00", b"form=" + signed.encode(), b"&" * 9_000, b'{"frequency": "weekly"}'):
        assert site.ask(path, "POST", data=sent).status_code == 400
    assert site.ask(path, "PUT", data=USUAL).status_code == 405
    assert site.stored() == before


def test_a_canary_is_in_no_log_and_on_no_page(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = site.made.readers.add(CANARY).token
    path = f"/preferences/{token}"
    told = [site.ask(path), save(site, path, SENT), save(site, path, {"size": "x"}), save(site, path, SENT, form="x")]
    fields = {**USUAL, **SENT, "form": form(site, path)}
    site.sql("DROP TABLE reader_events")
    told.append(site.ask(path, "POST", data={**fields, "size": "9"}))
    site.made.readers.prefer = _buggy  # type: ignore[method-assign]  # as a bug would have it
    told.append(site.ask(path, "POST", data=fields))
    site.sql("ALTER TABLE readers RENAME TO gone")
    told += [site.ask(path), site.ask(path, "POST", data=fields)]
    assert [answer.status_code for answer in told] == [200, 200, 400, 400, 503, 500, 503, 503]
    assert all(protected(answer) for answer in told)
    out = capfd.readouterr()
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    logged += out.out + out.err
    assert "ValueError while a page was made" in logged
    for secret in (CANARY, token, "Lovelace"):
        assert secret not in logged
    assert all(CANARY not in answer.text for answer in told)


def _buggy(opaque: str, preferences: Preferences) -> None:
    raise ValueError(f"{CANARY} with {opaque} wants {preferences}")
