"""A list that is missing, through a whole lab: who is told what, what is mailed, and how the papers come after all."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster import AssetCheckSeverity

from assets.fetch import calendar
from orchestration.resources import warehouse
from tests.conftest import NewLab
from tests.fetch import arxiv_lab
from tests.lab import Lab
from tests.replay import Asked, Fault, Replay, replaying
from tests.replay_arxiv import Arxiv, Paper, arxiv

PAGE = 4
SUBJECTS = ("Anchors", "Buoys", "Cranes", "Docks", "Estuaries", "Ferries", "Gulls", "Harbours", "Islands", "Jetties")


def _midweek() -> list[date]:
    """Tuesday to Thursday of a week that is over, with a list on each day."""
    today = datetime.now(UTC).date()
    tuesday = today - timedelta(days=8 + (today.weekday() - 1 - 8) % 7)
    calendars = [calendar.load("arxiv"), calendar.load("huggingface")]
    while True:
        days = [tuesday + timedelta(days=number) for number in range(3)]
        if all(one.lists(day) for one in calendars for day in days):
            return days
        tuesday -= timedelta(days=7)


TUESDAY, WEDNESDAY, THURSDAY = _midweek()
SUNDAY = TUESDAY - timedelta(days=2)


def titles(source: str, day: date) -> list[str]:
    return [f"On {subject}, as {source} has them on {day:%A %d}" for subject in SUBJECTS]


def _paper(number: int, day: date, title: str) -> Paper:
    submitted = arxiv_lab.in_time(day)
    abstract = f"We look at {title.split()[1].lower()} on a {day:%A}, and write down what the water does to them."
    return Paper(
        f"{submitted:%y%m}.{number:05}", (submitted,), day, title, abstract, (f"Ada {title.split()[1].strip(',')}",)
    )


def _entry(number: int, day: date, title: str) -> dict[str, object]:
    paper = {
        "id": f"{day:%y%m}.{20000 + 100 * day.day + number:05}",
        "title": title,
        "summary": f"One {day:%A} we listen to {title.split()[1].lower()}: we tell what the wind does.",
        "authors": [{"name": f"Ben {title.split()[1].strip(',')}"}],
        "upvotes": number,
    }
    return {"paper": paper, "numComments": 0}


@pytest.fixture(scope="module")
def daily(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = tmp_path_factory.mktemp("lists")
    for day in (TUESDAY, WEDNESDAY, THURSDAY):
        listed = [_entry(number, day, title) for number, title in enumerate(titles("Hugging Face", day))]
        (folder / f"{day}.json.gz").write_bytes(gzip.compress(json.dumps(listed).encode()))
    with replaying(folder) as running:
        yield running


@pytest.fixture(scope="module")
def services() -> Iterator[Arxiv]:
    days = (TUESDAY, WEDNESDAY, THURSDAY)
    papers = [
        _paper(100 * day.day + number, day, title)
        for day in days
        for number, title in enumerate(titles("arXiv", day))
    ]  # fmt: skip
    with arxiv(papers, page_size=4) as running:
        yield running


@pytest.fixture
def environment(daily: Replay, services: Arxiv) -> dict[str, str]:
    daily.script, services.script = lambda asked: None, lambda asked: None
    return {
        "SOURCES": "huggingface, arxiv", "MAIL__CURRENT_DAYS": "31", "DIGEST__SIZE": "50",
        "HUGGINGFACE__URL": daily.url, "HUGGINGFACE__PAGE_SIZE": str(PAGE),
        "HUGGINGFACE__SECONDS_BETWEEN_REQUESTS": "0", "HUGGINGFACE__TIMEOUT_SECONDS": "1",
        "ARXIV__FEED_URL": f"{services.url}/atom", "ARXIV__OAI_URL": f"{services.url}/oai",
        "ARXIV__QUERY_URL": f"{services.url}/api/query", "ARXIV__CATEGORIES": "cs.CL",
        "ARXIV__SECONDS_BETWEEN_REQUESTS": "0", "ARXIV__TIMEOUT_SECONDS": "1",
        "HTTP__BACKOFF_SECONDS": "0.01", "HTTP__ATTEMPTS": "2", "HTTP__TOTAL_SECONDS": "2",
        "HTTP__RETRY_AFTER_CAP_SECONDS": "1",
    }  # fmt: skip


def second_page_down(asked: Asked) -> Fault | None:
    return Fault.UNAVAILABLE if asked.page == 1 else None


def mail(lab: Lab, day: date) -> str:
    """The text of the one mail of a day."""
    (found,) = [mail for mail in lab.mails() if str(mail["Subject"]).startswith(f"{day.day} {day:%B %Y}")]
    (plain,) = [part for part in found.walk() if part.get_content_type() == "text/plain"]
    payload = plain.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def opening(text: str) -> str:
    """A mail's first paragraph in one line."""
    return " ".join(text.split("\n\n")[0].split())


