"""A list of papers as one reader wants it, for `paperboy top --for FILE`."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from assets.clean.ids import named
from assets.mail.personal import Personal, personal
from assets.mail.profile import Profile, load
from assets.mail.taste import taste
from assets.mail.tasting import found, known, texts
from orchestration.warehouse import Warehouse

ABSTRACTS = "SELECT work_id, abstract FROM unique_papers WHERE work_id IN (SELECT unnest($works))"


class UnknownLikes(Exception):
    """A profile likes papers that no table holds; the text names them."""


def for_reader(tables: Warehouse, file: Path, ranked: pl.DataFrame) -> Personal:
    """The rows of one list, of `DIGEST`, in the order of the reader whose profile is in `file`.

    Raises `ProfileError`, and `UnknownLikes`.
    """
    profile, shares = load(file), np.zeros(ranked.height)
    with tables.kept_open():
        liked = [*profile.others, *_liked(tables, profile, file)][::-1]
        abstracts = tables.read(ABSTRACTS, {"works": ranked["work_id"].to_list()})
        papers = ranked.join(abstracts, on="work_id", how="left", maintain_order="left")
        if liked:
            words = known(tables, date.max)
            shares = taste(words, words.weighed(liked), words.weighed(texts(papers)))
        tags = tables.rows("tagged_papers", papers["listed_on"].unique().to_list())
    return personal(papers, tags, profile, shares)


def _liked(tables: Warehouse, profile: Profile, file: Path) -> list[str]:
    """The texts of the papers that are liked, oldest first."""
    ids = list(dict.fromkeys(map(named, profile.likes)))
    stored = found(tables, set(ids))
    if unknown := [one for one in ids if one not in stored]:
        raise UnknownLikes(
            f"{file}: likes {', '.join(unknown)}, which no day has listed; look at the ids, or add such papers to the "
            "BibTeX file that library names"
        )
    return [stored[one].text for one in ids]
