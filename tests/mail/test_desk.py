"""The desk over a real warehouse and outbox: an edition says what the ledger says; what was mailed is noted once."""

from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from assets.mail.carried import NEW
from assets.mail.chat import Chat
from assets.mail.desk import Desk, day_edition, day_material
from assets.mail.formula import PARTS
from assets.mail.known import Morning
from assets.mail.outbox import Outbox
from assets.mail.rank import DIGEST, Ranking
from assets.mail.readers.likes import Likes
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.shelf import Shelf
from assets.mail.transport import MaildirTransport
from orchestration.warehouse import Warehouse
from quality.entries import PARTITIONS

DAY, NEXT = date(2026, 11, 19), date(2026, 11, 20)
MADE_AT = datetime(2026, 11, 20, 7, 30)
READERS = ("ada@reader.example", "ben@reader.example")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(path=str(tmp_path / "warehouse.duckdb"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    outbox, transport = Outbox(tmp_path / "outbox.sqlite"), MaildirTransport(tmp_path / "maildir")
    readers = Readers(tmp_path / "outbox.sqlite", Secret(tmp_path / "mail.key"))
    likes = Likes(tmp_path / "outbox.sqlite")
    morning, shelf = Morning(time(7, 30), "UTC"), Shelf(tmp_path / "editions")
    chat = Chat(tmp_path / "outbox.sqlite")
    return Desk(outbox, readers, likes, transport, "paper@boy.example", READERS, Ranking(20), 4, morning, shelf, chat)


def publish(warehouse: Warehouse, day: date, *works: str) -> None:
    """A digest of these works, as its step publishes it."""
    usual = {**dict.fromkeys(DIGEST), **dict.fromkeys(("score", *(f"score_{part}" for part in PARTS)), 0.0)}
    usual |= {"day": day, "topic": "Other", "why": "", "title": "A Title", "withdrawn": False}
    usual |= {"listed_on": day, "arrival": NEW}
    rows = [usual | {"work_id": work, "place": place} for place, work in enumerate(works, 1)]
    partition = [("digest", day, "published", len(works), "", "run", MADE_AT)]
    frames = {
        "digest": pl.DataFrame(rows, schema=DIGEST, orient="row"),
        "partitions": pl.DataFrame(partition, schema=PARTITIONS, orient="row"),
    }
    warehouse.publish("digest", [day], frames)


def mail(desk: Desk, warehouse: Warehouse, day: date) -> None:
    made = day_material(warehouse, day)
    desk.mail(made, desk.pools(warehouse, made))


def noted(warehouse: Warehouse) -> list[tuple[date, str]]:
    return warehouse.read("SELECT day, work_id FROM editions ORDER BY ALL").rows()


def test_an_edition_says_which_source_is_missing_with_the_figures_of_the_ledger(warehouse: Warehouse) -> None:
    rows = [("huggingface", "incomplete", 62, 30), ("arxiv", "failed", None, 0), ("journal", "quiet", None, 0)]
    lists = pl.DataFrame(rows, schema=["source", "state", "expected", "fetched"], orient="row")
    ledger = lists.with_columns(day=DAY, attempts=1, seconds=0.1, reason=pl.lit(""), recorded_at=MADE_AT)
    warehouse.publish("fetched_papers", [DAY], {"fetch_ledger": ledger})
    publish(warehouse, DAY, "a")
    found = day_edition(warehouse, DAY)
    assert found.state == "incomplete"
    assert found.alarms == (
        "arXiv could not be read; its papers follow in a later edition.",
        "Incomplete: Hugging Face gave 30 of 62 papers; the missing ones follow in a later edition.",
    )
    assert day_edition(warehouse, NEXT).alarms == ()


def test_what_was_mailed_is_noted_once_and_stays(warehouse: Warehouse, desk: Desk) -> None:
    publish(warehouse, DAY, "a", "b")
    desk.settle(warehouse)
    assert noted(warehouse) == [], "nothing was mailed yet"
    mail(desk, warehouse, DAY)
    desk.settle(warehouse)
    assert noted(warehouse) == [(DAY, "a"), (DAY, "b")]
    assert set(warehouse.rows("editions", [DAY])["frozen_at"]) == {MADE_AT}
    publish(warehouse, DAY, "a", "b", "c")
    desk.settle(warehouse)
    assert noted(warehouse) == [(DAY, "a"), (DAY, "b")]


def test_an_edition_without_papers_is_not_mailed(warehouse: Warehouse, desk: Desk) -> None:
    mail(desk, warehouse, DAY)
    assert desk.outbox.rows() == []


def test_what_another_edition_has_shown_is_left_out_and_the_places_close_up(warehouse: Warehouse, desk: Desk) -> None:
    publish(warehouse, NEXT, "b")
    mail(desk, warehouse, NEXT)
    desk.settle(warehouse)
    publish(warehouse, DAY, "a", "b", "c")
    for _ in range(2):
        found = day_edition(warehouse, DAY)
        assert [(paper.place, paper.work_id) for paper in found.papers] == [(1, "a"), (2, "c")]
        mail(desk, warehouse, DAY)
        desk.settle(warehouse)
        assert noted(warehouse) == [(DAY, "a"), (DAY, "c"), (NEXT, "b")]
    assert {row.papers for row in desk.outbox.rows(DAY)} == {2}


def test_a_warehouse_from_before_editions_were_noted_catches_up(warehouse: Warehouse, desk: Desk) -> None:
    publish(warehouse, DAY, "a")
    with warehouse.connect() as connection:
        connection.execute("UPDATE digest SET listed_on = NULL, arrival = NULL")
    found = day_edition(warehouse, DAY)
    assert [section.label for section in found.sections] == ["Other"]
    mail(desk, warehouse, DAY)
    desk.settle(warehouse)
    assert warehouse.rows("editions", [DAY]).select("work_id", "listed_on", "arrival").rows() == [("a", DAY, NEW)]
