"""Editions in other languages than English: all that Paperboy says is said in them, what papers say is as it was."""

import json
import re
from dataclasses import asdict, replace
from datetime import date
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED
from assets.mail.edition import Counts, Edition, Entry, Waiting
from assets.mail.formula import DEFAULT, Weights, formula_in, in_words
from assets.mail.lists import SourceList, alarm_in, alarms
from assets.mail.material import Combined, Material, daily
from assets.mail.reason import reason_in
from assets.mail.render import MAX_BYTES, WIDTH, Links, html, text
from assets.mail.selection import MISSING, TO_COME
from assets.mail.words import ENGLISH, LANGUAGES, words_of
from tests.mail.test_edition import DAY, EARLIER, FRESH, digest
from tests.mail.test_rank import CODE, DATA, rank, tags, works
from tests.mail.test_render import FORMULA, HOSTILE, WRITTEN, Page, paper
from tests.mail.test_selection import WEEK, selected

GERMAN = words_of("de")
OTHERS = [language for language in LANGUAGES if language != ENGLISH.language]
LINKS = Links(*(f"https://papers.example/{what}/x" for what in ("editions", "likes", "preferences", "un")))
LISTS = [SourceList("arxiv", "incomplete", 1_000, 1_200), SourceList("huggingface", "waiting", 0)]
SAME = {"Paperboy", "arXiv", "Code", "Demo", "Robotics, Vision", "1", "2", "3", "Robotics"}
"""What may stand alike in the mails of two languages, beside what papers say."""


def material(lists: list[SourceList] = LISTS) -> Material[Edition]:
    """New papers, late ones and those of missed days, of an incomplete day."""
    waiting = {
        LATE: Waiting(30, date(2026, 11, 16), date(2026, 11, 18)),
        MISSED: Waiting(187, date(2026, 11, 9), date(2026, 11, 17)),
    }
    rows = digest(
        {"weights": asdict(DEFAULT)},
        EARLIER | {"why": "1200 votes, 3 of them in the last day, 1 comment, code available"},
        {"arrival": MISSED, "listed_on": date(2026, 11, 9), "why": "withdrawn"},
    )
    frame = daily(DAY, lists, rows, Counts(3_000, 2_000, 1, waiting))
    whole = paper(**WRITTEN)
    return replace(frame, entries=tuple(_with(entry, whole) for entry in frame.entries))


def _with(entry: Entry, whole: Any) -> Entry:
    kept = {"work_id": entry.paper.work_id, "why": entry.paper.why, "place": entry.paper.place}
    return replace(entry, paper=replace(whole, **kept))


def weekly(*states: str) -> Material[Combined]:
    frame = Combined(WEEK, (), 40, dict(zip(WEEK.days, states, strict=True)), FORMULA)
    return Material(frame, material().entries)


def written(page: str) -> set[str]:
    """The texts between the tags of a page's body."""
    body = re.sub(r"<[^>]+>", "\n", page.split("<body", 1)[1].partition(">")[2])
    return {line.strip(" ,\u2002\u2003") for line in unescape(body).splitlines()} - {""}


def in_one(body: str) -> str:
    return re.sub(r"[ \n]+", " ", body)


def test_a_german_mail() -> None:
    found = material().of([("a", "you follow Ada Lovelace"), ("b", ""), ("c", "")], "de")
    assert found.subject == "20. November 2026 (unvollständig): Robots That Ask Before They Lift und noch 2"
    body = in_one(text(found, LINKS))
    for part in (
        "Unvollständig: arXiv hat 1.000 von 1.200 Artikeln geliefert; die fehlenden folgen in einer späteren Ausgabe.",
        "Hugging Face hat die Liste noch nicht veröffentlicht; die Artikel folgen in einer späteren Ausgabe.",
        "Paperboy, Freitag, 20. November 2026, unvollständig",
        "1 von 2.000 neuen Artikeln; 3.000 Einträge abgerufen.",
        "Am Ende: 1 Nachzügler und 1 Artikel von Tagen ohne Ausgabe.",
        "SONSTIGES",
        "Sie folgen Ada Lovelace, neu, noch keine Stimmen",
        "L. Fontaine, H. Sato, G. Weiss und noch 1",
        "A robot that asks first drops fewer objects. We learn what to ask.",
        "[Von einer Maschine geschrieben: parrot-1]",
        "Themen: Robotics, Vision",
        "Nachzügler: 1 von 30 Artikeln früherer Tage, erst nach dem Versand ihrer Ausgabe gelistet",
        "18. November: 1.200 Stimmen, davon 3 in den letzten 24 Stunden, 1 Kommentar, Code verfügbar",
        "Nachgeholt: 1 von 187 Artikeln vom 9. bis 17. November (Tage ohne Ausgabe)",
        "9. November: zurückgezogen",
        "Geordnet nach 1 × ln(1 + Stimmen) + 0,2 × ln(1 + Stimmen der letzten 24 h)",
        "Stimmen und Kommentare halbieren sich alle 24 h; dazu 2 für jemanden, dem Sie folgen, 1 für ein Thema,",
        "0,5 für eine Kategorie und bis zu 3 für das, was nach Ihrem Geschmack ist.",
        "Versandt vom eigenen Paperboy Ihrer Arbeitsgruppe.",
        "Abbestellen: https://papers.example/un/x",
    ):
        assert part in body


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", ["daily", "quiet", "weekly", "page"])
def test_nothing_of_the_frame_is_left_in_english(kind: str, language: str) -> None:
    """Whatever stands alike in both mails, a paper says."""
    pages = {one: _kind(kind, one) for one in ("en", language)}
    papers = material().whole.papers
    theirs = {part for one in papers for part in (one.title, one.summary, one.line)}
    both = written(html(pages["en"], LINKS)) & written(html(pages[language], LINKS))
    assert both - theirs <= SAME
    assert pages[language].subject != pages["en"].subject


