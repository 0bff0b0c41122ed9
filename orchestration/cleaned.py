"""What cleaning makes of a text, as `paperboy clean-text` prints it; needs neither settings nor a warehouse."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import click
import polars as pl

from assets.clean.language import languages
from assets.clean.links import Lifted, lifted
from assets.clean.text import prose


def comparison(text: str, *, title: bool) -> Iterator[str]:
    """A text before and after cleaning, what was lifted out of it, and its language, a line each."""
    before, after = " ".join(text.split()), prose(text)
    rest, links = Lifted(after, []) if title else lifted(after)
    if before == rest:
        yield f"= {rest}"
    else:
        yield from _compared(before, rest)
    yield from (f"  {kind}: {url}" for url, kind in links)
    yield f"  language: {languages(pl.Series([rest])).item() or 'too short to tell'}"


def _compared(before: str, after: str) -> Iterator[str]:
    """Two texts with the words that differ in colour, which `click.echo` leaves out where it goes into a file."""
    old, new = before.split(), after.split()
    parts = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    struck = [_coloured(old[i:j], "red", same=part == "equal") for part, i, j, _, _ in parts]
    added = [_coloured(new[i:j], "green", same=part == "equal") for part, _, _, i, j in parts]
    yield f"- {' '.join(filter(None, struck))}"
    yield f"+ {' '.join(filter(None, added))}"


def _coloured(words: Sequence[str], colour: str, *, same: bool) -> str:
    text = " ".join(words)
    return text if same or not text else click.style(text, fg=colour)
