"""What tagging makes of a paper, as `paperboy tag-text` prints it, and the topics as `paperboy taxonomy list` does."""

import json
from collections.abc import Iterator, Sequence

import click
import polars as pl

from assets.clean.text import prose
from assets.tag.keywords import Vocabulary, extracted
from assets.tag.suggest import Suggestion, pasted
from assets.tag.tag import HINT, LEAST_SCORE, MOST_TOPICS, earned, scored
from assets.tag.taxonomy import Taxonomy, Topic

PAPER = pl.Schema(
    {"place": pl.UInt32(), "title": pl.String(), "abstract": pl.String(), "categories": pl.List(pl.String())}
)


def explained(title: str, abstract: str, categories: Sequence[str], taxonomy: Taxonomy) -> Iterator[str]:
    """The topics of a paper and what earned them, a line each, the best first, and the keywords of its text."""
    headline = prose(title)
    paper = (0, headline, prose(abstract), list(categories))
    found = earned(pl.DataFrame([paper], schema=PAPER, orient="row"), taxonomy)
    yield headline
    if found.is_empty():
        yield "  no topic: no phrase of the taxonomy stands in it"
    topics = {topic.key: topic for topic in taxonomy.topics}
    for place, (key, score) in enumerate(scored(found).select("topic", "score").iter_rows()):
        why_not = _why_not(place, score)
        yield click.style(_headline(topics[key], score) + why_not, dim=bool(why_not))
        for line in _evidence(found.filter(pl.col("topic") == key), topics[key], categories):
            yield click.style(line, dim=bool(why_not))
    phrases = found["phrase"].unique(maintain_order=True).to_list()
    keywords = extracted(headline, prose(abstract), phrases, Vocabulary.of(taxonomy))
    yield f"  keywords, if the source gives none: {', '.join(keywords) or 'none'}"


def overview(taxonomy: Taxonomy) -> Iterator[str]:
    """Area by area the topics, each with its key, label and meaning."""
    width = max(len(topic.key) for topic in taxonomy.topics)
    for area in dict.fromkeys(topic.area for topic in taxonomy.topics):
        yield click.style(area, bold=True)
        topics = (topic for topic in taxonomy.topics if topic.area == area)
        yield from (f"  {topic.key:{width}}  {topic.label}: {topic.meaning}" for topic in topics)


def suggested(found: Sequence[Suggestion], taxonomy: Taxonomy) -> Iterator[str]:
    """Phrases that the taxonomy might hold, two lines each, and at the end those of each topic in TOML's words."""
    if not found:
        yield "nothing: too few stored papers share a keyword that the taxonomy does not know"
    labels = {topic.key: topic.label for topic in taxonomy.topics}
    for one in found:
        beside = "no topic yet"
        if one.topic:
            beside = (
                f"{labels.get(one.topic, one.topic)}: {one.together} of them, {one.lift:.1f} times as many as by chance"
            )
        yield f"{click.style(one.phrase, bold=True)}  {one.papers} papers; {beside}"
        yield f"    {'; '.join(one.examples)}"
    for topic, phrases in pasted(found):
        yield f'key = "{topic}": ' + " ".join(f"{json.dumps(phrase, ensure_ascii=False)}," for phrase in phrases)


def _why_not(place: int, score: float) -> str:
    if score < LEAST_SCORE:
        return f": not a topic, {LEAST_SCORE} is the least"
    return f": not kept, {MOST_TOPICS} are the most" if place >= MOST_TOPICS else ""


def _headline(topic: Topic, score: float) -> str:
    return f"  {score:5.2f}  {topic.label} ({topic.key}, {topic.area})"


def _evidence(found: pl.DataFrame, topic: Topic, categories: Sequence[str]) -> Iterator[str]:
    """A line for each phrase, and what made its points more or less than a phrase has by itself."""
    hints = sorted(set(categories).intersection(topic.categories))
    for row in found.iter_rows(named=True):
        times = f", {row['occurrences']} times" if row["occurrences"] > 1 else ""
        yield f'         {row["points"]:5.2f}  "{row["phrase"]}" in the {row["field"]}{times}'
    if topic.weight != 1:
        yield f"                each times {topic.weight:g}, the topic's weight"
    if hints:
        yield f"                each times {HINT:g}, for {', '.join(hints)}"
