"""Which records are compared: those of different papers that share a block.

What belongs here: blocks in, pairs out. What a pair amounts to is verification's business.
"""

import polars as pl

MOST = 64
"""Papers in a block; a fuller one says nothing, and yields no pair whatever the order in which it filled."""

_RECORD = ["day", "source", "source_id"]


def pairs(blocks: pl.DataFrame, papers: pl.Series | None = None) -> pl.DataFrame:
    """Each pair of records of different papers that share a block of at most `MOST` papers, once.

    `blocks` holds all rows of each key, or those of more than `MOST` papers. A row names the record of the smaller
    paper id (`left_day`, `left_source`, `left_source_id`, `left`) and that of the larger one, likewise. With `papers`,
    only their pairs, with each other and with any other paper.
    """
    shared = blocks.filter(pl.col("key").is_in(_repeated(blocks["key"]).implode()))
    sizes = shared.group_by("key").agg(papers=pl.col("paper_id").n_unique())
    telling = sizes.filter(pl.col("papers").is_between(2, MOST))
    named = shared.join(telling, on="key", how="semi").select("key", *_RECORD, "paper_id").unique()
    asked = named if papers is None else named.filter(pl.col("paper_id").is_in(papers.implode()))
    both = asked.join(named, on="key", suffix="_other")
    smaller = both.filter(pl.col("paper_id") < pl.col("paper_id_other"))
    larger = both.filter(pl.col("paper_id") > pl.col("paper_id_other"))
    return pl.concat([smaller.select(_sides("", "_other")), larger.select(_sides("_other", ""))]).unique()


def _repeated(keys: pl.Series) -> pl.Series:
    """The keys that occur twice: sorting finds them in a tenth of the memory that hashing takes, and faster."""
    ordered = keys.sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()


def _sides(left: str, right: str) -> list[pl.Expr]:
    return [
        pl.col(column + suffix).alias(f"{side}_{column}" if column != "paper_id" else side)
        for side, suffix in (("left", left), ("right", right))
        for column in (*_RECORD, "paper_id")
    ]
