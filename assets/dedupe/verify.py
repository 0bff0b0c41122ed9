"""Whether two records are one work: a verdict on the pair that depends on these two alone, with its reason.

What belongs here: how the likenesses of two records are weighed, and what forbids a link however alike they are. No
statistics of a corpus and no state: the same two records get the same verdict on every day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from assets.dedupe.likeness import Profile, author_likeness, text_likeness, timely, title_likeness

EDGE = pl.Schema(
    {"left": pl.String(), "right": pl.String(), "strong": pl.Boolean(), "score": pl.Float64(), "reason": pl.String()}
)
"""A pair of papers that is linked, `left` < `right`; a strong link says it alone, `score` is from 0 to 1."""

SAME, NEAR, AKIN = 1.0, 0.88, 0.6
"""How alike titles are that read the same, that are misspelt or subtitled, and that may be a rewording."""

LINKED = {SAME: 0.3, NEAR: 0.75, AKIN: 0.85}
"""How alike the abstracts must be, for titles at least so alike, to be linked.

Companion papers of the same authors are near in title and abstract, and papers of quite other titles share an abstract
more often because it was pasted than because they were renamed.
"""

STRONGLY = {SAME: 0.5, NEAR: 0.9}
"""The same, to be linked strongly; a rewording never is."""

MOST_AUTHORS = 0.5
BRIEF_TITLE = 2
"""Words up to which a title, without an abstract, needs more than one author to say anything."""

LONG_TITLE = 6
"""Words from which a title is hardly chosen twice at about the same time."""

_RECORD = ["day", "source", "source_id"]
_SIDES = [f"{side}{name}" for side in ("left", "right") for name in ("_day", "_source", "_source_id", "")]
_SAID = ["doi", "title", "title_key", "abstract", "author_keys", "published", "withdrawn"]
_OF_PREPRINTS = "10.48550/"


@dataclass(frozen=True)
class Verdict:
    """What two records say: if they are linked, and why or why not; `score` is of a link, from 0 to 1, else 0."""

    linked: bool
    strong: bool
    score: float
    reason: str


def judged(pairs: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Pairs of candidates as rows of `EDGE`: the papers that are linked, each pair once, by its best two records.

    `records` are rows of `clean_papers`, with every record that a pair names.
    """
    profiles = _profiles(pairs, records)
    best: dict[tuple[str, str], Verdict] = {}
    for row in pairs.select(_SIDES).iter_rows():
        papers = (row[3], row[7])
        if found := _link(_Pair(profiles[row[:3]], profiles[row[4:7]])):
            best[papers] = max(found, best.get(papers, found), key=_rank)
    rows = [(*papers, found.strong, found.score, found.reason) for papers, found in sorted(best.items())]
    return pl.DataFrame(rows, schema=EDGE, orient="row")


def verdict(left: Mapping[str, Any], right: Mapping[str, Any]) -> Verdict:
    """What two rows of `clean_papers` say, in either order."""
    pair = _Pair(Profile(left), Profile(right))
    return _link(pair) or Verdict(False, False, 0.0, _distance(pair))


@dataclass(frozen=True)
class _Pair:
    """Two records and how alike they are; each likeness is measured when it is first asked for."""

    left: Profile
    right: Profile

    @cached_property
    def title(self) -> float:
        return title_likeness(self.left, self.right)

    @cached_property
    def text(self) -> float | None:
        return text_likeness(self.left, self.right)

    @cached_property
    def authors(self) -> float | None:
        return author_likeness(self.left, self.right)

    @cached_property
    def timely(self) -> bool | None:
        return timely(self.left, self.right)

    @property
    def score(self) -> float:
        known = [likeness for likeness in (self.title, self.text, self.authors) if likeness is not None]
        return round(sum(known) / len(known), 4)

    def __str__(self) -> str:
        title = "same title" if self.title == SAME else f"{self.title:.0%} of the title"
        text = "no texts to compare" if self.text is None else f"{self.text:.0%} of the text"
        authors = "authors unknown" if self.authors is None else f"{self.authors:.0%} of the authors"
        return f"{title}, {authors}, {text}"


def _link(pair: _Pair) -> Verdict | None:
    """None where there is none: most pairs, of which nobody asks why, so that their texts need not be compared."""
    if _one_doi(pair):
        return _of_one_doi(pair)
    strong = None if _obstacle(pair) else _strength(pair)
    return None if strong is None else Verdict(True, strong, pair.score, str(pair))


