"""The steps of a run one after the other, below Dagster and without the gate, so that a test can afford many runs.

`test_same_tables` holds that they end in the same tables as the assets.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, time

import polars as pl

from assets.clean.clean import clean
from assets.dedupe.decisions import NONE
from assets.dedupe.resolve import resolve
from assets.fetch.fetch import Feeds
from assets.fetch.round import Round
from assets.mail.digest import digests
from assets.mail.known import Morning
from assets.mail.rank import Ranking
from assets.tag.tag import tag
from assets.tag.taxonomy import Taxonomy, load
from orchestration.warehouse import Warehouse
from quality import entries
from tests.dedupe.records import put

MORNING = Morning(time(7, 30), "UTC")
TWENTY = Ranking(20)


@dataclass(frozen=True)
class Steps:
    """A warehouse, and what its tables are made from."""

    warehouse: Warehouse
    feeds: Feeds
    taxonomy: Taxonomy = field(default_factory=load)
    ranking: Ranking = TWENTY

    def run(self, days: Sequence[date]) -> None:
        """Every step for these days, from the feeds to the digest."""
        self._publish("fetched_papers", days, Round.of(self.warehouse, self.feeds, days, []).rows)
        records = clean(self.warehouse.rows("fetched_papers", days))
        self._publish("clean_papers", days, records.drop_nulls(["title", "abstract"]))
        put(self.warehouse, days, resolve(self.warehouse, days, NONE))
        moved = [*days, *self.warehouse.stale("tagged_papers", "unique_papers", days)]
        self._publish("tagged_papers", moved, tag(self.warehouse.rows("unique_papers", moved), self.taxonomy))
        retagged = [*days, *self.warehouse.stale("digest", "tagged_papers", days)]
        self._publish("digest", retagged, digests(self.warehouse, retagged, (), self.ranking, MORNING).rows)

    def _publish(self, asset: str, days: Collection[date], rows: pl.DataFrame) -> None:
        published = entries.partitions(asset, rows, list(days), "run")
        self.warehouse.publish(asset, days, {asset: rows, "partitions": published})
