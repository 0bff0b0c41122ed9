"""What identity keeps of each record beside its blocking keys, in a form of which single ones are cheaply read.

DuckDB unpacks every value of a column that it scans, but a text that lies there as it is costs little until it is asked
for, once its block is in memory: so a record is kept as one text.
"""

import polars as pl

READ = pl.Schema(
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
        "author_keys": pl.List(pl.String()),
        "affiliations": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "published": pl.Datetime("us"),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "announced": pl.String(),
        "links": pl.List(pl.Struct({"url": pl.String(), "kind": pl.String()})),
        "url": pl.String(),
        "withdrawn": pl.Boolean(),
    }
)
"""The columns of `clean_papers` that identity reads."""

RECORD = ["day", "source", "source_id", "paper_id"]
"""What names a record, and the paper that it lists."""

PROFILE = pl.Schema({"number": pl.UInt64(), **{name: READ[name] for name in RECORD}, "said": pl.String()})
"""The columns of `profiles`."""

STORED_BLOCK = pl.Schema({"day": pl.Date(), "number": pl.UInt64(), "kind": pl.String(), "key": pl.UInt64()})
"""The columns of `blocks` as they are stored: a record is named by its number."""


def profiles(records: pl.DataFrame, last: int) -> pl.DataFrame:
    """Rows of `clean_papers` as rows of `PROFILE`, numbered after `last`."""
    said = pl.struct(READ.names()).struct.json_encode().alias("said")
    numbers = pl.int_range(last + 1, last + 1 + pl.len(), dtype=pl.UInt64).alias("number")
    return records.select(numbers, *RECORD, said)


def records(said: pl.Series) -> pl.DataFrame:
    """What `profiles` kept, as rows of `READ`."""
    return said.str.json_decode(pl.Struct(READ)).struct.unnest()


def numbered(blocks: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    """Blocking keys of the records of `profiles`, as rows of `STORED_BLOCK`."""
    return blocks.join(profiles, on=RECORD, how="inner").select(STORED_BLOCK.names())
