"""One spelling for each identifier: papers' ids, their versions, DOIs.

Pure expressions over string columns. Which ids belong to one work is the deduplication's question.
"""

import polars as pl

_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|"
    "dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|"
    "plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_PREFIX = (
    r"^(?:https?://(?:[a-z]+\.)*arxiv\.org/(?:abs|pdf|html|ps)/|(?:https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.|"
    r"oai:arxiv\.org:|arxiv\s*:\s*)"
)
_SUFFIX = r"(?:v(?<version>[0-9]+))?(?:\.pdf)?/?$"
_NEW_ID = r"^(?<id>[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})" + _SUFFIX
_OLD_ID = rf"^(?<id>(?:{_ARCHIVES})(?:\.[a-z-]+)?/[0-9]{{7}})" + _SUFFIX
_DOI = r"(10\.[0-9]{4,9}/[^\s\"<>]+)"


def paper_id(source: pl.Expr, source_id: pl.Expr) -> pl.Expr:
    """The id that every spelling of one paper shares, without version: `arxiv:2503.14456`, or `source:id`.

    Old arXiv ids lose their subject class, as at arXiv: `math.CA/0611800` is `arxiv:math/0611800`.
    Null where the source gave no id.
    """
    bare = _bare(source_id)
    old = bare.str.extract(_OLD_ID).str.replace(r"^([a-z-]+)\.[a-z-]+/", "${1}/")
    arxiv = "arxiv:" + pl.coalesce(bare.str.extract(_NEW_ID), old)
    other = pl.when(bare != "").then(source.str.to_lowercase() + ":" + source_id.str.strip_chars().str.to_lowercase())
    return pl.coalesce(arxiv, other)


def named(written: str) -> str:
    """The `paper_id` that somebody means: an arXiv id in any spelling, else `source:id`, taken as it stands."""
    text = pl.DataFrame({"id": [written]}, schema={"id": pl.String})
    (found,) = text.select(paper_id(pl.lit(""), pl.col("id"))).row(0)
    return str(found or "").removeprefix(":")


def version(source_id: pl.Expr) -> pl.Expr:
    """The version that an arXiv id ends in, or null."""
    bare = _bare(source_id)
    found = pl.coalesce(bare.str.extract(_NEW_ID, 2), bare.str.extract(_OLD_ID, 2))
    return found.cast(pl.Int32, strict=False)


def doi(written: pl.Expr) -> pl.Expr:
    """A DOI in lower case without resolver or prefix, the first of several; null for anything else."""
    return written.str.extract(_DOI).str.to_lowercase().str.strip_chars_end(".,;")


def _bare(source_id: pl.Expr) -> pl.Expr:
    return source_id.str.strip_chars().str.to_lowercase().str.replace(_PREFIX, "")
