"""The operator's folder: what it adds is judged like ours, and what is wrong with it is told before anything runs."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from orchestration.resources import warehouse
from orchestration.warehouse import empty
from quality import evidence, gate, own, own_kinds, suites
from quality.decisions import NONE, Decisions, key_of, value_of
from quality.expectations import Suite
from quality.suites import EVERY
from quality.verdict import Verdict
from tests.lab import CHECKOUT, Lab
from tests.quality.batches import MONDAY, TUESDAY, Batch, batch
from tests.quality.test_gate import Publisher

Loaded = Callable[[str], dict[str, Suite]]

TITLE = """
[[expectation]]
table = "clean_papers"
name = "short_titles"
kind = "ExpectColumnValueLengthsToBeBetween"
arguments = { column = "title", max_value = 100 }
severity = "ERROR"
tolerance = 0.1
why = "Our mail is read on a watch."
"""
SQL = """
[[expectation]]
table = "fetched_papers"
name = "no_own_papers"
why = "We know our own papers."
sql = "SELECT row_number FROM batch WHERE list_contains(authors, 'Ada Example') AND votes > 17"
"""
DAYS = """
[[expectation]]
table = "fetched_papers"
name = "enough_new_papers"
severity = "ERROR"
why = "Fewer than thirty, and we look at the source by hand."
sql = '''
    SELECT day, count(*) || ' new' AS observed FROM batch
    WHERE source_id NOT IN (SELECT source_id FROM fetched_papers WHERE source_id IS NOT NULL)
    GROUP BY day HAVING count(*) < 30
'''
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Reads a folder with one file of this text."""

    def load(text: str) -> dict[str, Suite]:
        (tmp_path / "own.toml").write_text(text, encoding="utf-8")
        with empty() as connection:
            return own.load(tmp_path, connection)

    return load


@pytest.fixture
def adopted(loaded: Loaded) -> Iterator[Loaded]:
    """Lets this process judge by what is read, for a test."""

    def load(text: str) -> dict[str, Suite]:
        found = loaded(text)
        suites.adopt(found)
        return found

    yield load
    suites.adopt(EVERY)


def judged(lab: Lab, offered: Batch, decided: Decisions = NONE) -> Verdict:
    """A batch judged beside what a lab has stored, and what its operator decided."""
    found = evidence.gathered(
        warehouse(lab.settings), offered.asset, suites.of(offered.asset), offered.days, offered.frame,
        facts=offered.step_facts,
    )  # fmt: skip
    return gate.judge(
        offered.asset, offered.days, found.frame, offered.upstream_rows, found.facts, decided=decided, marks=found.marks
    )


def failed(verdict: Verdict) -> dict[str, tuple[int, ...]]:
    return {finding.expectation.name: finding.unexpected for finding in verdict.findings if finding.unexpected}


def test_an_empty_folder_changes_nothing(loaded: Loaded) -> None:
    assert loaded("") == EVERY


def test_a_class_of_great_expectations_is_judged_like_ours(adopted: Loaded) -> None:
    adopted(TITLE)
    verdict = batch("clean_papers").set("title", "x" * 101, [4, 5]).judged()
    assert failed(verdict) == {"short_titles": (4, 5)}
    assert sorted(verdict.quarantined) == [4, 5]
    assert batch("clean_papers").set("title", "x" * 101, range(3)).judged().blocked == {MONDAY}


def test_a_figure_of_a_day_can_be_bounded(adopted: Loaded) -> None:
    adopted(
        '[[expectation]]\ntable = "fetched_papers"\nname = "not_too_many"\nof = "day"\nwhy = "Why."\n'
        'kind = "ExpectColumnValuesToBeBetween"\narguments = { column = "rows", max_value = 19 }\n'
    )
    assert failed(batch("fetched_papers").judged()) == {"not_too_many": (0,)}


def test_sql_finds_rows(adopted: Loaded, sample_lab: Lab) -> None:
    adopted(SQL)
    verdict = judged(sample_lab, batch("fetched_papers", MONDAY, TUESDAY))
    assert verdict.blocked == set()
    assert {finding.day: finding.unexpected for finding in verdict.findings
            if finding.expectation.name == "no_own_papers"} == {MONDAY: (18, 19), TUESDAY: (38, 39)}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "says_so", "says_nothing"),
    [
        (
            "list_contains(AUTHORS, 'Ada Example') AND votes > 18",
            ("votes", 40),
            ("title", "Another title of the paper"),
        ),
        ("row_number = 19", ("title", "Another title of the paper"), ("body", "1")),
    ],
)
def test_a_decision_about_what_sql_found_is_about_what_it_saw(
    adopted: Loaded, sample_lab: Lab, condition: str, says_so: tuple[str, object], says_nothing: tuple[str, object]
) -> None:
    """SQL speaks of the columns that it names, or of the whole row but for when and where it was seen."""
    sql = f"SELECT row_number FROM batch WHERE {condition}"  # noqa: S608
    adopted(SQL[: SQL.index("sql =")] + f'sql = "{sql}"\nseverity = "ERROR"\ntolerance = 0.1\n')
    offered = batch("fetched_papers")
    suite, row = suites.of("fetched_papers"), offered.frame.row(19, named=True)
    (ours,) = (one for one in suite.expectations if one.name == "no_own_papers")
    seen = value_of(suite, ours, row)
    decided = Decisions({(MONDAY, key_of(suite.key, row), ours.name, seen): "dropped"})

    def open_rows(batch: Batch) -> list[int]:
        verdict = judged(sample_lab, batch, decided)
        return [place for place in sorted(verdict.quarantined) if verdict.waiting(MONDAY)]

    assert open_rows(offered) == []
    assert open_rows(offered.set(*says_nothing, [19])) == []
    assert open_rows(offered.set(*says_so, [19])) == [19]


def test_sql_finds_days_beside_what_is_stored(adopted: Loaded, sample_lab: Lab) -> None:
    adopted(DAYS)
    assert Publisher(sample_lab)(batch("fetched_papers", MONDAY, rows=40)).success
    verdict = judged(sample_lab, batch("fetched_papers", MONDAY, TUESDAY, rows=40))
    assert verdict.blocked == set()
    few = judged(sample_lab, batch("fetched_papers", TUESDAY, rows=12))
    assert few.blocked == {TUESDAY}
    assert "enough_new_papers: enough_new_papers_found 1 (12 new). Fewer than thirty" in few.reason(TUESDAY)


def test_they_are_checks_of_their_own_and_are_kept(adopted: Loaded, sample_lab: Lab) -> None:
    adopted(SQL + DAYS)
    publish = Publisher(sample_lab)
    result = publish(batch("fetched_papers", rows=40))
    assert result.success
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert {"no_own_papers", "enough_new_papers"} <= set(checks)
    assert not checks["no_own_papers"].passed
    assert checks["no_own_papers"].severity == dg.AssetCheckSeverity.WARN
    assert publish.read("SELECT passed FROM quality_results WHERE expectation = 'enough_new_papers'") == [(True,)]


def test_ours_can_be_told_to_warn_only(adopted: Loaded) -> None:
    adopted(
        '[[change]]\ntable = "fetched_papers"\nname = "rows_plausible"\nseverity = "WARN"\n'
        'why = "We added categories in May."\n'
    )
    large = batch("fetched_papers")
    verdict = Batch(large.asset, large.days, large.frame, None, large.facts.with_columns(times_usual=20.0)).judged()
    assert failed(verdict) == {"rows_plausible": (0,)}
    assert verdict.blocked == set()
    (changed,) = [one for one in suites.of("fetched_papers").expectations if one.name == "rows_plausible"]
    assert changed.why.endswith("Changed by the operator: We added categories in May.")


def entry(**values: str) -> str:
    """One expectation, with other values than a good one has; an empty one is left out."""
    good = {
        "table": '"clean_papers"',
        "name": '"mine"',
        "why": '"Because."',
        "kind": '"ExpectColumnValuesToNotBeNull"',
        "arguments": '{ column = "url" }',
    }
    return "[[expectation]]\n" + "".join(f"{name} = {value}\n" for name, value in {**good, **values}.items() if value)


def sql(statement: str) -> str:
    return entry(kind="", arguments="", sql=f"'''{statement}'''")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[expectation]\n", "own.toml: is not valid TOML"),
        ("expectation = 1\n", "does not know 'expectation'; write [[expectation]]"),
        ("[[rule]]\nname = 'x'\n", "does not know 'rule'"),
        ("expectation = [1]\n", "expectation 1 is not a table"),
        (entry(table='"papers"'), "expectation 1: there is no table 'papers'; write one of fetched_papers"),
        (entry(name='"My check"'), "name is 'My check'; write small letters"),
        (entry(name=""), "name is None"),
        (entry(name='"title_present"'), "Paperboy has a 'title_present' of clean_papers already"),
        (entry() + entry(), "expectation 2 (mine): "),
        (entry(why=""), "expectation 1 (mine): why is missing"),
        (entry(severity='"FATAL"'), "severity is 'FATAL'; write ERROR"),
        (entry(tolerance="2"), "tolerance is 2; write a share"),
        (entry(tolerance="0.1"), "a tolerance is for rows that block"),
        (entry(extra="1"), "does not know 'extra'; it takes table, name"),
        (entry(kind=""), "has neither kind and sql"),
        (entry(sql='"SELECT 1"'), "has both kind and sql"),
        (entry(kind='"ExpectTheBest"'), "the kind 'ExpectTheBest' is not known"),
        (entry(kind='"ExpectTableRowCountToBeBetween"'), "is not known; write one of"),
        (entry(of='"week"'), "of is 'week'; write row, or day"),
        (entry(arguments="1"), "arguments are 1; write a table"),
        (entry(arguments="{}"), "ExpectColumnValuesToNotBeNull needs column"),
        (entry(arguments='{ column = "colour" }'), "there is no 'colour'; there are abstract"),
        (entry(arguments='{ column = "links" }'), "there is no 'links'"),
        (entry(arguments='{ column = "url", mostly = 1 }'), "does not know 'mostly'; it takes column"),
        (entry(of='"day"', arguments='{ column = "url" }'), "there is no 'url'; there are "),
        (entry(kind='"ExpectColumnValuesToMatchRegex"', arguments='{ column = "url", regex = "(" }'), "cannot be read"),
        (entry(kind='"ExpectColumnValuesToBeBetween"'), "needs min_value or max_value"),
        (
            entry(kind='"ExpectColumnValuesToBeBetween"', arguments='{ column = "votes", min_value = "1" }'),
            "min_value is '1'; write a number",
        ),
        (sql("SELEC 1"), "the SQL cannot be used: Parser Error"),
        (sql("SELECT row_number FROM batch WHERE colour = 1"), "the SQL cannot be used: Binder Error"),
        (sql("SELECT row_number FROM elsewhere"), "elsewhere does not exist"),
        (sql("SELECT title FROM batch"), "has neither row_number nor day"),
        (sql(""), "is not one SELECT"),
        (sql("SELECT row_number FROM batch; SELECT 1"), "is not one SELECT"),
        (sql("INSERT INTO clean_papers BY NAME SELECT * FROM batch"), "is not one SELECT"),
        (sql("WITH x AS (SELECT 1) DELETE FROM clean_papers"), "is not one SELECT"),
        (sql("DROP TABLE clean_papers"), "is not one SELECT"),
        (sql("CREATE TABLE x AS SELECT row_number FROM batch"), "is not one SELECT"),
        (sql("ATTACH 'other.duckdb'"), "is not one SELECT"),
        (sql("COPY batch TO 'batch.csv'"), "is not one SELECT"),
        (sql("SET threads = 1"), "is not one SELECT"),
        (sql("PRAGMA show_tables"), "is not one SELECT"),
        (sql("INSTALL httpfs"), "is not one SELECT"),
        (sql("CALL pragma_version()"), "is not one SELECT"),
        (sql("EXPLAIN SELECT row_number FROM batch"), "is not one SELECT"),
        (sql("SELECT *, 1 AS row_number FROM read_csv('/etc/passwd')"), "Permission Error"),
        (sql("SELECT *, 1 AS row_number FROM read_text('/etc/passwd')"), "Permission Error"),
        (sql("SELECT 1 AS row_number FROM '/etc/passwd'"), "does not exist"),
        (sql("SELECT 1 AS row_number FROM query('DROP TABLE clean_papers')"), "Expected a single SELECT"),
        (sql("SELECT 1 AS row_number FROM connection"), "connection does not exist"),
        (entry(kind="", sql='"SELECT row_number FROM batch"'), "sql takes no arguments"),
        ("[[change]]\ntable = 'digest'\nname = 'nothing'\nwhy = 'x'\n", "digest has no such expectation"),
        ("[[change]]\ntable = 'digest'\nname = 'best_first'\nwhy = 'x'\n", "changes nothing"),
        ("[[change]]\ntable = 'digest'\nname = 'best_first'\nseverity = 'WARN'\n", "why is missing"),
        ("[[change]]\ntable = 'digest'\nname = 'best_first'\ntolerance = 0.5\nwhy = 'x'\n", "is for rows that block"),
    ],
)
def test_a_bad_file_is_refused_in_words_that_say_what_to_do(loaded: Loaded, text: str, told: str) -> None:
    with pytest.raises(own.ExpectationError) as error:
        loaded(text)
    assert told in str(error.value)
    assert "own.toml" in str(error.value)


@pytest.mark.parametrize(
    "statement", ["FROM batch", "-- mine\nSELECT row_number FROM batch;", "WITH x AS (FROM batch) SELECT day FROM x"]
)
def test_any_single_select_is_taken(loaded: Loaded, statement: str) -> None:
    assert len(loaded(sql(statement))["clean_papers"].own) == 1


def test_the_example_of_the_documentation_can_be_used(loaded: Loaded) -> None:
    text = (CHECKOUT / "docs/quality.md").read_text(encoding="utf-8")
    found = loaded("".join(re.findall(r"```toml\n(# A class.*?)```", text, re.DOTALL)))
    names = [addition.expectation.name for suite in found.values() for addition in suite.own]
    assert names == ["known_hosts", "mostly_new", "short_titles", "enough_to_read"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with empty() as connection, pytest.raises(own.ExpectationError, match="there is no folder"):
        own.load(tmp_path / "gone", connection)


def test_sql_that_breaks_on_a_batch_is_a_bug_and_not_bad_data(adopted: Loaded, sample_lab: Lab) -> None:
    adopted(sql("SELECT row_number FROM batch WHERE CAST(title AS INTEGER) > 0").replace("clean", "fetched"))
    with pytest.raises(RuntimeError, match="'mine' could not be evaluated: Conversion Error"):
        judged(sample_lab, batch("fetched_papers"))


def test_what_is_asked_of_the_warehouse_can_write_nothing(sample_lab: Lab) -> None:
    home = warehouse(sample_lab.settings)
    with pytest.raises(Exception, match="read-only"):
        home.ask("INSERT INTO decisions VALUES ('a', 'b', true, '')", {})
    assert home.read("SELECT * FROM decisions").is_empty()
    assert home.ask("SELECT count(*) AS n FROM batch", {"batch": pl.DataFrame({"x": [1]})})["n"].item() == 1


@pytest.mark.parametrize("kind", own_kinds.KINDS)
def test_the_classes_are_those_of_great_expectations(kind: str) -> None:
    import great_expectations.expectations as gxe

    shape = own_kinds.KINDS[kind]
    fields = getattr(gxe, kind).__fields__
    assert {*shape.columns, *shape.needed, *shape.any_of, *shape.optional} <= set(fields)
    assert {name for name, field in fields.items() if field.required} <= {*shape.columns, *shape.needed}
