"""What was learned from the operator's stored papers, and what it says of a paper: categories, a prior, keywords.

What belongs here: the stored form of a model, and prediction, by NumPy and SciPy alone, because importing scikit-learn
takes seconds. How a model is trained and measured is `learn.py`'s.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.tag.keywords import NO_RATES, Rates

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

MODEL = pl.Schema(
    {
        "day": pl.Date(),
        "name": pl.String(),
        "version": pl.String(),
        "papers": pl.Int32(),
        "held_out": pl.Int32(),
        "measure": pl.String(),
        "score": pl.Float64(),
        "floor": pl.Float64(),
        "compared": pl.Int32(),
        "compared_score": pl.Float64(),
        "replaced_score": pl.Float64(),
        "told": pl.String(),
        "weights": pl.Binary(),
    }
)
"""The columns of `models`: a row for each of the three parts of a training, those that are off without weights."""

AUTHOR = 0.5
"""What an author who is known weighs beside a text, whose terms have length 1 together."""

MOST_CATEGORIES = 5

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]

_WORD = re.compile(r"\b\w\w+\b")
_NEWEST = """
    SELECT asked.day, max(models.day) AS trained
    FROM (SELECT unnest($days) AS day) AS asked LEFT JOIN models ON models.day < asked.day AND weights IS NOT NULL
    GROUP BY asked.day ORDER BY asked.day
"""
_OF_DAY = "SELECT name, version, weights FROM models WHERE day = $day AND weights IS NOT NULL"


def text(title: str | None, abstract: str | None) -> str:
    """What is read of a paper: the title counts twice."""
    return f"{title or ''} {title or ''} {abstract or ''}"


def author(name: str) -> str:
    """What the spellings of an author's name share: small letters and single spaces."""
    return " ".join(name.lower().split())


def texts(works: pl.DataFrame) -> list[str]:
    """What is read of each of some works."""
    return [text(*row) for row in works.select("title", "abstract").iter_rows()]


@dataclass(frozen=True)
class Terms:
    """The words and pairs of words that count, each with its inverse document frequency."""

    names: Sequence[str]
    idf: Floats

    def weighed(self, texts: Sequence[str]) -> Any:
        """TF-IDF as a sparse matrix, a row a text: (1 + ln of the occurrences) times the idf, each row of length 1.

        The same as scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)`.
        """
        from scipy.sparse import csr_array

        places = {name: place for place, name in enumerate(self.names)}
        paired = any(" " in name for name in self.names)
        columns: list[int] = []
        counts: list[int] = []
        ends = [0]
        for one in texts:
            words = _WORD.findall(one.lower())
            pairs = map(" ".join, pairwise(words)) if paired else ()
            said = Counter(places[term] for term in (*words, *pairs) if term in places)
            columns.extend(said)
            counts.extend(said.values())
            ends.append(len(columns))
        places_32, ends_32 = np.array(columns, np.int32), np.array(ends, np.int32)
        data = (1 + np.log(np.array(counts, np.float32))) * self.idf[places_32]
        found = csr_array((data, places_32, ends_32), shape=(len(texts), len(self.names)))
        lengths = np.sqrt(found.multiply(found).sum(axis=1))
        found.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(ends)).astype(np.float32)
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """As plain arrays."""
        return {"terms": _listed(self.names), "idf": self.idf}

    @classmethod
    def of(cls, arrays: Arrays) -> "Terms":
        """From plain arrays."""
        return cls(_names(arrays["terms"]), arrays["idf"])


@dataclass(frozen=True)
class Categories:
    """A linear model a category: a paper is in those that score above 0; `weights` has a column a category."""

    terms: Terms
    authors: Sequence[str]
    names: Sequence[str]
    weights: Floats
    offsets: Floats

    def scores(self, texts: Sequence[str], authors: Sequence[Iterable[str] | None]) -> Floats:
        """A row a paper, a column a category; above 0 is in it."""
        scores: Floats = features(self.terms, self.authors, texts, authors) @ self.weights + self.offsets
        return scores

    def found(self, texts: Sequence[str], authors: Sequence[Iterable[str] | None]) -> list[list[str]]:
        """The categories of each paper, the surest first, at most `MOST_CATEGORIES`; perhaps none."""
        return [
            [self.names[place] for place in np.argsort(-row)[:MOST_CATEGORIES] if row[place] > 0]
            for row in self.scores(texts, authors)
        ]

    def packed(self) -> bytes:
        """As bytes to store."""
        named: Arrays = {"authors": _listed(self.authors), "names": _listed(self.names)}
        return _packed({**self.terms.arrays(), **named, "weights": self.weights, "offsets": self.offsets})

    @classmethod
    def of(cls, stored: bytes) -> "Categories":
        """From the bytes that were stored."""
        arrays = _unpacked(stored)
        authors = _names(arrays["authors"]) if "authors" in arrays else []  # the first models knew none
        return cls(Terms.of(arrays), authors, _names(arrays["names"]), arrays["weights"], arrays["offsets"])


