"""An edition, or the best of a span of days, as HTML and as plain text; the words' order and looks are in `templates`.

Pure functions of the edition. Everything in it was written by strangers: Jinja2 escapes it, and only web
addresses become links. The mail loads nothing: no images, no fonts, no scripts.
"""

import re
import textwrap
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache, lru_cache, partial
from itertools import chain
from secrets import token_hex

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension
from markupsafe import Markup, escape

from assets.mail.edition import Edition, Paper, Section, shortened
from assets.mail.phrases import and_more
from assets.mail.selection import Selection
from assets.mail.words import ENGLISH, N_, Words, words_of

MAX_BYTES = 90_000
"""Gmail clips a mail's HTML at about 102 KB."""

Blocks = tuple[str, ...]
"""Lines to be joined by their ends; those of a paper are the very ones of other readers' mails, and encoded once."""

LABELS = {"code": N_("Code"), "data": N_("Data"), "demo": N_("Demo")}
"""What a link is called by its kind; any other is the project's page."""

KEPT = 8192
"""Papers, and lines, that are kept as they were rendered: the same go to many readers."""

NAMED_AUTHORS = 3
NAMED_INSTITUTIONS = 2
WIDTH = 76
INDENT = "    "


@dataclass(frozen=True)
class Lengths:
    """Characters in HTML: of a new paper's summary, of an earlier one's, of a title, and of names.

    `machine`: whether what a language model wrote is shown. It goes before a word of a paper's own is cut.
    `affiliations`: whether these are shown. They go before earlier papers lose their summaries.
    """

    new: int
    earlier: int
    line: int
    machine: bool = False
    affiliations: bool = True

    def summary(self, section: Section) -> int:
        """Characters of a summary in this section."""
        return self.new if section.is_new else self.earlier


LENGTHS = (
    Lengths(1_200, 1_200, 240, machine=True),
    Lengths(1_200, 1_200, 240),
    Lengths(1_200, 300, 240),
    Lengths(600, 150, 240),
    Lengths(600, 150, 240, affiliations=False),
    Lengths(300, 0, 240, affiliations=False),
    Lengths(150, 0, 240, affiliations=False),
    Lengths(0, 0, 240, affiliations=False),
    Lengths(0, 0, 120, affiliations=False),
)
"""Tried in turn until the page fits into `MAX_BYTES`; if none does, papers are left out."""


@dataclass(frozen=True)
class Links:
    """Where an edition leads beside its papers, as addresses of the web service; what is empty is left out.

    A mail to a reader has all but `home`; the edition's page on the web has `home` alone.
    """

    web_view: str = ""
    likes: str = ""
    preferences: str = ""
    unsubscribe: str = ""
    home: str = ""

    def labelled(self, words: Words) -> list[tuple[str, str]]:
        """What there is, as labels and addresses."""
        named = {
            N_("Read on the web"): self.web_view,
            N_("Likes"): self.likes,
            N_("Preferences"): self.preferences,
            N_("Unsubscribe"): self.unsubscribe,
            N_("All editions"): self.home,
        }
        return [(words.gettext(label), url) for label, url in named.items() if url]


NO_LINKS = Links()


@dataclass(frozen=True)
class Around:
    """What an edition says around its papers."""

    language: str
    medium: str
    subject: str
    heading: str
    state: str
    lead: str
    alarms: tuple[str, ...]
    formula: str

    @classmethod
    def of(cls, edition: Edition | Selection) -> "Around":
        """What this edition says."""
        return cls(*(getattr(edition, field.name) for field in fields(cls)))


@dataclass(frozen=True)
class Palette:
    """The colours of one scheme; each text colour has a contrast of at least 4.5 on the ground, and on `alarm`."""

    ground: str
    ink: str
    muted: str
    accent: str
    rule: str
    alarm: str


LIGHT = Palette(ground="#ffffff", ink="#1d1f23", muted="#5d636d", accent="#0f5e6b", rule="#d9dce1", alarm="#fff1d6")
DARK = Palette(ground="#15171a", ink="#e7e7e4", muted="#a2a8b1", accent="#7cc4d0", rule="#34383e", alarm="#4a3610")

_BLANK = re.compile(r"[^\S\u00a0\u202f]+")
"""White space, but for what keeps words on one line, as French has it before a colon."""

_PLACE, _WHY, _PAPERS = token_hex(), token_hex(), token_hex()
"""Stand in what is kept for what is another in each mail: nobody can guess them, so no text holds them."""

