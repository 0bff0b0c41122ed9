"""Asking the index: the works that a query finds, best first, with what was found marked. Needs no warehouse."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from assets.search import spelling
from assets.search.index import VERSION, IndexUnusable, damaged, held_works, version, words
from assets.search.query import Query, Term

SCORES = {"titles": "bm25(titles)", "texts": "bm25(texts, 8.0, 1.0, 1.0, 1.0)"}
"""Of each FTS5 table; the weights of title, abstract, authors and tags are chosen on titles that lack two words."""

LIMITS = """
    AND (:after IS NULL OR works.day >= :after) AND (:before IS NULL OR works.day < :before)
    AND NOT EXISTS (SELECT 1 FROM json_each(:categories) WHERE instr(works.categories, ' ' || value || ' ') = 0)
    AND NOT EXISTS (SELECT 1 FROM json_each(:not_categories) WHERE instr(works.categories, ' ' || value || ' ') > 0)
"""
NEWEST = f"""
    SELECT number FROM texts JOIN works ON number = texts.rowid WHERE texts MATCH :match {LIMITS}
    ORDER BY works.day DESC, work_id LIMIT :most
"""  # noqa: S608
LISTED = f"SELECT number FROM works WHERE true {LIMITS} ORDER BY day DESC, work_id LIMIT :most"  # noqa: S608

BEGINNING = "SELECT word FROM words WHERE word BETWEEN ? AND ? ORDER BY titles DESC, word LIMIT ?"
MOST_FORMS = 20
IN_TITLES = "SELECT titles FROM words WHERE word = ?"
MOST_OF_TWO, MOST_OF_ONE, MOST_TITLES = 4, 3, 500
"""So many of the rarest words count where two will do, and where one will; and the titles that such a one may be in.

To rank half a million works with a word that is frequent takes a second, and helps nobody.
"""

MOST_COUNTED = 10_000
"""Words that stand in more titles together are frequent: whole texts are not ranked by them.

BM25 goes through all works of each word before it ranks the first, however few are to be ranked.
"""

BEGIN, END = "\x02", "\x03"
"""What FTS5 puts around what was found: characters that no cleaned text holds."""

EXTRACT_WORDS = 40
SHOWN = "SELECT day, work_id, title, abstract, authors, tags, categories, url, withdrawn FROM works WHERE number = ?"
MARKED = f"""
    SELECT highlight(texts, 0, '{BEGIN}', '{END}') AS title, snippet(texts, 1, '{BEGIN}', '{END}', '…', {EXTRACT_WORDS})
    FROM texts WHERE texts MATCH ? AND rowid = ?
"""  # noqa: S608
BUSY_SECONDS = 10


@dataclass(frozen=True)
class Marked:
    """A text, and where in it what was looked for stands: from the first to before the second character of each."""

    text: str
    marks: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Hit:
    """A work that was found; `every_word` where all that was looked for stands in it, not only some words."""

    work_id: str
    day: date
    title: Marked
    extract: Marked
    authors: Sequence[str]
    tags: Sequence[str]
    categories: Sequence[str]
    url: str
    withdrawn: bool
    every_word: bool


@dataclass(frozen=True)
class Found:
    """The works that a query finds, in their order; `query` is what was looked for instead, where `corrected`.

    `works` and `newest` say what was looked through: how many works, up to which day.
    """

    hits: Sequence[Hit]
    query: Query
    corrected: dict[str, str]
    works: int
    newest: date | None


def find(file: Path, query: Query, limit: int = 20, *, newest: bool = False) -> Found:
    """At most `limit` works, the best by BM25 first, or the newest.

    Works with every word come first, of these the ones with all in the title; where they do not fill the limit, those
    follow that have two of the rarest, and then those that have one. Of frequent words the works without all in the
    title are the newest first. A word that no work has is taken for the nearest word of a title. Raises
    `IndexUnusable` where there is no index that can be read.
    """
    with opened(file) as connection:
        search, corrected = _Search(connection, _with_endings(connection, query), limit, newest), {}
        search.every_word()
        if not search.found and (corrected := spelling.corrections(connection, search.query)):
            search.query = _corrected(search.query, corrected)
            search.every_word()
        every = len(search.found)
        search.some_words()
        hits = [
            hit(connection, number, marked, every_word=place < every)
            for place, (number, marked) in enumerate(search.found.items())
        ]
        works, last = held_works(connection)
        return Found(hits, search.query, corrected, works, date.fromisoformat(last) if last else None)


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The index, in a transaction that sees one state of it. Raises `IndexUnusable`."""
    if not file.exists():
        raise IndexUnusable(f"there is no search index yet at {file}: the next run makes it, such as paperboy digest")
    try:
        uri = f"{file.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            if version(connection) != VERSION:
                raise IndexUnusable(
                    f"the search index {file} is of another version of Paperboy: the next run makes it anew, "
                    "such as paperboy digest"
                )
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        todo = "remove it, and the next run makes it anew" if damaged(error) else "look at the folder and its rights"
        raise IndexUnusable(f"the search index {file} cannot be read: {error}; {todo}") from error


