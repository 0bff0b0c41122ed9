"""Phrases that the taxonomy does not know and that stored papers are about, with the topic that they go with."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.tag.keywords import key
from assets.tag.taxonomy import Taxonomy
from assets.tag.words import singular, words

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

NEWEST = 20_000
"""Works that are looked at, so that what is suggested is of today."""

LEAST_PAPERS = 4
"""Papers that must be about a phrase."""

LEAST_TOGETHER = 3
"""Papers that must have both a phrase and a topic."""

LIFT = 2.0
"""How much more often than by chance they must have both."""

EXAMPLES = 2

STORED = """
    SELECT title, tagged.keywords, list_transform(topics, lambda one: one['topic']) AS topics
    FROM tagged_papers AS tagged JOIN unique_papers USING (day, work_id)
    WHERE title IS NOT NULL ORDER BY day DESC, work_id LIMIT $newest
"""

Paper = tuple[str, Sequence[str] | None, Sequence[str] | None]
"""A title, keywords and topics."""


@dataclass(frozen=True)
class Suggestion:
    """A phrase, how many papers are about it, some of their titles, and the topic that it goes with.

    `together` of the papers have the topic, `lift` times as many as by chance; without a topic both are 0.
    """

    phrase: str
    papers: int
    examples: Sequence[str]
    topic: str | None
    together: int
    lift: float


def stored(warehouse: "Warehouse") -> list[Paper]:
    """The newest works of the warehouse."""
    return warehouse.read(STORED, {"newest": NEWEST}).rows()


def suggestions(papers: Iterable[Paper], taxonomy: Taxonomy) -> list[Suggestion]:
    """What is worth a look: first what goes with a topic most clearly, then what has none, by papers."""
    about: defaultdict[str, list[Paper]] = defaultdict(list)
    spellings: dict[str, str] = {}
    times: Counter[str] = Counter()
    known, every = _known(taxonomy), 0
    for paper in papers:
        every += 1
        times.update(set(paper[2] or ()))
        for name, phrase in {key(phrase): phrase for phrase in paper[1] or ()}.items():
            if name and not _covered(name, known):
                spellings.setdefault(name, phrase)
                about[name].append(paper)
    found = [
        _suggestion(spellings[name], of_it, times, every) for name, of_it in about.items() if len(of_it) >= LEAST_PAPERS
    ]
    return sorted(found, key=_first)


def _known(taxonomy: Taxonomy) -> frozenset[str]:
    """The phrases of the taxonomy, also those that a topic excludes, and what has a synonym, as keys."""
    phrases = (phrase for topic in taxonomy.topics for phrase in (*topic.phrases, *topic.exclude))
    return frozenset(singular(words(phrase)) for phrase in (*phrases, *taxonomy.synonyms))


def _covered(name: str, known: frozenset[str]) -> bool:
    """Whether a phrase of the taxonomy stands in it: its papers earn that topic already."""
    listed = name.split()
    spans = ((start, end) for start in range(len(listed)) for end in range(start + 1, len(listed) + 1))
    return any(singular(" ".join(listed[start:end])) in known for start, end in spans)


def _suggestion(phrase: str, papers: Sequence[Paper], times: Mapping[str, int], every: int) -> Suggestion:
    together = Counter(topic for _, _, topics in papers for topic in set(topics or ()))
    lifts = {topic: count * every / (len(papers) * times[topic]) for topic, count in together.items()}
    clear = [topic for topic, lift in lifts.items() if lift >= LIFT and together[topic] >= LEAST_TOGETHER]
    best = max(clear, key=lambda topic: (together[topic] * math.log(lifts[topic]), topic), default=None)
    examples = list(dict.fromkeys(title for title, _, _ in papers))[:EXAMPLES]
    return Suggestion(phrase, len(papers), examples, best, together.get(best or "", 0), lifts.get(best or "", 0.0))


def _first(one: Suggestion) -> tuple[bool, float, str]:
    worth = one.together * math.log(one.lift) if one.topic else one.papers
    return one.topic is None, -worth, one.phrase


def pasted(found: Iterable[Suggestion]) -> Iterator[tuple[str, list[str]]]:
    """The phrases by topic, as they may be added to the `phrases` of each."""
    by_topic: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        if one.topic:
            by_topic[one.topic].append(one.phrase)
    yield from sorted(by_topic.items())
