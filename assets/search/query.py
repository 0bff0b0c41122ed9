"""What a person types into a search, as a value: words, phrases, fields. Nothing that is typed is SQLite's syntax.

`agents "tool use" transfor* author:"Ada Lovelace" tag:robots cat:cs.LG after:2025-01-01 before:2025-02-01 -survey`
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

FIELDS = {"author": "authors", "tag": "tags"}
"""What is looked for in one column only, by the name that is typed."""

TYPED = re.compile(
    r"""
    (?P<without>-(?=[\w"]))?
    (?:(?P<field>author|tag|cat|after|before):\s*)?
    (?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
COMMON = frozenset(
    "a an and are as at be by can do for from has have how in into is it its not of on or our that the their these "
    "this to via was we what when which with".split()
)
"""Words that nearly every abstract has: to look for them takes long, and finds nothing that the others do not."""


class QueryError(Exception):
    """What was typed cannot be looked for; the text says what, and what to write."""


@dataclass(frozen=True)
class Term:
    """A word, or a phrase of several in their order; with `prefix`, any word that begins so in the last's place.

    `column` is where it must stand, of the index; anywhere, where it is empty. Each of `forms` will do, too.
    """

    text: str
    prefix: bool = False
    column: str = ""
    forms: tuple[str, ...] = ()

    @property
    def match(self) -> str:
        """As FTS5 writes it."""
        any_of = " OR ".join([_quoted(self.text) + "*" * self.prefix, *map(_quoted, self.forms)])
        return f"{self.column} : ({any_of})" if self.column else f"({any_of})" if self.forms else any_of


@dataclass(frozen=True)
class Query:
    """What is looked for: `terms` with the field-bound ones in `bound`, none of `without`; and which works count.

    `categories` are written small; `after` is the first day that counts, `before` the first that does not any more.
    """

    terms: tuple[Term, ...] = ()
    bound: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    categories: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None

    @property
    def has_text(self) -> bool:
        """Whether any text is looked for, so that works are more or less like it."""
        return bool(self.terms or self.bound)

    @property
    def only_words(self) -> bool:
        """Whether no column but the title need be looked at to know which works have its terms in the title."""
        return not (self.bound or self.without)

    @property
    def limits(self) -> bool:
        """Whether works count by more than their text."""
        return bool(self.categories or self.not_categories or self.after or self.before)

    def all_of(self, terms: Sequence[Term]) -> str:
        """The expression of FTS5 for works with these terms, instead of the query's own, and the rest of the query."""
        return self._with_the_rest(" AND ".join(term.match for term in terms))

    def two_of(self, terms: Sequence[Term], others: Sequence[Term] = ()) -> str:
        """The same for works with two of these terms, in whichever pair; the others need not be there, but rank."""
        pairs = " OR ".join(
            f"{term.match} AND ({' OR '.join(other.match for other in terms[place:])})"
            for place, term in enumerate(terms[:-1], start=1)
        )
        # Each pair has one of the terms but the last.
        ranking = " OR ".join(term.match for term in (*terms[:-1], *others))
        return self._with_the_rest(f"({pairs}) AND ({ranking})" if others else pairs)

    def any_of(self, terms: Sequence[Term]) -> str:
        """The same for works with at least one of these terms."""
        return self._with_the_rest(" OR ".join(term.match for term in terms))

    def _with_the_rest(self, words: str) -> str:
        wanted = " AND ".join([*([f"({words})"] if words else []), *(term.match for term in self.bound)])
        unwanted = " OR ".join(term.match for term in self.without)
        return f"({wanted}) NOT ({unwanted})" if unwanted else wanted

    @property
    def parted(self) -> tuple[Term, ...]:
        """The terms with compounds as words of their own: input-output is found where both words stand."""
        return _uncommon(part for term in self.terms for part in _parts(term))


@dataclass(frozen=True)
class _Piece:
    """A word or a phrase as it was typed, with its field and its minus."""

    value: str
    field: str
    exact: bool
    without: bool

    @property
    def term(self) -> Term:
        prefix = self.value.endswith("*") and not self.exact
        return Term(self.value.rstrip("*") if prefix else self.value, prefix, FIELDS.get(self.field, ""))


def parse(typed: str) -> Query:
    """The query that somebody typed.

    Raises `QueryError` where it holds nothing to look for, or a day or a category cannot be read. Whatever else is
    typed is meant literally.
    """
    # Neither is of any text; SQLite ends a text at the one, and cannot be given the other.
    text = typed.replace("\0", " ").encode(errors="replace").decode()
    pieces = [_piece(one) for one in TYPED.finditer(text) if one[0]]
    query = Query(
        terms=_uncommon(_terms(pieces, without=False, bound=False)),
        bound=_terms(pieces, without=False, bound=True),
        without=(*_terms(pieces, without=True, bound=False), *_terms(pieces, without=True, bound=True)),
        categories=tuple(_category(piece) for piece in pieces if piece.field == "cat" and not piece.without),
        not_categories=tuple(_category(piece) for piece in pieces if piece.field == "cat" and piece.without),
        after=max((_day(piece) for piece in pieces if piece.field == "after"), default=None),
        before=min((_day(piece) for piece in pieces if piece.field == "before"), default=None),
    )
    if query.has_text or (query.limits and not query.without):
        return query
    if query.without:
        raise QueryError(f"{typed.strip()!r} says only what is not wanted: add a word that is.")
    raise QueryError('there is nothing to look for: write a word or a "phrase", or cat:cs.LG, author:, tag:, after:.')


def _piece(typed: re.Match[str]) -> _Piece:
    field, exact = (typed["field"] or "").lower(), typed["phrase"] is not None
    value = typed["phrase"] if exact else typed["word"]
    if value is None:
        raise QueryError(f"{typed[0]!r} is without a value: write it as {field}:VALUE, or in quotes to look for it.")
    return _Piece(value, field, exact, bool(typed["without"]))


def _terms(pieces: Sequence[_Piece], *, without: bool, bound: bool) -> tuple[Term, ...]:
    """The terms with or without a minus, with or without a field; a word without a letter is none of them."""
    fields = FIELDS.keys() if bound else {""}
    terms = (piece.term for piece in pieces if piece.field in fields and piece.without == without)
    return tuple(dict.fromkeys(term for term in terms if any(map(_is_letter, term.text))))


def _quoted(text: str) -> str:
    """Within quotes nothing has a meaning for FTS5 but the quote itself."""
    return '"{}"'.format(text.replace('"', '""'))


def _is_letter(letter: str) -> bool:
    """Whether the index keeps it: of a word without such there is nothing to find."""
    return unicodedata.category(letter)[0] in "LN"


def _day(piece: _Piece) -> date:
    if piece.without:
        raise QueryError(f"-{piece.field}: has no meaning: write after: or before:.")
    try:
        return date.fromisoformat(piece.value)
    except ValueError as error:
        raise QueryError(f"{piece.field}:{piece.value} is not a day: write it as {piece.field}:2025-03-12.") from error


def _category(piece: _Piece) -> str:
    if not re.fullmatch(r"[a-z-]+(\.[a-z-]+)?", piece.value, re.IGNORECASE):
        raise QueryError(f"cat:{piece.value} is not a category: write cat:cs.LG, or cat:cs for all of an archive.")
    return piece.value.lower()


def _uncommon(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The terms without common words, unless there are no others; each once."""
    every = tuple(dict.fromkeys(terms))
    return tuple(term for term in every if term.prefix or term.text.lower() not in COMMON) or every


def _parts(term: Term) -> list[Term]:
    """The words of a compound; a phrase that was typed in quotes has spaces, and is none."""
    texts = re.findall(r"[^\W_]+", term.text)
    if len(texts) < 2 or " " in term.text:
        return [term]
    return [*(replace(term, text=text, prefix=False) for text in texts[:-1]), replace(term, text=texts[-1])]
