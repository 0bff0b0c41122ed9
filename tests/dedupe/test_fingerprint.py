"""Blocking keys depend on their record alone, and are shared by records that should be compared."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from assets.dedupe.fingerprint import BANDS, BLOCK, CHUNK, blocks
from tests.dedupe.records import record, record_lists, table

ABSTRACT = (
    "Invented tides wash over an invented beach twice a day, and we measure how far they come. Of nine models that "
    "tell the next tide from the last hundred, the one with a moon of its own is right most often. It is also the "
    "slowest, for the moon has to be moved by hand."
)

GOLDEN = [("authors", 13018436008034875023), ("doi", 7488048353183089713), ("title", 17973786181931201228)]
GOLDEN_BANDS = [3866120397586133711, 7180789785545293985, 15056187410834170503]


def keys(kind: str, **facts: Any) -> set[int]:
    """The keys of that kind of a record of which these facts are known."""
    rows = blocks(table(record("a", **{"title": "The Tides of an Invented Beach", "abstract": ABSTRACT} | facts)))
    return set(rows.filter(pl.col("kind") == kind)["key"])


def test_the_keys_of_a_text_stay_what_they_were() -> None:
    """They are stored for years: whatever changes them must change `ALGORITHM` with them."""
    found = blocks(table(record("a", title="The Tides of an Invented Beach", abstract=ABSTRACT, doi="10.5555/tides")))
    named = found.filter(pl.col("kind") != "band").select("kind", "key").rows()
    assert sorted(named) == GOLDEN
    assert found.filter(pl.col("kind") == "band")["key"].to_list()[:3] == GOLDEN_BANDS


def test_a_record_has_a_key_of_each_kind_and_its_bands() -> None:
    rows = blocks(table(record("a", title="The Tides of an Invented Beach", abstract=ABSTRACT, doi="10.5555/tides")))
    assert rows.schema == BLOCK
    assert dict(rows.group_by("kind").len().rows()) == {"doi": 1, "title": 1, "authors": 1, "band": BANDS}
    assert rows["key"].n_unique() == BANDS + 3


def test_no_records_have_no_keys() -> None:
    assert blocks(table()).schema == BLOCK


def test_what_is_not_said_is_no_key() -> None:
    rows = blocks(table(record("a", title="Tides", abstract=None, authors=["Ada Example"])))
    assert rows["kind"].to_list() == ["title"]


@settings(deadline=None, max_examples=50)
@given(record_lists())
def test_a_key_depends_on_its_record_alone(records: list[dict[str, Any]]) -> None:
    together = blocks(table(*records))
    alone = pl.concat([BLOCK.to_frame(), *(blocks(table(row)) for row in records)])
    assert sorted(together.rows()) == sorted(alone.rows())


def test_many_records_are_the_same_as_few() -> None:
    row = record("a", title="The Tides of an Invented Beach", abstract=None)
    many = blocks(pl.concat([table(row)] * (CHUNK + 1)))
    assert many.unique().sort("key").equals(blocks(table(row)).unique().sort("key"))
    assert len(many) == (CHUNK + 1) * len(blocks(table(row)))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"title": "THE TIDES OF AN INVENTED BEACH"}, id="case"),
        pytest.param({"abstract": ABSTRACT.replace("model", "módel")}, id="accents"),
        pytest.param({"abstract": ABSTRACT.replace(", ", " – ")}, id="punctuation"),
    ],
)
def test_spelling_leaves_the_bands_as_they_are(other: dict[str, str]) -> None:
    assert keys("band", **other) == keys("band")


def test_a_revised_text_shares_a_band() -> None:
    revised = ABSTRACT.replace("measure how far they come", "film them").replace("nine models", "ten models")
    assert keys("band", abstract=revised) & keys("band")


def test_another_text_shares_none() -> None:
    other = "A second abstract, about something else: how to fold a paper hat so that it lasts until the evening."
    assert not keys("band", title="Hats", abstract=other) & keys("band")


def test_a_short_title_is_a_key_with_its_authors_only() -> None:
    ours, theirs = {"title": "Tides", "authors": ["Ada Example"]}, {"title": "Tides", "authors": ["Ben Example"]}
    assert keys("title", **ours) == keys("title", **ours)
    assert not keys("title", **ours) & keys("title", **theirs)


def test_the_authors_are_a_key_in_any_order_and_spelling() -> None:
    assert keys("authors", authors=["Ada Example", "Ben Sample"]) == keys(
        "authors", authors=["Sample, B.", "A. Example"]
    )
    assert not keys("authors", authors=["Ada Example", "A. Example"])
