"""A corrupted day, by every route: no rows, no materialisation, no mail; what was good stays; the reason is told.

The days are real ones, recorded under the dates of the last month, so that the schedule would mail them.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.resources import outbox, warehouse
from orchestration.runs import days_between
from tests.lab import DAILY_PAPERS, STEPS, Lab, lab

Papers = list[dict[str, Any]]

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
MONTH = days_between(YESTERDAY - timedelta(days=30), YESTERDAY)
GOOD, FRESH = MONTH[:10], MONTH[10:]
"""Days made before anything goes wrong, and days that nobody has made yet."""

HTML = b"<!DOCTYPE html><html><body>We are down for maintenance</body></html>"


@dataclass(frozen=True)
class Corruption:
    """What becomes of a day's file, and what the failure must say of it beside the day."""

    name: str
    spoil: Callable[[Papers], bytes]
    told: str


def without(field: str) -> Callable[[Papers], bytes]:
    """Drop a field from each third paper."""

    def spoil(papers: Papers) -> bytes:
        for item in papers[::3]:
            del item["paper"][field]
        return packed(papers)

    return spoil


def retyped(papers: Papers) -> bytes:
    papers[2]["paper"]["id"] = float(papers[2]["paper"]["id"])
    return packed(papers)


def packed(papers: Papers) -> bytes:
    return gzip.compress(json.dumps(papers).encode())


def unpacked(content: bytes) -> Papers:
    papers: Papers = json.loads(gzip.decompress(content))
    return papers


def as_of(day: date, file: Path) -> bytes:
    """A recorded day's list, its papers as new on another day as they were on their own."""
    papers, later = unpacked(file.read_bytes()), day - date.fromisoformat(file.name[:10])
    for item in papers:
        item["paper"]["publishedAt"] = f"{datetime.fromisoformat(item['paper']['publishedAt']) + later:%FT%TZ}"
    return packed(papers)


def untitled(papers: Papers) -> bytes:
    for item in papers[::3]:
        item["paper"]["title"] = "?"
    return packed(papers)


CORRUPTIONS = [
    Corruption("no titles", without("title"), "title_present: {third} of {rows} rows failed, {tenth} allowed"),
    Corruption("no ids", without("id"), "source_id_present: {third} of {beside} rows failed, {of_beside} allowed"),
    Corruption("no authors", without("authors"), "authors_present: {third} of {rows} rows failed, {tenth} allowed"),
    Corruption("doubled", lambda papers: packed([*papers, *papers[:3]]), "source_id_unique: 6 of {more} rows failed"),
    Corruption("retyped", retyped, "{file}: entry 2 ({id}): 'id' should be str, not float"),
    Corruption("empty body", lambda papers: gzip.compress(b""), "{file}: the body is empty"),
    Corruption("html", lambda papers: gzip.compress(HTML), "{file}: not JSON"),
    Corruption("cut json", lambda papers: gzip.compress(gzip.decompress(packed(papers))[:-99]), "{file}: not JSON"),
    Corruption("cut gzip", lambda papers: packed(papers)[:-99], "{path}: cannot be read"),
    Corruption("an error", lambda papers: gzip.compress(b'{"error": "not now"}'), "{file}: a list of papers was"),
]


