"""The ranking: its order whatever the input's, and its words."""

import random
from datetime import date, timedelta
from math import log
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED, NEW
from assets.mail.formula import DEFAULT, PARTS, Weights
from assets.mail.rank import DIGEST, Ranking, entries
from assets.mail.rank import rank as ranked

DAY = date(2026, 11, 20)
TOPIC = pl.Struct(dict.fromkeys(("topic", "label", "area", "phrase", "field"), pl.String) | {"score": pl.Float64})
CODE = {"url": "https://github.com/a/b", "kind": "code"}
DATA = {"url": "https://data.example/", "kind": "data"}
PAGE = {"url": "https://project.example/", "kind": "project"}
TAGS = pl.Schema({"day": pl.Date(), "work_id": pl.String(), "topics": pl.List(TOPIC), "prior": pl.Float64()})
WORKS = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "affiliations": pl.List(pl.String()),
        "links": DIGEST["links"],
        "url": pl.String(),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
        "gained": pl.Int32(),
        "withdrawn_on": pl.Date(),
        "arrival": pl.String(),
    }
)


def listed(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {**dict.fromkeys(WORKS), "day": DAY, "title": "A Title", "arrival": NEW}
    return pl.DataFrame([usual | row for row in rows], schema=WORKS, orient="row")


def works(*rows: dict[str, Any]) -> pl.DataFrame:
    return entries(listed(*rows))


def tags(**labels: list[str]) -> pl.DataFrame:
    """Works by the labels of their topics, all of which belong to the area `{label}, broadly`."""
    topics = {
        work: [{"label": label, "area": f"{label}, broadly"} for label in found] for work, found in labels.items()
    }
    rows = [(DAY, work, found, None) for work, found in topics.items()]
    return pl.DataFrame(rows, schema=TAGS, orient="row")


def rank(works: pl.DataFrame, tags: pl.DataFrame, size: int, weights: Weights = DEFAULT) -> pl.DataFrame:
    return ranked(works, tags, Ranking(size, weights))


def promising(**priors: float) -> pl.DataFrame:
    """Works by what their text and authors promise."""
    rows: list[tuple[date, str, list[Any], float]] = [(DAY, work, [], prior) for work, prior in priors.items()]
    return pl.DataFrame(rows, schema=TAGS, orient="row")


def test_the_score_is_the_sum_of_the_published_parts() -> None:
    work = {"work_id": "a", "votes": 24, "comments": 3, "gained": 7, "links": [PAGE, CODE]}
    row = rank(works(work), promising(a=0.5), 5)
    parts = row.select(f"score_{part}" for part in PARTS).row(0)
    assert parts == pytest.approx((log(25), 0.2 * log(8), 0.3 * log(4), 0.5 / 25, 0.25, 0))
    assert row["score"].item() == pytest.approx(sum(parts))
    assert row.schema == DIGEST


def test_a_part_that_weighs_nothing_earns_nothing() -> None:
    nothing = Weights(24, 0, 0, 0, 0, 0, 0)
    work = {"work_id": "a", "votes": 24, "comments": 3, "gained": 7, "links": [CODE]}
    row = rank(works(work), promising(a=0.5), 5, nothing)
    assert row["score"].item() == 0
    assert row["weights"].item() == {**dict.fromkeys(PARTS, 0.0), "half_life": 24.0}


def test_votes_and_comments_of_earlier_days_count_half_for_each_day() -> None:
    earlier = listed({"work_id": "a", "day": DAY - timedelta(days=2), "votes": 24, "comments": 4, "arrival": LATE})
    row = rank(entries(earlier, DAY), tags(), 1)
    assert row["score_votes"].item() == pytest.approx(log(1 + 24 / 4))
    assert row["score_comments"].item() == pytest.approx(0.3 * log(1 + 4 / 4))
    row = rank(entries(earlier, DAY), tags(), 1, Weights(half_life=12))
    assert row["score_votes"].item() == pytest.approx(log(1 + 24 / 16))


def test_without_votes_the_prior_decides_and_fades_as_votes_come() -> None:
    found = rank(
        works({"work_id": "dull"}, {"work_id": "promising"}, {"work_id": "voted", "votes": 3}),
        promising(dull=-0.5, promising=0.8, voted=0.4),
        3,
    )
    assert found["work_id"].to_list() == ["voted", "promising", "dull"]
    assert found["score_prior"].to_list() == pytest.approx([0.1, 0.8, -0.5])


def test_one_topic_does_not_fill_the_page() -> None:
    frame = works(*({"work_id": name, "votes": votes} for name, votes in zip("abcd", (9, 9, 9, 8), strict=True)))
    found = rank(frame, tags(a=["Vision", "Robotics"], b=["Vision"], c=["Vision"], d=["Robotics"]), 4)
    assert found["work_id"].to_list() == ["a", "d", "b", "c"]
    assert found["alike_above"].to_list() == [0, 0, 1, 2]
    assert found["score_variety"].to_list() == pytest.approx([0, 0, -0.15, -0.3])


def test_works_of_no_topic_are_not_alike() -> None:
    frame = works(*({"work_id": name, "votes": 5} for name in "abc"))
    assert rank(frame, tags(a=[]), 3)["score_variety"].to_list() == [0, 0, 0]


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (
            {"votes": 24, "comments": 3, "links": [CODE]},
            "24 votes, 3 comments, code available",
        ),
        ({"votes": 1, "comments": 1}, "1 vote, 1 comment"),
        ({"votes": 2, "comments": 0, "links": [PAGE]}, "2 votes"),
        ({"votes": 0, "comments": 0, "links": []}, "new, no votes yet"),
        ({}, "new, no votes yet"),
        ({"comments": 2}, "new, no votes yet, 2 comments"),
        ({"arrival": LATE}, "no votes yet"),
        ({"votes": 9, "gained": 4}, "9 votes, 4 of them in the last day"),
        ({"votes": 9, "gained": 0, "links": [DATA]}, "9 votes, data available"),
        ({"votes": 9, "withdrawn_on": DAY}, "withdrawn"),
    ],
)
def test_every_place_says_why_in_words(work: dict[str, Any], why: str) -> None:
    assert rank(works({"work_id": "a"} | work), tags(), 1)["why"].item() == why


