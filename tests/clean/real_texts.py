"""Real titles and abstracts for measuring: loaded from the shared data, cleaned as the product cleans them."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.clean.clean import clean
from assets.fetch.source import RECORD

DATA = Path(__file__).parents[2] / "../shared/data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"no real papers at {DATA}")
TEXT = {"title": pl.String(), "abstract": pl.String()}


def sets(every: int = 1) -> dict[str, pl.DataFrame]:
    """Title and abstract of each data set by its name; of the big corpus every so many."""
    pairs = list(_read("duplicates/hf_vs_arxiv.jsonl.gz"))
    return {
        "dirty_cases": _frame(list(_read("dirty_cases.jsonl.gz"))),
        "papers_page": _frame(list(_read("papers_page.jsonl.gz"))),
        "hf_vs_arxiv, arXiv": _frame([pair["a"] for pair in pairs]),
        "hf_vs_arxiv, Hugging Face": _frame([pair["b"] for pair in pairs]),
        "corpus_80k": corpus(every),
    }


def corpus(every: int = 1) -> pl.DataFrame:
    """Title and abstract of every so many papers of the 80,000."""
    return _frame(list(_read("arxiv/corpus_80k.jsonl.gz"))[::every])


def huggingface(every: int = 10) -> pl.DataFrame:
    """Title and abstract of the papers of every so many of Hugging Face's days."""
    days = sorted((DATA / "huggingface/daily_papers").glob("*.json.gz"))[::every]
    papers = [entry["paper"] for day in days for entry in json.loads(gzip.decompress(day.read_bytes()))]
    return _frame([{"title": paper["title"], "abstract": paper["summary"]} for paper in papers])


def unwrapped(texts: pl.DataFrame) -> pl.DataFrame:
    """Titles and abstracts with nothing but their white space closed up."""
    return texts.select(pl.col(*TEXT).str.replace_all(r"\s+", " ").str.strip_chars())


def cleaned(texts: pl.DataFrame) -> pl.DataFrame:
    """Titles and abstracts as `clean_papers` would hold them, in the same order."""
    fetched = pl.concat([RECORD.to_frame(), texts.with_columns(source=pl.lit("arxiv"))], how="diagonal")
    return clean(fetched).select(*TEXT)


def _read(path: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _frame(papers: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(papers, schema=TEXT)
