"""A language model beside whole labs: its lines are mailed and marked, and no trouble of it keeps an edition back."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.mail.desk import day_edition
from orchestration.resources import warehouse
from tests.chat import GOOD, REFUSED, Chat, chatting
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.test_digest import DAYS, mailed, publish

KEY = "hunter2-canary"
MARKED = f"{GOOD} Written by a machine (parrot-1)."


@pytest.fixture
def chat() -> Iterator[Chat]:
    with chatting() as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "archive"
    made.mkdir()
    return made


def settings(folder: Path, **more: str) -> dict[str, str]:
    return {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder), "MAIL__CURRENT_DAYS": "31", **more}


def found(lab: Lab) -> list[tuple[bool, str, str]]:
    """What the check of the lines says."""
    query = "SELECT passed, severity, observed FROM quality_results WHERE expectation = 'lines_written' ORDER BY day"
    return warehouse(lab.settings).read(query).rows()


def test_lines_are_mailed_beside_the_papers_own_words_and_marked(new_lab: NewLab, chat: Chat, folder: Path) -> None:
    with new_lab(**settings(folder), **chat.environment) as lab:
        publish(lab, DAYS[0], {"Harbours": 9, "Buoys": 4})
        publish(lab, DAYS[1], {"Tides": 3})
        assert lab.digest(DAYS[0]).success
        text, html = mailed(lab, DAYS[0])
        assert html.count("Written by a machine (parrot-1).") == 2
        assert text.count(f"{GOOD} [Written by a machine: parrot-1]") == 2
        for body in (text, html):
            assert "We look at harbours on day" in body
        assert found(lab)[0] == (True, "WARN", "unwritten_lines 0")
        hashed = day_edition(warehouse(lab.settings), DAYS[0]).content_hash
        for _ in range(2):
            assert all(outcome.success for outcome in lab.backfill(DAYS[0], DAYS[1]))
        assert len(chat.asked) == 3, "nothing is asked twice, by whatever route"
        assert day_edition(warehouse(lab.settings), DAYS[0]).content_hash == hashed
        rows = warehouse(lab.settings).rows("digest", [DAYS[1]])
        assert rows.select("line", "line_by").rows() == [(GOOD, "parrot-1")]


def test_without_a_model_in_the_settings_nothing_is_asked(new_lab: NewLab, chat: Chat, folder: Path) -> None:
    with new_lab(**settings(folder)) as lab:
        publish(lab, DAYS[0], {"Harbours": 9})
        assert lab.digest(DAYS[0]).success
        assert lab.settings.summary.url is None
        assert chat.arrivals == []
        assert warehouse(lab.settings).rows("digest", [DAYS[0]])["line"].to_list() == [None]
        assert all("machine" not in body for body in mailed(lab, DAYS[0]))
        assert found(lab) == [(True, "WARN", "unwritten_lines 0")]


def test_a_key_that_is_refused_keeps_no_edition_back_and_is_repeated_nowhere(
    new_lab: NewLab, chat: Chat, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    chat.script = lambda number: REFUSED
    with new_lab(**settings(folder), **chat.environment, SUMMARY__KEY=KEY) as lab:
        publish(lab, DAYS[0], {"Harbours": 9, "Buoys": 4})
        publish(lab, DAYS[1], {"Tides": 3})
        assert lab.digest(DAYS[0]).success
        assert all(outcome.success for outcome in lab.backfill(DAYS[1], DAYS[1]))
        assert len(lab.mails()) == 1
        assert chat.headers[0]["Authorization"] == f"Bearer {KEY}"
        (passed, severity, observed), _ = found(lab)
        assert (passed, severity) == (False, "WARN")
        assert observed.startswith("unwritten_lines 2 (")
        assert "answered 401 Unauthorized" in observed
        events = repr(lab.instance.all_logs(lab.instance.get_runs()[-1].run_id))
        assert "answered 401 Unauthorized" in events, "the check's metadata in the UI"
        tables = warehouse(lab.settings)
        names = tables.read("SELECT table_name FROM information_schema.tables")["table_name"]
        stored = [repr(tables.read(f"SELECT * FROM {name}").rows()) for name in names]  # noqa: S608
        files = [file.read_bytes() for file in lab.settings.home.rglob("*") if file.is_file()]
        said = [events, repr(lab.settings), caplog.text, *capfd.readouterr(), *stored]
        assert not any(KEY in text for text in said)
        assert not any(KEY.encode() in content for content in files)
        chat.script = lambda number: GOOD
        assert all(outcome.success for outcome in lab.backfill(DAYS[0], DAYS[1]))
        lines = warehouse(lab.settings).rows("digest", DAYS[:2]).sort("day")["line"].to_list()
        assert lines == [None, None, GOOD], "what was mailed stays; of the other day it is asked again"