_COLOUR = re.compile(r"{{ (light|dark)\.(\w+) }}")
_WEB_URL = re.compile(r"https?://[^\s<>\"\\\x00-\x1f\x7f]+", re.IGNORECASE)
_ARXIV_URL = re.compile(r"https?://(?:www\.)?arxiv\.org/", re.IGNORECASE)


def html(edition: Edition | Selection, links: Links = NO_LINKS) -> str:
    """The edition as an HTML page within `MAX_BYTES`: its texts are shortened, then its last papers left out.

    How many are left out is said; the plain text has all.
    """
    return "\n".join(html_blocks(edition, links))


def text(edition: Edition | Selection, links: Links = NO_LINKS) -> str:
    """The edition as plain text in lines of at most `WIDTH` characters; an address is never broken."""
    return "\n".join(text_blocks(edition, links))


def html_blocks(edition: Edition | Selection, links: Links = NO_LINKS) -> Blocks:
    """What `html` is made of."""
    number, page_of = len(edition.papers), partial(_page, edition, Around.of(edition), links)
    for lengths in LENGTHS:
        page = page_of(lengths, number)
        if _fits(page):
            return page
    most = bisect_left(range(number), True, key=lambda most: not _fits(page_of(LENGTHS[-1], most)))
    return page_of(LENGTHS[-1], max(most - 1, 0))


def text_blocks(edition: Edition | Selection, links: Links = NO_LINKS) -> Blocks:
    """What `text` is made of."""
    before, after = _frame("edition.txt", Around.of(edition), links)
    sections = (_section_text(section, edition.language) for section in edition.sections)
    return before + tuple(chain.from_iterable(sections)) + after


def _page(edition: Edition | Selection, said: Around, links: Links, lengths: Lengths, most: int) -> Blocks:
    """The page of the first `most` papers by place."""
    before, after = _frame("edition.html", said, links, len(edition.papers) - most)
    shown = (section for section in edition.sections if section.papers[0].place <= most)
    sections = (_section_html(section, lengths, most, edition.language) for section in shown)
    return before + tuple(chain.from_iterable(sections)) + after


@lru_cache(maxsize=512)
def _frame(template: str, said: Around, links: Links, left_out: int = 0) -> tuple[Blocks, Blocks]:
    """What stands before the papers, of which so many were left out, and after them; hundreds of readers' is the
    same."""
    page = _environment(said.language).get_template(template)
    before, _, after = page.render(edition=said, links=links, left_out=left_out, papers=_PAPERS).partition(_PAPERS)
    return tuple(before.removesuffix("\n").split("\n")), tuple(after.removeprefix("\n").split("\n"))


def _fits(page: Blocks) -> bool:
    return sum(map(_octets, page)) + len(page) - 1 <= MAX_BYTES


@lru_cache(maxsize=KEPT)
def _octets(block: str) -> int:
    return len(block.encode())


def web_links(paper: Paper, words: Words = ENGLISH) -> list[tuple[str, str]]:
    """A paper's links as labels and addresses of the web (http, https), each address once."""
    links: dict[str, str] = {}
    for label, url in _labelled(paper):
        if is_web_url(url):
            links.setdefault(url, label)
    return [(words.gettext(label), url) for url, label in links.items()]


def is_web_url(url: str) -> bool:
    """Whether an address may become a link."""
    return _WEB_URL.fullmatch(url) is not None


def by(authors: tuple[str, ...], words: Words) -> str:
    """The first three authors and how many more there are."""
    if len(authors) > NAMED_AUTHORS:
        return and_more(", ".join(authors[:NAMED_AUTHORS]), len(authors) - NAMED_AUTHORS, words)
    return words.listed(authors) if authors else ""


def begun(text: str) -> str:
    """A text as it begins a line: not all languages write the names of days large."""
    return text[:1].upper() + text[1:]


def of(affiliations: tuple[str, ...], words: Words) -> str:
    """The first two institutions and how many more there are; a semicolon parts names that hold commas themselves."""
    named, more = affiliations[:NAMED_INSTITUTIONS], len(affiliations) - NAMED_INSTITUTIONS
    said = ("; " if any("," in name for name in named) else ", ").join(named)
    return and_more(said, more, words) if more > 0 else said


