"""What a word that no work has may have been: the nearest word of a title."""

import sqlite3

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assets.search.index import words
from assets.search.query import Query, Term

SHORTEST = 4
"""Of fewer letters, too many words are near."""

TWO_FROM = 7
"""So many letters make two slips likely; a shorter word has one."""

NOWHERE = "SELECT NOT EXISTS (SELECT 1 FROM texts WHERE texts MATCH ?)"
LIKE_LONG = "SELECT word, titles FROM words WHERE length(word) BETWEEN ? AND ?"


def corrections(connection: sqlite3.Connection, query: Query) -> dict[str, str]:
    """For each word of the query's own terms that no work has, the nearest word of a title; without it, none.

    Of words equally near, the one in most titles.
    """
    asked = dict.fromkeys(word for term in query.terms if not term.prefix for word in words(term.text))
    lost = [word for word in asked if len(word) >= SHORTEST and _is_nowhere(connection, word)]
    return {word: nearest for word in lost if (nearest := _nearest(connection, word))}


def _is_nowhere(connection: sqlite3.Connection, word: str) -> bool:
    return bool(connection.execute(NOWHERE, (Term(word).match,)).fetchone()[0])


def _nearest(connection: sqlite3.Connection, word: str) -> str | None:
    """By optimal string alignment: letters that are missing, too many, other ones, or swapped with the next."""
    most = 2 if len(word) >= TWO_FROM else 1
    known = dict(connection.execute(LIKE_LONG, (len(word) - most, len(word) + most)))
    near = process.extract(word, known.keys(), scorer=OSA.distance, score_cutoff=most, limit=None)
    return min(near, key=lambda one: (one[1], -known[one[0]], one[0]), default=(None,))[0]
