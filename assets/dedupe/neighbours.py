"""What is stored already and may be touched by some papers: deduplication's history, read in SQL.

Only days of which the blocking keys stand in their table are history: a day that was cleaned and never resolved
waits for its own run, it would be made in part here.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.dedupe import candidates, fingerprint, profiles
from assets.dedupe.decisions import DECISION, Pair

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

RECORDS = """
    SELECT said FROM profiles SEMI JOIN papers USING (paper_id)
    WHERE NOT list_contains($days, day) AND day IN (SELECT day FROM fingerprints WHERE algorithm = $algorithm)
"""
OWN_BLOCKS = """
    SELECT day, paper_id, key FROM (SELECT number, key FROM blocks WHERE day IN (SELECT unnest($days))) AS own
    JOIN (SELECT number, day, paper_id FROM profiles WHERE day IN (SELECT unnest($days))) AS named USING (number)
"""
SHARING = "SELECT number, key FROM blocks SEMI JOIN (SELECT key FROM keys, range(2)) USING (key)"
"""Each key is named twice: DuckDB's hash table then has twice the room, and a stored key that it lacks meets another in
it half as often, which saves a quarter of the scan."""

NAMED = """
    SELECT day, source, source_id, paper_id, key FROM profiles JOIN sharing USING (number)
    WHERE NOT list_contains($days, day) AND day IN (SELECT day FROM fingerprints WHERE algorithm = $algorithm)
    QUALIFY dense_rank() OVER (PARTITION BY key ORDER BY paper_id) <= $most + 1
"""
"""The other records with any of these keys; of a block that is too full, enough to know that it is."""

EDGES = "SELECT * FROM edges SEMI JOIN papers USING (paper_id)"
WORKS = """
    SELECT day, work_id, whole, as_read FROM unique_papers SEMI JOIN papers ON work_id = paper_id
    UNION
    SELECT day, work_id, whole, as_read FROM unique_papers WHERE day IN (SELECT unnest($days))
"""
LAST = "SELECT coalesce(max(number), 0) AS number FROM profiles"
OUTDATED = """
    SELECT made.day FROM partitions AS made LEFT JOIN fingerprints AS printed USING (day)
    WHERE made.asset = 'unique_papers' AND made.outcome = 'published'
      AND printed.algorithm IS DISTINCT FROM $algorithm AND NOT list_contains($days, day)
    ORDER BY day
"""


def outdated(warehouse: "Warehouse", days: Sequence[date]) -> list[date]:
    """The days beside `days` whose works stand, but whose blocking keys are not this algorithm's."""
    parameters = {"algorithm": fingerprint.ALGORITHM, "days": list(days)}
    return warehouse.read(OUTDATED, parameters)["day"].to_list()


@dataclass(frozen=True)
class Neighbours:
    """What is stored beside the days that are being resolved."""

    warehouse: "Warehouse"
    days: Sequence[date]

    def records(self, papers: Iterable[str]) -> pl.DataFrame:
        """The records of these papers, of other days, as rows of `profiles.READ`."""
        return profiles.records(self._read(RECORDS, papers=papers)["said"])

    def works(self, papers: Iterable[str]) -> pl.DataFrame:
        """The works that are named after one of these papers, and those of the days, by `day`, `work_id` and hashes."""
        return self.warehouse.read(WORKS, {"days": list(self.days)}, {"papers": _papers(papers)})

    def edges(self, papers: Iterable[str]) -> pl.DataFrame:
        """The stored edges that begin at one of these papers."""
        return self.warehouse.read(EDGES, frames={"papers": _papers(papers)})

    def decisions(self) -> pl.DataFrame:
        """The decisions that the stored works follow."""
        return self.warehouse.read("SELECT * FROM decisions").select(DECISION.names())

    def own_blocks(self) -> pl.DataFrame:
        """The blocking keys that the days had until now, as (day, paper_id, key)."""
        return self.warehouse.read(OWN_BLOCKS, {"days": list(self.days)})

    def sharing(self, keys: pl.Series) -> pl.DataFrame:
        """Which of these keys records of other days have, without kind; at most `MOST` + 1 papers of a key."""
        sharing = self.warehouse.read(SHARING, frames={"keys": keys.unique().alias("key").to_frame()})
        return self.warehouse.read(NAMED, {**self._parameters, "most": candidates.MOST}, {"sharing": sharing})

    def last_number(self) -> int:
        """The largest number of a record so far."""
        return int(self.warehouse.read(LAST)["number"].item())

    def connected(self, papers: Collection[str], pairs: Iterable[Pair]) -> tuple[set[str], pl.DataFrame]:
        """These papers and all that hang together with them, by stored edges and by the given pairs.

        With them come the stored edges that begin at any of these.
        """
        beside: dict[str, set[str]] = {}
        for left, right in pairs:
            beside.setdefault(left, set()).add(right)
            beside.setdefault(right, set()).add(left)
        known, frontier, edges = set(papers), set(papers), [self.edges(papers)]
        while frontier := set(edges[-1]["other_id"]).union(*(beside.get(paper, ()) for paper in frontier)) - known:
            known |= frontier
            edges.append(self.edges(frontier))
        return known, pl.concat(edges)

    @property
    def _parameters(self) -> dict[str, object]:
        return {"days": list(self.days), "algorithm": fingerprint.ALGORITHM}

    def _read(self, query: str, papers: Iterable[str]) -> pl.DataFrame:
        return self.warehouse.read(query, self._parameters, {"papers": _papers(papers)})


def _papers(papers: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame({"paper_id": sorted(papers)}, schema={"paper_id": pl.String})
