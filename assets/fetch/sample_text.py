"""How fictional text is put together: dice that fall alike everywhere, templates, headlines, a feed's noise.

What the papers are about is data, in `sample_fields/`; which papers a day has is `sample_works`.
"""

import hashlib
import html
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

_SLOT = re.compile(r"\[([^\[\]]*)\]")
_RANGE = re.compile(r"(-?[\d.]+?)\.\.(-?[\d.]+)")
_WORD = re.compile(r"\$[^$]*\$|[^\s$-]+")
_LINE = re.compile(r"(.{1,78})(?: |$)")
_SMALL = set("a an and as at beyond but by for from in into of on or over per the to under via with without".split())


class Dice:
    """Random choices that a text determines: the same in every process, Python and platform.

    Only `random()` is promised to give equal numbers in all versions of Python, so all else is made of it.
    """

    def __init__(self, seed: str) -> None:
        """Dice that fall as `seed` says."""
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
        self._random = random.Random(number).random  # noqa: S311 - fiction, not cryptography

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def skewed(self) -> int:
        """A count as votes have it: a median of 6, one in twenty above 100, at most 400."""
        share = self._random()
        return int(6 * share / (1.015 - share))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self._random() * len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in another order."""
        return sorted(items, key=lambda _: self._random())


def fill(template: str, dice: Dice, words: Mapping[str, str]) -> str:
    """The template with its slots filled, innermost first.

    `[a|b]` is one of the two, `[3..9]` a number with the decimals of its lower end, `[task]` the word of that
    name, which may hold slots of its own. Raises `KeyError` for a slot that is none of these.
    """
    found = 1
    while found:
        template, found = _SLOT.subn(lambda slot: _filled(slot[1], dice, words), template)
    return template


def _filled(slot: str, dice: Dice, words: Mapping[str, str]) -> str:
    if "|" in slot:
        return dice.pick(slot.split("|"))
    if not (ends := _RANGE.fullmatch(slot)):
        return words[slot]
    decimals = len(ends[1].partition(".")[2])
    low, high = (round(float(end) * 10**decimals) for end in ends.groups())
    return f"{dice.between(low, high) / 10**decimals:,.{decimals}f}"


def headline(text: str) -> str:
    """The text in title case; mathematics stays as it is."""

    def raised(match: re.Match[str]) -> str:
        opens = match.start() == 0 or text[match.start() - 2] in ":?"
        return capital(match[0]) if opens or match[0] not in _SMALL else match[0]

    return _WORD.sub(raised, text)


def sentence(text: str) -> str:
    """The text with a capital at its start and after a colon or a question mark."""
    return re.sub(r"(?:^|[:?] )[a-z]", lambda start: start[0].upper(), text)


def capital(text: str) -> str:
    """The text with its first letter raised and the others untouched."""
    return text[:1].upper() + text[1:]


def texed(text: str, term: str, dice: Dice) -> str:
    """The text with TeX in it: `term` set apart where it first occurs, and escaped percent signs."""
    before, after = dice.pick([(r"\textbf{", "}"), (r"\emph{", "}"), ("``", "''"), (r"\textsc{", "}")])
    first = re.compile(re.escape(term), re.IGNORECASE)
    return first.sub(lambda found: before + found[0] + after, text.replace("%", r"\%"), count=1)


def wrapped(text: str) -> str:
    """The text in lines of at most 78 characters, as feeds break it; `textwrap` takes ten times as long."""
    return _LINE.sub(r"\1\n", f"  {text}").rstrip()


def escaped(text: str) -> str:
    """The text with HTML entities."""
    return html.escape(text)
