"""Topics, keywords and categories of works, each topic with the phrase that earned it.

What belongs here: the shape of `tagged_papers` and how phrases become scores. The phrases themselves are data,
in `taxonomy.toml`.

A topic's score is the sum over its phrases: 3 points for one in the title, 1 point for each occurrence in the
abstract up to 3; doubled for a phrase of several words, because it says more; times the topic's weight. A phrase
inside a longer one does not count: "vision-language model" is not about language models. The phrase with the
most points explains the topic.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from assets.tag.taxonomy import Taxonomy
from assets.tag.words import padded, words

_TOPIC = {
    "topic": pl.String(),
    "label": pl.String(),
    "phrase": pl.String(),
    "field": pl.String(),
    "score": pl.Float64(),
}

TAGGED = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "topics": pl.List(pl.Struct(_TOPIC)),
        "keywords": pl.List(pl.String()),
        "categories": pl.List(pl.String()),
    }
)
"""The columns of `tagged_papers`; `field` is title or abstract."""

MOST_TOPICS = 5
"""Topics that a work keeps; more would say nothing about it."""

LEAST_SCORE = 1.5
"""The score from which a topic counts: more than one word said once in passing."""

_POINTS = {"title": (3.0, 1), "abstract": (1.0, 3)}
"""By field: the points of an occurrence, and how many occurrences count."""


def tag(works: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Rows of `TAGGED` for works with day, work_id, title, abstract, keywords and categories, one for one.

    Topics are best first, at most `MOST_TOPICS`; a work that no phrase occurs in has none. Keywords are the
    source's own, in their order, one spelling of each.
    """
    numbered = works.with_row_index("place")
    topics = _topics(numbered, _patterns(taxonomy))
    tagged = numbered.join(topics, on="place", how="left", maintain_order="left").with_columns(
        pl.col("topics").fill_null([]),
        pl.col("keywords").list.eval(pl.element().filter(pl.element().str.to_lowercase().is_first_distinct())),
    )
    return tagged.select(pl.col(name).cast(kind) for name, kind in TAGGED.items())


def facts(days: Sequence[date], tagged: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """What the gate must know of each day's tags: (day, unknown_topics, unknown_topics_told), topics of no taxonomy."""
    known = [f"{topic.key}/{topic.label}" for topic in taxonomy.topics]
    topics = tagged.select("day", "topics").explode("topics").drop_nulls("topics").unnest("topics")
    named = pl.concat_str("topic", "label", separator="/", ignore_nulls=True)
    unknown = topics.with_columns(named=named).filter(~pl.col("named").is_in(known))
    names = pl.col("named").unique().sort().str.join(", ")
    told = unknown.group_by("day").agg(unknown_topics=pl.len().cast(pl.Int64), unknown_topics_told=names)
    every_day = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
    return every_day.join(told, on="day", how="left").with_columns(pl.col("unknown_topics").fill_null(0))


def _patterns(taxonomy: Taxonomy) -> pl.DataFrame:
    """Each phrase as it is looked for, singular and plural, with the topic that it earns and its worth."""
    rows = [
        (f" {words(phrase)}{plural} ", phrase, order, topic.key, topic.label, topic.weight * _emphasis(phrase))
        for order, topic in enumerate(taxonomy.topics)
        for phrase in topic.phrases
        for plural in ("", "s")
    ]
    columns = ["pattern", "phrase", "order", "topic", "label", "worth"]
    return pl.DataFrame(rows, schema=columns, orient="row").unique("pattern", keep="first", maintain_order=True)


def _emphasis(phrase: str) -> float:
    return 2.0 if " " in words(phrase) else 1.0


def _topics(numbered: pl.DataFrame, patterns: pl.DataFrame) -> pl.DataFrame:
    """The best topics of each work that has any: place, topics."""
    earned = pl.concat([_earned(numbered, patterns, field) for field in _POINTS])
    scored = (
        earned.sort("points", descending=True, maintain_order=True)
        .group_by("place", "topic", maintain_order=True)
        .agg(pl.first("label", "phrase", "field", "order"), score=pl.sum("points"))
        .filter(pl.col("score") >= LEAST_SCORE)
        .sort("place", "score", "order", descending=[False, True, False])
    )
    return scored.group_by("place", maintain_order=True).agg(topics=pl.struct(*_TOPIC).head(MOST_TOPICS))


def _earned(numbered: pl.DataFrame, patterns: pl.DataFrame, field: str) -> pl.DataFrame:
    """The points of each phrase that occurs in a field: place, topic, label, phrase, field, order, points."""
    points, most = _POINTS[field]
    text, phrases = padded(pl.col(field)), patterns["pattern"].implode()
    found = numbered.select(
        "place",
        pattern=text.str.extract_many(phrases, overlapping=True),
        start=text.str.find_many(phrases, overlapping=True),
    ).explode("pattern", "start")
    return (
        _outermost(found.drop_nulls())
        .join(patterns, on="pattern", maintain_order="left")
        .group_by("place", "topic", "label", "phrase", "order", "worth", maintain_order=True)
        .agg(occurrences=pl.len().clip(upper_bound=most))
        .with_columns(field=pl.lit(field), points=points * pl.col("worth") * pl.col("occurrences"))
    )


def _outermost(found: pl.DataFrame) -> pl.DataFrame:
    """The occurrences that do not lie inside another of the same work."""
    end = pl.col("start") + pl.col("pattern").str.len_bytes()
    ordered = found.with_columns(end=end).sort("place", "start", "end", descending=[False, False, True])
    reached = pl.col("end").cum_max().shift(1).over("place")
    return ordered.filter(pl.col("end") > reached.fill_null(0))
