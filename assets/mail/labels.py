"""What the papers of one list can be followed or muted by: topics, categories, authors, and the words of their texts.

Looked up from the wish and not from the paper, so that a reader costs by what they wish and not by the list's length.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from assets.mail.profile import Wishes, plain

Matches = Mapping[int, Mapping[str, str]]
"""For the papers that fulfil a wish, by their number in the list: each kind of wish once, with what fulfils it."""

_WORD = re.compile(r"\w+")


class Labels:
    """The labels of `papers`, rows of `DIGEST` of one list with their `abstract`; `tags` are of `tagged_papers`."""

    def __init__(self, papers: pl.DataFrame, tags: pl.DataFrame) -> None:
        labelled = tags.select("work_id", "keywords", "categories", earned="topics").unique("work_id")
        rows = papers.join(labelled, on="work_id", how="left", maintain_order="left").to_dicts()
        self._said = [_said(row) for row in rows]
        self._by_word: dict[str, set[int]] = defaultdict(set)
        for number, said in enumerate(self._said):
            for word in _WORD.findall(said):
                self._by_word[word].add(number)
        self._named: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        for number, row in enumerate(rows):
            for kind, wish, label in _labels(row):
                self._named[kind, wish][number] = label
        self._searched: dict[str, Sequence[int]] = {}

    def matches(self, wishes: Wishes) -> Matches:
        """Which papers fulfil which of the wishes; of several of one kind, the first in order."""
        found: dict[int, dict[str, str]] = defaultdict(dict)
        for kind in ("authors", "topics", "categories"):
            for wish in sorted(getattr(wishes, kind)):
                for number, label in self._named.get((kind, wish), {}).items():
                    found[number].setdefault(kind, label)
        for word in sorted(wishes.keywords):
            for number in self._saying(word):
                found[number].setdefault("keywords", word)
        return found

    def _saying(self, word: str) -> Sequence[int]:
        """The papers that say a word, or several; looked for once, whoever asks."""
        if word not in self._searched:
            stands = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
            # A text is searched only if it has each of the words: many thousands of keywords are asked for.
            of_each = [self._by_word.get(part, set()) for part in _WORD.findall(word)]
            these = sorted(set.intersection(*of_each)) if of_each else range(len(self._said))
            self._searched[word] = [number for number in these if stands.search(self._said[number])]
        return self._searched[word]


def _said(row: Mapping[str, Any]) -> str:
    return plain(f"{row['title']} {row['abstract'] or ''} {' '.join(row['keywords'] or ())}")


def _labels(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A paper's labels, as (kind, as it is wished, as it is told)."""
    for topic in row["earned"] or ():
        yield "topics", plain(topic["label"]), topic["label"]
        yield "topics", plain(topic["topic"]), topic["label"]
    names = row["categories"] or ()
    yield from (("categories", plain(name).partition(".")[0], plain(name)) for name in names)
    yield from (("categories", plain(name), name) for name in names)  # last: an archive may be a category itself
    for name in row["authors"] or ():
        yield "authors", plain(name), name