class Spoiled:
    """A lab on an archive in which ten days are good and made; the others wait to be spoiled."""

    def __init__(self, made: Lab, folder: Path, real: Path) -> None:
        self.lab, self._folder = made, folder
        recorded = [file for file in sorted(real.glob("2025-0[3-6]-*")) if len(unpacked(file.read_bytes())) > 12]
        self._good = {day: as_of(day, file) for day, file in zip(MONTH, recorded, strict=False)}
        assert list(self._good) == MONTH, "a list that comes again would be rejected"
        for day in MONTH:
            self.mend(day)

    def file(self, day: date) -> Path:
        return self._folder / f"{day}.json.gz"

    def mend(self, day: date) -> None:
        """Put the day's recorded file back."""
        self.file(day).write_bytes(self._good[day])

    def spoil(self, day: date, corruption: Corruption) -> str:
        """Corrupt the day's file; what the failure must say of it."""
        papers = unpacked(self._good[day])
        rows, file, identity = len(papers), self.file(day), float(papers[2]["paper"]["id"])
        third = -(-rows // 3)
        # Records without an id come beside those that were stored before.
        beside = rows + third if self.rows(day)["fetched_papers"] else rows
        figures = {"rows": rows, "third": third, "tenth": max(1, rows // 10), "more": rows + 3,
                   "beside": beside, "of_beside": max(1, beside // 10)}  # fmt: skip
        file.write_bytes(corruption.spoil(papers))
        return corruption.told.format(file=file.as_uri(), path=file, id=identity, **figures)

    def rows(self, day: date) -> dict[str, list[tuple[Any, ...]]]:
        """The day's rows in each of the six tables."""
        with warehouse(self.lab.settings).connect() as connection:
            query = "SELECT * FROM {} WHERE day = $day ORDER BY ALL"
            return {step: connection.execute(query.format(step), {"day": day}).fetchall() for step in STEPS}

    def materialisations(self, day: date) -> dict[str, int]:
        """How often each asset was materialised for the day."""
        return {step: len(self._materialisations(step, day)) for step in STEPS}

    def _materialisations(self, step: str, day: date) -> Sequence[dg.EventLogRecord]:
        wanted = dg.AssetRecordsFilter(dg.AssetKey(step), asset_partitions=[day.isoformat()])
        return self.lab.instance.fetch_materializations(wanted, limit=100).records


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoiled]:
    """The month, its first ten days made."""
    if not DAILY_PAPERS.is_dir():
        pytest.skip(f"the real days are not here: {DAILY_PAPERS}")
    folder = tmp_path_factory.mktemp("archive")
    settings = {"SOURCES": "archive", "ARCHIVE__FOLDER": str(folder), "MAIL__CURRENT_DAYS": "31"}
    with lab(tmp_path_factory.mktemp("home"), **settings) as made:
        spoiled = Spoiled(made, folder, DAILY_PAPERS)
        assert [outcome.success for outcome in made.backfill(GOOD[0], GOOD[-1])] == [True]
        yield spoiled


def tick(made: Lab, day: date) -> dg.ExecuteInProcessResult:
    """The schedule's tick on the morning after."""
    return made.tick(datetime.combine(day + timedelta(days=1), datetime.min.time().replace(hour=7, minute=30)))


ROUTES: dict[str, Callable[[Lab, date], dg.ExecuteInProcessResult]] = {"schedule": tick, "ui": Lab.ui_run}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step says, in the UI and in the log."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    assert event.step_key == "fetched_papers"
    data = event.step_failure_data.user_failure_data
    assert data is not None and data.description is not None
    return data.description


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.name)
def test_a_corrupted_day_is_not_made(month: Spoiled, corruption: Corruption, route: str) -> None:
    day = FRESH[2 * CORRUPTIONS.index(corruption) + list(ROUTES).index(route)]
    told = month.spoil(day, corruption)
    result = ROUTES[route](month.lab, day)
    assert not result.success
    assert f"fetched_papers {day}" in failure(result)
    assert told in failure(result)
    assert "Nothing was written" in failure(result)
    assert month.rows(day) == {step: [] for step in STEPS}
    assert month.materialisations(day) == dict.fromkeys(STEPS, 0)
    assert month.lab.mails() == []
    assert outbox(month.lab.settings).rows() == []
    status = month.lab.status(day)
    assert (status.state, status.mailed) == ("failed", False)
    assert told in status.reason


@pytest.mark.parametrize(
    ("corruption", "route"),
    list(zip(CORRUPTIONS, cycle(ROUTES), strict=False)),
    ids=[corruption.name for corruption in CORRUPTIONS],
)
def test_a_good_day_that_is_corrupted_later_stays(month: Spoiled, corruption: Corruption, route: str) -> None:
    day = GOOD[CORRUPTIONS.index(corruption)]
    rows, materialisations = month.rows(day), month.materialisations(day)
    assert all(rows[step] for step in STEPS[:5])
    told = month.spoil(day, corruption)
    result = ROUTES[route](month.lab, day)
    month.mend(day)
    assert not result.success
    assert told in failure(result)
    assert month.rows(day) == rows
    assert month.materialisations(day) == materialisations
    assert month.lab.mails() == []
    status = month.lab.status(day)
    assert status.state == "failed"
    assert status.rows["digest"] == len(rows["digest"]), "the rows of the last good run stand, and are counted"


@pytest.mark.parametrize("gone", ["empty list", "no file"])
def test_a_good_day_whose_list_vanishes_stays(month: Spoiled, gone: str) -> None:
    day = GOOD[0]
    rows = month.rows(day)
    if gone == "no file":
        month.file(day).unlink()
    else:
        month.file(day).write_bytes(gzip.compress(b"[]"))
    result = month.lab.ui_run(day)
    month.mend(day)
    assert "lists_still_there: vanished_lists 1." in failure(result)
    assert month.rows(day) == rows
    assert month.lab.ui_run(day, STEPS[:5]).success


def test_a_backfill_makes_the_other_nine_of_ten_days(month: Spoiled) -> None:
    """All ten were good before: the bad one keeps its rows."""
    bad = GOOD[4]
    before = {day: (month.rows(day), month.materialisations(day)) for day in GOOD}
    told = month.spoil(bad, CORRUPTIONS[0])
    outcomes = month.lab.backfill(GOOD[0], GOOD[-1])
    month.mend(bad)
    assert [outcome.days for outcome in outcomes] == [GOOD[:4], [bad], GOOD[5:]]
    assert [outcome.days for outcome in outcomes if not outcome.success] == [[bad]]
    (failed,) = (outcome for outcome in outcomes if not outcome.success)
    assert failed.step == "fetched_papers"
    assert str(bad) in failed.reason
    assert told in failed.reason
    for day, (rows, materialisations) in before.items():
        once_more = 0 if day == bad else 1
        assert month.rows(day) == rows
        expected = {step: count + once_more for step, count in materialisations.items()} | {"deliveries": 0}
        assert month.materialisations(day) == expected


def test_a_backfill_of_ten_new_days_with_every_corruption_but_two(month: Spoiled) -> None:
    days, mails = FRESH[:10], len(month.lab.mails())
    told = {day: month.spoil(day, corruption) for day, corruption in zip(days, CORRUPTIONS, strict=True)}
    for good in days[:2]:
        month.mend(good)
    made = {day: outcome for outcome in month.lab.backfill(days[0], days[-1]) for day in outcome.days}
    assert [made[day].success for day in days] == [True] * 2 + [False] * 8
    for day, outcome in made.items():
        if outcome.success:
            assert all(month.rows(day)[step] for step in STEPS[:5])
        else:
            assert told[day] in outcome.reason
            assert month.rows(day) == {step: [] for step in STEPS}
            assert month.materialisations(day) == dict.fromkeys(STEPS, 0)
    assert len(month.lab.mails()) == mails


def test_what_only_cleaning_finds_stops_there(month: Spoiled) -> None:
    """The list is whole, so it is stored; nothing is made of it, and what was made before stays."""
    day = GOOD[9]
    before = month.rows(day)
    month.spoil(day, Corruption("untitled", untitled, ""))
    result = month.lab.ui_run(day)
    month.mend(day)
    assert not result.success
    (reason,) = (row.reason for row in [month.lab.status(day)])
    assert f"clean_papers: title_length: {-(-len(before['clean_papers']) // 3)} of" in reason
    after = month.rows(day)
    assert [row for row in after["fetched_papers"] if row[5] == "?"]
    assert {step: after[step] for step in STEPS[1:]} == {step: before[step] for step in STEPS[1:]}


def test_a_good_day_after_all_that_is_mailed(month: Spoiled) -> None:
    """The last day of the month: so the days before it were spared by the gate, and not by the mail's policy."""
    assert tick(month.lab, YESTERDAY).success
    assert len(month.lab.mails()) == 1
    assert month.lab.status(YESTERDAY).mailed