def _kind(kind: str, language: str) -> Any:
    if kind == "daily":
        return material().whole_in(language)
    if kind == "quiet":
        return replace(material([SourceList("arxiv", "quiet", 0)]), entries=()).whole_in(language)
    states = ("fresh", MISSING, "incomplete", MISSING, "quiet", "waiting", TO_COME)
    if kind == "weekly":
        return weekly(*states).whole_in(language)
    return replace(selected(*states, left_out=2, papers=0), language=language)


@pytest.mark.parametrize("state", ["fresh", "quiet", "waiting", "incomplete", "failed"])
@pytest.mark.parametrize("language", OTHERS)
def test_a_day_without_papers_is_said_too(language: str, state: str) -> None:
    found = replace(material([SourceList("arxiv", state, 0)]), entries=())
    found = replace(found, frame=replace(found.frame, counts=Counts(0, 0, 0)))
    of_it, english = found.whole_in(language), found.whole
    assert of_it.state == english.state == state
    assert of_it.lead != english.lead
    assert state not in html(of_it) + text(of_it)
    words = words_of(language)
    assert (words.gettext("No new papers.") in of_it.lead) == (state in ("fresh", "quiet"))


def test_a_german_week() -> None:
    found = weekly("fresh", MISSING, "incomplete", MISSING, "failed", "quiet", "waiting").of(
        [("a", ""), ("b", "")], "de"
    )
    assert found.subject.startswith("16. bis 22. November 2026: Robots That Ask Before They Lift und noch 1")
    assert found.alarms == (
        "Die Listen vom 17. November und 19. November wurden nicht gelesen: Was darin stand, fehlt hier.",
        "Die Listen vom 18. November und 20. November wurden nur zum Teil gelesen.",
        "Noch fehlt mindestens eine Liste vom 22. November.",
    )
    assert (
        found.lead
        == "2 von 40 neuen Artikeln, gelistet an 4 Tagen. Ruhig, ohne Liste: 21. November. Am Ende: 1 Nachzügler."
    )
    assert found.papers[0].why == "20. November: neu, noch keine Stimmen"


@pytest.mark.parametrize(
    ("language", "headings"),
    [
        ("de", ["Das Beste der Woche, 16. bis 22. November 2026", "Geordnet nach"]),
        ("fr", ["Le meilleur de la semaine du 16 au 22 novembre 2026", "Classement selon"]),
        ("es", ["Lo mejor de la semana del 16 al 22 de noviembre de 2026", "Orden según"]),
    ],
)
def test_a_page_of_a_week(language: str, headings: list[str]) -> None:
    page = replace(selected(), language=language)
    assert page.heading == headings[0]
    assert headings[1] in text(page)


@pytest.mark.parametrize("language", OTHERS)
def test_both_bodies_are_as_narrow_and_as_small_as_the_english_ones(language: str) -> None:
    long: dict[str, Any] = {"title": "word " * 200, "summary": "word " * 900, "authors": ("A" * 90,) * 5}
    found = material()
    entries = tuple(replace(one, paper=replace(one.paper, work_id=f"{one.paper.work_id}{n}", **long))
                    for n in range(200) for one in found.entries)  # fmt: skip
    edition = replace(found, entries=entries).whole_in(language)
    page, body = html(edition, LINKS), text(edition, LINKS)
    assert len(page.encode()) <= MAX_BYTES
    assert all(len(line) <= WIDTH or "://" in line for line in body.split("\n"))
    words = words_of(language)
    assert f'">{words.gettext("on the web")}</a>' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_reader_is_told_which_words_are_whose(language: str) -> None:
    page = html(material().whole_in(language), LINKS)
    assert page.startswith(f'<!doctype html>\n<html lang="{language}">')
    own = "" if language == "en" else ' lang="en"'
    assert len(re.findall(rf"<h3{own} class", page)) == 3
    assert page.count(f'<p{own} class="ink" dir') == 3
    assert (' lang="en" class' in page) == (language != "en")


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("text_of_a_stranger", [*HOSTILE, "%(number)s %s %d 100%", "{% trans %}x{% endtrans %}"])
def test_a_strangers_text_is_only_ever_text(text_of_a_stranger: str, language: str) -> None:
    """Also where it stands within a sentence of ours: names that are followed, sources, authors, a model's name."""

    def page(said: str) -> Page:
        lists = [SourceList(said, "failed", 0)]
        made = material(lists)
        fields: dict[str, Any] = dict.fromkeys(("title", "summary", "line", "line_by", "why"), said)
        entry = replace(made.entries[0], paper=replace(made.entries[0].paper, authors=(said,) * 5, **fields), area=said)
        found = replace(made, entries=(entry, *made.entries[1:]))
        return Page(html(found.of([("a", f"you follow {said}"), ("b", "")], language), LINKS))

    hostile, usual = page(text_of_a_stranger), page("usual")
    assert sorted(hostile.elements) == sorted(usual.elements)
    assert {name for name, _ in hostile.attributes} == {name for name, _ in usual.attributes}
    assert hostile.addresses == usual.addresses
    assert hostile.words.count(text_of_a_stranger) >= 5 or "\r" in text_of_a_stranger


