"""No route around the gate: whoever writes a published table, and with what, no row stands that was not let through."""

import ast
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from orchestration.resources import warehouse
from orchestration.step import step
from orchestration.warehouse import Warehouse
from quality import gate
from quality.suites import BOOKS, SUITES
from tests.audited import unaudited, unworthy
from tests.conftest import NewLab
from tests.faults.routes import QUIET, ROUTES, command, window
from tests.lab import STEPS, Lab, lab
from tests.orchestration.terminal import body
from tests.orchestration.test_house import PRODUCT, Module, is_of
from tests.quality.batches import MONDAY, TUESDAY, Batch, batch
from tests.quality.broken import BROKEN

DAY = datetime.now(UTC).date() - timedelta(days=3)
NEXT = DAY + timedelta(days=1)
PAPERS = 20
THIRD = range(0, PAPERS, 3)

Fields = dict[int, dict[str, Any]]
REJECTED: dict[str, Fields] = {
    "by the first gate": {place: {"title": None} for place in THIRD},
    "by the second gate": {place: {"title": "?"} for place in THIRD},
}
TOLERATED: Fields = {3: {"title": "?"}, 4: {"upvotes": -5}}


def put(lab: Lab, day: date, papers: Fields) -> None:
    """Write the list of a day, with other fields in some of its papers."""
    listed = json.loads(body(day, PAPERS))
    for place, fields in papers.items():
        listed[place]["paper"] |= fields
    assert lab.settings.archive.folder is not None
    (lab.settings.archive.folder / f"{day}.json").write_text(json.dumps(listed))


@pytest.fixture
def at_work(tmp_path: Path, new_lab: NewLab) -> Iterator[Lab]:
    folder = tmp_path / "archive"
    folder.mkdir()
    with new_lab(SOURCES="archive", ARCHIVE__FOLDER=str(folder), MAIL__CURRENT_DAYS="31") as made:
        put(made, NEXT, {})
        yield made


def trouble(lab: Lab) -> list[str]:
    """What the tables hold and must not."""
    tables = warehouse(lab.settings)
    return [*unaudited(tables), *unworthy(tables)]


@pytest.mark.parametrize("route", ROUTES)
def test_no_row_stands_that_the_gate_did_not_let_through(at_work: Lab, route: str) -> None:
    """First bad, then good enough, then bad again: the rows of the good run stay as they are."""
    go = ROUTES[route]
    put(at_work, DAY, REJECTED["by the first gate"])
    assert not go(at_work, DAY)
    assert trouble(at_work) == []
    assert at_work.rows("fetched_papers", DAY) == 0
    put(at_work, DAY, TOLERATED)
    assert go(at_work, DAY)
    assert trouble(at_work) == []
    assert [at_work.rows(table, DAY) for table in STEPS[:5]] == [PAPERS - 1, *[PAPERS - 2] * 4]
    good = rows_of(at_work, STEPS)
    put(at_work, DAY, REJECTED["by the second gate"])
    assert not go(at_work, DAY)
    assert trouble(at_work) == []
    assert at_work.rows("fetched_papers", DAY) == PAPERS
    assert rows_of(at_work, STEPS[1:5]) == {table: good[table] for table in STEPS[1:5]}


def rows_of(lab: Lab, tables: Sequence[str]) -> dict[str, list[Any]]:
    every = lab.tables()
    return {table: [row for row in every[table] if row[0] == DAY] for table in tables}


def test_what_is_mailed_by_command_and_parsed_again_went_through_the_gate(at_work: Lab) -> None:
    put(at_work, DAY, TOLERATED)
    assert ROUTES["backfill"](at_work, DAY)
    assert command("send", "DAY", "--confirm")(at_work, DAY)
    assert at_work.rows("deliveries", DAY) == 1
    put(at_work, DAY, REJECTED["by the first gate"])
    assert not ROUTES["refetch"](at_work, DAY)
    assert not command("refetch", "DAY", "DAY", "--from-store")(at_work, DAY)
    assert command("send", "DAY", "--confirm")(at_work, DAY)
    assert trouble(at_work) == []


# A step with a frame of its own.


