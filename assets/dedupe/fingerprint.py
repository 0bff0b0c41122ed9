"""Blocking keys: what two records must share to be compared at all.

What belongs here: how a record becomes keys, and nothing of what keys are compared with. A key depends on its record
alone and is the same on every machine, because keys are stored for years: it is a BLAKE2b hash or a band of rensa's
MinHashes, whose algorithm has a version; never a hash of Polars, DuckDB or Python, which may change with every release.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl
from rensa import RMinHash

ALGORITHM = 1
"""Changes with anything that changes a key: stored keys of another algorithm are made anew."""

BLOCK = pl.Schema(
    {
        "day": pl.Date(),
        "source": pl.String(),
        "source_id": pl.String(),
        "paper_id": pl.String(),
        "kind": pl.String(),
        "key": pl.UInt64(),
    }
)
"""The blocking keys of records; `kind` is doi, title, authors or band."""

BANDS = 16
ROWS = 2
"""Hashes a band. Texts with a Jaccard similarity of 0.3 share a band in 3 of 4 cases, of 0.01 in 1 of 600."""

SHINGLE = 3
"""Words that are hashed together: single words are shared by all papers of a field."""

SHORT_TITLE = 12
"""Letters below which a title ("Editorial") is shared by too many works to be a key without its authors."""

CHUNK = 20_000
"""Records whose words are in memory at a time."""

_WORD = r"[\p{L}\p{N}]+"
_RECORD = ["day", "source", "source_id", "paper_id"]
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: a multiplier whose bits have no pattern

Hashes = npt.NDArray[np.uint64]


def blocks(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of `clean_papers` as rows of `BLOCK`: at most `BANDS` + 3 keys a record.

    A record without DOI, without two authors or with fewer than `SHINGLE` words has fewer. MinHash is of Broder, "On
    the resemblance and containment of documents" (1997), its bands of Indyk and Motwani (1998).
    """
    return pl.concat([BLOCK.to_frame(), *map(_blocks, records.iter_slices(CHUNK))])


def _blocks(records: pl.DataFrame) -> pl.DataFrame:
    authors = pl.col("author_keys").list.unique().list.sort().list.join("|")
    short = pl.col("title_key").str.len_chars() < SHORT_TITLE
    said = records.select(
        doi="doi",
        title=pl.when(short)
        .then(pl.concat_str("title_key", authors.fill_null(""), separator="|"))
        .otherwise("title_key"),
        authors=pl.when(pl.col("author_keys").list.n_unique() > 1).then(authors),
    )
    keys = said.with_columns(pl.Series(column.name, _keys(column), pl.UInt64) for column in said)
    whole = pl.concat([records.select(_RECORD), keys], how="horizontal")
    exact = whole.unpivot(keys.columns, index=_RECORD, variable_name="kind", value_name="key").drop_nulls("key")
    return pl.concat([exact, _bands(records)]).select(pl.col(name).cast(kind) for name, kind in BLOCK.items())


def _keys(said: pl.Series) -> list[int | None]:
    return [hash64(f"{ALGORITHM} {said.name} {text}") if text else None for text in said]


def _bands(records: pl.DataFrame) -> pl.DataFrame:
    texts = records.select(pl.concat_str("title", "abstract", separator=" ", ignore_nulls=True)).to_series()
    words = texts.str.extract_all(_WORD)
    hashes, counts = shingles(words)
    told = np.flatnonzero(counts)
    ends = np.concatenate([[0], np.cumsum(counts[told])])
    rows = RMinHash.digest_matrix_from_flat_token_hashes(
        hashes, ends.astype(np.uint64), BANDS * ROWS, ALGORITHM
    ).to_rows()
    low, high = np.array(rows, dtype=np.uint64).reshape(-1, BANDS, ROWS).transpose(2, 0, 1)
    salts = np.array([hash64(f"{ALGORITHM} band {band}") for band in range(BANDS)], dtype=np.uint64)
    keys = (high << np.uint64(32) | low) ^ salts
    named = records.select(_RECORD)[np.repeat(told, BANDS)]
    return named.with_columns(kind=pl.lit("band"), key=pl.Series(keys.reshape(-1)))


def shingles(words: pl.Series) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """The hashes of every `SHINGLE` neighbouring words of each list, end to end, and how many each list has."""
    lengths = words.list.len().to_numpy().astype(np.int64)
    # Arrow names each word by its place among the different ones in two thirds of the time that Polars takes.
    flat = words.explode(empty_as_null=False).to_arrow().dictionary_encode()
    hashed = _word_hashes(pl.Series(flat.dictionary))[flat.indices.to_numpy()]
    complete = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(hashed)) >= SHINGLE
    mixed = hashed
    for ahead in range(1, SHINGLE):
        mixed = mixed[:-1] * _ODD + hashed[ahead:]
    mixed ^= mixed >> np.uint64(32)
    return mixed[complete[: len(mixed)]], np.maximum(lengths - SHINGLE + 1, 0)


def _word_hashes(words: pl.Series) -> Hashes:
    folded = words.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return np.array(RMinHash.hash_token_sets([folded.to_list()])[0], dtype=np.uint64)


def hash64(text: str) -> int:
    """64 bits of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
