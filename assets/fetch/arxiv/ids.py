"""arXiv's own names: of papers, of archives, and of the sets that its harvest is cut into.

An id is a string, always; of two spellings of one paper the clean step decides.
"""

import re
from collections.abc import Collection, Iterable
from datetime import date

NEW_STYLE = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
OLD_STYLE = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Za-z]{2}|\.[a-z]+-[a-z]+)?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
ID = re.compile(rf"(?P<id>{NEW_STYLE}|{OLD_STYLE})(?:v(?P<version>[1-9]\d*))?")
DIGITS_SINCE = (2015, 1)
"""The month from which on a number has five digits, not four."""

PHYSICS = frozenset(
    "astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nlin nucl-ex nucl-th physics quant-ph".split()
)
"""The archives whose sets stand under `physics:`."""


def split(text: str) -> tuple[str, int | None]:
    """The id and the version that `oai:arXiv.org:2203.01250v3` or `http://arxiv.org/abs/hep-th/9901001v1` ends in.

    Raises `ValueError` where there is no id.
    """
    bare = re.sub(r"^(oai:arXiv\.org:|https?://[a-z.]*arxiv\.org/abs/)", "", text.strip())
    found = ID.fullmatch(bare)
    if found is None:
        raise ValueError(f"{text!r} is not an arXiv id")
    return found["id"], int(found["version"]) if found["version"] else None


def is_id(text: str) -> bool:
    """Whether the text is an id, with or without a version, and nothing else."""
    return ID.fullmatch(text) is not None


def month(paper: str) -> date:
    """The first day of the month in which the id was given: 2025-03-01 of `2503.00018`."""
    digits = paper.rpartition("/")[2]
    year = int(digits[:2])
    return date(year + (1900 if year > 90 else 2000), int(digits[2:4]), 1)


def series(first: date, archive: str = "") -> str:
    """What the ids of a month begin with: `2503.`, or `hep-th/9901` of an archive."""
    return f"{archive}/{first:%y%m}" if archive else f"{first:%y%m}."


def name(beginning: str, number: int) -> str:
    """The id of a month's series with this number."""
    if "/" in beginning:
        return f"{beginning}{number:03}"
    first = month(f"{beginning}00001")
    return f"{beginning}{number:05}" if (first.year, first.month) >= DIGITS_SINCE else f"{beginning}{number:04}"


def harvest_set(category: str) -> str:
    """The set of the harvest that holds a category's archive: `cs` of cs.CL, `physics:hep-th` of hep-th."""
    archive = category.partition(".")[0]
    return f"physics:{archive}" if archive in PHYSICS else archive


def chosen(categories: Iterable[str], wanted: Collection[str]) -> bool:
    """Whether one of a paper's categories is wanted, or the archive that it belongs to."""
    return any(category in wanted or category.partition(".")[0] in wanted for category in categories)
