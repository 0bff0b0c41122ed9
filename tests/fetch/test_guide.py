"""What docs/fetching.md shows is what the product does: its SQL is run, and gives what stands there."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.lab import lab

GUIDE = (Path(__file__).parents[2] / "docs/fetching.md").read_text(encoding="utf-8")
QUESTION = re.compile(r"^```sql\n(.*?)^```\n(?:\n^```\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
QUESTIONS = [match.groups() for match in QUESTION.finditer(GUIDE)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """That of a fresh home with the sample, after the backfill that the guide begins with."""
    first, last = re.findall(r"backfill (\S+) (\S+)", GUIDE)[0]
    with lab(tmp_path_factory.mktemp("guide")) as made:
        outcomes = made.backfill(date.fromisoformat(first), date.fromisoformat(last))
        assert all(outcome.success for outcome in outcomes)
        with duckdb.connect(str(made.settings.home / "warehouse.duckdb"), read_only=True) as connection:
            yield connection


@pytest.mark.parametrize(("question", "answer"), QUESTIONS)
def test_a_question_gives_the_answer_that_is_shown(
    warehouse: duckdb.DuckDBPyConnection, question: str, answer: str | None
) -> None:
    found = warehouse.sql(question)
    if answer is None:
        assert not found.fetchall()
    else:
        assert str(found).strip() == answer.strip()


def test_the_guide_has_questions_with_and_without_an_answer() -> None:
    assert sum(answer is not None for _, answer in QUESTIONS) >= 3
    assert any(answer is None for _, answer in QUESTIONS)
