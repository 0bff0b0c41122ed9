"""Rows of `clean_papers` as the tests of deduplication need them: few facts given, the others plain."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl
from hypothesis import strategies as st

from assets.clean.clean import CLEAN, title_key
from assets.clean.people import author_key
from assets.dedupe import candidates, fingerprint
from assets.dedupe.decisions import NONE, Decisions
from assets.dedupe.resolve import Resolved, grouped
from assets.dedupe.verify import judged
from orchestration.warehouse import Warehouse
from quality import entries

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
        "affiliations": [],
        "categories": [],
        "keywords": [],
        "links": [],
        "url": f"https://papers.example/{source}/{source_id}",
        "withdrawn": False,
    }
    row = plain | facts
    return row | {"author_keys": None if row["authors"] is None else [author_key(name) for name in row["authors"]]}


def table(*records: dict[str, Any]) -> pl.DataFrame:
    """Records as a frame of `CLEAN`."""
    return pl.DataFrame([{**dict.fromkeys(CLEAN), **row} for row in records], schema=CLEAN, orient="row")


def all_at_once(records: pl.DataFrame, decisions: Decisions = NONE) -> pl.DataFrame:
    """The works of all records, with no history: what any order of days must come to."""
    edges = judged(candidates.pairs(fingerprint.blocks(records)), records)
    return grouped(records, edges.rename({"left": "paper_id", "right": "other_id"}), decisions)


def put(warehouse: Warehouse, days: Sequence[date], resolved: Resolved) -> None:
    """What the gate writes of works that pass it."""
    own = pl.col("day").is_in(days)
    whole, come = resolved.frame.filter(own), resolved.frame.filter(~own)
    partitions, _ = entries.restated(warehouse, "unique_papers", resolved.restated, come, resolved.gone, "run")
    replace = {"unique_papers": whole, "partitions": entries.partitions("unique_papers", whole, days, "run")}
    append = {"unique_papers": come, "partitions": partitions, **resolved.append}
    remove = {"unique_papers": resolved.gone, "partitions": partitions.select("asset", "day"), **resolved.remove}
    warehouse.publish("unique_papers", days, replace, append, remove)


SENTENCES = (
    "We study what nobody has ever studied, namely nothing in particular, and we do so with great care.",
    "Our method counts invented objects one by one and writes their number into a small red book.",
    "On three invented benchmarks it counts four more objects than the best method that we could invent.",
    "An ablation shows that the colour of the book does not matter, but that its size does.",
    "We close with a list of questions that an invented community may wish to leave open for a while.",
)
ABSTRACTS = (" ".join(SENTENCES), " ".join(SENTENCES[:4]), " ".join([*SENTENCES[:3], "The book is now blue."]))
"""Two revisions of a text, and the text."""


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
        abstract=st.sampled_from([*ABSTRACTS, None]),
        authors=st.sampled_from([AUTHORS, AUTHORS[:1], ["Carl Sample", "Dora Sample"], [*AUTHORS, "Dora Sample"], []]),
        affiliations=st.sampled_from([[], ["Example University"], ["Sample College", "Example University"], None]),
        keywords=st.sampled_from([[], ["one"], ["two", "one"]]),
        votes=st.sampled_from([None, 0, 5]),
        version=st.sampled_from([None, 1, 2]),
        withdrawn=st.booleans(),
    )
    return draw(st.lists(drawn, max_size=largest, unique_by=lambda row: (row["day"], row["source"], row["source_id"])))