@lru_cache(maxsize=KEPT)
def wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """A text in lines of at most `WIDTH` characters; a longer word is broken unless it is an address."""
    width = WIDTH - len(indent)
    pieces = (piece for word in _BLANK.split(text) for piece in _pieces(word, width))
    return textwrap.fill(
        " ".join(pieces),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _section_html(section: Section, lengths: Lengths, most: int, language: str) -> Blocks:
    """A section with its papers, of the first `most` by place."""
    papers = [_label_html(section.label, language)]
    for paper in section.papers:
        if paper.place <= most:
            before, between, after, rest = _paper_html(paper.anywhere, lengths, lengths.summary(section), language)
            papers += f"{before}{paper.place}{between}{escape(paper.why)}{after}", rest
    return tuple(papers)


@lru_cache(maxsize=KEPT)
def _label_html(label: str, language: str) -> str:
    return _environment(language).get_template("section.html").render(label=label)


def _section_text(section: Section, language: str) -> Blocks:
    papers = ["", "", wrapped(section.label.upper() if section.is_new else section.label)]
    for paper in section.papers:
        before, after = _paper_text(paper.anywhere, language)
        papers += "", wrapped(paper.title, INDENT, f"{paper.place:3} "), *before, wrapped(paper.why, INDENT), *after
    return tuple(papers)


@lru_cache(maxsize=KEPT)
def _paper_html(paper: Paper, lengths: Lengths, summary: int, language: str) -> tuple[str, str, str, str]:
    """What stands before a paper's place, between that and the reason for it, after it in the line, and below."""
    template = _environment(language).get_template("paper.html")
    page = template.render(paper=paper, place=_PLACE, why=_WHY, lengths=lengths, summary=summary)
    before, _, page = page.partition(_PLACE)
    between, _, page = page.partition(_WHY)
    after, _, rest = page.partition("\n")
    return before, between, after, rest


@lru_cache(maxsize=KEPT)
def _paper_text(paper: Paper, language: str) -> tuple[Blocks, Blocks]:
    """What stands between a paper's title and the reason for its place, and after that; perhaps nothing."""
    before, _, after = _environment(language).get_template("paper.txt").render(paper=paper, why=_WHY).partition(_WHY)
    return _block(before.removesuffix("\n")), _block(after.removeprefix("\n").rstrip("\n"))


def _block(lines: str) -> Blocks:
    return (lines,) if lines else ()


def _pieces(word: str, width: int) -> list[str]:
    if "://" in word:
        return [word]
    return [word[start : start + width] for start in range(0, len(word), width)]


def _labelled(paper: Paper) -> Iterator[tuple[str, str]]:
    at_arxiv = _ARXIV_URL.match(paper.url) is not None
    yield "arXiv" if at_arxiv else N_("Paper page"), paper.url
    if paper.work_id.startswith("arxiv:") and not at_arxiv:
        yield "arXiv", "https://arxiv.org/abs/" + paper.work_id.removeprefix("arxiv:")
    for link in paper.links:
        yield LABELS.get(link.kind, N_("Project")), link.url


class Colours(Extension):
    """Fills the colours in when a template is read, and not again for each mail."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source of a template without `{{ light.… }}` and `{{ dark.… }}`."""
        palettes = {"light": LIGHT, "dark": DARK}
        return _COLOUR.sub(lambda found: str(getattr(palettes[found[1]], found[2])), source)


def environment(package: str) -> Environment:
    """Where the templates of a package are read from: HTML and XML is escaped, and what is not given is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html", "xml"]),
        undefined=StrictUndefined,
        auto_reload=False,  # a template does not change under a process
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _environment(language: str) -> Environment:
    """The templates in one of `words.LANGUAGES`: an environment each, for it has one set of words."""
    made, words = environment("assets.mail"), words_of(language)
    made.add_extension(Colours)
    made.add_extension("jinja2.ext.i18n")
    made.install_gettext_translations(words.catalogue, newstyle=True)  # type: ignore[attr-defined]  # the extension's
    made.filters |= {
        "begun": begun, "by": partial(by, words=words), "of": partial(of, words=words), "shortened": shortened,
        "web_links": partial(web_links, words=words), "wrapped": wrapped, "indented": partial(wrapped, indent=INDENT),
    }  # fmt: skip
    made.tests |= {"web_url": is_web_url}
    made.globals |= {
        "words": words, "in_english": "" if words is ENGLISH else Markup(' lang="en"'),
    }  # fmt: skip
    return made
