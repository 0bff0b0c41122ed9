"""arXiv on the loopback interface: announcements, harvest and query API over real HTTP, from papers given as data."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from assets.fetch.arxiv.ids import harvest_set, split
from tests.replay import Conversation, Fault, Upstream, serving

XML = "application/xml"
NEW_YORK = ZoneInfo("America/New_York")
NOWHERE = 404
MOST = 2000  # entries of an announcement
NAMESPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)


class Trouble(StrEnum):
    """What may go wrong with an answer of arXiv beside what may with any."""

    EXPIRED = "resumption token expired"
    SAME_TOKEN = "a page that names itself as the next one"
    ERROR_ENTRY = "an error as a feed with one entry, status 200"
    BAD_REQUEST = "the same, status 400"
    HALF_MISSING = "half of the page is missing"


@dataclass(frozen=True)
class Paper:
    """A paper as arXiv has it; `datestamp` is when its record was last modified, `versions` when each was submitted.

    The `affiliations` are all of its last author.
    """

    id: str
    versions: tuple[datetime, ...]
    datestamp: date
    title: str = "An Invented Title of a Paper"
    abstract: str = "An invented abstract."
    authors: tuple[str, ...] = ("Ada Example", "Ben Example")
    affiliations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ("cs.CL",)
    comments: str = ""
    doi: str = ""
    licence: str = "http://creativecommons.org/licenses/by/4.0/"
    deleted: bool = False


@dataclass(frozen=True)
class Asked:
    """One request, as the server understood it; `categories` are those of an announcement."""

    service: Literal["rss", "atom", "oai", "query"]
    categories: tuple[str, ...]
    query: dict[str, str]


Script = Callable[[Asked], Fault | Trouble | None]
"""From a request to what goes wrong with it; None for the answer in good order."""


@dataclass(kw_only=True)
class Arxiv(Upstream):
    """The three services: what they hold, what they were asked, and the script, all of which may change on the way.

    `announced` is the day of the announcement, and each paper's kind. `clock_offset` is how far the server's clock is
    from ours, `counts` whether a harvest says how many records it has.
    """

    papers: Sequence[Paper] = ()
    announced: tuple[date, Sequence[tuple[str, Paper]]] | None = None
    script: Script = lambda asked: None
    page_size: int = 1000
    clock_offset: timedelta = timedelta()
    counts: bool = False
    generation: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The time by the server's clock."""
        return datetime.now(UTC) + self.clock_offset

    def forget_tokens(self) -> None:
        """Every resumption token that was given so far has expired."""
        self.generation += 1


class _Services(Conversation):
    upstream: Arxiv

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answers = {"rss": _rss, "atom": _atom, "oai": _oai, "query": _query}
        service, _, categories = parts.path.strip("/").removeprefix("api/").partition("/")
        if service not in answers:
            return self.send(b"", {}, status=NOWHERE)
        asked = Asked(service, tuple(filter(None, unquote(categories).split("+"))), query)  # type: ignore[arg-type]
        self.upstream.asked.append(asked)
        wrong = self.upstream.script(asked)
        body = answers[service](self.upstream, asked, wrong).encode()
        if wrong is Trouble.BAD_REQUEST:
            return self.send(body, {"Content-Type": XML}, status=400)
        return self.follow(wrong if isinstance(wrong, Fault) else None, body, XML)


def _entries(arxiv: Arxiv, asked: Asked, wrong: Fault | Trouble | None) -> list[tuple[str, Paper]]:
    told = arxiv.announced[1] if arxiv.announced and wrong is not Fault.EMPTY_LIST else ()
    found = [(kind, paper) for kind, paper in told if not set(asked.categories).isdisjoint(paper.categories)]
    return found[:MOST]


def _midnight(arxiv: Arxiv) -> datetime:
    day = arxiv.announced[0] if arxiv.announced else arxiv.now.astimezone(NEW_YORK).date()
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)


def _told(kind: str, paper: Paper) -> str:
    head = f"arXiv:{paper.id}v{len(paper.versions)} Announce Type: {kind} \nAbstract: {paper.abstract}"
    return escape(head)


