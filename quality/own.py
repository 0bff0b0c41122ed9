"""The operator's own expectations: a folder of TOML files, read and checked whole before anything runs.

What belongs here: from files to the `Addition` of each table. How they are judged is the gate's, like all others. SQL
is one SELECT and nothing else; it is bound against the empty tables here, and run in a transaction that only reads.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from quality.expectations import Addition, Change, Expectation, Suite
from quality.own_kinds import KINDS, wrong
from quality.suites import EVERY

KEYS = {
    "expectation": ("table", "name", "why", "severity", "tolerance", "kind", "arguments", "of", "sql"),
    "change": ("table", "name", "why", "severity", "tolerance"),
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
SELECT = re.compile(r"(?is)(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:select|with|from)\b")


class ExpectationError(Exception):
    """A file of expectations cannot be used; the text names the file, the entry and what to do."""


@dataclass
class _Reading:
    """What was read so far: by table, and which names are taken, by whom."""

    connection: duckdb.DuckDBPyConnection
    additions: dict[str, list[Addition]] = field(default_factory=dict)
    changes: dict[str, list[Change]] = field(default_factory=dict)
    taken: dict[tuple[str, str], str] = field(default_factory=dict)


def load(folder: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, Suite]:
    """The suites with what the TOML files of a folder add to them and change in them.

    `connection` holds the tables, empty. Raises `ExpectationError` for a file that is not TOML, or an entry that
    cannot be judged.
    """
    if not folder.is_dir():
        raise ExpectationError(f"quality.expectations: there is no folder {folder}; create it, or correct the setting")
    ours = {(table, one.name): "Paperboy" for table, suite in EVERY.items() for one in suite.expectations}
    reading = _Reading(connection, taken=ours)
    for file in sorted(folder.glob("*.toml")):
        for sort, place, entry in _entries(file):
            where = f"{file}: {sort} {place}"
            _keys(entry, sort, where)
            (_add if sort == "expectation" else _change)(entry, _named(entry, where), reading)
    return {
        table: suite.extended(reading.additions.get(table, ()), reading.changes.get(table, ()))
        for table, suite in EVERY.items()
    }


def _entries(file: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExpectationError(f"{file}: cannot be read ({error.strerror}); check its rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExpectationError(f"{file}: is not valid TOML: {error}; correct that line") from error
    for sort, listed in document.items():
        if sort not in KEYS or not isinstance(listed, list):
            raise ExpectationError(f"{file}: does not know {sort!r}; write [[expectation]] or [[change]] tables")
        for place, entry in enumerate(listed, start=1):
            if not isinstance(entry, dict):
                raise ExpectationError(f"{file}: {sort} {place} is not a table; write it under [[{sort}]]")
            yield sort, place, entry


def _keys(entry: Mapping[str, Any], sort: str, where: str) -> None:
    if unknown := sorted(set(entry) - set(KEYS[sort])):
        raise ExpectationError(f"{where}: does not know {unknown[0]!r}; it takes {', '.join(KEYS[sort])}")
    if entry.get("table") not in EVERY:
        raise ExpectationError(f"{where}: there is no table {entry.get('table')!r}; write one of {', '.join(EVERY)}")
    if not isinstance(entry.get("name"), str) or not NAME.fullmatch(entry["name"]):
        raise ExpectationError(f"{where}: name is {entry.get('name')!r}; write small letters, digits and underscores")


def _named(entry: Mapping[str, Any], where: str) -> str:
    """Where an entry stands, with its name; what every entry has is right."""
    where = f"{where} ({entry['name']})"
    if not isinstance(entry.get("why"), str) or not entry["why"].strip():
        raise ExpectationError(f"{where}: why is missing; say in a sentence why it is expected and what to do")
    if entry.get("severity", "WARN") not in ("ERROR", "WARN"):
        raise ExpectationError(f"{where}: severity is {entry['severity']!r}; write ERROR, which blocks, or WARN")
    tolerance = entry.get("tolerance", 0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise ExpectationError(f"{where}: tolerance is {tolerance!r}; write a share of the rows, from 0 to below 1")
    return where


def _add(entry: Mapping[str, Any], where: str, reading: _Reading) -> None:
    table, name = entry["table"], entry["name"]
    if owner := reading.taken.get((table, name)):
        raise ExpectationError(f"{where}: {owner} has a {name!r} of {table} already; choose another name")
    if ("sql" in entry) == ("kind" in entry):
        raise ExpectationError(
            f"{where}: has {'both' if 'sql' in entry else 'neither'} kind and sql; write one of them"
        )
    judging = _of_sql if "sql" in entry else _of_kind
    addition = judging(entry, where, reading.connection)
    _tolerable(addition.expectation, where)
    reading.additions.setdefault(table, []).append(addition)
    reading.taken[table, name] = where


def _tolerable(expectation: Expectation, where: str) -> None:
    if expectation.tolerance and (expectation.of == "day" or expectation.severity == "WARN"):
        raise ExpectationError(f"{where}: a tolerance is for rows that block; leave it out, or write severity ERROR")


def _of_kind(entry: Mapping[str, Any], where: str, connection: duckdb.DuckDBPyConnection) -> Addition:
    kind, arguments, of = entry["kind"], entry.get("arguments", {}), entry.get("of", "row")
    if kind not in KINDS:
        raise ExpectationError(f"{where}: the kind {kind!r} is not known; write one of {', '.join(KINDS)}")
    if of not in ("row", "day"):
        raise ExpectationError(f"{where}: of is {of!r}; write row, or day for a day's figures")
    if not isinstance(arguments, dict):
        raise ExpectationError(f'{where}: arguments are {arguments!r}; write a table, as {{ column = "title" }}')
    suite = EVERY[entry["table"]]
    columns = _columns(entry["table"], suite, connection) if of == "row" else suite.known_figures
    if fault := wrong(kind, arguments, columns):
        raise ExpectationError(f"{where}: {fault}")
    return Addition(_expectation(entry, kind, arguments, of))


def _columns(table: str, suite: Suite, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of a row that Great Expectations can read."""
    schema = _empty(table, connection).schema
    lengths = [f"{name}_count" for name, kind in schema.items() if isinstance(kind, pl.List)]
    derived = [column.meta.output_name() for column in suite.derived]
    return [name for name, kind in schema.items() if not kind.is_nested()] + lengths + derived


