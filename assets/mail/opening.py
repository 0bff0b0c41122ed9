"""The beginning of an abstract, which an edition shows below the title."""

import re
from itertools import pairwise

_CLOSERS = "\"'”’)]}"
_OPENERS = "\"'“‘([{"
_ABBREVIATION = re.compile(
    r"(?:[A-Za-z]{1,2}\.){2,}|[A-Z]\."
    r"|(?i:al|figs?|eqs?|eqn|sect?|refs?|tab|thm|prop|lem|def|alg|vol|pp)\."
    r"|(?i:vs|cf|ca|approx|resp|viz|incl|dr|prof|mrs?|ms|st)\."
    r"|(?:Nos?|Ch|Phys|Rev|Lett|Math|Proc|Appl|Comm)\."
)


def opening(abstract: str) -> str:
    """The first two sentences of an abstract, verbatim; all of it where no second sentence ends.

    In doubt (after "et al.", an initial, "Fig.") a full stop ends nothing: too long reads better than cut.
    """
    words = re.finditer(r"\S+", abstract)
    ends = [word.end() for word, following in pairwise(words) if _ends_sentence(word[0], following[0])]
    return abstract[: ends[1] if len(ends) > 1 else None].strip()


def _ends_sentence(word: str, following: str) -> bool:
    stem = word.rstrip(_CLOSERS)
    if not stem.endswith((".", "!", "?")) or following.lstrip(_OPENERS)[:1].islower():
        return False
    return not _ABBREVIATION.fullmatch(stem.lstrip(_OPENERS))
