"""Every fetched record as one uniform row of readable text.

What belongs here: the shape of `clean_papers` and how each of its columns comes from the fetched one. Rows
are neither dropped nor merged: what is wrong with a row the gate judges, what is the same the deduplication.
"""

import re
import unicodedata
from collections.abc import Callable

import polars as pl

from assets.clean import ids
from assets.clean.institutions import institution
from assets.clean.language import languages
from assets.clean.links import LINK, lift
from assets.clean.people import author_key
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
        "title_tex": pl.String(),
        "abstract_tex": pl.String(),
        "title_key": pl.String(),
        "authors": pl.List(pl.String()),
        "author_keys": pl.List(pl.String()),
        "author_count": pl.Int32(),
        "affiliations": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "note": pl.String(),
        "licence": pl.String(),
        "announced": pl.String(),
        "links": pl.List(LINK),
        "url": pl.String(),
        "language": pl.String(),
        "words": pl.Int32(),
        "withdrawn": pl.Boolean(),
    }
)
"""The columns of `clean_papers`; `published` is UTC without a zone.

`title` and `abstract` are prose, `title_tex` and `abstract_tex` the source's own text in one line; `author_keys` has
a form for comparing of each of `authors`; `affiliations` are names of institutions, each once; `language` (ISO 639-1)
and `words` are the abstract's.
"""

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
# Polars is ten times slower at Unicode's word boundaries than at those of ASCII.
_ANNOUNCED, _NOTED = (pattern.replace(r"\b", r"(?-u:\b)") for pattern in (_ANNOUNCED, _NOTED))
_WRITTEN = pl.element().filter(pl.element() != "")
_UNLETTERED = re.compile(r"[\W_]+")


def clean(fetched: pl.DataFrame) -> pl.DataFrame:
    """Rows of `fetched_papers` as rows of `CLEAN`, one for one and in the same order.

    A null title or abstract stays null, and a blank one becomes null. Addresses that close an abstract move to
    `links`, after the source's own.
    """
    texts = fetched.with_columns(
        pl.col("title", "abstract", "note").map_batches(_prose, return_dtype=pl.String).replace("", None),
        _unwrapped(pl.col("title", "abstract")).replace("", None).name.suffix("_tex"),
        _each(fetched["authors"], _prose).list.eval(_WRITTEN),
        _each(fetched["keywords"], _prose).list.eval(_WRITTEN),
        _each(fetched["affiliations"], _institutions).list.eval(_WRITTEN).list.unique(maintain_order=True),
    )
    texts = lift(texts)
    return texts.with_columns(
        _each(texts["authors"], _author_keys).alias("author_keys"),
        languages(texts["abstract"].fill_null(texts["title"])).alias("language"),
        paper_id=ids.paper_id(pl.col("source"), pl.col("source_id")),
        version=pl.coalesce("version", ids.version(pl.col("source_id"))),
        doi=ids.doi(pl.col("doi")),
        title_key=pl.col("title").map_elements(title_key, return_dtype=pl.String),
        author_count=pl.col("authors").list.len(),
        words=pl.col("abstract").str.count_matches(r"\S+"),
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
    plain = texts.to_frame().select(_unwrapped(pl.col(texts.name))).to_series()
    dirty = texts.str.contains(DIRTY).fill_null(False).arg_true()
    repaired = pl.Series([prose(text) for text in texts.gather(dirty)], dtype=pl.String)
    return plain.scatter(dirty, repaired)


def _unwrapped(texts: pl.Expr) -> pl.Expr:
    return texts.str.replace_all(r"\s+", " ").str.strip_chars()


def _author_keys(names: pl.Series) -> pl.Series:
    return pl.Series(names.name, [author_key(name) for name in names], dtype=pl.String)


def _institutions(names: pl.Series) -> pl.Series:
    return pl.Series(names.name, [institution(name) for name in _prose(names)], dtype=pl.String)


def _each(lists: pl.Series, rule: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """The lists with the rule applied to each name; each distinct one is looked at once."""
    written = lists.explode().drop_nulls().unique()
    made = rule(written)
    changed = written.ne_missing(made)
    name = pl.element().replace(written.filter(changed), made.filter(changed))
    return lists.to_frame().select(pl.col(lists.name).list.eval(name)).to_series()


def _withdrawn() -> pl.Expr:
    noted = pl.col("note").str.contains(_NOTED).fill_null(False)
    return noted | pl.col("abstract").str.contains(_ANNOUNCED).fill_null(False)
