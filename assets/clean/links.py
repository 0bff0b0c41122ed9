"""Web addresses of a paper: found at the end of its abstract, lifted out of it, and told apart by kind.

What belongs here: which sentence only says where something is, what an address leads to. Of the sources' own
fields nothing is known here but the address. Nothing asks the web.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import polars as pl

LINK = pl.Struct({"url": pl.String(), "kind": pl.String()})
"""An address with its scheme, and what is there: `code`, `data`, `demo` or `project`."""

_HOST = (
    r"(?:github|gitlab|bitbucket|youtube)\.(?:com|org)|(?:codeberg|zenodo|sourceforge|openreview)\.(?:org|net)|"
    r"huggingface\.co|hf\.co|osf\.io|youtu\.be|bit\.ly|sites\.google\.com|colab\.research\.google\.com|"
    r"anonymous\.4open\.science|(?:www\.)?kaggle\.com|[\w-]+\.(?:github|gitlab)\.io"
)
_REST = r"(?:(?![,;(]https?://)[^\s<>\"{}|\\^`])"
_OPENING = {")": "(", "]": "["}
_ADDRESS = re.compile(
    rf"(?i:https?:\s?//)(?!/){_REST}{{1,2000}}|(?<![\w@./-])(?:www\.(?=[\w-]+\.)|(?=(?:{_HOST})(?:/|\b(?!\.)))){_REST}{{1,2000}}"
)
# Polars is ten times slower at Unicode's word boundaries than at those of ASCII.
_ADDRESSED = pl.col("abstract").str.contains(rf"(?i)https?:\s?//|(?-u:\b)(?:www\.|{_HOST})").fill_null(False)

_WHOLE = re.compile(r"https?://(?:[\w-]+\.)+[\w-]+(?::\d+)?(?:[/?#].*)?", re.IGNORECASE)
_ARXIV = re.compile(r"https?://(?:[a-z]+\.)*arxiv\.org/(?:abs|pdf|html|ps)/", re.IGNORECASE)
_DOI = re.compile(
    r"https?://(?:dx\.)?doi\.org/(?!10\.(?:5281|6084|5061|7910|17605|17632|34740|57967|48436)/)", re.IGNORECASE
)
_SAME = re.compile(r"https?://(?:www\.)?|(?:\.git)?/*(?:#.*)?\Z", re.IGNORECASE)

_AT_HOST = {
    "data": (
        r"(?:huggingface|hf)\.co/datasets/|kaggle\.com/(?!code|models)|figshare\.com|datadryad\.org|(?:data|dataverse)\."
    ),
    "demo": r"(?:huggingface|hf)\.co/spaces/|youtube\.com|youtu\.be|vimeo\.com|colab\.research\.google\.com|demo\.",
    "code": (
        r"git(?:hub|lab)\.com/[^/?#]|(?:bitbucket|codeberg)\.org/[^/?#]|anonymous\.4open\.science/r/|gist\.github\.com/|"
        r"sourceforge\.net|pypi\.org|cran\.r-project\.org|(?:code|git|gitlab)\.|[^/?#]+/(?:[^?#]*/)?code(?:[/?#]|$)"
    ),
}
_IN_WORDS = {
    "project": r"(?:web-?|home)?(?:pages?|sites?)|project|visit",
    "code": (
        r"(?:source[- ]?)?codes?|codebases?|implementations?|git(?:hub|lab)?|repo(?:sitory)?|software|packages?|"
        r"librar(?:y|ies)|scripts?|toolbox|toolkit"
    ),
    "data": r"data(?:sets?|bases?)?|benchmarks?|corp(?:us|ora)|annotations?",
    "demo": r"demos?|demonstrations?|videos?|samples?|playground",
}
_HOSTS = {kind: re.compile(rf"https?://(?:www\.)?(?:{hosts})", re.IGNORECASE) for kind, hosts in _AT_HOST.items()}
_WORDS = {kind: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for kind, words in _IN_WORDS.items()}
_ARCHIVE = re.compile(r"https?://(?:www\.)?(?:zenodo\.org|osf\.io|(?:dx\.)?doi\.org)/", re.IGNORECASE)

_SAYS_ONLY_WHERE = frozenset(
    """
    a about access accessed accessible accompanying additional address after all along also an and animated
    animations annotated annotations any app appendix application are artefacts artifact artifacts as associated at
    audio avaiable avaialbe avaible availability available availble avaliable avalible base based be been below
    benchmark benchmarking benchmarks best both browse browsed but by can case cases check checked checkpoint
    checkpoints code codebase codebases codes colab collection comes coming community companion complete containing
    contains corpora corpus corresponding curated data database databases dataset datasets demo demonstration
    demonstrations demos description detailed details development display displayed documentation download
    downloadable downloaded downloads encourage entire evaluated evaluating evaluation example examples exists
    experiment experimental experiments explore explored extended extensive face facilitate field figures files find
    following for forthcoming foster found freely from ftp full fully further future gallery generated generation
    git github gitlab given group has have here hf home homepage host hosted html http https hub hugging huggingface
    implementation implementations in include includes including inference information inspection installation
    instructions interactive io is it its kaggle lab latest leaderboard leaderboards libraries library link linked
    links list listen live located log logs look made maintained make making material materials may method methods
    model models modelscope more much network notebook notebooks now obtained of official on online open open-source
    open-sourced opened openly opensource opensourced opensourcing or org original other our out package packages
    page pages paper papers part parts pipeline platform playground please posted pre-trained preprocessed presented
    pretrained produce project projects promote prompt prompts proposed provide provided provides public publically
    publication publicly publish published purposes python pytorch qualitative r raw readers realeased refer
    reference related release released releases releasing relevant replicate replication repo repos repositories
    repository reproduce reproducibility reproducible reproducing reproduction research resource resources
    respectively result resulting results sample samples script scripts see set sets several share shared showcase
    showcases shown site sites software some soon source sourced sources state study suite supplement supplemental
    supplementary support supporting test text the their them these this through to together tool toolbox toolkit
    tools trained training tutorial tutorials under up upon url urls use used users using version via video videos
    view viewed viewer views visit visual visualisations visualization visualizations watch we web webpage webpages
    webside website websites weight weights well which will with work works www you your youtube zenodo
    """.split()
)
"""The words of a sentence that says where something is, and nothing else."""

_SENTENCES = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!\bcf\.)(?<!\bal\.)\s+(?=[^\w\s]*(?:[A-Z0-9]|https?:|www\.|(?:code|project)\b))"
    r"|(?<=[a-z]{2}[.!?])(?=(?:The|Our|Source|Codes?|Project|Data|Datasets?|Demo)\s)"
)
_LABEL = re.compile(
    r"\s+(?=(?:Project|Project [Pp]age|Project [Ww]eb(?:site|page)|Web(?:site|page)|Homepage|(?:Source )?Code|Codes|"
    r"Demo|Git[Hh]ub|Data|Dataset|Models?)\s?:\s*https?://)"
)
_BRACKETS = re.compile(r"\s*\((?P<inside>[^()]*(?:\([^()]*\)[^()]*)*)\)(?P<stop>[.!?]*)\Z")
_FOOTNOTE = re.compile(r"(?<=[a-z)])(?=https?://)")
_WORD = re.compile(r"[^\W_](?:[\w'’-]*\w)?")
_MEANING = re.compile(r"[=<>%$\\+#≥≤±×∼~^_|@]")
_AND = re.compile(r"[\W_]*(?:and|or)?[\W_]*", re.IGNORECASE)
_LEADS_ON = re.compile(
    r"(?:\b(?:a|and|are|at|by|from|here|in|is|of|on|our|see|the|this|to|under|via|visit|with|your)|[:,–—-])\Z",
    re.IGNORECASE,
)


_HERE = re.compile(r"\b(?:here|below)\W*\Z", re.IGNORECASE)


class Lifted(NamedTuple):
    """What is left of an abstract, and the addresses that its last sentences name, with their kinds."""

    abstract: str
    links: list[tuple[str, str]]


def lifted(abstract: str, title: str = "") -> Lifted:
    """Lifts the addresses out of an abstract's last sentences, back to the last that names none.

    A sentence that only says where something is goes with its address; one that says more stays whole, but for an
    address in brackets, or a footnote's, at its end. Where nothing would be left, the abstract stays as it is.
    """
    sentences = _SENTENCES.split(abstract)
    names = _names(title, sentences)
    kept: list[str] = []
    links: list[tuple[str, str]] = []
    while sentences and (addresses := _addresses(sentences[-1])):
        sentence = sentences.pop()
        links = [*_links(sentence, addresses), *links]
        while (rest := _without_addresses(sentence, names)) != sentence:
            sentence = rest
        kept.insert(0, sentence)
    while links and sentences and _HERE.search(sentences[-1]) and _says_only_where(sentences[-1], names):
        sentences.pop()
    return Lifted(" ".join(filter(None, [*sentences, *kept])) or abstract, _once(links))


def kind(url: str, said: str = "") -> str:
    """What is at an address, by its host, and where that says nothing by the words before it."""
    at_host = next((kind for kind, host in _HOSTS.items() if host.match(url)), None)
    in_words = _kind_in(said)
    if at_host is None and _ARCHIVE.match(url):
        return "code" if in_words == "code" else "data"
    return at_host or in_words


@lru_cache(maxsize=16)  # the addresses of a sentence share its words
def _kind_in(said: str) -> str:
    return next((kind for kind, words in _WORDS.items() if words.search(said)), "project")


def normal(written: str) -> str | None:
    """An address with its scheme; None for what is none, and for a paper's own page at arXiv or its DOI."""
    url = re.sub(r"\s", "", written)
    if not url.lower().startswith(("http://", "https://")):
        url = f"https://{url}"
    return None if not _WHOLE.fullmatch(url) or _ARXIV.match(url) or _DOI.match(url) else url


