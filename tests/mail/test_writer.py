"""Lines for the papers of a digest: asked for once, within bounds, by a real endpoint on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.sample import SampleSource
from assets.mail.digest import Digest, digests
from assets.mail.rank import Ranking
from assets.mail.writer import Writer
from orchestration.endpoint import Endpoint
from orchestration.warehouse import Warehouse
from tests.chat import GOOD, REFUSED, Chat, chatting
from tests.orchestration.steps import MORNING, Steps
from tests.orchestration.test_doctor import closed_port
from tests.replay import Fault

SUNDAY, MONDAY, TUESDAY = (date(2025, 3, day) for day in (9, 10, 11))
SIX = Ranking(6)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two days of the sample, below Dagster."""
    home = tmp_path_factory.mktemp("home")
    steps = Steps(Warehouse(path=str(home / "warehouse.duckdb")), Feeds([SampleSource()], BodyStore(home / "bodies")))
    steps.run([MONDAY, TUESDAY])
    return steps.warehouse


@dataclass
class Room:
    """Two days' digests of six papers each, a model, and whoever asks it."""

    tables: Warehouse
    chat: Chat
    made: Callable[[], Digest]

    def writer(self, papers: int = 20, seconds: float = 60, timeout: float = 20, url: str = "") -> Writer:
        return Writer(
            Endpoint(f"{url or self.chat.url}/v1", "parrot-1", lambda: "hunter2", timeout_seconds=timeout,
                     connect_seconds=5, user_agent="paperboy/0"),
            papers, seconds,
        )  # fmt: skip

    def lined(self, writer: Writer) -> Digest:
        """What a run publishes."""
        return writer.lined(self.tables, self.made(), writer.write(self.tables, self.made))


@pytest.fixture
def room(tables: Warehouse, tmp_path: Path) -> Iterator[Room]:
    copy = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    Path(copy.path).write_bytes(Path(tables.path).read_bytes())
    with chatting() as chat:
        yield Room(copy, chat, lambda: digests(copy, [MONDAY, TUESDAY], (), SIX, MORNING))


def told(made: Digest, day: date = TUESDAY) -> tuple[int, str]:
    """How many lines of a day are missing, and why."""
    (row,) = made.facts.filter(pl.col("day") == day).to_dicts()
    return row["unwritten_lines"], row["unwritten_lines_told"] or ""


def test_each_paper_of_an_edition_is_asked_for_once_and_never_again(room: Room) -> None:
    made = room.lined(room.writer())
    assert made.rows["line"].to_list() == [GOOD] * 12
    assert made.rows["line_by"].to_list() == ["parrot-1"] * 12
    assert made.rows.drop("line", "line_by").equals(room.made().rows.drop("line", "line_by"))
    assert (told(made), told(made, MONDAY)) == ((0, ""), (0, ""))
    assert len(room.chat.asked) == 12
    titles = {asked["messages"][1]["content"].split("\n")[0] for asked in room.chat.asked}
    assert titles == {f"Title: {title}" for title in made.rows["title"]}
    again = room.lined(room.writer())
    assert again.rows.equals(made.rows)
    assert len(room.chat.asked) == 12


def test_another_model_is_asked_anew(room: Room) -> None:
    room.lined(room.writer())
    other = Endpoint(
        f"{room.chat.url}/v1", "parrot-2", lambda: "", timeout_seconds=20, connect_seconds=5, user_agent="p"
    )
    assert room.lined(Writer(other, 20, 60)).rows["line_by"].unique().to_list() == ["parrot-2"]
    assert len(room.chat.asked) == 24


def test_only_the_first_papers_of_a_day_are_asked_for_and_no_other_is_missing(room: Room) -> None:
    made = room.lined(room.writer(papers=2))
    assert made.rows.filter(pl.col("line").is_not_null())["place"].to_list() == [1, 2, 1, 2]
    assert told(made) == (0, "")
    assert len(room.chat.asked) == 4


def test_a_day_that_was_mailed_stays_as_it_is(room: Room) -> None:
    frozen = room.made().rows.filter(pl.col("day") == TUESDAY)
    editions = frozen.select("day", "work_id", "listed_on", "arrival", frozen_at=pl.lit("2025-03-12").str.to_datetime())
    room.tables.publish("deliveries", [TUESDAY], {"digest": frozen, "editions": editions})
    made = room.lined(room.writer())
    assert made.rows.filter(pl.col("day") == TUESDAY)["line"].drop_nulls().is_empty()
    assert told(made) == (0, "")
    assert len(room.chat.asked) == 6


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Two lines.\nOf nonsense.", "the answer had several lines"),
        ("<b>Robots</b> ask.", "the answer had markup"),
        (Fault.MALFORMED, "the answer was no chat completion"),
        (Fault.BROKEN, "answered 500 Internal Server Error"),
    ],
)
def test_a_bad_answer_costs_its_paper_the_line_until_a_later_run(room: Room, said: object, reason: str) -> None:
    room.chat.script = lambda number: said if number in (1, 4) else GOOD
    made = room.lined(room.writer())
    missing, why = told(made)
    assert missing == 2
    assert why.startswith("2 × ")
    assert why.endswith(reason)
    assert made.rows["line"].null_count() == 2
    room.chat.script = lambda number: GOOD
    assert told(room.lined(room.writer())) == (0, "")
    assert len(room.chat.asked) == 14, "only for these two again"


@pytest.mark.parametrize(
    ("said", "reason", "asked"),
    [
        (REFUSED, "answered 401 Unauthorized", 1),
        (Fault.RATE_LIMITED, "answered 429 Too Many Requests", 1),
        (Fault.RETRY_ABSURD, "answered 429 Too Many Requests and asks to wait 86400 s", 1),
        (Fault.BROKEN, "answered 500 Internal Server Error", 2),
        (Fault.SLOW, "no answer within 0.2 s", 2),
    ],
)
def test_a_model_that_does_not_answer_is_not_asked_for_ever(room: Room, said: object, reason: str, asked: int) -> None:
    room.chat.script = lambda number: said
    made = room.lined(room.writer(timeout=0.2))
    assert made.rows["line"].null_count() == 12
    assert len(room.chat.asked) == asked
    for day in (MONDAY, TUESDAY):
        missing, why = told(made, day)
        assert missing == 6
        assert reason in why
    assert "hunter2" not in repr(made.facts.rows())


def test_a_model_that_is_down_is_told(room: Room) -> None:
    missing, why = told(room.lined(room.writer(url=f"http://127.0.0.1:{closed_port()}")))
    assert missing == 6
    assert "Connection refused" in why


def test_a_day_takes_no_longer_than_it_may_and_the_rest_is_for_a_later_run(room: Room) -> None:
    room.chat.script = lambda number: GOOD if number < 2 else Fault.SLOW
    made = room.lined(room.writer(seconds=1.5))
    missing, why = told(made)
    assert missing == 4
    assert "no answer within" in why
    assert "3 × not asked, for the day's 1.5 s were over" in why
    assert made.rows["line"].drop_nulls().to_list() == [GOOD] * 2, "what was written is kept and shown"
    room.chat.script = lambda number: GOOD
    assert told(room.lined(room.writer())) == (0, "")


def test_of_a_day_without_papers_nothing_is_asked(room: Room) -> None:
    room.made = lambda: digests(room.tables, [SUNDAY], (), SIX, MORNING)
    made = room.lined(room.writer())
    assert (made.rows.height, told(made, SUNDAY)) == (0, (0, ""))
    assert room.chat.asked == []
