"""Data Docs: a page a judgement, whole and harmless; kept for a while; and never in the way of a verdict."""

import errno
import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.runs import Outcome
from quality import data_docs, gate
from quality.data_docs import DataDocs
from quality.suites import EVERY
from tests.conftest import NewLab
from tests.lab import STEPS, Lab
from tests.quality.batches import MONDAY, TUESDAY, WEDNESDAY, Batch, batch
from tests.quality.test_gate import NAMES, Publisher, bad

RUN = "6f9d2d5e-6f0e-4c7e-9e0e-1d2c3b4a5f60"
HOSTILE = '<script>alert(1)</script><img src="http://evil.example/x">'
REMOTE = re.compile(r"""(?:src|href|action)\s*=\s*["']?\s*(?:[a-z]+:)?//|@import|url\(""", re.IGNORECASE)


class Tags(HTMLParser):
    """What a browser would make of a page: its elements, by name, and the text of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.feed(re.sub("<style>.*?</style>", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def written(folder: Path, offered: Batch, run_id: str = RUN, days: int = 30) -> str:
    """The page of a batch's judgement."""
    docs = DataDocs(folder, days, "http://127.0.0.1:3001")
    page = docs.write(gate._great_expectations(), offered.judged(), run_id, "daily_digest")
    docs.finish()
    return page.file.read_text(encoding="utf-8")


def of(lab: Lab, run_id: str) -> Path:
    """The folder of a run's pages."""
    return lab.settings.reports / "data-docs" / run_id


def url(metadata: Any) -> str:
    """The link among the metadata of a check, a materialisation or a failure."""
    value = metadata["data_docs"]
    assert isinstance(value, dg.UrlMetadataValue)
    return str(value.url)


@pytest.fixture
def publish(sample_lab: Lab) -> Publisher:
    return Publisher(sample_lab)


@pytest.fixture
def made(sample_lab: Lab) -> tuple[Lab, Outcome]:
    """A day's run with every step of it."""
    outcome = sample_lab.digest(MONDAY, newest=True)
    assert outcome.success, outcome.reason
    return sample_lab, outcome


def test_a_day_has_a_page_for_each_table_and_the_indexes_lead_there(made: tuple[Lab, Outcome]) -> None:
    lab, outcome = made
    assert {file.name for file in of(lab, outcome.run_id).iterdir()} == {"run.json", *(f"{s}.html" for s in STEPS)}
    runs = (lab.settings.reports / "data-docs/index.html").read_text()
    assert all(f'href="{outcome.run_id}/{step}.html"' in runs for step in STEPS)
    assert str(MONDAY) in runs
    assert 'href="data-docs/index.html"' in (lab.settings.reports / "index.html").read_text()


@pytest.mark.parametrize("asset", EVERY)
def test_every_expectation_is_there_with_why_it_exists(tmp_path: Path, asset: str) -> None:
    html = written(tmp_path, batch(asset))
    tags = Tags(html)
    for expectation in EVERY[asset].expectations:
        assert tags.ids.count(expectation.name) == 1
        assert expectation.why in tags.text
        assert expectation.threshold in tags.text
    assert tags.text.count("Great Expectations observed") == len(EVERY[asset].expectations)
    assert not REMOTE.search(html)
    assert "script" not in tags.names


def test_what_failed_stands_first_with_figures_values_and_keys(tmp_path: Path) -> None:
    offered = batch("clean_papers").set("title", "A title with &amp; in it", [3, 4, 5]).set("abstract", None, [6])
    html = written(tmp_path, offered)
    text = " ".join(Tags(html).text.split())
    assert html.index('id="text_is_prose"') < html.index('id="abstract_present"') < html.index('id="paper_id_present"')
    assert "clean_papers rejected" in text
    assert "text_is_prose rejected ERROR" in text
    assert "abstract_present in quarantine ERROR" in text
    assert "Observed3 of 20 rows unexpected (15 %)" in text
    assert "3 unexpected values found. 15% of 20 total rows." in text
    assert re.search("sample/2503.00003 ?A title with &amp; in it sample/2503.00004 ?A title", text)
    assert re.search("sample/2503.00006 ?nothing", text)
    assert "A title with &amp; in it" in unescape(html).replace("&amp;amp;", "&amp;")


