"""Whatever an upstream answers: the outcome is said, nothing that was stored is lost, nothing partial is published."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.fetching import EARLY, NEXT_MORNING, TUESDAY, WEEKS_LATER, WHOLE, Attempt, House, Trial, Wrong, trial
from tests.replay import Fault
from tests.replay_arxiv import Trouble

ALWAYS = 99


@dataclass(frozen=True)
class Place:
    """Where something goes wrong: at whose answers, when, and what becomes of the day if it stays."""

    answers: str
    source: str
    outcome: str
    now: datetime = WEEKS_LATER


DOWN, SHORT, EMPTY, LACKING, UNSEEN = "down", "short", "empty", "lacking", "unseen"
"""The source failed and the other is published; a part came and nothing is published; nothing came though a list was
due; the list is whole but something is said of it; nothing is amiss."""

LIST = Place("list, page 0", "huggingface", DOWN)
LIST_GOES_ON = Place("list, page 1", "huggingface", SHORT)
HARVEST = Place("harvest, first page", "arxiv", DOWN)
HARVEST_GOES_ON = Place("harvest, next page", "arxiv", DOWN)
FEED = Place("feed", "arxiv", LACKING, NEXT_MORNING)
FEED_BEFORE_DUE = Place("feed", "arxiv", DOWN, EARLY)
QUERY = Place("query", "huggingface", LACKING)

PASSING = [
    Fault.RATE_LIMITED, Fault.NOT_ACCEPTABLE, Fault.BROKEN, Fault.UNAVAILABLE, Fault.RETRY_SECONDS, Fault.RETRY_DATE,
    Fault.RESET, Fault.RESET_MID_BODY, Fault.TRUNCATED, Fault.TRUNCATED_GZIP, Fault.SLOW, Fault.NEVER_ENDS,
    Fault.HEAD_NEVER_ENDS, Fault.HTML, Fault.MALFORMED, Fault.EMPTY, Fault.REDIRECT_ROUND,
]  # fmt: skip
"""Worth another request: gone after one such answer, nobody sees them."""

FINAL = [Fault.NOT_FOUND, Fault.RETRY_ABSURD, Fault.GZIP_BOMB, Fault.REDIRECT_AWAY, Fault.UNREADABLE_REDIRECT]
"""Not asked again within a run."""

SOME = [Fault.NOT_ACCEPTABLE, Fault.RESET_MID_BODY, Fault.TRUNCATED_GZIP, Fault.HTML, Fault.MALFORMED]
FEW = [Fault.UNAVAILABLE, Fault.HTML, Fault.MALFORMED]


@dataclass(frozen=True)
class Case:
    """A fault at a place; whether it is gone without a trace after one answer, and its outcome if it stays."""

    place: Place
    wrong: Wrong
    passes: bool = True
    outcome: str = ""

    def __str__(self) -> str:
        return f"{self.place.answers}, {self.place.now:%d %b}: {self.wrong}"


CASES = [
    *(Case(LIST, fault) for fault in PASSING),
    *(Case(LIST, fault, passes=False) for fault in FINAL),
    Case(LIST, Fault.ENTITY_BOMB),
    Case(LIST, Fault.EMPTY_LIST, False, EMPTY),
    *(Case(LIST_GOES_ON, fault) for fault in SOME),
    *(Case(LIST_GOES_ON, fault, passes=False) for fault in (Fault.GZIP_BOMB, Fault.REDIRECT_AWAY)),
    Case(LIST_GOES_ON, Fault.EMPTY_LIST),
    Case(LIST_GOES_ON, Fault.DUPLICATED_PAGE, passes=False),
    *(Case(HARVEST, fault) for fault in (*SOME, Fault.NEVER_ENDS, Fault.EMPTY_LIST)),
    *(Case(HARVEST, fault, passes=False) for fault in (*FINAL, Fault.ENTITY_BOMB)),
    *(Case(HARVEST_GOES_ON, fault) for fault in (*FEW, Fault.EMPTY_LIST, Fault.DUPLICATED_PAGE)),
    *(Case(HARVEST_GOES_ON, fault) for fault in (Fault.NOT_FOUND, Fault.GZIP_BOMB, Fault.ENTITY_BOMB)),
    *(Case(HARVEST_GOES_ON, fault) for fault in (Trouble.EXPIRED, Trouble.BAD_REQUEST)),
    *(Case(FEED, fault) for fault in (*FEW, Fault.EMPTY)),
    *(Case(FEED, fault, passes=False) for fault in (Fault.GZIP_BOMB, Fault.ENTITY_BOMB, Fault.REDIRECT_AWAY)),
    Case(FEED, Fault.EMPTY_LIST, True, UNSEEN),
    *(Case(FEED_BEFORE_DUE, fault) for fault in (Fault.UNAVAILABLE, Fault.HTML)),
    Case(FEED_BEFORE_DUE, Fault.EMPTY_LIST, False, EMPTY),
    *(Case(QUERY, fault) for fault in (*FEW, Fault.EMPTY_LIST)),
    *(Case(QUERY, wrong, False) for wrong in (Trouble.ERROR_ENTRY, Trouble.BAD_REQUEST, Fault.ENTITY_BOMB)),
]


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("lists") / "daily") as running:
        yield running


def other(source: str) -> str:
    (found,) = WHOLE.keys() - {source}
    return found


def assert_whole(house: House, attempt: Attempt) -> None:
    assert attempt == Attempt(dict.fromkeys(WHOLE, "fresh"), dict.fromkeys(WHOLE, ""), "", {})
    assert house.ids() == WHOLE


def assert_outcome(house: House, attempt: Attempt, source: str, outcome: str) -> None:
    """What a first fetch comes to while the fault stays."""
    assert attempt.states[other(source)] == "fresh"
    assert all(ids == WHOLE[name] for name, ids in house.ids().items()), "a list is there whole or not at all"
    match outcome:
        case "down":
            assert attempt.states[source] == "failed"
            assert house.ids().keys() == {other(source)}
        case "empty":
            assert attempt.states[source] == "incomplete"
            assert "a list was due" in attempt.reasons[source]
            assert house.ids().keys() == {other(source)}
        case "short":
            assert attempt.states[source] == "incomplete"
            assert attempt.rejected.startswith("no_shortfall: shortfall 1 (huggingface 4 of an unknown number: page 1:")
            assert house.ids() == {}
        case "lacking":
            assert attempt.states[source] == "fresh"
            assert attempt.reasons[source]
            assert house.ids() == WHOLE
        case "unseen":
            assert_whole(house, attempt)
    assert (outcome == SHORT) == bool(attempt.rejected)
    told = {"every_source_answered"} if outcome in (DOWN, EMPTY) else set()
    assert attempt.warnings.keys() - {"every_source_answered"} == set()
    assert outcome == SHORT or attempt.warnings.keys() == told


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whatever_is_answered(tmp_path: Path, upstreams: Trial, case: Case) -> None:
    place, outcome = case.place, case.outcome or case.place.outcome
    house = House(tmp_path, upstreams, place.now)
    with house.warehouse.kept_open():
        upstreams.go_wrong(place.answers, case.wrong, ALWAYS)
        attempt = house.fetch()
        assert upstreams.times < ALWAYS, "the fault was met"
        assert_outcome(house, attempt, place.source, outcome)
        assert house.status().state == ("incomplete" if attempt.rejected else "partial"), "the steps after it wait"

        upstreams.go_wrong(place.answers, case.wrong, 1)
        attempt = house.fetch()
        if not case.passes:
            assert attempt.states[place.source] != "fresh" or attempt.reasons[place.source]
            upstreams.mend()
            attempt = house.fetch()
        assert_whole(house, attempt)

        rows, snapshots, bodies = house.rows(), house.snapshots(), house.bodies()
        upstreams.go_wrong(place.answers, case.wrong, ALWAYS)
        attempt = house.fetch()
        assert house.rows() == rows
        assert snapshots <= house.snapshots()
        assert bodies.items() <= house.bodies().items()
        assert bool(attempt.rejected) == (outcome in (SHORT, EMPTY) and place.source == "huggingface")


@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(hours=1)], ids=str)
@pytest.mark.parametrize("now", [EARLY, NEXT_MORNING, WEEKS_LATER], ids=str)
def test_a_clock_an_hour_off(tmp_path: Path, upstreams: Trial, now: datetime, off: timedelta) -> None:
    upstreams.mend()
    house = House(tmp_path, upstreams, now, off)
    for _ in range(2):
        assert_whole(house, house.fetch())


def test_a_harvest_that_comes_short_of_what_the_server_counts(tmp_path: Path, upstreams: Trial) -> None:
    house = House(tmp_path, upstreams, WEEKS_LATER)
    upstreams.arxiv.counts = True
    try:
        upstreams.go_wrong("harvest, next page", Trouble.HALF_MISSING, ALWAYS)
        attempt = house.fetch()
        assert attempt.states == {"arxiv": "incomplete", "huggingface": "fresh"}
        assert attempt.rejected.startswith("no_shortfall: shortfall 1 (arxiv 4 of 4: the harvest of cs, 2025-03-10 to ")
        assert "has 4 of 6 records" in attempt.rejected
        assert (house.ids(), house.status().state) == ({}, "incomplete")
        upstreams.go_wrong("harvest, next page", Trouble.HALF_MISSING, 1)
        assert_whole(house, house.fetch())
    finally:
        upstreams.arxiv.counts = False


def test_both_down_is_a_failed_day_that_keeps_its_rows(tmp_path: Path, upstreams: Trial) -> None:
    house = House(tmp_path, upstreams, WEEKS_LATER)
    upstreams.mend()
    daily, services = upstreams.daily.url, upstreams.arxiv.url
    try:
        upstreams.daily.url = upstreams.arxiv.url = "http://127.0.0.1:1"
        assert set(house.fetch().states.values()) == {"failed"}
        assert (house.ids(), house.status().state) == ({}, "failed")
    finally:
        upstreams.daily.url, upstreams.arxiv.url = daily, services
    assert_whole(house, house.fetch())
    assert house.status(TUESDAY).rows == {"fetched_papers": sum(map(len, WHOLE.values()))}