@dataclass(frozen=True)
class Prior:
    """What text and authors say of the votes to come: ln(1 + votes) above or below the mean of the day."""

    terms: Terms
    authors: Sequence[str]
    weights: Floats
    offset: float

    def found(self, texts: Sequence[str], authors: Sequence[Iterable[str] | None]) -> Floats:
        """The prior of each paper."""
        found: Floats = features(self.terms, self.authors, texts, authors) @ self.weights + np.float32(self.offset)
        return found

    def packed(self) -> bytes:
        """As bytes to store."""
        learned: Arrays = {"authors": _listed(self.authors), "weights": self.weights, "offset": np.array(self.offset)}
        return _packed({**self.terms.arrays(), **learned})

    @classmethod
    def of(cls, stored: bytes) -> "Prior":
        """From the bytes that were stored."""
        arrays = _unpacked(stored)
        return cls(Terms.of(arrays), _names(arrays["authors"]), arrays["weights"], float(arrays["offset"]))


def features(terms: Terms, known: Sequence[str], texts: Sequence[str], authors: Sequence[Iterable[str] | None]) -> Any:
    """What a model looks at, as a sparse matrix: the terms of each text, and beside them the `known` authors."""
    from scipy.sparse import csr_array, hstack

    places = {name: place for place, name in enumerate(known)}
    listed = [sorted({places[one] for name in names or () if (one := author(name)) in places}) for names in authors]
    ends = np.cumsum([0, *map(len, listed)], dtype=np.int32)
    columns = np.array([place for row in listed for place in row], np.int32)
    weights = np.full(len(columns), AUTHOR, np.float32)
    beside = csr_array((weights, columns, ends), shape=(len(texts), len(known)))
    return hstack([terms.weighed(texts), beside], format="csr")


@dataclass(frozen=True)
class Learned:
    """All that one training learned; a part that had too few papers is missing.

    `version` and the `day` of the training are None where there was none.
    """

    version: str | None = None
    day: date | None = None
    categories: Categories | None = None
    prior: Prior | None = None
    rates: Rates = NO_RATES

    def packed(self) -> dict[str, bytes]:
        """Each part that is there, by its name, as bytes to store."""
        parts = {
            "categories": self.categories.packed() if self.categories else b"",
            "prior": self.prior.packed() if self.prior else b"",
            "keywords": _packed_rates(self.rates.by_key) if self.rates.by_key else b"",
        }
        return {name: part for name, part in parts.items() if part}

    @classmethod
    def of(cls, version: str, day: date, parts: Mapping[str, bytes]) -> "Learned":
        """From parts that were stored."""
        return cls(
            version,
            day,
            Categories.of(parts["categories"]) if "categories" in parts else None,
            Prior.of(parts["prior"]) if "prior" in parts else None,
            _rates(parts["keywords"]) if "keywords" in parts else NO_RATES,
        )


NOTHING = Learned()


def version_of(day: date, parts: Mapping[str, bytes]) -> str:
    """The day of a training, and a hash of what it learned."""
    together = sha256(b"".join(parts[name] for name in sorted(parts)))
    return f"{day}-{together.hexdigest()[:8]}"


def in_use(warehouse: "Warehouse", days: Collection[date]) -> list[tuple[list[date], Learned]]:
    """The days, oldest first, with what was learned before each of them: of a day itself, or of a later one, nothing is
    used, so that a past day can be made again as it was."""
    by_training: dict[date | None, list[date]] = {}
    for day, trained in warehouse.read(_NEWEST, {"days": list(days)}).iter_rows():
        by_training.setdefault(trained, []).append(day)
    return [(asked, _trained(warehouse, trained)) for trained, asked in by_training.items()]


def _trained(warehouse: "Warehouse", day: date | None) -> Learned:
    if day is None:
        return NOTHING
    rows = warehouse.read(_OF_DAY, {"day": day})
    return Learned.of(rows["version"][0], day, dict(rows.select("name", "weights").iter_rows()))


def _packed_rates(rates: Mapping[str, float]) -> bytes:
    return _packed({"phrases": _listed(list(rates)), "rates": np.array(list(rates.values()), np.float32)})


def _rates(stored: bytes) -> Rates:
    arrays = _unpacked(stored)
    return Rates(dict(zip(_names(arrays["phrases"]), arrays["rates"].tolist(), strict=True)))


def _packed(arrays: Arrays) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _unpacked(stored: bytes) -> Arrays:
    """Never by pickle: a stored model can hold nothing but arrays."""
    with np.load(BytesIO(stored), allow_pickle=False) as file:
        return dict(file)


def _listed(names: Sequence[str]) -> NDArray[np.uint8]:
    """Names, none of which holds the end of a line, as bytes: NumPy would give each the length of the longest."""
    return np.frombuffer("\n".join(names).encode(), np.uint8)


def _names(listed: NDArray[Any]) -> list[str]:
    return listed.tobytes().decode().split("\n") if listed.size else []