def check(lab: Lab, name: str) -> tuple[bool, AssetCheckSeverity, str]:
    """The last result of a check of `fetched_papers`, as the UI has it: passed, severity, observed."""
    key = dg.AssetCheckKey(dg.AssetKey("fetched_papers"), name)
    record = lab.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert record.event
    assert record.event.dagster_event
    found = record.event.dagster_event.asset_check_evaluation_data
    return found.passed, found.severity, str(found.metadata["observed"].value)


def test_one_source_down_the_other_is_mailed_and_its_papers_come_late_once(
    new_lab: NewLab, environment: dict[str, str], services: Arxiv
) -> None:
    services.script = lambda asked: Fault.UNAVAILABLE
    with new_lab(**environment) as lab:
        assert lab.digest(TUESDAY).success
        first = mail(lab, TUESDAY)
        assert opening(first) == "arXiv could not be read; its papers follow in a later edition."
        assert all(title in " ".join(first.split()) for title in titles("Hugging Face", TUESDAY))
        passed, severity, observed = check(lab, "every_source_answered")
        assert (passed, severity) == (False, AssetCheckSeverity.WARN)
        assert "sources_missing 1 (arxiv failed: arxiv: " in observed
        status = lab.status(TUESDAY)
        assert (status.state, status.mailed) == ("incomplete", True)

        services.script = lambda asked: None
        for day in (WEDNESDAY, THURSDAY):
            assert lab.digest(day).success
        second, third = (" ".join(mail(lab, day).split()) for day in (WEDNESDAY, THURSDAY))
        for title in titles("arXiv", TUESDAY):
            assert (title in first, second.count(title), title in third) == (False, 1, False)
        assert all(second.count(title) == 1 for title in titles("arXiv", WEDNESDAY))
        shown = warehouse(lab.settings).read("SELECT day, listed_on, arrival FROM digest WHERE title LIKE '%arXiv%'")
        late = shown.filter(pl.col("arrival") != "new").unique().rows()
        assert late == [(WEDNESDAY, TUESDAY, "late")]
        assert shown.height == 30
        assert check(lab, "every_source_answered")[0]
        assert lab.status(TUESDAY).state == "fresh"
        assert len(lab.mails()) == 3


def test_a_shortfall_is_red_and_nothing_is_published(
    new_lab: NewLab, environment: dict[str, str], daily: Replay
) -> None:
    daily.script = second_page_down
    with new_lab(**environment) as lab:
        outcome = lab.digest(TUESDAY)
        assert (outcome.success, outcome.step) == (False, "fetched_papers")
        assert "no_shortfall: shortfall 1 (huggingface 4 of an unknown number: page 1: " in outcome.reason
        passed, severity, observed = check(lab, "no_shortfall")
        assert (passed, severity) == (False, AssetCheckSeverity.ERROR)
        assert "503" in observed
        assert lab.rows("fetched_papers", TUESDAY) == 0
        assert lab.materialized("fetched_papers") == set()
        assert lab.mails() == []
        assert lab.status(TUESDAY).state == "incomplete"
        daily.script = lambda asked: None
        assert lab.digest(TUESDAY).success
        assert lab.rows("fetched_papers", TUESDAY) == 20
        assert (lab.status(TUESDAY).state, len(lab.mails())) == ("fresh", 1)


def test_an_operator_may_have_it_delivered_and_the_mail_says_so(
    new_lab: NewLab, environment: dict[str, str], daily: Replay
) -> None:
    daily.script = second_page_down
    with new_lab(**environment, FETCH__DELIVER_INCOMPLETE="true") as lab:
        assert lab.digest(TUESDAY).success
        told = "Incomplete: Hugging Face gave only a part of its list; the missing ones follow in a later edition."
        assert opening(mail(lab, TUESDAY)) == told
        assert lab.rows("fetched_papers", TUESDAY) == 14
        assert lab.status(TUESDAY).state == "incomplete"
        assert not check(lab, "every_source_answered")[0]
        daily.script = lambda asked: None
        assert lab.digest(WEDNESDAY).success
        second = " ".join(mail(lab, WEDNESDAY).split())
        assert [title for title in titles("Hugging Face", TUESDAY) if title in second] == [
            *titles("Hugging Face", TUESDAY)[PAGE:]
        ]


def test_an_empty_tuesday_is_red_and_an_empty_sunday_is_quiet(
    new_lab: NewLab, environment: dict[str, str], daily: Replay, services: Arxiv, tmp_path: Path
) -> None:
    daily.script = lambda asked: Fault.EMPTY_LIST
    services.papers, papers = (), services.papers
    try:
        with new_lab(**environment) as lab:
            outcome = lab.digest(TUESDAY)
            assert not outcome.success
            assert "huggingface lists nothing for Tuesday" in outcome.reason
            assert "arxiv lists nothing for Tuesday" in outcome.reason
            assert lab.status(TUESDAY).state == "incomplete"
            assert not check(lab, "no_shortfall")[0]
            assert lab.digest(SUNDAY).success
            assert (lab.status(SUNDAY).state, lab.mails()) == ("quiet", [])
            assert check(lab, "no_shortfall")[0]
    finally:
        services.papers = papers
