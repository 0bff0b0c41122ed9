"""Topics, keywords and categories of works, each topic with the phrase that earned it.

What belongs here: the shape of `tagged_papers` and how phrases become scores. The phrases themselves are data,
in `taxonomy.toml`.

A topic's score is the sum over its phrases: 3 points for one in the title, 1 point for each occurrence in the
abstract up to 3; doubled for a phrase of several words, because it says more; times the topic's weight; and a quarter
more in a paper of a category that hints at the topic. A phrase inside a longer one does not count: "vision-language
model" is not about language models. The phrase with the most points explains the topic.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

from assets.tag.keywords import Rates, Vocabulary, extracted, folded
from assets.tag.learned import NOTHING, Learned, texts
from assets.tag.taxonomy import Taxonomy, Topic
from assets.tag.words import acronym, forms, padded, spaced, words

_TOPIC = {
    "topic": pl.String(),
    "label": pl.String(),
    "area": pl.String(),
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
        "keywords_from": pl.String(),
        "categories_from": pl.String(),
        "prior": pl.Float64(),
        "model": pl.String(),
    }
)
"""The columns of `tagged_papers`; `field` is title or abstract, `keywords_from` is source or text.

`categories_from` is source or learned, null without categories; `prior` is ln(1 + votes) to come above the mean of the
day, by the version `model` of what was learned.
"""

MOST_TOPICS = 5
"""Topics that a work keeps; more would say nothing about it."""

LEAST_SCORE = 1.5
"""The score from which a topic counts: more than one word said once in passing."""

HINT = 1.25
"""What a category that hints at a topic makes of its points."""

_POINTS = {"title": (3.0, 1), "abstract": (1.0, 3)}
"""By field: the points of an occurrence, and how many occurrences count."""


def tag(works: pl.DataFrame, taxonomy: Taxonomy, learned: Learned = NOTHING) -> pl.DataFrame:
    """Rows of `TAGGED` for works with day, work_id, title, abstract, keywords and categories, one for one.

    Topics are best first, at most `MOST_TOPICS`; a work that no phrase occurs in has none. Keywords and categories are
    the source's own where it gives any, else the text's keywords and the categories that were `learned`. What was
    learned of authors is used where works have `authors`.
    """
    numbered = _categorised(works, learned).with_row_index("place")
    found = earned(numbered, taxonomy)
    phrases = found.group_by("place").agg(phrases=pl.col("phrase").unique(maintain_order=True))
    tagged = numbered.join(_topics(found), on="place", how="left").join(phrases, on="place", how="left").sort("place")
    return tagged.select(
        "day",
        "work_id",
        pl.col("topics").fill_null([]).cast(TAGGED["topics"]),
        _keywords(tagged, Vocabulary.of(taxonomy), learned.rates),
        "categories",
        keywords_from=pl.when(pl.col("keywords").list.len() > 0).then(pl.lit("source")).otherwise(pl.lit("text")),
        categories_from="categories_from",
        prior=_prior(works, learned),
        model=pl.lit(learned.version, pl.String),
    )


def earned(numbered: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Every phrase that counts for a topic: place, topic, phrase, field, occurrences, points and what the topic says.

    `numbered` has place, title, abstract and categories of each work, whose best phrase comes first.
    """
    patterns = _patterns(taxonomy)
    found = pl.concat([_found(numbered, patterns, field) for field in _POINTS])
    hinted = found.join(_hinted(numbered, taxonomy), on=["place", "topic"], how="left", maintain_order="left")
    points = pl.col("points") * pl.when(pl.col("hinted")).then(HINT).otherwise(1.0)
    return hinted.select(pl.exclude("hinted", "points"), points=points).sort(
        "place", "points", descending=[False, True], maintain_order=True
    )


def scored(earned: pl.DataFrame) -> pl.DataFrame:
    """The topics of each work by their scores, the best first, each with its best phrase; too low ones as well."""
    return (
        earned.group_by("place", "topic", maintain_order=True)
        .agg(pl.first("label", "area", "phrase", "field", "order"), score=pl.sum("points"))
        .sort("place", "score", "order", descending=[False, True, False])
    )


def _categorised(works: pl.DataFrame, learned: Learned) -> pl.DataFrame:
    """The works with the categories that were learned where they have none, and where those of each are from."""
    given = pl.col("categories").list.len().fill_null(0) > 0
    source = pl.when(given).then(pl.lit("source"))
    if learned.categories is None:
        return works.with_columns(categories_from=source)
    found = pl.Series("learned", learned.categories.found(texts(works), works["authors"].to_list()), pl.List(pl.String))
    return works.with_columns(
        categories=pl.when(given).then("categories").otherwise(found),
        categories_from=source.when(found.list.len() > 0).then(pl.lit("learned")),
    )


