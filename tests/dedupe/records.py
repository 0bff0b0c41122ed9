"""Rows of `clean_papers` as the tests of deduplication need them: few facts given, the others plain."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import strategies as st

from assets.clean.clean import CLEAN, title_key

FIRST = date(2025, 3, 3)
TITLE = "An Invented Study of Nothing in Particular"
AUTHORS = ["Ada Example", "Ben Example"]


def record(source_id: str, day: int = 0, source: str = "archive", **facts: Any) -> dict[str, Any]:
    """A record of the day that many days after `FIRST`; an id with a dot is arXiv's."""
    title = facts.pop("title", f"A Title of Its Own for {source_id}")
    plain: dict[str, Any] = {
        "day": date.fromordinal(FIRST.toordinal() + day),
        "source": source,
        "source_id": source_id,
        "paper_id": f"arxiv:{source_id}" if "." in source_id else f"{source}:{source_id}",
        "title": title,
        "title_key": title_key(title),
        "abstract": f"What {source_id} says.",
        "authors": AUTHORS,
        "categories": [],
        "keywords": [],
        "links": [],
        "url": f"https://papers.example/{source}/{source_id}",
        "withdrawn": False,
    }
    return plain | facts


def table(*records: dict[str, Any]) -> pl.DataFrame:
    """Records as a frame of `CLEAN`."""
    return pl.DataFrame([{**dict.fromkeys(CLEAN), **row} for row in records], schema=CLEAN, orient="row")


@st.composite
def record_lists(draw: st.DrawFn, days: int = 4, largest: int = 8) -> list[dict[str, Any]]:
    """Records of a few days that share ids, DOIs, titles and authors as often as they can."""
    drawn = st.builds(
        record,
        st.sampled_from(["2503.00010", "2503.00020", "2503.00030", "a", "b", "c"]),
        st.integers(0, days - 1),
        st.sampled_from(["archive", "sample"]),
        doi=st.sampled_from([None, None, "10.5555/one", "10.5555/two"]),
        title=st.sampled_from([TITLE, f"{TITLE} II", "A Wholly Different Subject", "Editorial"]),
        authors=st.sampled_from([AUTHORS, AUTHORS[:1], ["Carl Sample", "Dora Sample"], [*AUTHORS, "Dora Sample"], []]),
        keywords=st.sampled_from([[], ["one"], ["two", "one"]]),
        votes=st.sampled_from([None, 0, 5]),
        version=st.sampled_from([None, 1, 2]),
        withdrawn=st.booleans(),
    )
    return draw(st.lists(drawn, max_size=largest, unique_by=lambda row: (row["day"], row["source"], row["source_id"])))