def _distance(pair: _Pair) -> str:
    """Why there is none."""
    if _one_doi(pair):
        return f"same DOI {pair.left.doi}, but {pair}"
    return _obstacle(pair) or f"too little in common: {pair}"


def _one_doi(pair: _Pair) -> bool:
    return pair.left.doi is not None and pair.left.doi == pair.right.doi


def _of_one_doi(pair: _Pair) -> Verdict | None:
    """A DOI may be that of whole proceedings: something else must agree."""
    same_people = (pair.authors or 0) >= MOST_AUTHORS
    alike = pair.title >= NEAR or (same_people and (pair.title >= AKIN or pair.text is None))
    if (alike and not _numerals_differ(pair)) or (pair.text or 0) >= STRONGLY[SAME]:
        return Verdict(True, True, pair.score, f"same DOI {pair.left.doi}, {pair}")
    return None


def _obstacle(pair: _Pair) -> str | None:
    """What forbids to link the two, however alike they are."""
    left, right = pair.left, pair.right
    if pair.authors == 0 and left.title_key != right.title_key:
        return "no author in common, and other titles"
    if pair.title < AKIN:
        return f"other titles, only {pair.title:.0%} alike"
    if _numerals_differ(pair):
        return "numerals differ: {} / {}".format(*sorted((_numbers(left), _numbers(right))))
    if left.notice != right.notice:
        return "one is an erratum, a comment or the like, and not the other"
    if (left.is_column or right.is_column) and not _one_issue(pair):
        return "a title that may come again with every issue"
    if _other_doi(left, right) and (pair.title < SAME or pair.text is None):
        return f"DOIs differ, {pair}"
    return None


def _numerals_differ(pair: _Pair) -> bool:
    left, right = pair.left, pair.right
    both_counted = bool(left.ordinals and right.ordinals)
    return left.numerals != right.numerals or (both_counted and left.ordinals != right.ordinals)


def _numbers(side: Profile) -> str:
    return " ".join(filter(None, (side.numerals, side.ordinals))) or "none"


def _one_issue(pair: _Pair) -> bool:
    alike = _several_authors(pair) if pair.text is None else pair.text >= STRONGLY[SAME]
    return alike and pair.timely is not False


def _other_doi(left: Profile, right: Profile) -> bool:
    """Whether both have DOIs of journals, and not the same; a preprint's own says nothing of its journal's."""
    dois = {side.doi for side in (left, right) if side.doi and not side.doi.startswith(_OF_PREPRINTS)}
    return len(dois) > 1


def _strength(pair: _Pair) -> bool | None:
    """Whether the link is strong; None where there is none."""
    if pair.authors is not None and pair.authors < MOST_AUTHORS:
        return False if _named_otherwise(pair) else None
    if pair.text is None:
        return _without_text(pair)
    for title, least in LINKED.items():
        if pair.title >= title and pair.text >= least:
            return title in STRONGLY and pair.text >= STRONGLY[title]
    return False if pair.authors and _one_long_title(pair) else None


def _without_text(pair: _Pair) -> bool | None:
    if pair.authors is None or pair.timely is False or pair.title < NEAR:
        return None
    brief = min(len(pair.left.title), len(pair.right.title)) <= BRIEF_TITLE
    return None if brief and not _several_authors(pair) else pair.title == SAME


def _several_authors(pair: _Pair) -> bool:
    return min(len(pair.left.authors), len(pair.right.authors)) > 1


def _named_otherwise(pair: _Pair) -> bool:
    """One work, its authors spelt or ordered otherwise, or their group named instead of them."""
    if not _one_long_title(pair) or pair.left.notice or _other_doi(pair.left, pair.right):
        return False
    return pair.text is None or pair.text >= STRONGLY[NEAR]


def _one_long_title(pair: _Pair) -> bool:
    return pair.title == SAME and len(pair.left.title) >= LONG_TITLE and pair.timely is True


def _rank(found: Verdict) -> tuple[bool, float, str]:
    return found.strong, found.score, found.reason


def _profiles(pairs: pl.DataFrame, records: pl.DataFrame) -> dict[tuple[Any, ...], Profile]:
    sides = [pairs.select(pl.col(f"{side}_{name}").alias(name) for name in _RECORD) for side in ("left", "right")]
    named = records.select(*_RECORD, *_SAID).join(pl.concat(sides).unique(), on=_RECORD, how="semi")
    return {(row["day"], row["source"], row["source_id"]): Profile(row) for row in named.iter_rows(named=True)}
