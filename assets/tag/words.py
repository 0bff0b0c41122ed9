"""What a word is when phrases are looked for: the same for the taxonomy's phrases and for the papers' texts."""

import re

import polars as pl

_BETWEEN = re.compile(r"[\W_]+")


def words(text: str) -> str:
    """The text's words in lower case with one space between them; punctuation and hyphens separate words."""
    return _BETWEEN.sub(" ", text.lower()).strip()


def padded(text: pl.Expr) -> pl.Expr:
    """A text column as `words` reads it, ready for matching.

    A phrase with a space at both ends is found only where it stands as whole words, and not across a comma, a
    bracket or the end of a sentence: those become a bar.
    """
    parted = text.fill_null("").str.to_lowercase().str.replace_all(r"[.,;:!?)\]]+(?:\s+|$)|\s[(\[]", " | ")
    return " " + parted.str.replace_all(r"(?:[^\w|]|_)+", " ").str.strip_chars() + " "
