"""What a word is when phrases are looked for: the same for the taxonomy's phrases and for the papers' texts."""

import re
from functools import lru_cache

import polars as pl

_BETWEEN = re.compile(r"[\W_]+")
_SIBILANT = ("s", "x", "z", "ch", "sh")
_NO_PLURAL = ("ss", "us", "is", "as", "ics", "series", "species", "bayes")
_PLURALS = (
    ("yses", "ysis"), ("theses", "thesis"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"),
    ("ies", "y"), ("s", ""),
)  # fmt: skip
_ACRONYM = re.compile(r"[A-Z][A-Z0-9]+")


def words(text: str) -> str:
    """The text's words in lower case with one space between them; punctuation and hyphens separate words."""
    return _BETWEEN.sub(" ", text.lower()).strip()


def forms(phrase: str) -> tuple[str, ...]:
    """A phrase as `words` reads it, and its plural: "case study", "case studies"."""
    singular = words(phrase)
    if singular.endswith("sis"):
        return singular, f"{singular[:-2]}es"
    if re.search(r"[^aeiou\W]y$", singular):
        return singular, f"{singular[:-1]}ies"
    return singular, f"{singular}{'es' if singular.endswith(_SIBILANT) else 's'}"


@lru_cache(maxsize=1 << 16)
def singular(form: str) -> str:
    """What `words` reads, with its last word in singular: "case studies", "case study"."""
    if form.endswith(_NO_PLURAL):
        return form
    for plural, one in _PLURALS:
        if form.endswith(plural) and len(form) > len(plural) + 1:
            return form.removesuffix(plural) + one
    return form


def acronym(phrase: str) -> str:
    """The first word of a phrase that stands in capitals, which a text must have so too; empty where none does."""
    return next(filter(_ACRONYM.fullmatch, _BETWEEN.split(phrase)), "")


def spaced(form: str) -> str:
    """What `words` reads as it stands in a `padded` text: each word with a space of its own on both sides."""
    return f" {form.replace(' ', '  ')} "


def padded(text: pl.Expr) -> pl.Expr:
    """A text column in which each word has a space of its own on both sides, ready for matching; capitals stay.

    So a phrase is found only where it stands as whole words, and its neighbour too; not across a comma, a bracket or
    the end of a sentence: those become a bar.
    """
    parted = text.fill_null("").str.replace_all(r"[.,;:!?)\]]+(?:\s+|$)|\s[(\[]", " | ")
    return " " + parted.str.replace_all(r"(?:[^\w|]|_)+", "  ").str.strip_chars() + " "
