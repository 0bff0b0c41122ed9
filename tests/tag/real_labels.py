"""Real papers with the categories that arXiv has them in, and how well topics agree with those."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import polars as pl

from assets.clean.text import prose
from assets.tag.keywords import Vocabulary, folded, key
from assets.tag.tag import tag
from assets.tag.taxonomy import Taxonomy, load

DATA = Path(__file__).parents[2] / "../shared/data"
LABELS = DATA / "labels/keywords_categories.jsonl.gz"
DAYS = DATA / "huggingface/daily_papers"
CORPUS = DATA / "arxiv/corpus_80k.jsonl.gz"
TOPICS, CATEGORIES = 2, 2
"""A paper is taken to be in the first two categories of each of its first two topics."""


@dataclass(frozen=True)
class Agreement:
    """How labels that were guessed agree with those that are so, over all papers; each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def of_keywords() -> float:
    """F1 of the keywords that a text yields, at most ten, against the source's own; the mean over the papers with any.

    Both are compared as keys. The papers are those of Hugging Face, whose keywords a language model made.
    """
    rows = [json.loads(line) for line in gzip.open(LABELS, "rt", encoding="utf-8")]
    given = [row for row in rows if row["ai_keywords"]]
    taxonomy = load()
    frame = pl.DataFrame(
        [{"title": prose(row["title"]), "abstract": prose(row["summary"])} for row in given]
    ).with_columns(
        day=None, work_id=pl.lit(""), keywords=pl.lit([], pl.List(pl.String)), categories=pl.lit([], pl.List(pl.String))
    )
    vocabulary = Vocabulary.of(taxonomy)
    return mean(
        _f1(set(map(key, found)), set(map(key, folded(row["ai_keywords"], vocabulary))))
        for found, row in zip(tag(frame, taxonomy)["keywords"], given, strict=True)
    )


def _f1(found: set[str], right: set[str]) -> float:
    return 2 * len(found & right) / (len(found) + len(right))


def papers() -> pl.DataFrame:
    """Papers as `tag` reads them, without categories: those are in `labels`, and empty where nobody gave any."""
    rows = [json.loads(line) for line in gzip.open(LABELS, "rt", encoding="utf-8")]
    known = [
        {
            "day": None,
            "work_id": row["id"],
            "title": row["title"],
            "abstract": row["summary"],
            "keywords": None,
            "categories": [],
            "labels": row["arxiv_categories"],
        }
        for row in rows
    ]
    lists = dict.fromkeys(("keywords", "categories", "labels"), pl.List(pl.String))
    return pl.DataFrame(known, schema_overrides={"day": pl.Date, **lists})


STORED = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
        "keywords": pl.List(pl.String()),
        "votes": pl.Int32(),
    }
)
"""What training reads of papers, oldest first."""


def labelled() -> pl.DataFrame:
    """The labelled papers as `STORED`, with clean texts, and authors where a recorded day names them: of 72 %."""
    rows = [json.loads(line) for line in gzip.open(LABELS, "rt", encoding="utf-8")]
    authors = {paper["id"]: _authors(paper) for _, paper in _listed()}
    return _stored(
        (date.fromisoformat(row["date"]), row["id"], row["title"], row["summary"], authors.get(row["id"]),
         row["arxiv_categories"], row["ai_keywords"], row["upvotes"])
        for row in rows
    )  # fmt: skip


def of_arxiv(near: tuple[str, ...]) -> pl.DataFrame:
    """The papers of the corpus of arXiv, as `STORED`, without votes.

    Of their categories those that begin so as `near` says; papers with none of them, or of no date, are left out.
    """
    rows = map(json.loads, gzip.open(CORPUS, "rt", encoding="utf-8"))
    return _stored(
        (date.fromisoformat(day), row["id"], row["title"], row["abstract"], row["authors"], categories, None, None)
        for row in rows
        if (day := row["published"] or row["first_seen"])
        and (categories := [name for name in row["categories"] if name.startswith(near)])
    )


def recorded(most: int | None = None) -> pl.DataFrame:
    """The papers of the first recorded days, or of all, as `STORED`; without categories."""
    return _stored(
        (day, paper["id"], paper["title"], paper["summary"], _authors(paper), [], paper.get("ai_keywords"),
         paper["upvotes"])
        for day, paper in _listed(most)
    )  # fmt: skip


def _listed(most: int | None = None) -> Iterator[tuple[date, dict[str, Any]]]:
    for file in sorted(DAYS.glob("*.json.gz"))[:most]:
        day = date.fromisoformat(file.name.removesuffix(".json.gz"))
        yield from ((day, entry["paper"]) for entry in json.loads(gzip.decompress(file.read_bytes())))


def _authors(paper: dict[str, Any]) -> list[str]:
    return [author["name"] for author in paper["authors"]]


def _stored(rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
    cleaned = [(day, name, prose(title), prose(summary), *rest) for day, name, title, summary, *rest in rows]
    return pl.DataFrame(cleaned, schema=STORED, orient="row").sort("day", "work_id")


def of_topics(listed: pl.DataFrame, taxonomy: Taxonomy) -> Agreement:
    """How well the topics of `papers` agree with their labels, among the categories that a topic hints at."""
    hints = {topic.key: set(topic.categories[:CATEGORIES]) for topic in taxonomy.topics}
    known = set().union(*(topic.categories for topic in taxonomy.topics))
    labelled = listed.filter(pl.col("labels").list.len() > 0)
    best = tag(labelled, taxonomy)["topics"].list.head(TOPICS)
    guessed = [set().union(*(hints[topic["topic"]] for topic in found)) for found in best]
    return _agreement(guessed, [known.intersection(labels) for labels in labelled["labels"]])


def _agreement(guessed: Sequence[set[str]], right: Sequence[set[str]]) -> Agreement:
    hits = sum(len(guess & labels) for guess, labels in zip(guessed, right, strict=True))
    return Agreement(hits / sum(map(len, guessed)), hits / sum(map(len, right)))
