"""The ranking for one reader: follows, mutes, and taste learned from what they like."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from assets.mail.personal import FOLLOWED, TASTE, Personal, formula_for_one, personal
from assets.mail.profile import Profile, Wishes, plain
from assets.mail.rank import Ranking, rank
from assets.mail.taste import LINEAR_FROM, background, taste
from assets.mail.words import ENGLISH
from tests.lab import lab
from tests.mail.test_digest import publish
from tests.mail.test_rank import DAY, TAGS, works
from tests.orchestration.terminal import MONDAY, Terminal

TAGGED = pl.Schema({**TAGS, "keywords": pl.List(pl.String), "categories": pl.List(pl.String)})
BOATS = {"topic": "boats", "label": "Boats and ships", "area": "Sea"}
ROWS: list[dict[str, Any]] = [
    {"work_id": "a", "votes": 9, "title": "On Anchors", "authors": ["Ada Lovelace"], "abstract": "Iron."},
    {"work_id": "b", "votes": 8, "title": "On Boats", "authors": ["Émile Borel"], "abstract": "With a KV-cache, wet."},
    {"work_id": "c", "votes": 7, "title": "On Crabs", "authors": None, "abstract": None},
]
RANKED = rank(works(*ROWS), pl.DataFrame([], schema=TAGS), Ranking(9))
TAGS_OF = pl.DataFrame(
    [(DAY, "a", [], None, ["steel"], ["cs.RO"]), (DAY, "b", [BOATS], None, [], None)], schema=TAGGED, orient="row"
)
ABSTRACTS = pl.DataFrame({"work_id": [row["work_id"] for row in ROWS], "abstract": [row["abstract"] for row in ROWS]})


def of(follow: Wishes = Wishes(), mute: Wishes = Wishes(), shares: tuple[float, ...] = (0, 0, 0)) -> Personal:  # noqa: B008
    papers = RANKED.join(ABSTRACTS, on="work_id", maintain_order="left")
    return personal(papers, TAGS_OF, Profile(follow, mute), np.array(shares))


def wish(kind: str, name: str) -> Wishes:
    return Wishes(**{kind: frozenset({name})})


FULFILLED = [
    ("topics", "boats", "b", "Boats and ships"),
    ("topics", "boats and ships", "b", "Boats and ships"),
    ("categories", "cs.ro", "a", "cs.RO"),
    ("categories", "cs", "a", "cs.ro"),
    ("authors", "ada lovelace", "a", "Ada Lovelace"),
    ("authors", "émile borel", "b", "Émile Borel"),
    ("keywords", "steel", "a", "steel"),
    ("keywords", "kv-cache", "b", "kv-cache"),
    ("keywords", "crabs", "c", "crabs"),
    ("keywords", "a kv-cache, wet", "b", "a kv-cache, wet"),
]


def test_without_wishes_the_published_order_stands() -> None:
    found = of()
    assert found.rows.select(RANKED.columns).equals(RANKED)
    assert found.muted == 0


@pytest.mark.parametrize(("kind", "name", "work", "told"), FULFILLED)
def test_what_is_followed_counts_more_and_says_so(kind: str, name: str, work: str, told: str) -> None:
    found = of(follow=wish(kind, name)).rows
    (row,) = found.filter(pl.col("score_follows") > 0).to_dicts()
    assert (row["work_id"], row["score_follows"]) == (work, FOLLOWED[kind])
    assert row["because"] == f"you follow {told}"
    assert found["place"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(("kind", "name", "work", "told"), FULFILLED)
def test_what_is_muted_is_left_out_and_counted(kind: str, name: str, work: str, told: str) -> None:
    found = of(mute=wish(kind, name))
    assert work not in found.rows["work_id"].to_list(), told
    assert (found.rows.height, found.muted) == (2, 1)


def test_capitals_of_any_language_are_no_other_wish() -> None:
    assert plain("WEISS") == plain("Weiß") == plain(" weiẞ")


@pytest.mark.parametrize("name", ["crab", "wet iron", "adalovelace", "c", "cache kv", "k.-cache", "(", "kv-cache,wet"])
def test_a_part_of_a_word_is_no_keyword(name: str) -> None:
    assert of(mute=wish("keywords", name)).muted == 0


def test_taste_moves_a_paper_up_and_is_told_from_a_certain_share() -> None:
    found = of(shares=(0.1, 0.0, 0.9)).rows
    assert found["work_id"].to_list() == ["c", "a", "b"]
    assert found["because"].to_list() == ["90% to your taste", "", ""]
    assert found["score"].to_list() == sorted(found["score"], reverse=True)


SEA = ["A boat with a keel sails the waves", "Keels steady a sailing boat", "Sails and keels of boats in waves"]
LAND = [f"Neural network number {number} learns tokens of language" for number in range(40)]


@pytest.mark.parametrize("likes", [1, 3, LINEAR_FROM, 15])
def test_what_is_like_the_likes_is_to_taste_whatever_their_number(likes: int) -> None:
    known = background([*SEA, *LAND])
    liked = [f"{SEA[number % 3]} again" for number in range(likes)]
    asked = known.weighed(["The keel of a boat in waves", "A network learns language"])
    sea, land = taste(known, known.weighed(liked), asked)
    assert 0 <= land < 0.3 < sea <= 1


def test_newer_likes_count_more() -> None:
    known = background([*SEA, *LAND])
    asked = known.weighed([SEA[0], LAND[0]])
    newest, oldest = known.weighed([SEA[1], LAND[1], LAND[2]]), known.weighed([LAND[1], LAND[2], SEA[1]])
    sea, land = taste(known, newest, asked) - taste(known, oldest, asked)
    assert sea >= 0 >= land


def test_the_command_ranks_for_a_reader(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    terminal = Terminal(tmp_path / "home", {"SOURCES": "archive", "ARCHIVE__FOLDER": str(tmp_path / "archive")})
    with lab(terminal.home, **terminal.environment) as made:
        publish(made, MONDAY, {"Harbours": 9, "Buoys": 8, "Tides": 0, "Sails": 3})
        assert made.backfill(MONDAY, MONDAY)[0].success
    me = tmp_path / "me.toml"
    me.write_text('[follow]\nauthors = ["Ada Tides"]\n[mute]\nkeywords = ["harbours"]\n')
    told = terminal("top", "day", MONDAY, "--for", me)
    assert (told.exit_code, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert [line.split()[2].rstrip(",") for line in lines if " Day 10" in line] == ["Buoys", "Tides", "Sails"]
    assert "you follow Ada Tides" in told.stdout
    assert "1 of 4 papers are muted." in told.stdout
    assert "halve every 24 h; plus 2 for an author that you follow" in told.stdout
    me.write_text('likes = ["2503.99999"]')
    unknown = terminal("top", "day", MONDAY, "--for", me)
    assert unknown.exit_code == 1
    assert f"{me}: likes arxiv:2503.99999, which no day has listed" in unknown.stderr


def test_the_formula_of_one_reader_says_each_of_their_points() -> None:
    told = formula_for_one("1 × ln(1 + votes)", ENGLISH)
    assert told.startswith("1 × ln(1 + votes); plus 2 for an author that you follow, 1 for a topic, 1 for a keyword, ")
    assert told.endswith("0.5 for a category, and up to 3 for what is to your taste")
    assert [float(part) for part in re.findall(r"[\d.]+ (?=for)", told)] == [*FOLLOWED.values(), TASTE]
    assert formula_for_one("", ENGLISH) == ""
