"""The two bodies of the mail: nothing of a stranger's text acts, nothing is loaded, everything fits."""

import gzip
import json
import re
from dataclasses import asdict, replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED
from assets.mail.edition import QUIET, Counts, Edition, Link, Paper, Section
from assets.mail.formula import DEFAULT, in_words
from assets.mail.lists import STATES
from assets.mail.render import MAX_BYTES, NO_LINKS, WIDTH, Links, html, text, web_links
from assets.mail.summary import LEFT_OUT, summary

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "</style></title><style>*{display:none}</style>",
    "<style>body{background:url(https://evil.example/)}</style>",
    '" onmouseover="alert(1)" x="',
    "' style='background:url(//evil.example)' x='",
    "{{ 7 * 7 }}{% include 'edition.txt' %}",
    "<!-- --><a href=https://evil.example>x</a>",
    "&lt;b&gt; stays &amp;lt;b&amp;gt;",
    "a\r\nBcc: everyone@example.org",
    "a\u2028b\u2029c",
]
BAD_URLS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/",
    "https:evil",
    "https://",
    'https://a.example/" onclick="alert(1)',
    "https://a.example/\nx",
    "https://a.example/\u2028x",
    "",
]

WRITTEN: dict[str, Any] = {"line": "Robots that ask first drop less.", "line_by": "parrot-1"}
FORMULA = in_words(asdict(DEFAULT))
ALARMS = (
    "arXiv could not be read; its papers follow in a later edition.",
    "Incomplete: Hugging Face gave 30 of 62 papers; the missing ones follow in a later edition.",
)


def paper(place: int = 1, **changes: Any) -> Paper:
    usual: dict[str, Any] = {
        "place": place,
        "work_id": f"arxiv:2611.{place:05}",
        "title": "Robots That Ask Before They Lift",
        "summary": "A robot that asks first drops fewer objects. We learn what to ask.",
        "authors": ("L. Fontaine", "H. Sato", "G. Weiss", "M. Dube"),
        "topics": ("Robotics", "Vision"),
        "links": (Link("https://github.com/lab/ask", "code"), Link("https://ask.example/", "project")),
        "url": "https://papers.example/ask",
        "why": "24 votes, 3 comments, code available",
        "withdrawn": False,
        "affiliations": ("Fontaine Institute", "Sato & Weiss Labs", "Dube College"),
    }
    return Paper(**usual | changes)


def edition(*papers: Paper, label: str = "Robotics", state: str = "fresh") -> Edition:
    sections = (Section(label, papers),) if papers else ()
    counts = Counts(36, 31 if papers else 0, len(papers))
    return Edition(date(2026, 11, 20), state, sections, counts, formula=FORMULA if papers else "")


def carrying(**changes: Any) -> Edition:
    """An incomplete edition with twenty new papers, twenty late ones and twenty of missed days."""
    papers = [paper(place, **{"title": f"Robots That Ask {place} Times"} | changes) for place in range(1, 61)]
    sections = (
        Section("Robotics", tuple(papers[:20])),
        Section("Late arrivals: 20 of 33 papers", tuple(papers[20:40]), LATE),
        Section("Catch-up: 20 of 187 papers", tuple(papers[40:]), MISSED),
    )
    return Edition(date(2026, 11, 20), "incomplete", sections, Counts(36, 31, 20), ALARMS)