def _extensions(kind: str, paper: Paper) -> str:
    doi = f"<arxiv:DOI>{escape(paper.doi)}</arxiv:DOI>" if paper.doi else ""
    return (
        f"<arxiv:announce_type>{kind}</arxiv:announce_type><dc:rights>{escape(paper.licence)}</dc:rights>{doi}"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator>"
    )


def _terms(categories: Iterable[str]) -> str:
    return "".join(f'<category term="{category}"/>' for category in categories)


def _rss(arxiv: Arxiv, asked: Asked, wrong: Fault | Trouble | None) -> str:
    published = format_datetime(_midnight(arxiv))
    items = "".join(
        f"<item><title>{escape(paper.title)}</title><link>https://arxiv.org/abs/{paper.id}</link>"
        f"<description>{_told(kind, paper)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{paper.id}v{len(paper.versions)}</guid>'
        f"{''.join(f'<category>{term}</category>' for term in paper.categories)}"
        f"<pubDate>{published}</pubDate>{_extensions(kind, paper)}</item>"
        for kind, paper in _entries(arxiv, asked, wrong)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss {NAMESPACES} version="2.0"><channel>'
        f"<title>{', '.join(asked.categories)} updates on arXiv.org</title><pubDate>{published}</pubDate>"
        f"<skipDays><day>Sunday</day><day>Saturday</day></skipDays>{items}</channel></rss>"
    )


def _atom(arxiv: Arxiv, asked: Asked, wrong: Fault | Trouble | None) -> str:
    published, updated = _midnight(arxiv).isoformat(), (_midnight(arxiv) + timedelta(minutes=10)).isoformat()
    entries = "".join(
        f"<entry><id>oai:arXiv.org:{paper.id}v{len(paper.versions)}</id><title>{escape(paper.title)}</title>"
        f'<updated>{updated}</updated><link href="https://arxiv.org/abs/{paper.id}"/>'
        f"<summary>{_told(kind, paper)}</summary>"
        f"{_terms(paper.categories)}"
        f"<published>{published}</published>{_extensions(kind, paper)}</entry>"
        for kind, paper in _entries(arxiv, asked, wrong)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom">'
        f"<id>http://rss.arxiv.org/atom/</id><updated>{updated}</updated>{entries}</feed>"
    )