def lift(papers: pl.DataFrame) -> pl.DataFrame:
    """Papers with the addresses of `abstract` lifted into `links`, after the source's own, as a list of `LINK`.

    The source's own are strings; an address stands once, whatever its scheme, `www.`, `.git` or last slash.
    """
    told = papers.select(pl.int_range(pl.len()).alias("place"), "title", "abstract", "links", _ADDRESSED.alias("at"))
    rows = told.filter(pl.col("at") | (pl.col("links").list.len() > 0))
    abstracts, found = [], []
    for place, title, abstract, own, addressed in rows.iter_rows():
        rest = lifted(abstract, title or "") if addressed else Lifted(abstract, [])
        abstracts.append(rest.abstract)
        found += [(place, url, kind) for url, kind in _once([*_own(own), *rest.links])]
    lifted_from = papers["abstract"].scatter(rows["place"], pl.Series(abstracts, dtype=pl.String))
    return papers.with_columns(lifted_from.alias("abstract"), _listed(found, papers.height))


def _listed(found: list[tuple[int, str, str]], rows: int) -> pl.Series:
    """Links by the place of their paper as a list a paper: few have any, and Polars is slow at lists from Python."""
    flat = pl.DataFrame(found, schema={"place": pl.Int64, "url": pl.String, "kind": pl.String}, orient="row")
    by_place = flat.group_by("place", maintain_order=True).agg(links=pl.struct("url", "kind"))
    every = pl.DataFrame({"place": range(rows)}, schema={"place": pl.Int64})
    listed = every.join(by_place, on="place", how="left", maintain_order="left")
    return listed.select(pl.col("links").fill_null(pl.lit([], dtype=pl.List(LINK)))).to_series()


