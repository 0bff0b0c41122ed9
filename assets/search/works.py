"""What the warehouse holds for the index: the works of each published day, and by which making they stand."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.search import index

if TYPE_CHECKING:
    from orchestration.warehouse import Warehouse

WORK = pl.Schema(
    {
        "day": pl.String(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.String(),
        "tags": pl.String(),
        "categories": pl.String(),
        "url": pl.String(),
        "withdrawn": pl.Boolean(),
    }
)
"""A work as it is put into the table `works`."""

MAKINGS = """
    SELECT day, string_agg(asset || ' ' || recorded_at, ', ' ORDER BY asset) AS making FROM partitions
    WHERE asset IN ('unique_papers', 'tagged_papers') GROUP BY day
    HAVING bool_or(asset = 'unique_papers')
"""
"""Another whenever a step wrote to its day, whatever else became of that: its rows are those of a good publish."""

WORKS = """
    SELECT day::VARCHAR AS day, work_id, title, coalesce(abstract, '') AS abstract,
        coalesce(array_to_string(authors, '; '), '') AS authors,
        coalesce(array_to_string(list_concat(
            list_transform(topics, lambda one: one.label), list_transform(topics, lambda one: one.topic),
            tagged_papers.keywords
        ), '; '), '') AS tags,
        lower(coalesce(' ' || array_to_string(list_concat(
            unique_papers.categories, list_transform(unique_papers.categories, lambda one: split_part(one, '.', 1))
        ), ' ') || ' ', '')) AS categories,
        coalesce(url, '') AS url, withdrawn_on IS NOT NULL AS withdrawn
    FROM unique_papers LEFT JOIN tagged_papers USING (day, work_id)
    WHERE day IN (SELECT unnest($days)) ORDER BY day, work_id
"""


def catch_up(file: Path, warehouse: "Warehouse") -> index.Update:
    """Bring the index up to all that is published, whichever days it lacks.

    A day is read anew if it was made since, so the order of runs makes no difference, and one that failed is made up
    for by the next. Raises `index.IndexUnusable`.
    """
    with warehouse.kept_open():
        makings = dict(warehouse.read(MAKINGS).iter_rows())
        return index.update(file, makings, lambda days: works(warehouse, days))


def works(warehouse: "Warehouse", days: Sequence[date]) -> pl.DataFrame:
    """The works of these days, as rows of `WORK`; those that no step has tagged yet have no tags."""
    return warehouse.read(WORKS, {"days": list(days)}).match_to_schema(WORK)
