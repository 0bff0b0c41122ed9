"""The ranking: its formula, its order whatever the input's, its words and its verbatim sentences."""

import gzip
import json
import random
from datetime import date, timedelta
from math import log
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.carried import LATE, MISSED, NEW
from assets.mail.rank import CODE_BONUS, COMMENTS_WEIGHT, DIGEST, entries, opening, rank

CORPUS = Path(__file__).parents[2] / "../shared/data/arxiv/corpus_80k.jsonl.gz"
DAY = date(2026, 11, 20)
TOPIC = pl.Struct(dict.fromkeys(("topic", "label", "area", "phrase", "field"), pl.String) | {"score": pl.Float64})
CODE = {"url": "https://github.com/a/b", "kind": "code"}
PAGE = {"url": "https://project.example/", "kind": "project"}
TAGS = pl.Schema({"day": pl.Date(), "work_id": pl.String(), "topics": pl.List(TOPIC)})
WORKS = pl.Schema(
    {
        "day": pl.Date(),
        "work_id": pl.String(),
        "title": pl.String(),
        "abstract": pl.String(),
        "authors": pl.List(pl.String()),
        "links": DIGEST["links"],
        "url": pl.String(),
        "votes": pl.Int32(),
        "comments": pl.Int32(),
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
    rows = [(DAY, work, found) for work, found in topics.items()]
    return pl.DataFrame(rows, schema=TAGS, orient="row")


def test_the_score_is_the_sum_of_the_published_parts() -> None:
    row = rank(works({"work_id": "a", "votes": 24, "comments": 3, "links": [PAGE, CODE]}), tags(), 5)
    parts = row.select("score_votes", "score_comments", "score_code").row(0)
    assert parts == pytest.approx((log(25), COMMENTS_WEIGHT * log(4), CODE_BONUS))
    assert row["score"].item() == pytest.approx(sum(parts))
    assert row.schema == DIGEST


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
        ({"votes": 9, "withdrawn_on": DAY}, "withdrawn"),
    ],
)
def test_every_place_says_why_in_words(work: dict[str, Any], why: str) -> None:
    assert rank(works({"work_id": "a"} | work), tags(), 1)["why"].item() == why


@pytest.mark.parametrize(
    ("links", "has_code"), [([CODE], True), ([PAGE, CODE], True), ([PAGE], False), ([], False), (None, False)]
)
def test_only_a_link_to_code_counts_as_code(links: list[dict[str, str]] | None, has_code: bool) -> None:
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
    labels = [(earlier, "late 3", [{"label": "Vision", "area": "Seeing"}])]
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
                "work_id": st.text(min_size=1),
                "votes": st.none() | st.integers(-1, 3),
                "comments": st.none() | st.integers(0, 2),
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
    found = rank(works(*rows), tags(), size)
    shuffled = rank(works(*chance.sample(rows, len(rows))), tags(), size)
    assert found.equals(shuffled)
    assert found["place"].to_list() == list(range(1, min(size, len(rows)) + 1))
    assert found["withdrawn"].to_list() == sorted(found["withdrawn"])
    assert found["score"].to_list() == sorted(found["score"], reverse=True)


@pytest.mark.parametrize(
    "sentences",
    [
        ["We ask. ", "It answers. ", "We stop."],
        ["Following Smith et al. (2024), we prune. ", "It is 3.5 times faster, e.g. on a GPU. ", "We stop."],
        ["Unlike Smith et al. Brown et al. prune, i.e. cut. ", "See Fig. 2 and Eq. 3. ", "We stop."],
        ["Large vs. small models differ, cf. Sec. 4. ", "They are i.i.d. Gaussian. ", "We stop."],
        ["The method of J. K. Smith fails. ", "Dr. Brown and St. Mary agree. ", "We stop."],
        ['Is it "enough?" ', "It is (we think.) ", "(See above.) We stop."],
        ["It costs 0.5 cents.\n", "GPT-4.5 costs more!  ", "2D is cheaper."],
        ["One sentence that never ends"],
        ["One. ", "Two"],
        [""],
    ],
)
def test_an_opening_is_two_sentences(sentences: list[str]) -> None:
    assert opening("".join(sentences)) == "".join(sentences[:2]).strip()


@given(st.text() | st.text(alphabet=st.sampled_from('ab A.B?!\n("e.g ')))
def test_an_opening_is_verbatim(abstract: str) -> None:
    found = opening(abstract)
    assert abstract.strip().startswith(found)
    assert bool(found) == bool(abstract.strip())


def test_real_openings_are_verbatim_and_short() -> None:
    if not CORPUS.exists():
        pytest.skip("the corpus of real abstracts is not here")
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abstract"] for line, _ in zip(lines, range(5_000), strict=False)]
    openings = [opening(abstract) for abstract in abstracts]
    assert all(found in abstract for found, abstract in zip(openings, abstracts, strict=True))
    assert 250 < sorted(map(len, openings))[len(openings) // 2] < 400
