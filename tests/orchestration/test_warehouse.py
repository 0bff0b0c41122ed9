"""The warehouse: all or nothing, whole days, closed to the world, and migrated."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.mail.rank import DIGEST
from orchestration.warehouse import Warehouse, WarehouseError
from quality.entries import QUARANTINE
from tests.orchestration.tables import (
    MONDAY,
    STRANGER,
    SUNDAY,
    TUESDAY,
    generation,
    line,
    partitions,
    process,
    quarantine,
    tagged,
    work_ids,
)

# Publishing.


def test_a_publish_replaces_the_days_and_no_others(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY, TUESDAY], {"tagged_papers": tagged((MONDAY, "a"), (TUESDAY, "b"))})
    warehouse.publish("tagged_papers", [TUESDAY], {"tagged_papers": tagged((TUESDAY, "c"), (TUESDAY, "d"))})
    assert work_ids(warehouse) == [(MONDAY, "a"), (TUESDAY, "c"), (TUESDAY, "d")]


def test_a_day_without_rows_becomes_empty(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY, TUESDAY], {"tagged_papers": tagged((MONDAY, "a"), (TUESDAY, "b"))})
    warehouse.publish("tagged_papers", [MONDAY, TUESDAY], {"tagged_papers": tagged((TUESDAY, "c"))})
    assert work_ids(warehouse) == [(TUESDAY, "c")]


def test_a_window_with_gaps_leaves_the_days_between(warehouse: Warehouse) -> None:
    days = [MONDAY, TUESDAY, SUNDAY]
    warehouse.publish("tagged_papers", days, {"tagged_papers": tagged(*[(day, "old") for day in days])})
    warehouse.publish("tagged_papers", [MONDAY, SUNDAY], {"tagged_papers": tagged((MONDAY, "new"))})
    assert work_ids(warehouse) == [(MONDAY, "new"), (TUESDAY, "old")]


def test_rows_are_removed_that_equal_a_row_in_all_its_columns_before_others_come(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY, TUESDAY], {"tagged_papers": tagged((MONDAY, "a"), (TUESDAY, "a"))})
    gone = pl.DataFrame({"day": [MONDAY, TUESDAY], "work_id": ["a", "b"]})
    come = {"tagged_papers": tagged((MONDAY, "c"))}
    warehouse.publish("digest", [], {}, come, {"tagged_papers": gone})
    assert work_ids(warehouse) == [(MONDAY, "c"), (TUESDAY, "a")]
    warehouse.publish("digest", [], {}, remove={"tagged_papers": gone.clear()})
    warehouse.publish("digest", [], {}, remove={"tagged_papers": gone.select("day").head(1)})
    assert work_ids(warehouse) == [(TUESDAY, "a")]


def test_what_was_removed_is_back_if_the_publish_fails(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "a"))})
    bad = {"tagged_papers": pl.DataFrame({"no_such_column": ["x"]})}
    with pytest.raises(duckdb.Error):
        warehouse.publish("digest", [], {}, bad, {"tagged_papers": pl.DataFrame({"day": [MONDAY]})})
    assert work_ids(warehouse) == [(MONDAY, "a")]


def test_frames_are_tables_of_a_query(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "a"), (MONDAY, "b"))})
    wanted = pl.DataFrame({"work_id": ["b", "c"]})
    found = warehouse.read(
        "SELECT work_id FROM tagged_papers SEMI JOIN wanted USING (work_id)", frames={"wanted": wanted}
    )
    assert found["work_id"].to_list() == ["b"]
    with pytest.raises(duckdb.CatalogException):
        warehouse.read("SELECT * FROM wanted")


def test_columns_are_matched_by_name_not_by_position(warehouse: Warehouse) -> None:
    frame = pl.DataFrame({"categories": [["cs.LG"]], "work_id": ["a"], "keywords": [["k"]], "day": [MONDAY]})
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": frame})
    (row,) = warehouse.rows("tagged_papers", [MONDAY]).rows(named=True)
    assert {name: value for name, value in row.items() if value is not None} == {
        "day": MONDAY, "work_id": "a", "keywords": ["k"], "categories": ["cs.LG"]
    }  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        pl.DataFrame({"day": [MONDAY], "no_such_column": ["x"]}),
        pl.DataFrame({"day": [MONDAY], "reader": ["a"]}),  # its other columns may not be null
        pl.DataFrame({"day": ["the tenth of March"]}),
    ],
    ids=["an unknown column", "a missing column", "a wrong type"],
)
def test_a_table_that_does_not_fit_leaves_every_table_as_it_was(warehouse: Warehouse, bad: pl.DataFrame) -> None:
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "old"))})
    replace = {"tagged_papers": tagged((MONDAY, "new")), "deliveries": bad}
    with pytest.raises(duckdb.Error):
        warehouse.publish("tagged_papers", [MONDAY], replace)
    with pytest.raises(duckdb.Error):
        warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "new"))}, {"deliveries": bad})
    assert work_ids(warehouse) == [(MONDAY, "old")]
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "new"))})
    assert work_ids(warehouse) == [(MONDAY, "new")]


def test_a_failure_that_is_not_the_databases_leaves_every_table_too(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "old"))})
    new = {"tagged_papers": tagged((MONDAY, "new"))}
    with pytest.raises(ValueError, match="is not a table"):
        warehouse.publish("tagged_papers", [MONDAY], new, {"no table": tagged()})
    assert work_ids(warehouse) == [(MONDAY, "old")]


def test_appended_rows_stay_when_the_day_is_published_again(warehouse: Warehouse) -> None:
    for number in (1, 2):
        warehouse.publish("digest", *generation(number))
    assert warehouse.read("SELECT votes FROM popularity ORDER BY votes")["votes"].to_list() == [1, 2]


def test_every_outcome_is_kept_and_the_last_one_stands(warehouse: Warehouse) -> None:
    for rows in (1, 2):
        warehouse.publish("digest", [MONDAY], {"partitions": partitions("digest", MONDAY, rows=rows)})
    assert warehouse.read("SELECT rows FROM partitions").rows() == [(2,)]
    assert warehouse.read("SELECT rows FROM outcomes ORDER BY rows").rows() == [(1,), (2,)]


def test_an_outcome_that_is_not_written_is_not_kept(warehouse: Warehouse) -> None:
    offered = {"partitions": partitions("digest", MONDAY), "digest": pl.DataFrame({"no_such_column": [1]})}
    with pytest.raises(duckdb.Error):
        warehouse.publish("digest", [MONDAY], offered)
    assert warehouse.read("SELECT * FROM outcomes").is_empty()


def test_shared_tables_keep_the_rows_of_other_assets(warehouse: Warehouse) -> None:
    for asset in ("clean_papers", "unique_papers"):
        shared = {"partitions": partitions(asset, MONDAY), "quarantine": quarantine(asset, MONDAY, "old")}
        warehouse.publish(asset, [MONDAY], shared)
    again = {"partitions": partitions("clean_papers", MONDAY, rows=9), "quarantine": QUARANTINE.to_frame()}
    warehouse.publish("clean_papers", [MONDAY], again)
    found = warehouse.read("SELECT asset, rows FROM partitions ORDER BY asset").rows()
    assert found == [("clean_papers", 9), ("unique_papers", 1)]
    assert warehouse.read("SELECT asset FROM quarantine").rows() == [("unique_papers",)]


def test_shared_tables_keep_the_rows_of_other_days(warehouse: Warehouse) -> None:
    warehouse.publish("digest", [MONDAY, TUESDAY], {"partitions": partitions("digest", MONDAY, TUESDAY)})
    warehouse.publish("digest", [TUESDAY], {"partitions": partitions("digest", TUESDAY, rows=2)})
    assert warehouse.read("SELECT day, rows FROM partitions ORDER BY day").rows() == [(MONDAY, 1), (TUESDAY, 2)]


# Reading.


def test_values_are_bound_never_written_into_the_query(warehouse: Warehouse) -> None:
    hostile = "x'; DROP TABLE tagged_papers; --"
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, hostile))})
    query = "SELECT work_id FROM tagged_papers WHERE work_id = $id"
    assert warehouse.read(query, {"id": hostile}).rows() == [(hostile,)]
    assert warehouse.read(query, {"id": "y"}).is_empty()


@pytest.mark.parametrize("table", ["digest; DROP TABLE digest", "digest WHERE true --", "", "main.digest"])
def test_only_plain_names_are_tables(warehouse: Warehouse, table: str) -> None:
    with pytest.raises(ValueError, match="is not a table"):
        warehouse.rows(table, [MONDAY])
    with pytest.raises(ValueError, match="is not a table"):
        warehouse.counts(table, [MONDAY])
    with pytest.raises(ValueError, match="is not a table"):
        warehouse.publish("digest", [MONDAY], {table: tagged()})


def test_rows_and_counts_are_of_the_days_asked_for(warehouse: Warehouse) -> None:
    stored = tagged((MONDAY, "a"), (MONDAY, "b"), (TUESDAY, "c"), (SUNDAY, "d"))
    warehouse.publish("tagged_papers", [MONDAY, TUESDAY, SUNDAY], {"tagged_papers": stored})
    asked = [MONDAY, SUNDAY, date(2025, 4, 1)]
    assert sorted(warehouse.rows("tagged_papers", asked)["work_id"]) == ["a", "b", "d"]
    assert sorted(warehouse.counts("tagged_papers", asked).rows()) == [(MONDAY, 2), (SUNDAY, 1)]
    assert warehouse.rows("tagged_papers", []).is_empty()


# Closed to the world.


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "COPY digest TO '{folder}/stolen.csv'",
        "COPY digest FROM '{file}'",
        "EXPORT DATABASE '{folder}/stolen'",
        "ATTACH '{folder}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET threads = 1",
    ],
)
def test_external_access_is_refused_and_stays_so(warehouse: Warehouse, tmp_path: Path, statement: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a,b\n1,2\n")
    with warehouse.connect() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(file=file, folder=tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"home", "secret.csv"}


def test_the_connection_is_closed_when_the_work_fails(warehouse: Warehouse) -> None:
    with pytest.raises(duckdb.Error):
        warehouse.read("SELECT * FROM no_such_table")
    with pytest.raises(duckdb.Error):
        warehouse.publish("digest", [MONDAY], {"digest": pl.DataFrame({"x": [1]})})
    with process(STRANGER, warehouse.path) as other:
        assert line(other) == "holding"


# Migrations.


def test_a_new_warehouse_has_every_migration_once(warehouse: Warehouse) -> None:
    scripts = [script.name for script in files("orchestration.migrations").iterdir() if script.name.endswith(".sql")]
    for _ in range(3):
        warehouse.read("SELECT 1")
    assert warehouse.read("SELECT number FROM migrations ORDER BY number")["number"].to_list() == sorted(
        int(name[:4]) for name in scripts
    )


def test_migrating_again_leaves_the_rows(warehouse: Warehouse) -> None:
    warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "a"))})
    other = Warehouse(path=warehouse.path)
    assert work_ids(other) == [(MONDAY, "a")]


@contextmanager
def of_migration(number: int, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse as an earlier Paperboy left it, which had so many migrations."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE migrations (number INTEGER, applied_at TIMESTAMP)")
        for script in sorted(files("orchestration.migrations").iterdir(), key=lambda script: script.name):
            if script.name.endswith(".sql") and int(script.name[:4]) <= number:
                connection.execute(script.read_text(encoding="utf-8"))
        connection.execute("INSERT INTO migrations VALUES ($number, now()::TIMESTAMP)", {"number": number})
        yield connection


def test_topics_that_were_earned_before_areas_are_their_own(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with of_migration(6, path) as connection:
        connection.execute(
            "INSERT INTO tagged_papers (day, work_id, topics) VALUES ('2025-03-10', 'a', "
            "[{topic: 'rl', label: 'Learning', phrase: 'RL', field: 'title', score: 3.0}]), ('2025-03-10', 'b', [])"
        )
    topics = Warehouse(path=str(path)).rows("tagged_papers", [MONDAY]).sort("work_id")["topics"].to_list()
    assert topics == [
        [{"topic": "rl", "label": "Learning", "area": "Learning", "phrase": "RL", "field": "title", "score": 3.0}],
        [],
    ]


def test_papers_of_before_affiliations_were_kept_have_none(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with of_migration(12, path) as connection:
        connection.execute(
            "INSERT INTO digest (day, place, work_id, topic, score, score_votes, score_comments, score_code, why, "
            "title, withdrawn) VALUES ('2025-03-10', 1, 'a', 'Other', 0, 0, 0, 0, 'new', 'On Buoys', false)"
        )
    rows = Warehouse(path=str(path)).rows("digest", [MONDAY])
    assert rows["affiliations"].to_list() == [None]
    assert rows["affiliations"].dtype == DIGEST["affiliations"]


def test_a_newer_warehouse_is_refused_and_left_alone(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("INSERT INTO migrations VALUES (9000, now()::TIMESTAMP)")
    with pytest.raises(WarehouseError, match=r"newer Paperboy \(migration 9000") as error:
        warehouse.publish("tagged_papers", [MONDAY], {"tagged_papers": tagged((MONDAY, "a"))})
    assert warehouse.path in str(error.value)
    with duckdb.connect(warehouse.path) as connection:
        assert connection.execute("SELECT count(*) FROM tagged_papers").fetchall() == [(0,)]


@pytest.mark.parametrize("name", ["warehouse.duckdb", "lock.duckdb"])
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("day,title\n" * 1000)
    with pytest.raises(WarehouseError, match="not a valid DuckDB database") as error:
        Warehouse(path=str(file), lock_wait_seconds=60).read("SELECT 1")
    assert str(file) in str(error.value)
    assert file.read_text() == "day,title\n" * 1000


def test_a_folder_is_no_warehouse(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="cannot be opened"):
        Warehouse(path=str(tmp_path)).read("SELECT 1")