@pytest.mark.parametrize(
    ("links", "has_code"),
    [([CODE], True), ([PAGE, DATA], True), ([PAGE], False), ([], False), (None, False)],
)
def test_a_link_to_code_or_data_counts(links: list[dict[str, str]] | None, has_code: bool) -> None:
    assert (rank(works({"work_id": "a", "links": links}), tags(), 1)["score_code"].item() > 0) is has_code


def test_ties_go_by_work_id_and_withdrawn_works_come_last() -> None:
    found = rank(
        works(
            {"work_id": "withdrawn", "votes": 900, "comments": 9, "withdrawn_on": DAY},
            {"work_id": "z", "votes": 5},
            {"work_id": "no votes"},
            {"work_id": "b", "votes": 5},
            {"work_id": "top", "votes": 6},
        ),
        tags(),
        10,
    )
    assert found["work_id"].to_list() == ["top", "b", "z", "no votes", "withdrawn"]
    assert found["place"].to_list() == [1, 2, 3, 4, 5]
    assert found.row(-1, named=True)["score"] == 0


def test_each_day_has_its_own_best_works() -> None:
    days = [date(2026, 11, 20), date(2026, 11, 19)]
    frame = works(*({"work_id": f"{day}/{votes}", "day": day, "votes": votes} for day in days for votes in range(4)))
    found = rank(frame, tags(), 2).select("day", "place", "votes").rows()
    assert found == [(days[1], 1, 3), (days[1], 2, 2), (days[0], 1, 3), (days[0], 2, 2)]


