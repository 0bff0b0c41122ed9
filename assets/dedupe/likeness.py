"""How alike two records are, part by part: titles, abstracts, authors; and the marks that tell lookalikes apart.

What belongs here: measures and marks that need no more than the texts at hand. How they are weighed, and what a mark
forbids, is verification's business.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from rapidfuzz import fuzz

TELLING_WORDS = 20
"""Words below which an abstract ("The title says it all") may be that of any work."""

TELLING_OF_WITHDRAWN = 60
"""The same of a withdrawn one, which may say no more than that and why."""

SUBTITLED = 3
"""Words that a title must have for a longer one that begins with them to be the same with a subtitle."""

WITH_SUBTITLE = 0.9
"""The likeness of a title and the same with a subtitle."""

TIMELY = timedelta(days=183)
"""Half a year: sources that know only the year say 1 January."""

_MARKS = re.compile(r"[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")
_ANNOTATION = re.compile(
    r"\([^()]*\b(?:abstract|demo|demonstration|description|paper|poster|session|talk|tutorial|version)\)"
    r"|\[(?:[^\]]*[^\W\d_]{4}[^\]]*|\d+ refs?)\]"
)  # what a database adds about the form: "(extended abstract)", "[Review] [57 refs]"
_NOTICE = re.compile(
    r"\W*(?:the |author'?s'? )?"
    r"(addend|comment|correct|corrig|discuss|errat|rejoin|repl[iy]|respon[ds]|retract|supplement)"
)
_LATER_NOTICE = re.compile(r"\b(addend|corrig|errat)um\b")
_COLUMN = re.compile(
    r"\b(?:announcements?|book reviews?|calls? for|columns?|editorials?|editors?|foreword|front matter|in this issue|"
    r"keynote|message|obituary|preface|reminiscences|table of contents|welcome to)\b"
)
_LONGEST_COLUMN = 8
_ORDINAL = re.compile(
    r"\b(?:(?:19|20)\d\d|\d+(?:st|nd|rd|th)|one|two|three|four|five|six|first|second|third|fourth|fifth|sixth)\b"
)
_NUMERAL = re.compile(r"\d+|\b[ivx]{2,}\b|\b[ivx](?=\W*$|\s*[:.;,)])|(?<=\bpart )[a-hivx]\b|(?<=\bcase )[a-h]\b")
_NUMBERS = {
    name: str(number)
    for names in (
        "a b c d e f g h",
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv",
        "one two three four five six",
        "first second third fourth fifth sixth",
        "1st 2nd 3rd 4th 5th 6th",
    )
    for number, name in enumerate(names.split(), 1)
}

Shingle = tuple[str, str]


class Profile:
    """What a row of `clean_papers` says, in the forms that are compared; each is made when it is first asked for."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.doi: str | None = record["doi"]
        self.title_key: str = record["title_key"]
        self.authors = frozenset(record["author_keys"] or ())

    @cached_property
    def _title(self) -> str:
        return " ".join(_ANNOTATION.sub(" ", _folded(self._record["title"])).split())

    @cached_property
    def title(self) -> list[str]:
        """The title's words, without what is said about its form."""
        return _WORD.findall(self._title)

    @cached_property
    def spelling(self) -> str:
        """The title's letters and digits: equal spellings, same title."""
        return "".join(self.title)

    @cached_property
    def numerals(self) -> str:
        """The digits of the numbers that no spelling of the title leaves out: "23" for "Part II: 3D Maps"."""
        return _numbers(_NUMERAL, _ORDINAL.sub(" ", self._title))

    @cached_property
    def ordinals(self) -> str:
        """The digits of its years, ordinals and numbers in words: "22024" for "The Second Workshop (2024)"."""
        return _numbers(_ORDINAL, self._title)

    @cached_property
    def notice(self) -> str:
        """What it is to another work that the title names (an erratum, a comment), as the stem of that word."""
        found = _NOTICE.match(self._title) or _LATER_NOTICE.search(self._title)
        return found[1] if found else ""

    @cached_property
    def is_column(self) -> bool:
        """Whether the title may come again with every issue: an editorial, a message, book reviews."""
        return len(self.title) <= _LONGEST_COLUMN and _COLUMN.search(self._title) is not None

    @cached_property
    def text(self) -> list[str]:
        """The abstract's words; none where it is too short to tell works apart."""
        words = _WORD.findall(_folded(self._record["abstract"] or ""))
        least = TELLING_OF_WITHDRAWN if self._record["withdrawn"] else TELLING_WORDS
        return words if len(words) >= least else []

    @cached_property
    def shingles(self) -> frozenset[Shingle]:
        """Each two neighbouring words of `text`."""
        return frozenset(pairwise(self.text))

    @property
    def published(self) -> datetime | None:
        """When, UTC."""
        published: datetime | None = self._record["published"]
        return published


def title_likeness(left: Profile, right: Profile) -> float:
    """1 for titles that read the same, near 1 for misspelt, reordered or subtitled ones, below 0.6 for others."""
    if left.spelling == right.spelling:
        return 1.0
    shorter, longer = sorted((left.title, right.title), key=len)
    if len(shorter) >= SUBTITLED and longer[: len(shorter)] == shorter:
        return WITH_SUBTITLE
    reordered = fuzz.token_sort_ratio(" ".join(left.title), " ".join(right.title))
    return min(max(fuzz.ratio(left.spelling, right.spelling), reordered) / 100, 0.99)


def text_likeness(left: Profile, right: Profile) -> float | None:
    """The Jaccard similarity of the abstracts' shingles, or of as much as the shorter one has; None where one is empty.

    Some sources cut abstracts off: what is missing at the end of one is no difference.
    """
    shorter, longer = sorted((left, right), key=lambda side: len(side.text))
    if not shorter.text:
        return None
    as_long = longer.text[: len(shorter.text)]
    if as_long == shorter.text:
        return 1.0
    whole = _jaccard(shorter.shingles, longer.shingles)
    if len(as_long) == len(longer.text):
        return whole
    return max(whole, _jaccard(shorter.shingles, frozenset(pairwise(as_long))))


def author_likeness(left: Profile, right: Profile) -> float | None:
    """The share of the shorter list of authors that stands in the other too; None where one is empty."""
    if not left.authors or not right.authors:
        return None
    return len(left.authors & right.authors) / min(len(left.authors), len(right.authors))


def timely(left: Profile, right: Profile) -> bool | None:
    """Whether both were published at about the same time; None where one does not say."""
    if left.published is None or right.published is None:
        return None
    return abs(left.published - right.published) <= TIMELY


def _numbers(kind: re.Pattern[str], title: str) -> str:
    return "".join(_NUMBERS.get(found, found) for found in kind.findall(title))


def _jaccard(left: frozenset[Shingle], right: frozenset[Shingle]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return apart if apart.isascii() else _MARKS.sub("", apart)
