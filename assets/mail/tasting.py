"""How much the papers of a list are to the taste of readers, by what they like, which the tables know by its ids."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from assets.mail.profile import text
from assets.mail.readers.likes import Liked, Likes
from assets.mail.taste import BACKGROUND, Background, Shares, background, taste

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

MOST = 500
"""Likes of a reader that count, the newest of them, so that nobody makes the others wait."""

AT_ONCE = 20
"""Readers whose libraries are held at a time."""

LIKED = """
    WITH named AS (
        SELECT rowid AS place, unnest(list_transform(members, lambda one: one['paper_id'])) AS paper FROM unique_papers
    ),
    found AS (SELECT paper, max(place) AS place FROM named WHERE paper IN (SELECT unnest($papers)) GROUP BY paper)
    SELECT paper, work_id, title, abstract FROM found JOIN unique_papers ON unique_papers.rowid = place
"""
NEWEST = """
    SELECT title, abstract FROM unique_papers WHERE title IS NOT NULL AND day <= $day
    ORDER BY day DESC, work_id LIMIT $most
"""


@dataclass(frozen=True)
class Stored:
    """A paper that some day has listed: the id of its work, its title and its abstract, which may be empty."""

    work_id: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        """What is compared of it."""
        return text(self.title, self.abstract)


@dataclass(frozen=True)
class Tasting:
    """The taste of readers by their `likes`; which words are common is as of a day."""

    warehouse: "Warehouse"
    likes: Likes
    day: date

    def of(self, readers: Sequence[str], papers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        """Of each of these readers, by their ids, how much they like each of some papers, given by their texts."""
        if not readers:
            return
        words, stored = self._looked_up
        asked, waiting = words.weighed(papers), iter(readers)
        while some := list(islice(waiting, AT_ONCE)):
            liked = self.likes.of_these(some)
            for reader in some:
                yield reader, taste(words, words.weighed(_texts(liked[reader], stored)), asked)

    @cached_property
    def _looked_up(self) -> tuple[Background, dict[str, Stored]]:
        """The words of the day, and all that anybody likes: the same for the papers of one day and of several."""
        with self.warehouse.kept_open():
            return known(self.warehouse, self.day), found(self.warehouse, self.likes.papers())


def known(warehouse: "Warehouse", day: date) -> Background:
    """The words of the papers that were the newest on a day."""
    return background(texts(warehouse.read(NEWEST, {"day": day, "most": BACKGROUND})))


def found(warehouse: "Warehouse", papers: Collection[str]) -> dict[str, Stored]:
    """The papers among these that any day has listed, by the id that was asked for."""
    rows = warehouse.read(LIKED, {"papers": sorted(papers)}).iter_rows() if papers else ()
    return {paper: Stored(work, title or "", abstract or "") for paper, work, title, abstract in rows}


def texts(papers: pl.DataFrame) -> list[str]:
    """What is compared of rows with a title and an abstract."""
    return [text(*row) for row in papers.select("title", "abstract").iter_rows()]


def _texts(liked: Liked, stored: Mapping[str, Stored]) -> list[str]:
    """The texts of what counts of a reader's likes, each once, the newest first."""
    library = (text(entry.title, entry.abstract) for entry in liked.shelf)
    papers = (stored.get(one.paper, Stored(one.paper, one.title, "")) for one in liked.papers)
    return list(dict.fromkeys([*library, *(paper.text for paper in papers)][::-1]))[:MOST]