def test_what_is_carried_follows_the_new_works_each_arrival_with_its_best() -> None:
    earlier = date(2026, 11, 18)
    carried = listed(
        *({"work_id": f"late {votes}", "day": earlier, "votes": votes, "arrival": LATE} for votes in range(4)),
        *({"work_id": f"missed {votes}", "day": earlier, "votes": 9 + votes, "arrival": MISSED} for votes in range(3)),
    )
    frame = pl.concat([works({"work_id": "new", "votes": 1}), entries(carried, DAY)])
    labels = [(earlier, "late 3", [{"label": "Vision", "area": "Seeing"}], None)]
    found = rank(frame, pl.DataFrame(labels, schema=TAGS, orient="row"), 2)
    assert found.select("place", "work_id", "arrival").rows() == [
        (1, "new", NEW),
        (2, "late 3", LATE),
        (3, "late 2", LATE),
        (4, "missed 2", MISSED),
        (5, "missed 1", MISSED),
    ]
    assert set(found["day"]) == {DAY}
    assert found["listed_on"].to_list() == [DAY, *[earlier] * 4]
    assert found["topic"].to_list() == ["Other", "Seeing", "Other", "Other", "Other"]


def test_a_work_is_withdrawn_if_it_was_known_on_the_day_of_the_edition() -> None:
    frame = listed({"work_id": "a", "withdrawn_on": date(2026, 11, 21)}, {"work_id": "b"})
    assert entries(frame)["withdrawn"].to_list() == [False, False]
    assert entries(frame, date(2026, 11, 21))["withdrawn"].to_list() == [True, False]


def test_the_area_of_the_best_topic_is_the_section() -> None:
    frame = works({"work_id": "a", "votes": 3}, {"work_id": "b", "votes": 2}, {"work_id": "c", "votes": 1})
    found = rank(frame, tags(a=["Vision", "Robotics"], b=[]), 3)
    assert found["topic"].to_list() == ["Vision, broadly", "Other", "Other"]
    assert found["topics"].to_list() == [["Vision", "Robotics"], [], None]


def test_a_day_without_works_has_a_digest_without_rows() -> None:
    found = rank(works(), tags(), 20)
    assert found.is_empty()
    assert found.schema == DIGEST


def test_a_work_that_comes_twice_is_refused() -> None:
    with pytest.raises(pl.exceptions.ComputeError):
        rank(works({"work_id": "a"}, {"work_id": "a"}), tags(a=["Vision"]), 20)


def test_a_work_may_be_ranked_for_its_own_day_and_carried_by_another_edition() -> None:
    work = listed({"work_id": "a"})
    carried = entries(work.with_columns(arrival=pl.lit(MISSED)), DAY + timedelta(days=1))
    found = rank(pl.concat([entries(work), carried.select(entries(work).columns)]), tags(a=["Vision"]), 20)
    assert found.select("day", "listed_on", "arrival", "topic").rows() == [
        (DAY, DAY, NEW, "Vision, broadly"),
        (DAY + timedelta(days=1), DAY, MISSED, "Vision, broadly"),
    ]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "work_id": st.text(min_size=1) | st.sampled_from("0123"),
                "votes": st.none() | st.integers(-1, 3),
                "comments": st.none() | st.integers(0, 2),
                "gained": st.none() | st.integers(0, 2),
                "withdrawn_on": st.sampled_from([None, DAY]),
            }
        ),
        unique_by=lambda row: row["work_id"],
        max_size=12,
    ),
    st.integers(0, 15),
    st.randoms(),
)
def test_the_order_of_the_input_does_not_matter(rows: list[dict[str, Any]], size: int, chance: random.Random) -> None:
    topics = tags(**{str(number): ["Vision"] for number in range(4)})
    found = rank(works(*rows), topics, size)
    shuffled = rank(works(*chance.sample(rows, len(rows))), topics, size)
    assert found.equals(shuffled)
    assert found["place"].to_list() == list(range(1, min(size, len(rows)) + 1))
    assert found["withdrawn"].to_list() == sorted(found["withdrawn"])
    standing = found.filter(~pl.col("withdrawn"))
    assert standing["score"].to_list() == sorted(standing["score"], reverse=True)
