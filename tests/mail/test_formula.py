"""The formula: what readers are told of it, and arithmetic that anybody can do again."""

import math
import re
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.formula import DEFAULT, PARTS, Weights, arithmetic, in_words
from assets.mail.rank import Ranking, entries, rank
from tests.mail.test_rank import CODE, DAY, listed, promising, tags

WEIGHT = st.floats(0, 5).map(lambda weight: round(weight, 2))


def test_readers_are_told_the_weights() -> None:
    assert in_words(asdict(DEFAULT)) == (
        "1 × ln(1 + votes) + 0.2 × ln(1 + votes of the last 24 h) + 0.3 × ln(1 + comments) "
        "+ 1 × what text and authors promise / (1 + votes) + 0.25 × if code or data are there "
        "− 0.15 for each paper of its topic above it; votes and comments halve every 24 h"
    )


def test_what_weighs_nothing_is_not_told() -> None:
    assert in_words(asdict(Weights(math.inf, 1, 0, 0, 0, 0, 0))) == "1 × ln(1 + votes)"
    assert in_words(asdict(Weights(math.inf, 0, 0, 0, 0, 0, 0))) == "0"


@given(
    weights=st.builds(Weights, st.sampled_from([6.0, 24.0, math.inf]), *[WEIGHT] * len(PARTS)),
    work=st.fixed_dictionaries(
        {
            "votes": st.none() | st.integers(-2, 400),
            "comments": st.none() | st.integers(0, 40),
            "gained": st.none() | st.integers(0, 40),
            "links": st.sampled_from([None, [CODE]]),
        }
    ),
    prior=st.none() | st.floats(-2, 2),
    age=st.integers(0, 40),
)
def test_the_arithmetic_gives_the_points(weights: Weights, work: dict[str, Any], prior: float | None, age: int) -> None:
    """Each term, as it is printed, is computed again by Python."""
    frame = entries(listed({"work_id": "a", "day": DAY - timedelta(days=age)} | work), DAY)
    tagged = (tags() if prior is None else promising(a=prior)).with_columns(day=frame["listed_on"][0])
    (row,) = rank(frame, tagged, Ranking(1, weights)).to_dicts()
    found = list(arithmetic(row))
    assert [part for part, _, _ in found] == list(PARTS)
    for _, term, points in found:
        assert computed(term) == pytest.approx(points, abs=1e-3)
    assert sum(points for _, _, points in found) == pytest.approx(row["score"])


def computed(term: str) -> float:
    """The value of a printed term, whose figures are rounded to four decimals."""
    python = re.sub(r", [a-z ]+$", "", term)
    for printed, meant in (("×", "*"), ("−", "-"), ("^", "**"), ("ln", "math.log")):
        python = python.replace(printed, meant)
    return float(eval(python, {"math": math}))  # noqa: S307 - what is printed is a sum that Python reads


def test_a_term_that_is_not_known_says_why() -> None:
    (row,) = rank(entries(listed({"work_id": "a"})), tags(), Ranking(1)).to_dicts()
    told = {part: term for part, term, _ in arithmetic(row)}
    assert told["velocity"] == "0.2 × 0, first seen less than a day before"
    assert told["prior"] == "1 × 0, no model yet"


def test_the_arithmetic_of_an_earlier_paper_shows_its_age() -> None:
    frame = entries(listed({"work_id": "a", "day": date(2026, 11, 18), "votes": 24}), DAY)
    (row,) = rank(frame, tags(), Ranking(1)).to_dicts()
    assert next(arithmetic(row))[1] == "1 × ln(1 + 24 × 2^(−48/24))"