def test_a_window_is_one_page_that_says_which_days(tmp_path: Path) -> None:
    days = [MONDAY, TUESDAY, WEDNESDAY]
    text = " ".join(Tags(written(tmp_path, bad(*days, day=TUESDAY))).text.split())
    assert f"{MONDAY} to {WEDNESDAY} (3)" in text
    assert f"{MONDAY}: passed" in text
    assert f"{TUESDAY}: rejected" in text
    assert f"{TUESDAY}5 of 20 rows unexpectedrejected" in text


def test_what_a_stranger_wrote_is_text(tmp_path: Path) -> None:
    html = written(tmp_path, batch("clean_papers").set("title", HOSTILE, [0]).set("source_id", HOSTILE, [0]))
    tags = Tags(html)
    assert not {"script", "img"} & tags.names
    assert "<script>alert(1)" not in html
    assert tags.text.count("<script>alert(1)</script>") >= 1
    assert "default-src 'none'" in html


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    html = written(tmp_path, batch("clean_papers").set("title", "&nbsp;" + "x" * 5_000, [0]))
    assert "x" * 200 in html
    assert "x" * 400 not in html


def test_no_rows_leave_a_page_that_says_so(tmp_path: Path) -> None:
    nothing = batch("deliveries")
    text = Tags(written(tmp_path, replace(nothing, frame=nothing.frame.clear()))).text
    of_rows = [expectation for expectation in EVERY["deliveries"].expectations if expectation.of == "row"]
    assert text.count("There was no row to evaluate.") == len(of_rows) > 0


def test_a_table_judged_twice_in_a_run_has_two_pages(tmp_path: Path) -> None:
    written(tmp_path, bad(MONDAY))
    written(tmp_path, batch("fetched_papers"))
    folder = tmp_path / "data-docs" / RUN
    assert "rejected" in Tags((folder / "fetched_papers.html").read_text()).text
    assert "rejected" not in Tags((folder / "fetched_papers-2.html").read_text()).text


def test_every_check_links_to_its_place_and_so_does_what_was_made(publish: Publisher) -> None:
    result = publish(batch("fetched_papers", MONDAY, TUESDAY))
    page = f"http://127.0.0.1:3001/data-docs/{result.run_id}/fetched_papers.html"
    links = {check.check_name: url(check.metadata) for check in result.get_asset_check_evaluations()}
    assert links == {name: f"{page}#{name}" for name in NAMES}
    events = result.get_asset_materialization_events()
    assert [url(event.materialization.metadata) for event in events] == [page, page]


def test_a_rejection_names_its_page_once(publish: Publisher) -> None:
    result = publish(bad(MONDAY))
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure and failure.description
    file = of(publish.lab, result.run_id) / "fetched_papers.html"
    assert failure.description.count(str(file)) == 1
    assert file.exists()
    assert url(failure.metadata).endswith(f"{result.run_id}/fetched_papers.html")
    assert "data-docs" not in publish.read("SELECT reason FROM partitions")[0][0]


def test_links_begin_with_the_address_of_the_operator(new_lab: NewLab) -> None:
    with new_lab(QUALITY__URL="https://lab.example/paperboy/") as made:
        result = Publisher(made)(batch("fetched_papers"))
    links = [url(check.metadata) for check in result.get_asset_check_evaluations()]
    assert all(link.startswith(f"https://lab.example/paperboy/data-docs/{result.run_id}/") for link in links)


@pytest.mark.parametrize("offered", [batch("fetched_papers"), bad(MONDAY)], ids=["good", "bad"])
def test_a_page_that_cannot_be_written_changes_no_verdict(publish: Publisher, offered: Batch) -> None:
    publish.lab.settings.reports.write_text("a file where the folder should be")
    result = publish(offered)
    good = offered.judged().blocked == set()
    assert result.success is good
    assert publish.partitions() == {MONDAY: ("published", 20) if good else ("rejected", 0)}
    assert len(publish.read("SELECT * FROM quality_results")) == len(NAMES)
    checks = result.get_asset_check_evaluations()
    assert len(checks) == len(NAMES)
    assert not any("data_docs" in check.metadata for check in checks)
    logs = publish.lab.instance.all_logs(result.run_id)
    (told,) = [log.user_message for log in logs if "Data Docs of fetched_papers" in log.user_message]
    assert "could not be written: [Errno 20] Not a directory" in told
    assert told.endswith("The verdict stands without them.")