def offer(lab: Lab, offered: Batch, how: str) -> bool:
    """A step of the batch's table that hands it to the gate: whole, as touched rows, as an amendment, or republished.

    Monday is the run's own day but for the last; what is broken is of Tuesday, but for the first.
    """

    @step(offered.asset, group="papers", kinds={"python"})
    def offering(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
        tuesday = offered.frame.filter(pl.col("day") == TUESDAY)
        standing = warehouse.rows(offered.asset, [TUESDAY]).select("day", *SUITES[offered.asset].key)
        amendment = gate.Amendment([TUESDAY], standing, [TUESDAY])
        with gate.on_record(context, warehouse) as days:
            facts = offered.step_facts
            if how == "republished":
                yield from gate.republish(
                    context, warehouse, [TUESDAY], tuesday, amendment=gate.Amendment([], tuesday.clear(), []),
                    append={}, remove={},
                )  # fmt: skip
                good = batch(offered.asset)
                yield from gate.publish(context, warehouse, days, good.frame, facts=good.step_facts)
            elif how == "amended":
                yield from gate.publish(context, warehouse, days, offered.frame, facts=facts, amendment=amendment)
            else:
                touched = [TUESDAY] if how == "touched" else []
                yield from gate.publish(context, warehouse, days, offered.frame, touched=touched, facts=facts)

    alone = how in ("touched", "amended", "republished")
    return dg.materialize(
        [offering], instance=lab.instance, resources=lab.of_the_gate, run_config=QUIET,
        partition_key=str(MONDAY) if alone else None, tags=None if alone else window(MONDAY), raise_on_error=False,
    ).success  # fmt: skip


def broken(asset: str, of: str) -> Iterator[Batch]:
    """Batches of two days of which Tuesday breaks an ERROR of a kind by what the step itself offers; at most two."""
    good = batch(asset, MONDAY, TUESDAY)
    names = [e.name for e in SUITES[asset].expectations if e.of == of and e.severity == "ERROR"]
    bad = (BROKEN[(asset, name)](batch(asset, TUESDAY)) for name in names)
    return islice((two for two in map(beside_monday, bad) if not offers_the_same(two, good)), 2)


def beside_monday(tuesday: Batch) -> Batch:
    """The batch with good rows and facts of Monday before its own."""
    monday = batch(tuesday.asset)
    return replace(
        tuesday, days=[MONDAY, TUESDAY], frame=pl.concat([monday.frame, tuesday.frame]),
        facts=pl.concat([monday.facts, tuesday.facts], how="vertical_relaxed"),
    )  # fmt: skip


def offers_the_same(one: Batch, other: Batch) -> bool:
    """Whether a step would hand the gate the same."""
    return one.frame.equals(other.frame) and one.step_facts.equals(other.step_facts)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each step a home in which it and the steps before it have published two days."""
    home, homes = tmp_path_factory.mktemp("published") / "home", {}
    for asset in STEPS:
        with lab(home) as made:
            assert offer(made, batch(asset, MONDAY, TUESDAY), "whole")
        homes[asset] = shutil.copytree(home, home.with_name(asset))
    return homes


@pytest.mark.parametrize("asset", STEPS)
def test_a_step_with_a_frame_that_is_rejected(
    published: dict[str, Path], tmp_path: Path, new_lab: NewLab, asset: str
) -> None:
    shutil.copytree(published[asset], tmp_path / "lab")
    with new_lab() as made:
        good, tables = made.tables(), warehouse(made.settings)
        assert unworthy(tables) == []
        for bad in (*broken(asset, "row"), *broken(asset, "day")):
            assert not offer(made, bad, "whole")
            assert made.tables() == good
            assert unaudited(tables) == []
        for how in ("touched", "amended", "republished"):
            for bad in broken(asset, "row"):
                offer(made, bad, how)
                assert made.tables() == good, how
                assert unaudited(tables) == []


@pytest.mark.parametrize("how", ["whole", "touched", "amended"])
def test_a_step_with_rows_that_are_tolerated(sample_lab: Lab, how: str) -> None:
    assert offer(sample_lab, batch("fetched_papers", MONDAY, TUESDAY), "whole")
    assert offer(sample_lab, batch("fetched_papers", MONDAY, TUESDAY).set("votes", -7, [25]), how)
    assert sample_lab.rows("fetched_papers", TUESDAY) == 19
    assert trouble(sample_lab) == []
    kept = warehouse(sample_lab.settings).read("SELECT day, key FROM quarantine").rows()
    assert kept == [(TUESDAY, "sample/2503.01005")]
    assert offer(sample_lab, batch("fetched_papers", MONDAY, TUESDAY), how)
    assert warehouse(sample_lab.settings).read("SELECT * FROM quarantine").rows() == []


@pytest.mark.parametrize(
    ("way", "table"),
    [
        *((way, "digest") for way in ("beside", "recorded", "append", "remove")),
        *((way, book) for way in ("beside", "remove") for book in BOOKS),
    ],
)
def test_no_other_table_is_written_beside_the_one_that_is_judged(sample_lab: Lab, way: str, table: str) -> None:
    """Else any step could put rows past the gate of another, or past that of its own record."""
    good, other = batch("fetched_papers"), batch(table).frame

    @step("fetched_papers", group="papers", kinds={"python"})
    def offering(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[gate.Event]:
        with gate.on_record(context, warehouse) as days:
            beside: dict[str, Any] = {way: {table: other}}
            yield from gate.publish(context, warehouse, days, good.frame, facts=good.step_facts, **beside)

    result = dg.materialize(
        [offering], instance=sample_lab.instance, resources=sample_lab.of_the_gate,
        run_config=QUIET, partition_key=str(MONDAY), raise_on_error=False,
    )  # fmt: skip
    assert not result.success
    assert sample_lab.tables() == {table: [] for table in STEPS}
    told = warehouse(sample_lab.settings).read("SELECT reason FROM partitions").item()
    assert f"{table}: rows of a table with a suite are published by its own step only" in told


# The audit finds what it is there for.


@pytest.fixture(scope="module")
def let_through(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a warehouse in which five steps have published a day."""
    with lab(tmp_path_factory.mktemp("let_through") / "home") as made:
        assert all(offer(made, batch(table, MONDAY), "touched") for table in STEPS[:5])
        return Path(warehouse(made.settings).path)


@pytest.fixture
def copied(let_through: Path, tmp_path: Path) -> Warehouse:
    """The same in another file, to be tampered with."""
    return Warehouse(path=str(shutil.copy(let_through, tmp_path / "copied.duckdb")))


@pytest.mark.parametrize(
    ("tampered", "told"),
    [
        ("INSERT INTO digest SELECT * REPLACE (DATE '2025-03-20' AS day) FROM digest", "no run put them there"),
        ("DELETE FROM digest WHERE place = 1", "its record says 20"),
        ("DELETE FROM quality_results WHERE asset = 'digest'", "no validation of their run let them pass"),
        ("UPDATE quality_results SET passed = false WHERE asset = 'digest' AND expectation = 'parts_in_range'",
         "no validation of their run let them pass"),
        ("UPDATE quality_results SET rows = 19 WHERE asset = 'digest' AND rows = 20", "judged another number"),
        ("DELETE FROM outcomes WHERE asset = 'digest'", "no run published them"),
    ],
)  # fmt: skip
def test_the_audit_finds_rows_that_came_another_way(copied: Warehouse, tampered: str, told: str) -> None:
    assert unaudited(copied) == []
    with copied.connect() as connection:
        connection.execute(tampered)
    (found,) = unaudited(copied)
    assert found.startswith("digest ")
    assert told in found


def test_the_check_finds_a_row_that_came_another_way(copied: Warehouse) -> None:
    assert unworthy(copied) == []
    with copied.connect() as connection:
        connection.execute("UPDATE fetched_papers SET votes = -1 WHERE position = 3")
    assert unworthy(copied) == [f"fetched_papers {MONDAY}: votes_range, 1 of 20 rows unexpected"]


# What the source says.

WRITES = re.compile(
    r"\b(INSERT\s+(OR\s+\w+\s+)?INTO|DELETE\s+FROM|UPDATE\s+\S+\s+SET|COPY\s|MERGE\s+INTO|TRUNCATE\s)", re.I
)
WAREHOUSE = "orchestration/warehouse.py"
RECORDS_ONLY = {
    "assets/fetch/asset.py": {"partitions", "fetch_ledger"},
    "assets/mail/desk.py": {"editions"},
    "assets/mail/writer.py": {"written_lines"},
    "orchestration/quarantined.py": {"quarantine_decisions"},
}
"""Who may call `Warehouse.publish` beside the gate, and of which tables."""

READS_ONLY = {"Error", "DuckDBPyConnection", "StatementType", "extract_statements"}
"""What others than the warehouse may take of DuckDB."""


def texts(module: Module) -> list[str]:
    """The strings of a module, those with places for values with theirs as a word."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "value" for part in node.values]
            found.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@pytest.mark.parametrize("module", PRODUCT, ids=str)
def test_only_the_warehouse_writes_into_the_warehouse(module: Module) -> None:
    """Whoever else has a statement that writes keeps a SQLite file, and knows neither DuckDB nor the warehouse.

    Others read what DuckDB says of a statement or of an error, and open no file.
    """
    above = [
        i.module for i in module.imports if is_of(i.module, "duckdb") or is_of(i.module, "orchestration.warehouse")
    ]
    used = {
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "duckdb"
    }
    assert used <= READS_ONLY or str(module) == WAREHOUSE
    writes = [text for text in texts(module) if WRITES.search(text)]
    assert not writes or str(module) == WAREHOUSE or not above


@pytest.mark.parametrize("module", PRODUCT, ids=str)
def test_only_the_gate_publishes_one_of_the_six_tables(module: Module) -> None:
    calls = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "publish"
        and ast.unparse(node.func.value) != "gate"
    ]  # fmt: skip
    assert not calls or str(module) in {"quality/gate.py", *RECORDS_ONLY}
    if str(module) in RECORDS_ONLY:
        assert calls
        for call in calls:
            tables = [argument for argument in call.args[2:] if not isinstance(argument, ast.Dict)]
            assert all(isinstance(argument, ast.BinOp) for argument in tables), (
                "the tables are named where it is called"
            )
            keys = {key.value for node in ast.walk(call) if isinstance(node, ast.Dict)
                    for key in node.keys if isinstance(key, ast.Constant)}  # fmt: skip
            assert keys <= RECORDS_ONLY[str(module)]


def test_nobody_takes_a_connection_from_the_warehouse() -> None:
    """What has a connection can write: only the warehouse itself holds one."""
    asked = [
        f"{module}: {ast.unparse(node)}"
        for module in PRODUCT
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect"
        and "warehouse" in ast.unparse(node.func.value)
    ]  # fmt: skip
    assert asked == []


def test_the_statements_that_write_are_seen() -> None:
    """The rule above would be empty if it saw none."""
    seen = [text for module in PRODUCT if str(module) == WAREHOUSE for text in texts(module) if WRITES.search(text)]
    assert len(seen) >= 4