def _oai(arxiv: Arxiv, asked: Asked, wrong: Fault | Trouble | None) -> str:
    query, offset, generation = dict(asked.query), 0, arxiv.generation
    if query["verb"] == "GetRecord":
        wanted = query["identifier"].removeprefix("oai:arXiv.org:")
        (found,) = [paper for paper in arxiv.papers if paper.id == wanted]
        return _envelope(arxiv, f"<GetRecord>{record(found)}</GetRecord>")
    if token := query.pop("resumptionToken", ""):
        told = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
        offset, generation = int(told.pop("skip")), int(told.pop("generation"))
        query |= told
    if generation != arxiv.generation or (wrong is Trouble.EXPIRED and token):
        return _envelope(arxiv, '<error code="badResumptionToken">The value is invalid or expired.</error>')
    records = _selected(arxiv.papers, query)
    if not records:
        return _envelope(arxiv, '<error code="noRecordsMatch">Nothing matches.</error>')
    size, place = arxiv.page_size, offset
    if wrong is Fault.DUPLICATED_PAGE:
        place = max(offset - size, 0)
    page = records[place : place + size]
    if wrong is Trouble.HALF_MISSING:
        page = page[: len(page) // 2]
    listed = "" if wrong is Fault.EMPTY_LIST else "".join(map(record, page))
    following = offset if wrong is Trouble.SAME_TOKEN else offset + size
    return _envelope(arxiv, f"<ListRecords>{listed}{_token(arxiv, query, following, len(records))}</ListRecords>")


def _token(arxiv: Arxiv, query: dict[str, str], following: int, of: int) -> str:
    """As arXiv has them: the request itself, quoted, empty after the last page."""
    size = f' completeListSize="{of}"' if arxiv.counts else ""
    told = {**query, "skip": str(following), "generation": str(arxiv.generation)}
    text = quote("&".join(f"{name}={value}" for name, value in told.items())) if following < of else ""
    return f"<resumptionToken{size}>{text}</resumptionToken>"


def _selected(papers: Iterable[Paper], query: dict[str, str]) -> list[Paper]:
    first, last = query.get("from", ""), query.get("until", "9999-12-31")
    found = (
        paper
        for paper in papers
        if first <= paper.datestamp.isoformat() <= last
        and query.get("set") in {harvest_set(category) for category in paper.categories}
    )
    return sorted(found, key=lambda paper: (paper.datestamp, paper.id))


def _envelope(arxiv: Arxiv, inside: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{arxiv.now:%Y-%m-%dT%H:%M:%SZ}</responseDate>"
        f'<request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>{inside}</OAI-PMH>'
    )


def record(paper: Paper) -> str:
    """A paper's record in the format `arXivRaw`."""
    sets = "".join(f"<setSpec>{name}</setSpec>" for name in dict.fromkeys(map(harvest_set, paper.categories)))
    status = ' status="deleted"' if paper.deleted else ""
    header = (
        f"<header{status}><identifier>oai:arXiv.org:{paper.id}</identifier>"
        f"<datestamp>{paper.datestamp}</datestamp>{sets}</header>"
    )
    versions = "".join(
        f'<version version="v{number}"><date>{format_datetime(moment.astimezone(UTC), usegmt=True)}</date>'
        "<size>12kb</size></version>"
        for number, moment in enumerate(paper.versions, 1)
    )
    optional = "".join(
        f"<{name}>{escape(text)}</{name}>"
        for name, text in (("comments", paper.comments), ("doi", paper.doi), ("license", paper.licence))
        if text
    )
    metadata = (
        f'<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.id}</id>{versions}'
        f"<title>{escape(paper.title)}</title><authors>{escape(', '.join(paper.authors))}</authors>"
        f"<categories>{' '.join(paper.categories)}</categories>{optional}"
        f"<abstract>  {escape(paper.abstract)}\n</abstract></arXivRaw></metadata>"
    )
    return f"<record>{header}{'' if paper.deleted else metadata}</record>"


def _query(arxiv: Arxiv, asked: Asked, wrong: Fault | Trouble | None) -> str:
    wanted = [split(text)[0] for text in asked.query["id_list"].split(",")]
    known = {paper.id: paper for paper in arxiv.papers}
    found = [known[text] for text in wanted if text in known][: int(asked.query.get("max_results", "10"))]
    entries = "".join(map(_entry, () if wrong is Fault.EMPTY_LIST else found))
    if wrong in (Trouble.ERROR_ENTRY, Trouble.BAD_REQUEST):
        entries = (
            "<entry><id>https://arxiv.org/api/errors#incorrect_id_format_for_abc</id><title>Error</title>"
            "<summary>incorrect id format for abc</summary><author><name>arXiv api core</name></author></entry>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><feed {NAMESPACES} xmlns="http://www.w3.org/2005/Atom">'
        f"<id>https://arxiv.org/api/invented</id><updated>{arxiv.now.isoformat()}</updated>"
        f"<opensearch:totalResults>{len(found)}</opensearch:totalResults>{entries}</feed>"
    )


def _entry(paper: Paper) -> str:
    optional = "".join(
        f"<arxiv:{name}>{escape(text)}</arxiv:{name}>"
        for name, text in (("comment", paper.comments), ("doi", paper.doi))
        if text
    )
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.id}v{len(paper.versions)}</id><title>{escape(paper.title)}</title>"
        f"<summary>{escape(paper.abstract)}</summary><published>{paper.versions[0].isoformat()}</published>"
        f"{_terms(sorted(paper.categories))}"
        f'<arxiv:primary_category term="{paper.categories[0]}"/>{optional}'
        f"{'</author>'.join(f'<author><name>{escape(name)}</name>' for name in paper.authors)}"
        f"{''.join(f'<arxiv:affiliation>{escape(name)}</arxiv:affiliation>' for name in paper.affiliations)}"
        "</author></entry>"
    )


@contextmanager
def arxiv(
    papers: Sequence[Paper] = (), script: Script = lambda asked: None, *, page_size: int = 1000
) -> Iterator[Arxiv]:
    """The services on a free port until the block ends: `/rss`, `/atom`, `/oai` and `/api/query`."""
    upstream = Arxiv(papers=papers, script=script, page_size=page_size)
    with serving(upstream, _Services):
        yield upstream
