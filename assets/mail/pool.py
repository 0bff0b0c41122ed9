"""The papers of some days, of which each reader gets their own: by the published ranking, their wishes and their size.

Made once for all readers of the same days, so that a reader costs a few lookups. What a reader has had before, they do
not get again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from assets.mail.carried import ARRIVALS, NEW
from assets.mail.edition import Edition, entries, formula
from assets.mail.known import Morning
from assets.mail.labels import Labels
from assets.mail.material import Combined, Material, Works
from assets.mail.period import Period, best
from assets.mail.personal import TASTE, because, points
from assets.mail.rank import DIGEST, EVERY, PLACES, Ranking
from assets.mail.readers.preferences import Preferences
from assets.mail.selection import selection
from assets.mail.taste import Shares
from assets.mail.tasting import Tasting, texts

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

CARRIED = """
    SELECT * FROM digest WHERE day BETWEEN $first AND $day AND arrival <> 'new' AND listed_on < $first
    QUALIFY row_number() OVER (PARTITION BY work_id ORDER BY day DESC) = 1
    ORDER BY day DESC, place
"""
ELSEWHERE = "SELECT DISTINCT work_id FROM editions WHERE day < $day"
LINES = """
    SELECT work_id, line, line_by FROM digest WHERE day BETWEEN $first AND $day AND line IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY work_id ORDER BY day DESC) = 1
"""
DETAILS = """
    SELECT work_id, abstract, list_transform(members, lambda one: one['paper_id']) AS names
    FROM unique_papers WHERE work_id IN (SELECT unnest($works))
    QUALIFY row_number() OVER (PARTITION BY work_id ORDER BY day DESC) = 1
"""
ALIASES = """
    WITH named AS (
        SELECT list_transform(members, lambda one: one['paper_id']) AS names FROM unique_papers
        WHERE list_contains($days, day)
    )
    SELECT unnest(names) AS name, work FROM named, (SELECT unnest($works) AS work) WHERE list_contains(names, work)
"""


@dataclass(frozen=True)
class Pool:
    """The papers of `material`, each with its score in the published ranking.

    `names` leads from every id that a paper was ever known by to its id here. Without `labels`, nobody can wish, and
    without `texts`, of which each paper has one, nobody has taste.
    """

    material: Material[Any]
    scores: Sequence[float]
    names: Mapping[str, str]
    labels: Labels | None = None
    texts: Sequence[str] = ()

    def choice(self, wanted: Preferences, size: int, had: Collection[str], taste: Shares | None = None) -> Works:
        """The papers of one reader's mail, at most `size` of each arrival, without those they `had`, by their ids here.

        New ones come as the reader wants them, and by how much each is to their `taste`, from 0 to 1; those of earlier
        days come as the ranking has them.
        """
        follow = self.labels.matches(wanted.follow.wishes) if self.labels else {}
        muted = self.labels.matches(wanted.mute.wishes) if self.labels else {}
        shares = np.zeros(len(self.scores)) if taste is None else taste
        left: dict[str, list[int]] = {arrival: [] for arrival in ARRIVALS}
        for number, entry in enumerate(self.material.entries):
            if number not in muted and entry.paper.work_id not in had:
                left[entry.arrival].append(number)

        def order(number: int) -> tuple[bool, float, int]:
            worth = self.scores[number] + points(follow.get(number, {})) + TASTE * float(shares[number])
            return self.material.entries[number].paper.withdrawn, -round(worth, PLACES), number

        if follow or taste is not None:
            left[NEW].sort(key=order)
        chosen = (number for numbers in left.values() for number in numbers[:size])
        return [
            (self.material.entries[number].paper.work_id, because(follow.get(number, {}), float(shares[number])))
            for number in chosen
        ]


@dataclass(frozen=True)
class Pools:
    """What the readers of an edition choose from: read from the tables once the first of them needs it.

    `newest` is the last day that is over; `tasting` knows what readers like.
    """

    warehouse: "Warehouse"
    made: Material[Edition]
    ranking: Ranking
    morning: Morning
    newest: date
    tasting: Tasting

    def shared(self) -> Pool:
        """The pool of who wishes nothing: the edition itself, in its own order."""
        return shared(self.made, _aliases(self.warehouse, self.made))

    def since(self, first: date) -> Pool:
        """All papers of the days from `first` up to the edition's, with what its digest carries of the days before."""
        day = self.made.frame.day
        period = Period(first, day, decays=False)
        span = {"first": first, "day": day}
        with self.warehouse.kept_open():
            rows = best(self.warehouse, period, Ranking(EVERY, self.ranking.weights), self.morning)
            if first == day:
                rows = rows.join(self.warehouse.read(ELSEWHERE, {"day": day}), on="work_id", how="anti")
            carried = self.warehouse.read(CARRIED, span).select(rows.columns).cast(DIGEST)
            rows = _with_lines(
                pl.concat([rows, carried.join(rows, on="work_id", how="anti")]), self.warehouse.read(LINES, span)
            )
            details = self.warehouse.read(DETAILS, {"works": rows["work_id"].to_list()})
            tags = self.warehouse.rows("tagged_papers", rows["listed_on"].unique().to_list())
            frame = self.made.frame if first == day else _combined(self.warehouse, period, rows, self.newest)
        papers = rows.join(details, on="work_id", how="left", maintain_order="left")
        names = {
            name: work for work, known in papers.select("work_id", "names").iter_rows() for name in known or [work]
        }
        return Pool(
            Material(frame, tuple(entries(rows))), rows["score"].to_list(), names, Labels(papers, tags), texts(papers)
        )

    def tastes(self, pool: Pool, readers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        """Of each of these readers, by their ids, how much they like each paper of a pool."""
        return self.tasting.of(readers, pool.texts)


def shared(material: Material[Any], aliases: Mapping[str, str]) -> Pool:
    """The papers of an edition in its own order; `aliases` lead from other ids of theirs to those there."""
    ids = [entry.paper.work_id for entry in material.entries]
    return Pool(material, [0.0] * len(ids), {**aliases, **{work: work for work in ids}})


def _aliases(warehouse: "Warehouse", material: Material[Any]) -> dict[str, str]:
    """From every id that a paper of an edition was ever known by to its id there."""
    days = list({entry.listed_on for entry in material.entries})
    works = [entry.paper.work_id for entry in material.entries]
    return dict(warehouse.read(ALIASES, {"days": days, "works": works}).iter_rows()) if works else {}


def _with_lines(rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """With what a language model wrote for a digest."""
    return (
        rows.drop("line", "line_by").join(lines, on="work_id", how="left", maintain_order="left").select(rows.columns)
    )


def _combined(warehouse: "Warehouse", period: Period, rows: pl.DataFrame, newest: date) -> Combined:
    """The frame of a mail of several days."""
    page = selection(warehouse, period, rows.clear(), newest)
    return Combined(period, (), page.works, page.days, formula(rows))
