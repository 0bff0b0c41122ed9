"""Two sentences of an abstract, which an edition shows below the title: those that say what the paper does."""

import re
from itertools import pairwise

SENTENCES = 2
LEFT_OUT = " … "
"""What stands between two sentences that do not follow one another."""

_CLOSERS = "\"'”’)]}"
_OPENERS = "\"'“‘([{"
_ABBREVIATION = re.compile(
    r"(?:[A-Za-z]{1,2}\.){2,}|[A-Z]\."
    r"|(?i:al|figs?|eqs?|eqn|sect?|refs?|tab|thm|prop|lem|def|alg|vol|pp)\."
    r"|(?i:vs|cf|ca|approx|resp|viz|incl|dr|prof|mrs?|ms|st)\."
    r"|(?:Nos?|Ch|Phys|Rev|Lett|Math|Proc|Appl|Comm)\."
)
_SPEAKS_OF_ITSELF = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|report)|in this (?:paper|work))\b.{0,40}\b(?:propos|introduc|present"
    r"|develop|design|describ|report|stud|investigat|explor|address|demonstrat|show|find|build|construct|formulat"
    r"|prove|establish|analy)",
    re.IGNORECASE | re.DOTALL,
)
"""A sentence such as "We propose …", "In this work, we further investigate …", "This paper presents …"."""


def summary(abstract: str) -> str:
    """Two sentences of an abstract, verbatim and in its order, or all of a shorter one.

    They are the first two in which the paper says what it does; where there are fewer, the abstract's beginning fills
    up. Against the one-sentence summaries that Hugging Face shows, such two share more words than the first two
    (`python -m tests.benchmarks summaries`).
    """
    every = sentences(abstract)
    itself = [place for place, sentence in enumerate(every) if _SPEAKS_OF_ITSELF.search(sentence)]
    others = (place for place in range(len(every)) if place not in itself)
    chosen = sorted([*itself, *others][:SENTENCES])
    return "".join(
        f"{'' if not number else ' ' if place == chosen[0] + 1 else LEFT_OUT}{every[place]}"
        for number, place in enumerate(chosen)
    )


def sentences(text: str) -> list[str]:
    """A text's sentences, verbatim. In doubt (after "et al.", an initial, "Fig.") a full stop ends none: too long
    reads better than cut."""
    words = re.finditer(r"\S+", text)
    ends = [word.end() for word, following in pairwise(words) if _ends_sentence(word[0], following[0])]
    pieces = (text[begin:end].strip() for begin, end in pairwise([0, *ends, len(text)]))
    return [piece for piece in pieces if piece]


def _ends_sentence(word: str, following: str) -> bool:
    stem = word.rstrip(_CLOSERS)
    if not stem.endswith((".", "!", "?")) or following.lstrip(_OPENERS)[:1].islower():
        return False
    return not _ABBREVIATION.fullmatch(stem.lstrip(_OPENERS))
