"""The source that CONTRIBUTING shows works as it stands there, over real HTTP."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds, Fetched, fetch
from assets.fetch.http import Web
from assets.fetch.source import RECORD, Source
from tests.replay import Conversation, Fault, Upstream, serving

CHECKOUT = Path(__file__).parents[2]
WEDNESDAY, SATURDAY, HOLIDAY = date(2025, 3, 12), date(2025, 3, 15), date(2026, 12, 25)
PAPERS = [
    {"id": "0710", "title": "An Invented Title", "abstract": "An invented abstract.", "authors": ["Ada Example"]},
    {"id": "0720", "title": "Another One", "abstract": "Invented too.", "authors": ["Ben Example", "Cy Example"]},
]


def _shown() -> list[str]:
    """The blocks of Python in the chapter on sources: the module, and the line for the registry."""
    chapter = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("\n## Adding a source\n")[1]
    module, line = re.findall(r"^```python\n(.*?)^```$", chapter.split("\n## ")[0], re.DOTALL | re.MULTILINE)
    return [module, line]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The module, as somebody would have typed it."""
    module = ModuleType("assets.fetch.journal")
    exec(compile(_shown()[0], "CONTRIBUTING.md", "exec"), vars(module))  # noqa: S102 - our own documentation
    return module


@dataclass(kw_only=True)
class Journal(Upstream):
    """The journal: its lists by day, and what goes wrong with the next answers."""

    lists: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class _Lists(Conversation):
    upstream: Journal

    def do_GET(self) -> None:
        listed = self.upstream.lists.get(self.path.strip("/").removesuffix(".json"), {"total": 0, "papers": []})
        self.follow(self.upstream.faults.pop(0) if self.upstream.faults else None, json.dumps(listed).encode())


@pytest.fixture
def journal() -> Iterator[Journal]:
    upstream = Journal(lists={str(WEDNESDAY): {"total": len(PAPERS), "papers": PAPERS}})
    with serving(upstream, _Lists):
        yield upstream


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web("paperboy/1", BodyStore(tmp_path / "bodies"), tmp_path / "http", attempts=2, backoff_seconds=0.001)


@pytest.fixture
def source(example: ModuleType, journal: Journal, web: Web) -> Source:
    made: Source = example.JournalSource(web, journal.url)
    return made


def _fetched(source: Source, web: Web, day: date) -> Fetched:
    return fetch(Feeds([source], web.store), [day])


def test_its_papers_are_fetched_and_the_ledger_says_that_the_list_is_whole(source: Source, web: Web) -> None:
    fetched = _fetched(source, web, WEDNESDAY)
    listed = fetched.frame
    assert listed.schema == RECORD
    assert listed["source_id"].to_list() == ["0710", "0720"]
    assert listed["title"].to_list() == [paper["title"] for paper in PAPERS]
    assert listed["authors"].to_list() == [paper["authors"] for paper in PAPERS]
    assert [json.loads(record) for record in listed["record"]] == PAPERS
    assert json.loads(web.store.get(listed["body"][0])) == {"total": 2, "papers": PAPERS}
    (row,) = fetched.ledger
    assert (row["state"], row["expected"], row["fetched"], row["reason"]) == ("fresh", 2, 2, "")


def test_the_stored_bodies_can_be_parsed_without_a_request(source: Source, web: Web, journal: Journal) -> None:
    online = _fetched(source, web, WEDNESDAY).frame
    asked = len(journal.arrivals)
    assert fetch(Feeds([source], web.store).stored(), [WEDNESDAY]).frame.equals(online)
    assert len(journal.arrivals) == asked


@pytest.mark.parametrize(
    ("day", "listed", "state", "fetched"),
    [
        pytest.param(WEDNESDAY, {"total": 3, "papers": PAPERS}, "incomplete", 2, id="one of three is not there"),
        pytest.param(WEDNESDAY, {"total": 0, "papers": []}, "incomplete", 0, id="an empty Wednesday"),
        pytest.param(SATURDAY, {"total": 0, "papers": []}, "quiet", 0, id="an empty Saturday"),
        pytest.param(WEDNESDAY, {"total": 1, "papers": [{"id": "0710"}]}, "fresh", 1, id="left out: the gate's case"),
        pytest.param(WEDNESDAY, {"total": 1, "papers": ["0710"]}, "failed", 0, id="a paper that is none"),
        pytest.param(WEDNESDAY, {"total": 1, "papers": [{"id": 7.10}]}, "failed", 0, id="an id that is a number"),
        pytest.param(WEDNESDAY, {"papers": PAPERS}, "failed", 0, id="no total"),
        pytest.param(WEDNESDAY, PAPERS, "failed", 0, id="another shape"),
    ],
)
def test_the_ledger_says_what_a_list_is(
    source: Source, web: Web, journal: Journal, day: date, listed: Any, state: str, fetched: int
) -> None:
    journal.lists[str(day)] = listed
    (row,) = _fetched(source, web, day).ledger
    assert (row["state"], row["fetched"]) == (state, fetched)
    assert (row["reason"] == "") == (state in ("fresh", "quiet"))


def test_a_holiday_of_its_calendar_is_quiet(source: Source) -> None:
    assert source.calendar is not None
    assert not source.calendar.lists(HOLIDAY)
    assert source.calendar.lists_on_weekday(HOLIDAY)


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.MALFORMED, Fault.EMPTY, Fault.UNAVAILABLE, Fault.RESET])
def test_trouble_that_passes_is_not_noticed(source: Source, web: Web, journal: Journal, fault: Fault) -> None:
    journal.faults = [fault]
    (row,) = _fetched(source, web, WEDNESDAY).ledger
    assert (row["state"], row["fetched"]) == ("fresh", 2)


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.UNAVAILABLE, Fault.NOT_FOUND, Fault.REDIRECT_AWAY])
def test_trouble_that_stays_is_told(source: Source, web: Web, journal: Journal, fault: Fault) -> None:
    journal.faults = [fault, fault]
    (row,) = _fetched(source, web, WEDNESDAY).ledger
    assert (row["state"], row["fetched"]) == ("failed", 0)
    assert journal.url in row["reason"]


def test_its_newest_day(source: Source) -> None:
    assert source.newest_day(WEDNESDAY) == WEDNESDAY
    assert source.newest_day(date(2025, 3, 10)) is None


def test_the_line_for_the_registry_makes_the_source(example: ModuleType, web: Web) -> None:
    registry = eval(f"{{{_shown()[1]}}}", vars(example))  # noqa: S307 - our own documentation
    made: Source = registry["journal"](None, web)
    assert made.name == "journal"
    assert made.calendar is not None
    assert made.calendar.due_at(WEDNESDAY) < datetime.now(UTC)


@pytest.mark.parametrize("command", [["format", "--check"], ["check", "--no-cache"]])
def test_it_is_written_as_the_house_wants_it(command: list[str]) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    arguments = [str(ruff), *command, "--stdin-filename", str(CHECKOUT / "assets/fetch/journal.py"), "-"]
    judged = subprocess.run(arguments, input=_shown()[0], capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
