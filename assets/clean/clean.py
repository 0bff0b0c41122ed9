"""Every fetched record as one uniform row of readable text.

What belongs here: the shape of `clean_papers` and how each of its columns comes from the fetched one. Rows
are neither dropped nor merged: what is wrong with a row the gate judges, what is the same the deduplication.
"""

import re
import unicodedata

import polars as pl

from assets.clean import ids
from assets.clean.text import DIRTY, prose

CLEAN = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        "source_id": pl.String(),
        "paper_id": pl.String(),
        "version": pl.Int32(),
        "doi": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "title_key": pl.String(),
        "authors": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "note": pl.String(),
        "licence": pl.String(),
        "announced": pl.String(),
        "links": pl.List(pl.String()),
        "url": pl.String(),
        "withdrawn": pl.Boolean(),
    }
)
"""The columns of `clean_papers`; `published` is UTC without a zone."""

_SUBJECT = r"(?:paper|article|manuscript|submission|preprint|document|work|note|comment|version|upload|report)"
_STATE = r"(?:has|have|had)?\s*(?:now\s+)?(?:been|is|was)\s+(?:\w+\s+){0,2}?(?:withdrawn|retracted)"
_ANNOUNCED = (
    rf"(?i)(?:^|[.;:,!?\-–—]\s*)(?:this|the)\s+(?:arxiv\s+)?{_SUBJECT}\s+{_STATE}\b"
    rf"|\bthis\s+(?:\w+\s+)?(?:{_SUBJECT}\s+)?{_STATE}\b"
    rf"|^\W*(?:{_SUBJECT}\s+)?withdrawn\b(?:\W*$|\s*(?:by|due|because|as|since|in\s+accordance|at\s+the)\b|\s*[.,;:–—-]|\s+paper\b)"
    rf"|\bwe\s+(?:have\s+)?withdr[ae]wn?\s+(?:our|this|the)\s+{_SUBJECT}\b"
)
_NOTED = (
    rf"{_ANNOUNCED}|\b(?:this|the)\s+{_SUBJECT}\s+{_STATE}\b"
    r"|(?:^|[.;,:!?]\s+)(?:(?:paper|manuscript)\s+)?withdrawn\s+(?:by|due|because|as|since|to|in|at|on|for|following)\b"
    r"|\bwithdrawn\s+(?:due|because)\b|\bwithdrawn\s+by\s+(?:the\s+)?(?:co-?)?(?:authors?|arxiv|submitter)\b"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=\W*[A-Z])")
_UNLETTERED = re.compile(r"[\W_]+")


def clean(fetched: pl.DataFrame) -> pl.DataFrame:
    """Rows of `fetched_papers` as rows of `CLEAN`, one for one and in the same order.

    A null title or abstract stays null, and a blank one becomes null. The abstract keeps its words: addresses
    in its closing sentences are repeated in `links`, after the source's own.
    """
    texts = fetched.with_columns(
        pl.col("title", "abstract", "note").map_batches(_prose, return_dtype=pl.String).replace("", None),
        _names(fetched["authors"]),
        _names(fetched["keywords"]),
    )
    return texts.with_columns(
        paper_id=ids.paper_id(pl.col("source"), pl.col("source_id")),
        version=pl.coalesce("version", ids.version(pl.col("source_id"))),
        doi=ids.doi(pl.col("doi")),
        title_key=pl.col("title").map_elements(title_key, return_dtype=pl.String),
        links=_links(texts),
        withdrawn=_withdrawn(),
    ).select(pl.col(name).cast(kind) for name, kind in CLEAN.items())


def title_key(title: str) -> str:
    """The letters and digits of a title, of any script, without case and accents: equal keys, same title."""
    folded = unicodedata.normalize("NFKD", title).casefold()
    if not folded.isascii():
        folded = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return _UNLETTERED.sub("", folded)


def _prose(texts: pl.Series) -> pl.Series:
    """`prose` of each text, calling Python only for those that need it."""
    plain = texts.str.replace_all(r"\s+", " ").str.strip_chars()
    dirty = texts.str.contains(DIRTY).fill_null(False).arg_true()
    repaired = pl.Series([prose(text) for text in texts.gather(dirty)], dtype=pl.String)
    return plain.scatter(dirty, repaired)


def _names(lists: pl.Series) -> pl.Series:
    """The lists' names cleaned and blank ones dropped; each distinct name is looked at once."""
    written = lists.explode().drop_nulls().unique()
    cleaned = _prose(written)
    changed = written.ne_missing(cleaned)
    name = pl.element().replace(written.filter(changed), cleaned.filter(changed))
    return lists.to_frame().select(pl.col(lists.name).list.eval(name.filter(name != ""))).to_series()


def _withdrawn() -> pl.Expr:
    noted = pl.col("note").str.contains(_NOTED).fill_null(False)
    return noted | pl.col("abstract").str.contains(_ANNOUNCED).fill_null(False)


def _links(texts: pl.DataFrame) -> pl.Series:
    rows = texts.select("links", "abstract").iter_rows()
    return pl.Series("links", [_merged(links, abstract) for links, abstract in rows], dtype=pl.List(pl.String))


def _merged(links: list[str | None] | None, abstract: str | None) -> list[str]:
    own = [link.strip() for link in links or [] if link and _ADDRESS.match(link.strip())]
    return list(dict.fromkeys([*own, *closing_addresses(abstract or "")]))


def closing_addresses(abstract: str) -> list[str]:
    """The web addresses in the last sentences of an abstract, back to the last sentence that names none."""
    first = _ADDRESS.search(abstract)
    if first is None:
        return []
    found: list[str] = []
    for sentence in reversed(_SENTENCES.split(abstract[first.start() :])):
        addresses = [_trimmed(address) for address in _ADDRESS.findall(sentence)]
        if not addresses:
            break
        found = addresses + found
    return found


def _trimmed(address: str) -> str:
    """An address without the punctuation of the sentence around it; a bracket of its own stays."""
    while address[-1] in ".,;:!?'\"*”’" or (
        address[-1] in ")]" and address.count(address[-1]) > address.count("(["[address[-1] == "]"])
    ):
        address = address[:-1]
    return address
