"""What identity keeps of a record says all that identity reads of it, and single ones are found again."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
from hypothesis import given

from assets.clean.clean import CLEAN
from assets.dedupe import fingerprint
from assets.dedupe.decisions import NONE
from assets.dedupe.identity import works
from assets.dedupe.profiles import PROFILE, READ, STORED_BLOCK, numbered, profiles, records
from assets.dedupe.resolve import resolve
from orchestration.warehouse import Warehouse
from tests.dedupe.records import ABSTRACTS, FIRST, put, record, record_lists, table


def test_what_identity_reads_are_columns_of_the_cleaned_table() -> None:
    assert {name: CLEAN[name] for name in READ} == dict(READ)


@given(record_lists())
def test_a_record_comes_back_as_it_was(listed: list[dict[str, object]]) -> None:
    rows = table(*listed).select(READ.names())
    assert records(profiles(rows, 0)["said"]).equals(rows)


def test_whatever_a_record_says_comes_back() -> None:
    odd = 'A "quoted" back\\slash, a tab\t, a line\u2028, \x00, 𝕏 and é'
    moment = datetime(2025, 3, 1, 2, 3, 4, 567)
    link = {"url": "https://a.example/?a=1&b=2", "kind": "code"}
    rows = table(record("a", title=odd, abstract=odd, published=moment, links=[link], authors=None, votes=-1))
    back = records(profiles(rows.select(READ.names()), 0)["said"])
    assert back.equals(rows.select(READ.names()))


def test_what_was_kept_before_a_column_was_read_has_none_of_it() -> None:
    rows = table(record("a", affiliations=["Example University"])).select(READ.names())
    before = profiles(rows, 0)["said"].str.replace('"affiliations":["Example University"],', "", literal=True)
    assert "affiliations" not in before[0]
    assert records(before).equals(rows.with_columns(affiliations=pl.lit(None, READ["affiliations"])))


def test_no_record_is_no_profile() -> None:
    assert profiles(table(), 7).schema == PROFILE
    assert records(profiles(table(), 7)["said"]).schema == READ


def test_records_are_numbered_after_the_last_and_keys_name_them() -> None:
    rows = table(record("a", abstract=ABSTRACTS[0]), record("b", abstract=ABSTRACTS[1]))
    kept = profiles(rows, 41)
    assert kept.select("number", "source_id").rows() == [(42, "a"), (43, "b")]
    keys = fingerprint.blocks(rows)
    stored = numbered(keys, kept)
    assert stored.schema == STORED_BLOCK
    assert sorted(stored.filter(number=43)["key"]) == sorted(keys.filter(source_id="b")["key"])
    assert stored.height == keys.height


def test_a_day_made_again_leaves_one_profile_a_record(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    days = [date.fromordinal(FIRST.toordinal() + number) for number in range(2)]
    rows = table(record("a"), record("b", day=1))
    warehouse.publish("clean_papers", days, {"clean_papers": rows})
    for made in (days, days[:1], days[1:]):
        put(warehouse, made, resolve(warehouse, made, NONE))
    kept = warehouse.read("SELECT day, paper_id, count(*) AS n FROM profiles GROUP BY ALL ORDER BY day").rows()
    assert kept == [(days[0], "archive:a", 1), (days[1], "archive:b", 1)]
    unnamed = warehouse.read("SELECT * FROM blocks WHERE number NOT IN (SELECT number FROM profiles)")
    assert unnamed.is_empty()


def test_the_hashes_of_a_work_tell_what_changed() -> None:
    def hashes(*listed: dict[str, object]) -> tuple[int, int]:
        (found,) = works(table(*listed), [{"archive:a"}], _no_edges(), NONE).select("whole", "as_read").rows()
        return found

    once = hashes(record("a"))
    again = hashes(record("a"), record("a", day=1, version=2))
    assert again[0] != once[0]
    assert again[1] == once[1], "the same paper, listed once more"
    assert hashes(record("a", title="Another Title"))[1] != once[1]


def _no_edges() -> pl.DataFrame:
    columns = {"left": pl.String, "right": pl.String, "strong": pl.Boolean, "score": pl.Float64, "reason": pl.String}
    return pl.DataFrame(schema=columns)
