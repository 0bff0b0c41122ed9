"""What a person types, as a query: nothing of it is ever SQLite's syntax."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assets.search.find import find
from assets.search.query import Query, QueryError, Term, parse
from tests.search.made import MONDAY, ids, indexed, work

each = pytest.mark.parametrize


@each(
    ("typed", "terms"),
    [
        ("two words", [Term("two"), Term("words")]),
        ('"a whole phrase" word', [Term("a whole phrase"), Term("word")]),
        ("transfor*", [Term("transfor", prefix=True)]),
        ("robots robots", [Term("robots")]),
        ("learning of the robots", [Term("learning"), Term("robots")]),
        ("what is it", [Term("what"), Term("is"), Term("it")]),
        ("never closed: \"tool use", [Term("never"), Term("closed:"), Term("tool use")]),
        ("C++ ( ) * NEAR", [Term("C++"), Term("NEAR")]),
        ("agents AND tools", [Term("agents"), Term("tools")]),
        ("title:robots", [Term("title:robots")]),
        ("--help", [Term("--help")]),
        ("Schrödinger 你好", [Term("Schrödinger"), Term("你好")]),
    ],
)  # fmt: skip
def test_words_and_phrases(typed: str, terms: list[Term]) -> None:
    assert parse(typed) == Query(terms=tuple(terms))


def test_fields() -> None:
    typed = 'agents author:"Ada Lovelace" TAG: robots cat:cs.LG -cat:cs.CL after:2025-03-10 before:2025-04-01'
    assert parse(typed) == Query(
        terms=(Term("agents"),),
        bound=(Term("Ada Lovelace", column="authors"), Term("robots", column="tags")),
        categories=("cs.lg",),
        not_categories=("cs.cl",),
        after=date(2025, 3, 10),
        before=date(2025, 4, 1),
    )


def test_what_is_not_wanted() -> None:
    assert parse('robots -survey -"state of the art" -author:Lovelace') == Query(
        terms=(Term("robots"),),
        without=(Term("survey"), Term("state of the art"), Term("Lovelace", column="authors")),
    )


def test_a_compound_is_a_phrase_first_and_its_words_then() -> None:
    query = parse('input-output "state-of-the-art robots" pair*')
    assert query.terms == (Term("input-output"), Term("state-of-the-art robots"), Term("pair", prefix=True))
    assert query.parted == (Term("input"), Term("output"), *query.terms[1:])


@each(
    ("typed", "told"),
    [
        ("", "there is nothing to look for"),
        ('  "" ', "there is nothing to look for"),
        ("+++ ()", "there is nothing to look for"),
        ("-survey", "'-survey' says only what is not wanted"),
        ("cat:cs -survey", "says only what is not wanted"),
        ("author:", "'author:' is without a value"),
        ("after:yesterday", "after:yesterday is not a day: write it as after:2025-03-12"),
        ("before:2025-02-30", "before:2025-02-30 is not a day"),
        ("robots -after:2025-01-01", "-after: has no meaning"),
        ('cat:"machine learning"', "cat:machine learning is not a category"),
    ],
)
def test_what_cannot_be_looked_for_is_told(typed: str, told: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(typed)
    assert told in str(error.value)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("index") / "search.sqlite"
    indexed(made, {MONDAY: [work(1, "Agents that use tools", "A C++ library; input-output pairs.", authors="A. B.")]})
    yield made


pieces = st.sampled_from(
    ["AND", "OR", "NOT", "NEAR(", ")", "(", '"', "'", "*", "^", "-", "+", ":", "{title}", "author:", "tag:", "cat:cs",
     "after:2025-01-01", "agents", "input-output", "tools*", "é", "你好", "\0", "\ud800", "%", "--", ";", "\\"]
)  # fmt: skip


@given(
    st.one_of(st.text(), st.lists(st.one_of(pieces, st.text(max_size=5))).map(" ".join), st.lists(pieces).map("".join))
)
@example('"')
@example("agents AND")
@example("agents\0tools")
@example("\ud800")
@example(" ".join(f"word{number}" for number in range(3000)))
def test_whatever_is_typed_is_looked_for_or_refused(file: Path, typed: str) -> None:
    try:
        query = parse(typed)
    except QueryError as error:
        assert str(error)
    else:
        find(file, query, newest=False)
        find(file, query, newest=True)


@each(
    "typed", ["C++", "c++ library", "input-output", '"input-output pairs"', "AGENTS", "tool", "agents (tools)", "lib*"]
)
def test_what_is_meant_literally_is_found(file: Path, typed: str) -> None:
    assert ids(file, typed) == ["made:1"]


def test_the_quotes_of_a_term_are_its_own() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (title)")
        connection.execute("INSERT INTO texts VALUES ('say hello')")
        expression = Term('say "hello').match
        assert connection.execute("SELECT count(*) FROM texts WHERE texts MATCH ?", (expression,)).fetchone() == (1,)
