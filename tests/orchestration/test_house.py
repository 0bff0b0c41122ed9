"""The rules of the house, read off the source: who may import whom, how long things get, and one shape a table."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import pytest

from assets.dedupe.profiles import PROFILE, STORED_BLOCK
from assets.dedupe.resolve import FINGERPRINT, STORED_EDGE
from assets.fetch.batch import SNAPSHOT
from assets.fetch.drift import SHARE
from assets.fetch.fetch import LEDGER
from assets.mail.writer import WRITTEN
from orchestration.warehouse import Warehouse
from quality import drift, entries
from quality.suites import SUITES
from tests.lab import CHECKOUT, STEPS
from tests.quality.batches import SCHEMAS

LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
LINES_AN_ASSET = 60

TABLES: Mapping[str, pl.Schema] = {
    **SCHEMAS,
    "fetch_ledger": LEDGER,
    "popularity": SNAPSHOT,
    "field_shares": SHARE,
    "blocks": STORED_BLOCK,
    "profiles": PROFILE,
    "edges": STORED_EDGE,
    "fingerprints": FINGERPRINT,
    "partitions": entries.PARTITIONS,
    "outcomes": entries.PARTITIONS,
    "quarantine": entries.QUARANTINE,
    "day_figures": drift.FIGURE,
    "written_lines": WRITTEN,
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Import:
    """One import of a module: what, whether inside a function, and whether for the type checker alone."""

    module: str
    in_function: bool
    for_types: bool


@dataclass(frozen=True)
class Module:
    """A source file of the project."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(CHECKOUT))

    @property
    def room(self) -> str:
        """`quality`, `assets.fetch`, ..."""
        parts = self.path.relative_to(CHECKOUT).parts
        return ".".join(parts[:2]) if parts[0] == "assets" and len(parts) > 2 else parts[0]

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def imports(self) -> list[Import]:
        return list(_imports(self.tree))

    @property
    def definitions(self) -> list[Definition]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Definition)]


def _imports(node: ast.AST, in_function: bool = False, for_types: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, in_function, for_types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "imports are absolute"
            # `from assets import fetch` imports the module assets.fetch too.
            yield from (Import(f"{child.module}.{alias.name}", in_function, for_types) for alias in child.names)
        else:
            types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, in_function or inside, for_types or types)


def modules(*rooms: str) -> list[Module]:
    return [Module(path) for room in rooms for path in sorted((CHECKOUT / room).rglob("*.py"))]


PRODUCT = modules("orchestration", "assets", "quality")
EVERYTHING = [*PRODUCT, *modules("tests")]
each = pytest.mark.parametrize


def is_of(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


def test_the_rooms_are_there() -> None:
    assert {module.room for module in PRODUCT} >= {
        "orchestration", "quality", "assets.fetch", "assets.clean", "assets.dedupe", "assets.tag", "assets.mail",
        "assets.search",
    }  # fmt: skip


@each("module", modules("assets"), ids=str)
def test_steps_do_not_import_one_another(module: Module) -> None:
    sideways = [i.module for i in module.imports if is_of(i.module, "assets") and not is_of(i.module, module.room)]
    assert sideways == []


@each("module", modules("assets"), ids=str)
def test_only_asset_modules_know_dagster_and_the_orchestration(module: Module) -> None:
    at_work = [i.module for i in module.imports if not i.for_types]
    above = [name for name in at_work if any(is_of(name, package) for package in ("dagster", "orchestration"))]
    assert not above or module.path.name == "asset.py"


@each("module", modules("quality"), ids=str)
def test_quality_knows_no_step(module: Module) -> None:
    assert [i.module for i in module.imports if is_of(i.module, "assets")] == []
    assert [i.module for i in module.imports if is_of(i.module, "orchestration") and not i.for_types] == []


@each("module", PRODUCT, ids=str)
def test_only_the_gate_imports_great_expectations_and_late(module: Module) -> None:
    found = [i for i in module.imports if is_of(i.module, "great_expectations")]
    assert not found or str(module) == "quality/gate.py"
    assert all(i.in_function or i.for_types for i in found)


def test_the_gate_does_import_great_expectations() -> None:
    assert any(is_of(i.module, "great_expectations") for i in Module(CHECKOUT / "quality/gate.py").imports)


@each("module", PRODUCT, ids=str)
def test_nothing_imports_the_definitions_but_the_command_when_it_runs(module: Module) -> None:
    found = [i for i in module.imports if is_of(i.module, "orchestration.definitions")]
    assert not found or str(module) == "orchestration/cli.py"
    assert all(i.in_function for i in found)


@each("module", PRODUCT, ids=str)
def test_the_product_does_not_know_its_tests(module: Module) -> None:
    assert [i.module for i in module.imports if is_of(i.module, "tests")] == []


@each("module", EVERYTHING, ids=str)
def test_functions_are_short(module: Module) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in module.definitions
        if not isinstance(node, ast.ClassDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


@each("module", PRODUCT, ids=str)
def test_modules_are_short(module: Module) -> None:
    assert len(module.source.splitlines()) < LONGEST_MODULE


def _makes_an_asset(node: Definition) -> bool:
    return any(ast.unparse(decorator).startswith(("step(", "by_day(")) for decorator in node.decorator_list)


@each("module", [module for module in modules("assets") if module.path.name == "asset.py"], ids=str)
def test_an_asset_fits_on_a_screen(module: Module) -> None:
    assets = [node for node in module.definitions if _makes_an_asset(node)]
    assert assets
    assert len(module.source.splitlines()) <= LINES_AN_ASSET * len(assets)


@each("module", PRODUCT, ids=str)
def test_what_is_public_is_documented(module: Module) -> None:
    assert ast.get_docstring(module.tree) or not module.source.strip()
    bare = [
        node.name
        for node in module.tree.body
        if isinstance(node, Definition) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert bare == []


@each("table", TABLES)
def test_a_frame_has_the_columns_of_its_table(tmp_path: Path, table: str) -> None:
    stored = Warehouse(path=str(tmp_path / "warehouse.duckdb")).read(f"SELECT * FROM {table}")  # noqa: S608
    assert dict(stored.schema) == dict(TABLES[table])


@each("step", STEPS)
def test_the_expectations_of_a_step_speak_of_its_columns(step: str) -> None:
    known = {*TABLES[step], *(column.meta.output_name() for column in SUITES[step].derived)}
    for expectation in SUITES[step].expectations:
        if expectation.of == "row":
            assert {name if name in known else name.removesuffix("_count") for name in expectation.columns} <= known