def _own(written: list[str | None] | None) -> Iterator[tuple[str, str]]:
    for address in written or []:
        if address and (match := _ADDRESS.match(address.strip())) and (url := normal(match[0])):
            yield url, kind(url)


def _once(links: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    first: dict[str, tuple[str, str]] = {}
    for url, what in links:
        first.setdefault(_SAME.sub("", url).lower(), (url, what))
    return list(first.values())


def _addresses(sentence: str) -> list[tuple[int, int]]:
    """Where addresses begin and end, without the punctuation of the sentence around them."""
    spans = ((match.start(), match.start() + len(_trimmed(match[0]))) for match in _ADDRESS.finditer(sentence))
    return [(start, end) for start, end in spans if normal(sentence[start:end])]


def _trimmed(address: str) -> str:
    """An address without the punctuation after it; a bracket of its own stays."""
    while address and (
        address[-1] in ".,;:!?'\"*”’。，；、"
        or (address[-1] in ")]" and address.count(address[-1]) > address.count(_OPENING[address[-1]]))
    ):
        address = address[:-1]
    return address


def _links(sentence: str, addresses: list[tuple[int, int]]) -> Iterator[tuple[str, str]]:
    whole = _ADDRESS.sub(" ", sentence)
    said, last = whole, 0
    for start, end in addresses:
        if len(addresses) > 1 and not _AND.fullmatch(sentence, last, start):
            said = sentence[last:start]
        if url := normal(sentence[start:end]):
            yield url, kind(url, said)
        last = end


def _without_addresses(sentence: str, names: frozenset[str]) -> str:
    if _says_only_where(sentence, names):
        return ""
    for label in _LABEL.finditer(sentence):
        rest = sentence[: label.start()]
        if _stands(rest) and _says_only_where(sentence[label.end() :], names):
            return rest
    brackets = _BRACKETS.search(sentence)
    if brackets and _addresses(brackets["inside"]) and _says_only_where(brackets["inside"], names):
        rest = sentence[: brackets.start()]
        return rest + brackets["stop"] if _stands(rest) else sentence
    footnote = _FOOTNOTE.search(sentence)
    if footnote and _says_only_where(sentence[footnote.end() :], names):
        return sentence[: footnote.start()] + "."
    return sentence


def _stands(rest: str) -> bool:
    """Whether a sentence may end there."""
    return not _LEADS_ON.search(rest) and not _ADDRESS.search(rest)


def _says_only_where(text: str, names: frozenset[str]) -> bool:
    rest = _ADDRESS.sub(
        lambda match: match[0][len(_trimmed(match[0])) :] if normal(_trimmed(match[0])) else match[0], text
    )
    if _MEANING.search(rest):
        return False
    return all(
        _is_known(word, names) or all(_is_known(part, names) for part in _parts(word)) for word in _WORD.findall(rest)
    )


def _is_known(word: str, names: frozenset[str]) -> bool:
    return word.lower() in _SAYS_ONLY_WHERE or word in names or word.lower() in names


def _names(title: str, sentences: list[str]) -> frozenset[str]:
    """What the paper's own things may be called: the words of its title, and capitalised ones of its abstract."""
    of_title = [word.lower() for word in _WORD.findall(title)]
    of_title += [part for word in of_title for part in _parts(word)]
    words = (word for sentence in sentences if not _ADDRESS.search(sentence) for word in _WORD.findall(sentence))
    return frozenset([*of_title, *(word for word in words if not word.islower() and not word.isdecimal())])


def _parts(word: str) -> list[str]:
    return re.split(r"[-'’]", word)