class Page(HTMLParser):
    """The elements, attributes and words of a page, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def addresses(self) -> list[str]:
        return [value for name, value in self.attributes if name == "href"]


@pytest.mark.parametrize("text_of_a_stranger", HOSTILE)
def test_a_strangers_text_is_only_ever_text(text_of_a_stranger: str) -> None:
    texts: dict[str, Any] = dict.fromkeys(("title", "summary", "why", "work_id", "line", "line_by"), text_of_a_stranger)
    lists: dict[str, Any] = dict.fromkeys(("authors", "affiliations", "topics"), (text_of_a_stranger,) * 4)
    links = (Link(text_of_a_stranger, text_of_a_stranger),) * 4
    hostile = Page(html(edition(paper(**texts, **lists, links=links), label=text_of_a_stranger)))
    plain = Page(html(edition(paper(work_id="doi:1", links=(), **WRITTEN))))
    assert sorted(hostile.elements) == sorted(plain.elements)
    assert {name for name, _ in hostile.attributes} == {name for name, _ in plain.attributes}
    assert text_of_a_stranger in hostile.words.replace("\r\n", "\n") or "\r" in text_of_a_stranger


@given(st.text(), st.text())
def test_no_text_adds_an_element(title: str, summary: str) -> None:
    found = Page(html(edition(paper(title=title, summary=f"x{summary}"))))
    assert found.elements == Page(html(edition(paper()))).elements


@pytest.mark.parametrize("url", BAD_URLS)
def test_only_the_web_is_linked(url: str) -> None:
    bad = edition(paper(work_id="doi:10.1/x", url=url, links=(Link(url, "code"),)))
    assert Page(html(bad)).addresses == []
    assert "Page:" not in text(bad)


def test_links_are_labelled_and_never_twice() -> None:
    assert web_links(paper()) == [
        ("Paper page", "https://papers.example/ask"),
        ("arXiv", "https://arxiv.org/abs/2611.00001"),
        ("Code", "https://github.com/lab/ask"),
        ("Project", "https://ask.example/"),
    ]
    at_arxiv = "http://arxiv.org/abs/2611.00001v2"
    assert web_links(paper(url=at_arxiv, links=(Link(at_arxiv, "project"),))) == [("arXiv", at_arxiv)]
    assert web_links(paper(work_id="doi:10.1/x", url="", links=())) == []


@pytest.mark.parametrize(
    ("kind", "label"),
    [("code", "Code"), ("data", "Data"), ("demo", "Demo"), ("project", "Project"), ("", "Project"), ("new", "Project")],
)
def test_a_link_is_called_what_is_there(kind: str, label: str) -> None:
    url = "https://lab.example/x"
    assert (label, url) in web_links(paper(links=(Link(url, kind),)))
    assert f"{label}: {url}" in text(edition(paper(links=(Link(url, kind),))))


def test_the_title_links_to_the_paper() -> None:
    page = html(edition(paper()))
    assert re.search(
        r'<h3[^>]*><a href="https://papers.example/ask"[^>]*>Robots That Ask Before They Lift</a></h3>', page
    )
    assert re.search(r"<h3[^>]*>Robots That Ask Before They Lift</h3>", html(edition(paper(url="javascript:x"))))


@pytest.mark.parametrize(
    ("affiliations", "told"),
    [
        (("ETH Zürich",), "ETH Zürich"),
        (("ETH Zürich", "台灣大學"), "ETH Zürich, 台灣大學"),
        (("University of California, Irvine", "DESY"), "University of California, Irvine; DESY"),
        (("DESY", "CfA", "University of California, Irvine"), "DESY, CfA and 1 more"),
        (tuple(f"Institute {number}" for number in range(1_202)), "Institute 0, Institute 1 and 1,200 more"),
    ],
)
def test_two_institutions_are_named_and_the_others_counted(affiliations: tuple[str, ...], told: str) -> None:
    found = edition(paper(affiliations=affiliations))
    assert re.search(rf'and 1 more<br><span dir="auto"[^>]*>{re.escape(told)}</span></p>', html(found))
    assert f"\n    {told}\n" in text(found)


def test_without_affiliations_nothing_stands_in_their_place() -> None:
    found = edition(paper(affiliations=()))
    assert "br" not in Page(html(found)).elements
    assert "    L. Fontaine, H. Sato, G. Weiss and 1 more\n    24 votes" in text(found)


@pytest.mark.parametrize("state", STATES)
def test_a_mail_loads_nothing(state: str) -> None:
    page = html(replace(edition(paper(), paper(2), state=state), alarms=ALARMS))
    assert not re.search(r"\bsrc|url\(|@import|@font-face|<(link|script|img|iframe|object|form|input)\b", page)
    assert {name for name, _ in Page(page).attributes} <= {
        *("lang", "charset", "name", "content", "class", "style", "role", "dir", "href"),
        *("aria-roledescription", "aria-label"),
    }


def test_a_page_says_what_the_reader_needs() -> None:
    words = Page(html(edition(paper()))).words
    for part in (
        "Paperboy",
        "Friday 20 November 2026, fresh",
        "1 of 31 new papers; 36 records fetched.",
        "24 votes, 3 comments, code available",
        "L. Fontaine, H. Sato, G. Weiss and 1 more",
        "Fontaine Institute, Sato & Weiss Labs and 1 more",
        "A robot that asks first drops fewer objects. We learn what to ask.",
        "Robotics, Vision",
        FORMULA,
    ):
        assert part in words
        assert part in " ".join(text(edition(paper())).split())


@pytest.mark.parametrize(
    ("authors", "words"),
    [
        (("A. Lund",), "A. Lund"),
        (("A", "B"), "A and B"),
        (("A", "B", "C"), "A, B and C"),
        (tuple("ABCDE"), "C and 2 more"),
    ],
)
def test_authors_in_words(authors: tuple[str, ...], words: str) -> None:
    assert words in Page(html(edition(paper(authors=authors)))).words
    assert words in text(edition(paper(authors=authors)))


def test_headings_follow_the_sections() -> None:
    page = html(edition(paper(), paper(2)))
    assert re.findall(r"<(h\d)", page) == ["h1", "h2", "h3", "h3"]
    assert page.startswith('<!doctype html>\n<html lang="en">')


def test_a_day_without_papers_is_a_mail_too() -> None:
    quiet = edition(state="quiet")
    assert FORMULA not in html(quiet) + text(quiet)
    assert re.findall(r"<(h\d)", html(quiet)) == ["h1"]
    assert text(quiet).startswith("Paperboy, Friday 20 November 2026, quiet\n")
    assert QUIET in " ".join(text(quiet).split())
    assert QUIET in Page(html(quiet)).words


def test_what_is_missing_is_said_first() -> None:
    first, rest = text(carrying()).split("\n\n", 1)
    assert first.split("\n")[0] == ALARMS[0]
    assert " ".join(first.split()) == " ".join(ALARMS)
    assert rest.startswith("Paperboy, Friday 20 November 2026, incomplete\n")
    body = html(carrying()).split("<body", 1)[1]
    shown = [line.strip() for line in Page(f"<body{body}").words.splitlines() if line.strip()]
    assert shown[:3] == [*ALARMS, "Paperboy"]


def test_both_bodies_end_with_the_papers_of_earlier_days() -> None:
    titles = [f"Robots That Ask {place} Times" for place in range(1, 61)]
    expected = [
        *titles[:20], "Late arrivals: 20 of 33 papers", *titles[20:40], "Catch-up: 20 of 187 papers", *titles[40:]
    ]  # fmt: skip
    for body in (Page(html(carrying())).words, text(carrying())):
        shown = body.split("records fetched.")[1]
        assert re.findall(r"Robots That Ask \d+ Times|(?:Late|Catch)[\w -]+: \d+ of \d+ papers", shown) == expected


def test_both_bodies_name_the_topics_of_a_paper() -> None:
    assert ">Robotics, Vision</p>" in html(edition(paper()))
    assert "    Topics: Robotics, Vision\n" in text(edition(paper()))


def test_a_line_by_a_machine_is_marked_beside_the_papers_own_sentences() -> None:
    written = edition(paper(**WRITTEN))
    own = "A robot that asks first drops fewer objects. We learn what to ask."
    words, body = " ".join(Page(html(written)).words.split()), " ".join(text(written).split())
    assert f"{own} Robots that ask first drop less. Written by a machine (parrot-1)." in words
    assert f"{own} Robots that ask first drop less. [Written by a machine: parrot-1]" in body


def test_what_a_machine_wrote_goes_before_a_word_of_the_papers_own() -> None:
    whole = carrying(summary="word " * 200, line="line " * 40, line_by="parrot-1")
    assert len(html(whole).encode()) <= MAX_BYTES
    assert "parrot-1" not in html(whole)
    usual = edition(*(paper(place, summary="word " * 80, line="line " * 40, line_by="parrot-1") for place in range(20)))
    assert html(usual).count("(parrot-1)") == 20


def test_rendering_is_deterministic() -> None:
    assert html(edition(paper())) == html(edition(paper()))
    assert text(edition(paper())) == text(edition(paper()))


@pytest.mark.parametrize("character", ["a", '"', "<", "я", "文", "🚀"])
def test_twenty_papers_of_any_length_fit(character: str) -> None:
    longest = {"title": character * 2_000, "summary": character * 9_000, "authors": (character * 500,) * 4}
    page = html(edition(*(paper(place, **longest) for place in range(1, 21))))
    assert len(page.encode()) <= MAX_BYTES


@pytest.mark.parametrize("character", ["a", '"', "<", "文", "🚀"])
def test_three_times_twenty_papers_of_any_length_fit(character: str) -> None:
    longest = {"title": character * 2_000, "summary": character * 9_000, "authors": (character * 500,) * 4}
    assert len(html(carrying(**longest)).encode()) <= MAX_BYTES


@pytest.mark.parametrize("links", [NO_LINKS, Links(web_view="https://papers.example/editions/2026-11-20")])
def test_papers_that_find_no_room_are_counted_and_stand_in_the_text(links: Links) -> None:
    long = edition(*(paper(place, title="\U0001f680" * 400) for place in range(1, 201)))
    page, plain = html(long, links), text(long, links)
    assert len(page.encode()) <= MAX_BYTES
    shown = len(re.findall("<h3", page))
    assert 40 < shown < 200
    words = " ".join(Page(page).words.split())
    assert f"{200 - shown} more found no room here: the last by their place. They are in the plain text" in words
    assert ("on the web" in words) == bool(links.web_view)
    assert [int(place) for place in re.findall(r">(\d+)</b>", page)] == list(range(1, shown + 1))
    assert "200 \U0001f680" in plain
    assert "found no room" not in html(edition(paper()), links)


def test_new_papers_keep_the_longer_summaries() -> None:
    new, earlier = html(carrying(summary="word " * 80)).split("Late arrivals")
    assert new.count("word " * 80) == 20
    assert len(re.findall(r"(?:word ){20,40}…", earlier)) == 40
    assert "Fontaine Institute" not in new + earlier, "which goes before the summaries do"
    assert "Fontaine Institute" in html(carrying())


def test_twenty_of_the_longest_real_summaries_fit_uncut() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of real abstracts is not here")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        summaries = [summary(json.loads(line)["abstract"]) for line, _ in zip(lines, range(5_000), strict=False)]
    longest = sorted(filter(lambda words: len(words) <= 1_200, summaries), key=len)[-20:]
    page = html(edition(*(paper(place, summary=words) for place, words in enumerate(longest, 1))))
    assert len(page.encode()) <= MAX_BYTES
    assert "…" not in page.replace(LEFT_OUT, "")


@given(st.text(), st.text(max_size=300), st.lists(st.text(), max_size=5))
def test_plain_text_is_narrow(title: str, summary: str, authors: list[str]) -> None:
    body = text(edition(paper(title=title, summary=summary, authors=tuple(authors))))
    assert all(len(line) <= WIDTH or "://" in line for line in body.split("\n"))


def test_plain_text_breaks_long_words_but_no_address() -> None:
    address = "https://project.example/" + "path/" * 30
    body = text(edition(paper(title="long" * 60, summary=f"See {address} for more.", links=(Link(address, "demo"),))))
    lines = [line.strip() for line in body.splitlines()]
    assert lines.count(address) == 2
    assert "long" * 60 not in body
    assert "long" * 60 in "".join(lines)


def test_the_links_of_a_reader_are_at_both_ends_and_the_page_still_fits() -> None:
    paths = ("editions/2026-11-20", "likes/x", "preferences/x", "unsubscribe/x")
    addresses = [f"https://papers.example/{path}" for path in paths]
    links = Links(*addresses)
    full = carrying(summary="word " * 400, title="word " * 60)
    page, plain = html(full, links), text(full, links)
    assert len(page.encode()) <= MAX_BYTES
    for url in addresses:
        assert Page(page).attributes.count(("href", url)) == 2
        assert plain.splitlines().count(url) + sum(line.endswith(f": {url}") for line in plain.splitlines()) == 2
        assert plain.index(url) < plain.index("ROBOTICS") < plain.rindex(url)


def test_a_mail_without_links_says_nothing_of_the_web() -> None:
    assert not any(word in html(edition(paper())) + text(edition(paper())) for word in ("Unsubscribe", "on the web"))