def test_a_full_disk_leaves_nothing_half_written_and_is_told(
    publish: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Path.write_text

    def full(file: Path, text: str, **named: Any) -> int:
        if not file.is_relative_to(publish.lab.settings.reports):
            return usual(file, text, **named)
        usual(file, text[: len(text) // 2], **named)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(Path, "write_text", full)
    result = publish(batch("fetched_papers"))
    assert result.success
    assert publish.partitions() == {MONDAY: ("published", 20)}
    assert [path for path in publish.lab.settings.reports.rglob("*") if path.is_file()] == []
    told = [log.user_message for log in publish.lab.instance.all_logs(result.run_id) if "No space left" in log.message]
    assert [line.split(" could not be ")[0] for line in told] == [
        "The Data Docs of fetched_papers",
        f"The index of Data Docs in {publish.lab.settings.reports / 'data-docs'}",
    ]


def test_with_no_days_none_are_written(new_lab: NewLab) -> None:
    with new_lab(QUALITY__DATA_DOCS_DAYS="0") as made:
        result = Publisher(made)(bad(MONDAY))
        assert not made.settings.reports.exists()
        old = _aged(made.settings.reports / "data-docs" / _ids(1)[0], 1)
        Publisher(made)(batch("fetched_papers"))
        assert not old.exists()
    assert not any("data_docs" in check.metadata for check in result.get_asset_check_evaluations())


def _aged(folder: Path, days: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_text("kept")
    then = time.time() - days * 86_400
    os.utime(folder, (then, then))
    return folder


def _ids(count: int) -> Sequence[str]:
    return [f"{RUN[:-1]}{number}" for number in range(1, count + 1)]


def test_only_old_runs_are_removed_and_nothing_else(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    docs = reports / "data-docs"
    old, young, elsewhere = _ids(3)
    _aged(docs / old, 8)
    kept = [_aged(docs / young, 6), _aged(docs / "notes", 99), _aged(reports / old, 99), _aged(tmp_path / "other", 99)]
    (docs / elsewhere).symlink_to(tmp_path / "other")
    os.utime(docs / elsewhere, (0, 0), follow_symlinks=False)
    written(reports, batch("fetched_papers"), days=7)
    assert not (docs / old).exists()
    assert all((folder / "page.html").read_text() == "kept" for folder in kept)
    assert (docs / elsewhere).is_symlink()


def test_runs_are_listed_newest_first_with_what_failed(tmp_path: Path) -> None:
    first, second, broken = _ids(3)
    written(tmp_path, batch("fetched_papers"), first)
    record = tmp_path / "data-docs" / first / "run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"made": "2025-03-11T08:00:00+00:00"}))
    _aged(tmp_path / "data-docs" / broken, 1)
    written(tmp_path, bad(MONDAY, TUESDAY, day=TUESDAY), second)
    html = (tmp_path / "data-docs/index.html").read_text()
    assert html.index(f'id="{second}"') < html.index(f'id="{first}"')
    assert broken not in html
    assert f'href="{second}/fetched_papers.html#title_present"' in html
    assert f"{MONDAY} to {TUESDAY}" in " ".join(Tags(html).text.split())


def test_of_many_runs_the_newest_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "LISTED", 2)
    old, *young = _ids(3)
    for run_id in (old, *young):
        written(tmp_path, batch("deliveries"), run_id)
        _aged(tmp_path / "data-docs" / run_id, 2 if run_id == old else 1)
    written(tmp_path, batch("deliveries"), young[1])
    html = (tmp_path / "data-docs/index.html").read_text()
    assert old not in html
    assert all(run_id in html for run_id in young)
    assert "These are the newest 2 of 3" in html


def test_the_page_of_all_reports_names_each(tmp_path: Path) -> None:
    (tmp_path / "last 30 days.html").write_text("a report")
    data_docs.index(tmp_path)
    html = (tmp_path / "index.html").read_text()
    assert 'href="last%2030%20days.html"' in html
    assert "data-docs" not in html
    written(tmp_path, batch("fetched_papers"))
    assert 'href="data-docs/index.html"' in (tmp_path / "index.html").read_text()