def _prior(works: pl.DataFrame, learned: Learned) -> pl.Series:
    if learned.prior is None:
        return pl.repeat(None, works.height, dtype=pl.Float64, eager=True)
    return pl.Series(learned.prior.found(texts(works), works["authors"].to_list()), dtype=pl.Float64)


def _keywords(works: pl.DataFrame, vocabulary: Vocabulary, rates: Rates) -> pl.Series:
    listed = [
        folded(given, vocabulary) if given else extracted(title or "", abstract or "", phrases or (), vocabulary, rates)
        for title, abstract, given, phrases in works.select("title", "abstract", "keywords", "phrases").iter_rows()
    ]
    return pl.Series("keywords", listed, TAGGED["keywords"])


def facts(days: Sequence[date], tagged: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """What the gate must know of each day's tags: (day, unknown_topics, unknown_topics_told), topics of no taxonomy."""
    known = [f"{topic.key}/{topic.label}/{topic.area}" for topic in taxonomy.topics]
    topics = tagged.select("day", "topics").explode("topics").drop_nulls("topics").unnest("topics")
    named = pl.concat_str("topic", "label", "area", separator="/", ignore_nulls=True)
    unknown = topics.with_columns(named=named).filter(~pl.col("named").is_in(known))
    names = pl.col("named").unique().sort().str.join(", ")
    told = unknown.group_by("day").agg(unknown_topics=pl.len().cast(pl.Int64), unknown_topics_told=names)
    every_day = pl.DataFrame({"day": list(days)}, schema={"day": pl.Date})
    return every_day.join(told, on="day", how="left").with_columns(pl.col("unknown_topics").fill_null(0))


def _patterns(taxonomy: Taxonomy) -> pl.DataFrame:
    """Each phrase as it is looked for, in singular and plural, with the topic that it earns and its worth.

    What a topic excludes earns none. Longer ones come first, and so are found where shorter ones begin too.
    """
    rows = [
        (spaced(form), acronym(phrase), phrase, order, topic.key, topic.label, topic.area, worth)
        for order, topic in enumerate(taxonomy.topics)
        for phrase, worth in _worths(topic)
        for form in forms(phrase)
    ]
    columns = ["pattern", "acronym", "phrase", "order", "topic", "label", "area", "worth"]
    patterns = pl.DataFrame(rows, schema=columns, orient="row").unique("pattern", keep="first", maintain_order=True)
    return patterns.sort(pl.col("pattern").str.len_bytes(), descending=True, maintain_order=True)


def _worths(topic: Topic) -> Iterator[tuple[str, float]]:
    yield from ((phrase, topic.weight * (2.0 if " " in words(phrase) else 1.0)) for phrase in topic.phrases)
    yield from ((phrase, 0.0) for phrase in topic.exclude)


def _topics(earned: pl.DataFrame) -> pl.DataFrame:
    """The best topics of each work that has any: place, topics."""
    enough = scored(earned).filter(pl.col("score") >= LEAST_SCORE)
    return enough.group_by("place", maintain_order=True).agg(topics=pl.struct(*_TOPIC).head(MOST_TOPICS))


def _hinted(numbered: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """The topics that a category of the work hints at: place, topic, hinted."""
    hints = pl.DataFrame(
        [(topic.key, category) for topic in taxonomy.topics for category in topic.categories],
        schema={"topic": pl.String, "categories": pl.String},
        orient="row",
    )
    listed = numbered.select("place", "categories").explode("categories")
    return listed.join(hints, on="categories").select("place", "topic", hinted=True).unique()


def _found(numbered: pl.DataFrame, patterns: pl.DataFrame, field: str) -> pl.DataFrame:
    """The points of each phrase that occurs in a field, without the hints of categories."""
    points, most = _POINTS[field]
    text, looked_for = padded(pl.col(field)), patterns["pattern"].implode()
    said = text.str.extract_many(looked_for, ascii_case_insensitive=True, leftmost=True)
    found = numbered.select("place", said=said).explode("said").drop_nulls()
    return (
        found.with_columns(pattern=pl.col("said").str.to_lowercase())
        .join(patterns, on="pattern", maintain_order="left")
        .filter(pl.col("worth") > 0, pl.col("said").str.contains(pl.col("acronym"), literal=True))
        .group_by("place", "topic", "label", "area", "phrase", "order", "worth", maintain_order=True)
        .agg(occurrences=pl.len().clip(upper_bound=most))
        .with_columns(field=pl.lit(field), points=points * pl.col("worth") * pl.col("occurrences"))
    )
