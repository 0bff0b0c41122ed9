"""A list of papers as one reader wants it, for `paperboy top --for FILE`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from assets.clean.ids import named
from assets.mail.personal import Personal, personal
from assets.mail.profile import Profile, load, text
from assets.mail.taste import BACKGROUND, Shares, background, taste
from orchestration.warehouse import Warehouse

LIKED = """
    WITH named AS (
        SELECT unnest(list_transform(members, lambda one: one['paper_id'])) AS paper, title, abstract FROM unique_papers
    )
    SELECT paper, any_value(title) AS title, any_value(abstract) AS abstract
    FROM named WHERE paper IN (SELECT unnest($likes)) GROUP BY paper
"""
ABSTRACTS = "SELECT work_id, abstract FROM unique_papers WHERE work_id IN (SELECT unnest($works))"
NEWEST = "SELECT title, abstract FROM unique_papers WHERE title IS NOT NULL ORDER BY day DESC, work_id LIMIT $most"


class UnknownLikes(Exception):
    """A profile likes papers that no table holds; the text names them."""


def for_reader(tables: Warehouse, file: Path, ranked: pl.DataFrame) -> Personal:
    """The rows of one list, of `DIGEST`, in the order of the reader whose profile is in `file`.

    Raises `ProfileError`, and `UnknownLikes`.
    """
    profile = load(file)
    with tables.kept_open():
        liked = [*profile.others, *_liked(tables, profile, file)][::-1]
        abstracts = tables.read(ABSTRACTS, {"works": ranked["work_id"].to_list()})
        papers = ranked.join(abstracts, on="work_id", how="left", maintain_order="left")
        shares = _taste(tables, liked, papers) if liked and papers.height else np.zeros(papers.height)
        tags = tables.rows("tagged_papers", papers["listed_on"].unique().to_list())
    return personal(papers, tags, profile, shares)


def _taste(tables: Warehouse, liked: Sequence[str], papers: pl.DataFrame) -> Shares:
    known = background(_texts(tables.read(NEWEST, {"most": BACKGROUND})))
    return taste(known, liked, _texts(papers))


def _texts(papers: pl.DataFrame) -> list[str]:
    return [text(*row) for row in papers.select("title", "abstract").iter_rows()]


def _liked(tables: Warehouse, profile: Profile, file: Path) -> list[str]:
    """The texts of the papers that are liked, oldest first."""
    ids = list(dict.fromkeys(map(named, profile.likes)))
    found = {row[0]: text(row[1], row[2]) for row in tables.read(LIKED, {"likes": ids}).iter_rows()}
    if unknown := [one for one in ids if one not in found]:
        raise UnknownLikes(
            f"{file}: likes {', '.join(unknown)}, which no day has listed; look at the ids, or add such papers to the "
            "BibTeX file that library names"
        )
    return [found[one] for one in ids]
