"""What `paperboy search` found, as text for a person and as plain values for a machine."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from assets.search.find import Found, Hit, Marked

NAMED_AUTHORS = 3


def lines(found: Found) -> Iterator[str]:
    """A paragraph a work; before them what was looked for instead, and between them where words begin to be missing."""
    if found.corrected:
        changes = ", ".join(f"{right} (not {wrong})" for wrong, right in found.corrected.items())
        yield f"showing results for {changes}"
        yield ""
    if not found.hits:
        yield f"nothing found in {found.works:,} works{f' up to {found.newest}' if found.newest else ''}"
    for place, hit in enumerate(found.hits):
        if not hit.every_word and (place == 0 or found.hits[place - 1].every_word):
            yield f"with only some of the words{'' if place else '; none has all'}:"
            yield ""
        yield from _paragraph(hit)
        yield ""


def paragraphs(hits: Sequence[Hit]) -> Iterator[str]:
    """A paragraph a work, or that there is none."""
    if not hits:
        yield "nothing is like it: no other work has any of its telling words"
    for hit in hits:
        yield from _paragraph(hit)
        yield ""


def as_json(found: Found) -> dict[str, Any]:
    """The same as plain values; a mark is a pair of places in its text, of the first character and after the last."""
    return {
        "corrected": found.corrected,
        "works": found.works,
        "newest_day": found.newest and str(found.newest),
        "hits": [values(hit) for hit in found.hits],
    }


def _paragraph(hit: Hit) -> Iterator[str]:
    yield _bold(hit.title) + " (withdrawn)" * hit.withdrawn
    yield f"    {hit.day}  {_authors(hit)}".rstrip()
    if hit.extract.text:
        yield f"    {_bold(hit.extract)}"
    yield f"    {hit.url or hit.work_id}"


def _authors(hit: Hit) -> str:
    more = len(hit.authors) - NAMED_AUTHORS
    return ", ".join(hit.authors[:NAMED_AUTHORS]) + (f" and {more} more" if more > 0 else "")


def _bold(marked: Marked) -> str:
    text, end = "", 0
    for first, last in marked.marks:
        text += marked.text[end:first] + click.style(marked.text[first:last], bold=True)
        end = last
    return text + marked.text[end:]


def values(hit: Hit) -> dict[str, Any]:
    """A work as plain values."""
    return {
        "work_id": hit.work_id,
        "day": str(hit.day),
        "title": hit.title.text,
        "title_marks": hit.title.marks,
        "extract": hit.extract.text,
        "extract_marks": hit.extract.marks,
        "authors": hit.authors,
        "tags": hit.tags,
        "categories": hit.categories,
        "url": hit.url,
        "withdrawn": hit.withdrawn,
        "every_word": hit.every_word,
    }
