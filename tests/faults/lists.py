"""What can go wrong with the list that a source sends: its fields, its papers, its dates, its figures and its texts.

Each function makes a harm; a harm changes a fresh copy of the day's list. The texts' own harms are in `texts`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson

from assets.fetch.source import Listing
from tests.faults.harm import Given, Harm, Papers
from tests.faults.trials import body

OUTER = ("numComments", "publishedAt", "title", "summary", "thumbnail")
Change = Callable[[dict[str, Any], Given], None]
"""Changes one paper in place."""


def in_papers(change: Change, share: float = 1.0) -> Harm:
    """The change in a share of the papers."""

    def harm(given: Given) -> Papers:
        papers = given.papers
        for paper in given.some(papers, share):
            change(paper, given)
        return papers

    return harm


def put(field: str, value: object, share: float = 1.0) -> Harm:
    """A field with another value."""

    def change(paper: dict[str, Any], given: Given) -> None:
        paper[field] = value

    return in_papers(change, share)


def turned(field: str, turn: Callable[[Any], Any], share: float = 1.0) -> Harm:
    """A field with what becomes of its value, where it has one."""

    def change(paper: dict[str, Any], given: Given) -> None:
        if paper.get(field) is not None:
            paper[field] = turn(paper[field])

    return in_papers(change, share)


def dropped(field: str, share: float = 1.0) -> Harm:
    """Papers without a field."""
    return in_papers(lambda paper, given: paper.pop(field, None) and None, share)


def renamed(field: str, name: str) -> Harm:
    """A field under another name."""

    def change(paper: dict[str, Any], given: Given) -> None:
        if field in paper:
            paper[name] = paper.pop(field)

    return in_papers(change)


def has(field: str, share: float = 0.9) -> Callable[[Given], bool]:
    """Whether so many papers of the day, and of the lists a week and four weeks before, hold something in a field."""

    def shows(given: Given) -> bool:
        lists = (given.papers, *(given.before(days) for days in (1, 7, 14, 28)))
        return all(_share(papers, field) >= share for papers in lists)

    return shows


def _share(papers: Papers, field: str) -> float:
    held = [item["paper"].get(field) for item in papers]
    return sum(bool(value or value == 0) for value in held) / len(held)


def outer(field: str, value: object) -> Harm:
    """A field beside the paper, in every entry; gone where the value is `...`."""

    def harm(given: Given) -> Papers:
        papers = given.papers
        for item in papers:
            item.pop(field, None)
            if value is not ...:
                item[field] = value
        return papers

    return harm


def instead(content: bytes) -> Harm:
    """Another body altogether."""
    return lambda given: content


def cut_short(given: Given) -> bytes:
    """The body without its end."""
    return orjson.dumps(given.papers)[:-99]


def of_papers(change: Callable[[Papers], Papers]) -> Harm:
    """The list as a list changed."""
    return lambda given: change(given.papers)


def an_earlier(days: int) -> Harm:
    """The list of so many days before."""
    return lambda given: given.before(days)


def a_later(days: int) -> Harm:
    """The list of so many days after."""
    return lambda given: given.after(days)


def half_of_yesterday(given: Given) -> Papers:
    """Half of today's papers, and as many of yesterday's."""
    papers, before = given.papers, given.before(1)
    half = (len(papers) + 1) // 2
    return [*papers[:half], *before[: len(papers) - half]]


def one_repeated(given: Given) -> Papers:
    """One of the papers once more at the end."""
    papers = given.papers
    return [*papers, given.dice.choice(papers)]


def tenfold(given: Given) -> Papers:
    """The papers of ten lists under one date."""
    return [paper for days in (0, *range(7, 35, 3)) for paper in (given.after(days) if days else given.papers)]


def cut_at_page(size: int) -> Harm:
    """The first page of a list of several."""
    return lambda given: tenfold(given)[:size]


def half_of_a_total(given: Given) -> Listing:
    """Half of a list of which the source says how many papers it has."""
    papers = given.papers
    return Listing([body(papers[: len(papers) // 2])], expected=len(papers))


def moved(field: str, by: timedelta) -> Harm:
    """A time so much later, or earlier."""

    def move(text: str) -> str:
        return (datetime.fromisoformat(text) + by).isoformat().replace("+00:00", "Z")

    return turned(field, move)


def as_number(text: str) -> float | str:
    """What is left of an id that went through a number: 2503.1 of 2503.10."""
    return str(float(text))


def votes_of_yesterday(given: Given) -> Papers:
    """The votes that the papers in the same places had yesterday."""
    papers, before = given.papers, given.before(1)
    for place, item in enumerate(papers):
        item["paper"]["upvotes"] = before[place % len(before)]["paper"]["upvotes"]
    return papers


def ids_of_neighbours(given: Given) -> Papers:
    """Each paper with the id of one of yesterday's."""
    papers, before = given.papers, given.before(1)
    for place, item in enumerate(papers):
        item["paper"]["id"] = before[place % len(before)]["paper"]["id"]
    return papers


def joined(authors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All names in one."""
    return [{"name": ", ".join(author["name"] for author in authors)}]


def letters(authors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A string that was taken for a list: an author a letter."""
    return [{"name": letter} for letter in ", ".join(author["name"] for author in authors) if letter.strip()]


def authors_of_the_first(given: Given) -> Papers:
    """Every paper with the authors of the first."""
    papers = given.papers
    for item in papers:
        item["paper"]["authors"] = papers[0]["paper"]["authors"]
    return papers
