"""How much the papers of a list are to the taste of readers, by what they like, which the tables know by its ids."""

from collections.abc import Iterator, Mapping, Sequence
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

AT_ONCE = 100
"""Readers whose likes are held at a time."""

LIKED = """
    WITH named AS (
        SELECT unnest(list_transform(members, lambda one: one['paper_id'])) AS paper, title, abstract FROM unique_papers
    )
    SELECT paper, any_value(title) AS title, any_value(abstract) AS abstract
    FROM named WHERE paper IN (SELECT unnest($papers)) GROUP BY paper
"""
NEWEST = """
    SELECT title, abstract FROM unique_papers WHERE title IS NOT NULL AND day <= $day
    ORDER BY day DESC, work_id LIMIT $most
"""


@dataclass(frozen=True)
class Tasting:
    """The taste of readers by their `likes`, as of a day: what is stored of later ones does not count."""

    warehouse: "Warehouse"
    likes: Likes
    day: date

    def of(self, readers: Sequence[str], papers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        """Of each of these readers, by their ids, how much they like each of some papers, given by their texts."""
        asked = self._known.weighed(papers) if readers and papers else None
        waiting = iter(readers)
        while asked is not None and (some := list(islice(waiting, AT_ONCE))):
            liked = self.likes.of_these(some)
            stored = found(self.warehouse, {one.paper for theirs in liked.values() for one in theirs.papers})
            for reader in some:
                yield reader, taste(self._known, self._known.weighed(_texts(liked[reader], stored)), asked)

    @cached_property
    def _known(self) -> Background:
        return known(self.warehouse, self.day)


def known(warehouse: "Warehouse", day: date) -> Background:
    """The words of the papers that were the newest on a day."""
    return background(texts(warehouse.read(NEWEST, {"day": day, "most": BACKGROUND})))


def found(warehouse: "Warehouse", papers: set[str]) -> dict[str, tuple[str, str]]:
    """The title and the abstract of the papers among these that any day has listed, by the id that was asked for."""
    rows = warehouse.read(LIKED, {"papers": sorted(papers)}) if papers else pl.DataFrame()
    return {paper: (title or "", abstract or "") for paper, title, abstract in rows.iter_rows()}


def texts(papers: pl.DataFrame) -> list[str]:
    """What is compared of rows with a title and an abstract."""
    return [text(*row) for row in papers.select("title", "abstract").iter_rows()]


def _texts(liked: Liked, stored: Mapping[str, tuple[str, str]]) -> list[str]:
    """The texts of what counts of a reader's likes, the newest first."""
    library = (text(entry.title, entry.abstract) for entry in liked.library)
    marked = (text(*stored.get(one.paper, (one.title, ""))) for one in liked.papers)
    return [*library, *marked][::-1][:MOST]