@given(st.text(max_size=80), st.text(max_size=80), st.sampled_from(LANGUAGES))
def test_no_reason_and_no_name_breaks_a_mail(why: str, names: str, language: str) -> None:
    found = reason_in(f"you follow {names}", why, words_of(language))
    assert names in found


@given(st.text(), st.sampled_from(LANGUAGES))
def test_what_is_no_sentence_of_ours_stays_as_it_is(said: str, language: str) -> None:
    words = words_of(language)
    assert alarm_in(said, words) == said
    assert formula_in(said, words) == said


def test_every_reason_that_the_ranking_gives_is_known() -> None:
    """If this fails, `reason` does not know a reason that `rank` gives."""
    figures = [{"votes": votes, "comments": comments, "gained": gained, "links": links, "arrival": arrival}
               for votes in (0, 1, 24) for comments in (0, 1, 3) for gained in (0, 1, 4)
               for links in ([], [CODE], [DATA], [CODE, DATA]) for arrival in ("new", LATE)]  # fmt: skip
    every = works(*({"work_id": f"{number:04}"} | one for number, one in enumerate(figures)), {"withdrawn_on": DAY})
    reasons = {reason for why in rank(every, tags(), 1_000)["why"] for reason in why.split(", ")}
    assert len(reasons) == 11
    assert [reason for reason in reasons if reason_in("", reason, GERMAN) == reason] == []
    assert all(reason_in("", reason, ENGLISH) == reason for reason in reasons)


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("you follow Ada Lovelace, agents", "Sie folgen Ada Lovelace, agents, neu"),
        ("you follow Ada Lovelace, 43% to your taste", "Sie folgen Ada Lovelace, zu 43\xa0% nach Ihrem Geschmack, neu"),
        ("100% to your taste", "zu 100\xa0% nach Ihrem Geschmack, neu"),
        ("", "neu"),
    ],
)
def test_why_this_reader_gets_a_paper(because: str, said: str) -> None:
    assert reason_in(because, "new", GERMAN) == said


@pytest.mark.parametrize("state", ["failed", "waiting", "incomplete"])
@pytest.mark.parametrize(("fetched", "expected"), [(0, None), (30, None), (1_234, 5_678), (1, 2)])
def test_every_alarm_is_known(state: str, fetched: int, expected: int | None) -> None:
    (english,) = alarms([SourceList("journal", state, fetched, expected)])
    assert alarm_in(english, ENGLISH) == english
    for language in OTHERS:
        said = alarm_in(english, words_of(language))
        assert said != english
        assert "journal" in said


@given(
    st.builds(
        Weights,
        half_life=st.sampled_from([24.0, 0.5, float("inf"), 1e9]),
        **dict.fromkeys(("votes", "velocity", "comments", "prior", "code", "variety"), st.floats(0, 1e9)),
    )
)
def test_every_formula_is_known(weights: Weights) -> None:
    english = in_words(asdict(weights))
    assert formula_in(english, ENGLISH) == english
    if english != "0":
        assert formula_in(english, GERMAN) != english or "votes" not in english


def test_what_is_compared_and_stored_is_english_and_an_older_paperboy_s_is_read() -> None:
    made = material()
    stored = json.loads(made.stored())
    assert "unvollständig" not in made.stored().lower()
    for language in LANGUAGES:
        made.whole_in(language)
    assert made.whole.content_hash == material().whole.content_hash
    assert replace(made.whole, language="de").content_hash == made.whole.content_hash
    assert stored["frame"].pop("language") == "en"
    older = Material.read(json.dumps(stored))
    assert older.whole == made.whole
    assert older.whole_in("de") == made.whole_in("de")
    of_week = json.loads(weekly(*["fresh"] * 7).stored())
    del of_week["frame"]["language"]
    assert Material.read(json.dumps(of_week)).whole_in("fr") == weekly(*["fresh"] * 7).whole_in("fr")


def test_a_whole_day_has_nothing_to_tell() -> None:
    assert material(list(FRESH)).whole_in("de").alarms == ()
