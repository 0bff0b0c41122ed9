"""The embedded source: the same papers everywhere, as many as promised, with all that real feeds hold."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.fetch import sample_works
from assets.fetch.sample import SampleSource
from assets.fetch.sample_text import Dice, fill, headline, wrapped
from assets.fetch.source import RECORD, Body, Source, SourceError, frame

Row = dict[str, Any]

SOURCE: Source = SampleSource()
YEAR = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
MONTH = [day for day in YEAR if day.month == 11]
WEEKDAYS = [day for day in YEAR if day.weekday() < 5]
RESERVED = ("example.org", "example.com", "example.net")


@cache
def rows(day: date) -> list[Row]:
    return SOURCE.parse(day, SOURCE.fetch(day).bodies)


def is_broken(row: Row) -> bool:
    return "" in (row["title"].strip(), row["abstract"])


def is_mirror(row: Row) -> bool:
    return str(row["source_id"]).startswith("mirror-")


def is_late(row: Row) -> bool:
    waited: timedelta = row["day"] - row["published"].date()
    return row["version"] == 1 and waited.days >= 7


def is_withdrawn(row: Row) -> bool:
    return "has been withdrawn by the authors due to" in (row["note"] or "")


def is_revision(row: Row) -> bool:
    return row["version"] == 2 and not is_withdrawn(row)


KINDS: dict[str, tuple[float, Callable[[Row], object]]] = {
    "TeX in a title": (0.8, lambda row: re.search(r"[\\$]|``", row["title"])),
    "TeX in an abstract": (1, lambda row: re.search(r"[\\$]|``", row["abstract"])),
    "mathematics": (0.5, lambda row: re.search(r"\$[^$]+\$", row["abstract"])),
    "TeX accents": (0.2, lambda row: re.search(r"\\['\"^`H]", row["title"] + row["abstract"])),
    "quotes": (0.5, lambda row: "``" in row["title"] + row["abstract"]),
    "hard line breaks": (1, lambda row: "\n" in row["abstract"]),
    "entities": (0.6, lambda row: re.search(r"&(\w+|#x\d+);", row["abstract"])),
    "a URL at the end": (0.9, lambda row: re.search(r"https://\S+$", row["abstract"])),
    "the second feed": (1, is_mirror),
    "a revision": (1, is_revision),
    "a withdrawal": (0.2, is_withdrawn),
    "a late arrival": (0.3, is_late),
    "a broken record": (0.15, is_broken),
    "an id that ends in 0": (0.5, lambda row: row["source_id"].endswith("0")),
    "a DOI": (0.9, lambda row: row["doi"]),
    "a link": (1, lambda row: row["links"]),
    "two authors": (0.4, lambda row: len(row["authors"]) == 2),
    "a crowd of authors": (0.4, lambda row: len(row["authors"]) >= 30),
    "no affiliation": (1, lambda row: not row["affiliations"]),
    "one affiliation": (1, lambda row: len(row["affiliations"]) == 1),
    "a crowd of affiliations": (0.4, lambda row: len(row["affiliations"]) > 3),
    "more than 100 votes": (0.4, lambda row: row["votes"] > 100),
    "few votes": (1, lambda row: row["votes"] < 10),
}


def contents(days: list[date]) -> str:
    return hashlib.sha256(b"".join(body.content for day in days for body in SOURCE.fetch(day).bodies)).hexdigest()


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_makes_the_same_bytes(hash_seed: str) -> None:
    program = (
        "from datetime import date\n"
        "from tests.fetch.test_sample import contents\n"
        "print(contents([date(2026, 11, day) for day in range(30, 0, -1)]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == contents([date(2026, 11, day) for day in range(30, 0, -1)])


def test_the_dice_fall_as_they_always_have() -> None:
    dice = Dice("a seed")
    assert [dice.between(1, 6) for _ in range(12)] == [5, 1, 4, 5, 1, 4, 5, 1, 2, 5, 5, 1]


def test_every_weekday_has_15_to_40_papers_and_a_weekend_none() -> None:
    counts = {day: len(rows(day)) for day in YEAR}
    assert all(15 <= counts[day] <= 40 for day in WEEKDAYS)
    assert all(SOURCE.fetch(day).bodies == () for day in YEAR if day.weekday() > 4)
    assert len(set(counts.values())) > 10


@settings(deadline=None)
@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_any_date_parses_into_the_frame(day: date) -> None:
    bodies = SOURCE.fetch(day).bodies
    papers = SOURCE.parse(day, bodies)
    table = frame(papers)
    assert table.schema == RECORD
    assert table.height == len(papers)
    assert set(table["day"]) <= {day} and set(table["source"]) <= {"sample"}
    assert set(table["body"]) == {body.sha256 for body in bodies}
    assert all(json.loads(row["record"])["id"] == row["source_id"] for row in papers)
    assert "position" not in {key for row in papers for key in row}


def test_no_field_of_a_normal_record_is_empty() -> None:
    optional = {"position", "seen_at", "announced", "stars", "licence", "doi", "note", "links", "affiliations"}
    table = frame(row for day in MONTH for row in rows(day) if not is_broken(row))
    for name in table.drop(optional).columns:
        values = table[name]
        assert values.null_count() == 0, name
        if values.dtype == pl.String:
            assert (values.str.strip_chars().str.len_chars() > 0).all(), name
        if isinstance(values.dtype, pl.List):
            assert (values.list.len() > 0).all(), name


def test_an_id_is_listed_once_a_day_and_is_no_id_of_arxiv() -> None:
    for day in MONTH:
        ids = [row["source_id"] for row in rows(day)]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"sample\.\d{4}\.\d{5}|mirror-[0-9a-f]{6}", name) for name in ids)


def test_ids_of_works_are_unique_over_a_year() -> None:
    ids = [work.id for day in YEAR for work in sample_works.works(day)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_a_month_holds_every_kind(kind: str) -> None:
    share, holds = KINDS[kind]
    weekdays = [day for day in MONTH if day.weekday() < 5]
    days = sum(any(holds(row) for row in rows(day)) for day in weekdays)
    assert days >= share * len(weekdays)


def test_about_one_weekday_in_three_has_one_broken_record() -> None:
    broken = [sum(is_broken(row) for row in rows(day)) for day in WEEKDAYS]
    assert set(broken) == {0, 1}
    assert 0.25 < sum(broken) / len(broken) < 0.42


def test_the_second_feed_repeats_the_title_and_the_authors() -> None:
    initials = 0
    for day in MONTH:
        listed = {(row["url"], tuple(row["authors"])) for row in rows(day)}
        assert len(listed) == len(rows(day))
        for mirror in filter(is_mirror, rows(day)):
            key = re.sub(r"\\\w+|\W", "", mirror["title"])
            twins = [row for row in rows(day) if re.sub(r"\\\w+|\W", "", row["title"]) == key and row != mirror]
            assert len(twins) == 1
            families = [[name.split(" ", 1)[1] for name in row["authors"]] for row in (mirror, twins[0])]
            assert families[0] == families[1]
            initials += mirror["authors"] != twins[0]["authors"]
    assert initials


def test_a_revision_changes_the_abstract_of_a_paper_listed_before() -> None:
    first = {row["source_id"]: row for day in YEAR for row in rows(day) if row["version"] == 1}
    later = [row for day in MONTH for row in rows(day) if row["version"] == 2]
    for row in later:
        before = first[row["source_id"]]
        assert row["day"] > before["day"] and row["published"] == before["published"]
        assert row["authors"] == before["authors"]
        assert (row["abstract"] == before["abstract"]) == is_withdrawn(row)


def test_titles_of_different_works_hardly_ever_collide() -> None:
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for day in YEAR:
        for row in rows(day):
            if row["version"] == 1 and not is_mirror(row) and not is_broken(row):
                titles[row["title"].lower()].add(row["source_id"])
    works = sum(map(len, titles.values()))
    assert works > 5_000
    assert sum(len(ids) for ids in titles.values() if len(ids) > 1) < 0.005 * works


def test_every_link_is_on_a_reserved_host() -> None:
    text = "\n".join(row["record"] for day in MONTH for row in rows(day))
    hosts = {urlsplit(link).hostname or "" for link in re.findall(r"https?://[^\s\"\\]+", text)}
    assert len(hosts) >= 3
    assert all(host.endswith(RESERVED) and host.split(".")[-2] == "example" for host in hosts)


def test_an_abstract_has_four_to_seven_sentences() -> None:
    for day in MONTH:
        for work in sample_works.works(day):
            text = " ".join(sample_works.draft(work).sentences)
            assert 4 <= len(re.findall(r"[.?!](?= [A-Z`\\]|$)", text)) <= 7, text


@pytest.mark.parametrize("place", range(95))
def test_every_template_of_a_problem_fills(place: int) -> None:
    subjects = [(field, problem) for field in sample_works._fields() for problem in field.problem]
    field, problem = subjects[place]
    phrases = sample_works._phrases()
    for kind, shapes in phrases["titles"].items():
        for number, shape in enumerate(shapes):
            work = sample_works.Work(date(2026, 11, 16), place * 100 + number, field, problem, kind, shape, "")
            written = sample_works.draft(work)
            for text in (written.title, *written.sentences):
                assert not re.search(r"[\[\]|]|\.\.|  |\bNone\b", text), text


def test_the_newest_day_is_the_last_weekday() -> None:
    friday = date(2026, 11, 20)
    for days, newest in [(0, 0), (1, 0), (2, 0), (3, 3), (4, 4)]:
        assert SOURCE.newest_day(friday + timedelta(days=days)) == friday + timedelta(days=newest)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-40],
        lambda text: "<html>busy</html>",
        lambda text: "[]",
        lambda text: text.replace('"votes"', '"upvotes"', 1),
        lambda text: text.replace('"count":', '"count":1', 1),
        lambda text: text.replace("2026-11-16", "2026-11-17", 1),
    ],
)
def test_a_damaged_body_raises(damage: Callable[[str], str]) -> None:
    day = date(2026, 11, 16)
    (body,) = SOURCE.fetch(day).bodies
    damaged = Body(damage(body.content.decode()).encode(), body.url, body.fetched_at)
    with pytest.raises(SourceError, match=r"sample: sample:///2026-11-16: "):
        SOURCE.parse(day, [damaged])


def test_slots_fill_from_the_inside() -> None:
    words = {"data": "the [old|old] set"}
    assert fill("from [2.0..2.0] to [0.07..0.07] on [data]", Dice("x"), words) == "from 2.0 to 0.07 on the old set"
    assert fill("[1200..1200] and $[3..3]\\sigma$", Dice("x"), {}) == "1,200 and $3\\sigma$"
    with pytest.raises(KeyError):
        fill("[nothing]", Dice("x"), {})


def test_a_headline_leaves_mathematics_alone() -> None:
    assert headline("bounds: an $O(n \\log n)$ view of two-stage search") == (
        "Bounds: An $O(n \\log n)$ View of Two-Stage Search"
    )


@settings(deadline=None)
@given(st.lists(st.text("abc$\\", min_size=1, max_size=60), min_size=1, max_size=60))
def test_hard_line_breaks_lose_no_word(words: list[str]) -> None:
    lines = wrapped(" ".join(words))
    assert lines.split() == words
    assert all(len(line) <= 78 for line in lines.splitlines())