def _of_sql(entry: Mapping[str, Any], where: str, connection: duckdb.DuckDBPyConnection) -> Addition:
    if extra := {"arguments", "of"} & set(entry):
        raise ExpectationError(f"{where}: sql takes no {min(extra)}; leave it out")
    columns = _bound(str(entry["sql"]), entry["table"], where, connection)
    if not {"row_number", "day"} & set(columns):
        raise ExpectationError(f"{where}: the result has neither row_number nor day; select the rows or days at fault")
    of = "row" if "row_number" in columns else "day"
    found = {"column": f"{entry['name']}_found", "max_value": 0}
    return Addition(_expectation(entry, "ExpectColumnValuesToBeBetween", found, of), str(entry["sql"]))


def _bound(sql: str, table: str, where: str, connection: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """The columns of the result of one SELECT, bound and not run."""
    try:
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT or not SELECT.match(sql):
            raise ExpectationError(
                f"{where}: the SQL is not one SELECT; write one that finds the rows or days at fault"
            )
        connection.register("batch", _empty(table, connection).with_row_index("row_number").to_arrow())
        connection.execute("BEGIN TRANSACTION READ ONLY")
        try:
            connection.execute(f"EXPLAIN {statements[0].query}")
            return connection.sql(statements[0].query).columns
        finally:
            connection.execute("ROLLBACK")
            connection.unregister("batch")
    except duckdb.Error as error:
        raise ExpectationError(f"{where}: the SQL cannot be used: {error}; correct it") from error


def _empty(table: str, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    rows = EVERY[table].rows_of(table)
    found = pl.from_arrow(connection.sql(f"SELECT * FROM {rows} LIMIT 0").to_arrow_table())  # noqa: S608
    return found if isinstance(found, pl.DataFrame) else found.to_frame()


def _expectation(entry: Mapping[str, Any], kind: str, arguments: Mapping[str, Any], of: Any) -> Expectation:
    severity, tolerance = entry.get("severity", "WARN"), float(entry.get("tolerance", 0))
    return Expectation(entry["name"], kind, arguments, entry["why"].strip(), severity, tolerance, of)


def _change(entry: Mapping[str, Any], where: str, reading: _Reading) -> None:
    """Another severity or tolerance of one of Paperboy's own expectations."""
    ours = {one.name: one for one in EVERY[entry["table"]].expectations}
    if entry["name"] not in ours:
        raise ExpectationError(f"{where}: {entry['table']} has no such expectation; there are {', '.join(ours)}")
    if not {"severity", "tolerance"} & set(entry):
        raise ExpectationError(f"{where}: changes nothing; write another severity or tolerance")
    change = Change(entry["name"], entry.get("severity"), entry.get("tolerance"), entry["why"].strip())
    _tolerable(change.applied(ours[entry["name"]]), where)
    reading.changes.setdefault(entry["table"], []).append(change)
