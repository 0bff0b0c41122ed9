"""The stored works that are most like one, by the words that tell it from the others: from the index alone.

Nothing is stored for it, so the answer is always that of all works that are in the index now.
"""

import json
import math
import sqlite3
from collections import Counter
from pathlib import Path

from assets.search.find import Hit, hit, opened
from assets.search.index import held_works, words
from assets.search.query import COMMON, Term

TELLING = 10
"""So many words of a work are looked for: more cost time and find hardly others."""

SHORTEST = 3
IN_TITLE = 3
"""A word of the title counts as so many of the abstract."""

OF_A_WORK = "SELECT number, title, abstract FROM works WHERE work_id = ?"
TITLES = "SELECT word, titles FROM words WHERE word IN (SELECT value FROM json_each(?))"
LIKE = """
    SELECT rowid FROM texts WHERE texts MATCH ? AND rowid <> ? ORDER BY bm25(texts, 3.0, 1.0, 0.0, 1.0) LIMIT ?
"""


class UnknownWork(Exception):
    """The index holds no such work; the text says what to do."""


def similar(file: Path, work_id: str, limit: int = 5) -> list[Hit]:
    """At most `limit` works, the most alike first. Raises `UnknownWork`, and `IndexUnusable` as `find` does."""
    with opened(file) as connection:
        found = connection.execute(OF_A_WORK, (work_id,)).fetchone()
        if found is None:
            raise UnknownWork(f"the search index holds no work {work_id}: look at the id, as paperboy search prints it")
        number, title, abstract = found
        match = " OR ".join(Term(word).match for word in telling(connection, title, abstract))
        near = connection.execute(LIKE, (match, number, limit)).fetchall() if match else []
        return [hit(connection, other, match, every_word=False) for (other,) in near]


def telling(connection: sqlite3.Connection, title: str, abstract: str) -> list[str]:
    """The words of a work that stand in it often and in few titles, the most telling first: TF-IDF."""
    counts = Counter(words(abstract))
    for word in words(title):
        counts[word] += IN_TITLE
    counts = Counter({word: count for word, count in counts.items() if len(word) >= SHORTEST and word not in COMMON})
    titles = dict(connection.execute(TITLES, (json.dumps(list(counts)),)))
    every = held_works(connection)[0]
    weights = {
        word: (1 + math.log(count)) * math.log(1 + every / (1 + titles.get(word, 0))) for word, count in counts.items()
    }
    return sorted(weights, key=lambda word: (-weights[word], word))[:TELLING]