@dataclass
class _Search:
    """A search that goes on until the limit is found: the numbers of works, each with the expression to mark in it."""

    connection: sqlite3.Connection
    query: Query
    limit: int
    newest: bool
    found: dict[int, str] = field(default_factory=dict)

    def every_word(self) -> None:
        """Compounds as phrases first, then parted."""
        if not self.query.has_text:
            self._add(LISTED, "", "")
        for terms in dict.fromkeys((self.query.terms, self.query.parted)):
            counted = self._counted(terms)
            # FTS5 looks for each work of the first word in the lists of the others.
            rare = [term for _, term in counted]
            match, marked = self.query.all_of(rare), self.query.any_of(rare)
            self._in_titles(match, marked)
            if not self.query.only_words or sum(count for count, _ in counted) <= MOST_COUNTED:
                self._anywhere(match, marked)
            elif terms == self.query.parted:
                self._anywhere(match, marked, newest=True)

    def some_words(self) -> None:
        """Works with two of the rarest words are few, soon ranked and mostly what is meant; then those with one."""
        counted = self._counted(self.query.parted)
        rare = [term for _, term in counted[:MOST_OF_TWO]]
        others = [term for count, term in counted[MOST_OF_TWO:] if count <= MOST_COUNTED]
        alone = [term for count, term in counted[:MOST_OF_ONE] if count <= MOST_TITLES] or rare[:1]
        marked = self.query.any_of(rare)
        if len(rare) > 2:
            self._in_titles(self.query.two_of(rare, others), marked)
            self._anywhere(self.query.two_of(rare), marked)
        if len(rare) > 1:
            self._anywhere(self.query.any_of(alone), marked)

    def _in_titles(self, match: str, marked: str) -> None:
        if match and self.query.only_words and not self.newest:
            self._add(_best("titles", within=self.query.limits), match, marked)

    def _anywhere(self, match: str, marked: str, *, newest: bool = False) -> None:
        if match:
            best = _best("texts", within=self.query.limits)
            self._add(NEWEST if newest or self.newest else best, match, marked)

    def _add(self, statement: str, match: str, marked: str) -> None:
        if len(self.found) >= self.limit:
            return
        asked = {
            "match": match,
            "after": self.query.after and str(self.query.after),
            "before": self.query.before and str(self.query.before),
            "categories": json.dumps(self.query.categories),
            "not_categories": json.dumps(self.query.not_categories),
            "most": self.limit,
        }
        for (number,) in self.connection.execute(statement, asked):
            if len(self.found) < self.limit:
                self.found.setdefault(number, marked)

    def _counted(self, terms: Iterable[Term]) -> list[tuple[int, Term]]:
        """The terms, each with the number of its titles, the rarest first."""
        return sorted(((self._titles(term), term) for term in terms), key=lambda one: one[0])

    def _titles(self, term: Term) -> int:
        """In how many titles the rarest word of a term stands, or its forms."""
        if term.forms:
            return sum(self._titles(Term(form)) for form in term.forms)
        counts = [self.connection.execute(IN_TITLES, (word,)).fetchone() for word in words(term.text)]
        return min((count[0] if count else 0 for count in counts), default=0)


def _best(table: str, *, within: bool) -> str:
    """The statement for the best of `titles` or of `texts`; `within` where works count by more than their text."""
    if within:
        return f"""
            SELECT number FROM {table} JOIN works ON number = {table}.rowid WHERE {table} MATCH :match {LIMITS}
            ORDER BY {SCORES[table]}, works.day DESC, work_id LIMIT :most
        """  # noqa: S608
    return f"""
        SELECT number FROM works JOIN (
            SELECT rowid AS best, {SCORES[table]} AS score FROM {table} WHERE {table} MATCH :match
            ORDER BY score LIMIT :most
        ) ON number = best
        ORDER BY score, day DESC, work_id
    """  # noqa: S608


def _with_endings(connection: sqlite3.Connection, query: Query) -> Query:
    """Each prefix with the words of titles that begin so: the index has words without their endings, as learn."""

    def of(term: Term) -> Term:
        (first, *others) = words(term.text) or [""]
        if not term.prefix or not first or others:
            return term
        forms = connection.execute(BEGINNING, (first, f"{first}\U0010ffff", MOST_FORMS))
        return replace(term, forms=tuple(form for (form,) in forms))

    parts = (query.terms, query.bound, query.without)
    terms, bound, without = (tuple(of(term) for term in part) for part in parts)
    return replace(query, terms=terms, bound=bound, without=without)


def _corrected(query: Query, corrected: dict[str, str]) -> Query:
    def of(term: Term) -> Term:
        texts = [corrected.get(word, word) for word in words(term.text)]
        return replace(term, text=" ".join(texts)) if corrected.keys() & set(words(term.text)) else term

    return replace(query, terms=tuple(of(term) for term in query.terms))


def hit(connection: sqlite3.Connection, number: int, match: str, *, every_word: bool) -> Hit:
    """The work of that number, with the words that `match` finds in it marked."""
    day, work_id, title, abstract, authors, tags, categories, url, withdrawn = connection.execute(
        SHOWN, (number,)
    ).fetchone()
    marked = connection.execute(MARKED, (match, number)).fetchone() if match else None
    title, extract = marked or (title, " ".join(abstract.split()[:EXTRACT_WORDS]))
    return Hit(
        work_id=work_id,
        day=date.fromisoformat(day),
        title=_marked(title),
        extract=_marked(extract),
        authors=_listed(authors, "; "),
        tags=_listed(tags, "; "),
        categories=_listed(categories.strip(), " "),
        url=url,
        withdrawn=bool(withdrawn),
        every_word=every_word,
    )


def _listed(text: str, between: str) -> list[str]:
    return [part for part in text.split(between) if part]


def _marked(text: str) -> Marked:
    """The text without the characters that mark, and the places between them."""
    pieces = re.split(f"[{BEGIN}{END}]", text)
    ends: list[int] = []
    for piece in pieces:
        ends.append(len(piece) + (ends[-1] if ends else 0))
    # Marks come in pairs: the first ends where the second piece begins.
    return Marked("".join(pieces), tuple(zip(ends[0:-1:2], ends[1:-1:2], strict=True)))
