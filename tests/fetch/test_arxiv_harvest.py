"""The harvest over real HTTP: whole, broken off, killed and gone on with, by a clock that is not ours."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from assets.fetch.source import Listing, SourceError, frame
from tests.fetch.arxiv_lab import at, in_time, kept, paper, source
from tests.replay import Fault
from tests.replay_arxiv import Arxiv, Asked, Paper, Trouble, arxiv

TUESDAY, WEDNESDAY = date(2025, 3, 11), date(2025, 3, 12)
NOW = datetime(2025, 3, 25, 18, tzinfo=UTC)

PAPERS = [
    paper(1, TUESDAY, categories=("cs.CL", "math.CO"), comments="12 pages", doi="10.1234/example.1"),
    paper(20, TUESDAY, categories=("cs.CV", "cs.LG"), datestamp=date(2025, 3, 20)),
    paper(30, TUESDAY, categories=("hep-th",)),
    paper(40, TUESDAY, categories=("cs.CV",)),
    paper(50, TUESDAY, deleted=True),
    paper(60, WEDNESDAY, categories=("cs.LG",)),
    paper(70, date(2025, 3, 4), TUESDAY, categories=("cs.CL",)),
    paper(80, date(2025, 3, 4), TUESDAY, WEDNESDAY, categories=("math.CO", "cs.CL")),
    paper(90, date(2025, 3, 5), categories=("cs.CL",)),
    *(paper(number, date(2025, 3, 19), categories=("cs.CL",)) for number in range(100, 106)),
]  # fmt: skip
OF_TUESDAY = [
    ("2503.00001", 1, "new"),
    ("2503.00020", 1, "cross"),
    ("2503.00030", 1, "new"),
    ("2503.00070", 2, "replace"),
    ("2503.00080", 2, "replace-cross"),
]


@pytest.fixture
def server() -> Iterator[Arxiv]:
    with arxiv(PAPERS, page_size=2) as upstream:
        at(upstream, NOW)
        yield upstream


def listed(home: Path, server: Arxiv, day: date, now: datetime = NOW) -> list[tuple[str, int, str]]:
    return told(home, server, day, source(home, server, now).fetch(day))


def told(home: Path, server: Arxiv, day: date, listing: Listing) -> list[tuple[str, int, str]]:
    table = frame(source(home, server, NOW).parse(day, listing.bodies))
    return table.select("source_id", "version", "announced").rows()


def slices(server: Arxiv, harvest_set: str = "cs") -> list[tuple[str, str | None]]:
    """The slices that a set was asked for, without their further pages."""
    asked = [one.query for one in server.asked if one.query.get("set") == harvest_set]
    return [(query["from"], query.get("until")) for query in asked]


def test_a_past_day_is_made_again_from_the_harvest(tmp_path: Path, server: Arxiv) -> None:
    upstream = source(tmp_path, server, NOW)
    listing = upstream.fetch(TUESDAY)
    (body,) = listing.bodies
    assert (listing.expected, listing.missing, listing.lacking) == (5, "", "")
    assert told(tmp_path, server, TUESDAY, listing) == OF_TUESDAY
    assert body.url == f"{server.url}/oai?verb=ListRecords&metadataPrefix=arXivRaw#day=2025-03-11"
    row = upstream.parse(TUESDAY, listing.bodies)[0]
    record = json.loads(row.pop("record"))
    assert row == {
        "day": TUESDAY, "source": "arxiv", "source_id": "2503.00001", "version": 1, "announced": "new",
        "title": "The Invented Title of Paper 1", "abstract": "An invented abstract.",
        "authors": ["Ada Example", "Ben Example"], "affiliations": [], "categories": ["cs.CL", "math.CO"],
        "published": in_time(TUESDAY).replace(tzinfo=None), "doi": "10.1234/example.1", "note": "12 pages",
        "licence": "http://creativecommons.org/licenses/by/4.0/", "links": [],
        "url": "https://arxiv.org/abs/2503.00001", "body": body.sha256,
    }  # fmt: skip
    assert record["comments"] == "12 pages"
    assert record["versions"][0]["version"] == "v1"


def test_an_archive_may_be_chosen_as_a_whole(tmp_path: Path, server: Arxiv) -> None:
    upstream = source(tmp_path, server, NOW, categories=["cs"])
    assert told(tmp_path, server, TUESDAY, upstream.fetch(TUESDAY)) == [
        ("2503.00001", 1, "new"),
        ("2503.00020", 1, "new"),
        ("2503.00040", 1, "new"),
        ("2503.00070", 2, "replace"),
        ("2503.00080", 2, "replace-cross"),
    ]


def test_each_set_is_harvested_week_by_week_up_to_now(tmp_path: Path, server: Arxiv) -> None:
    listed(tmp_path, server, TUESDAY)
    weeks = [("2025-03-10", "2025-03-16"), ("2025-03-17", "2025-03-23"), ("2025-03-24", None)]
    assert slices(server) == slices(server, "physics:hep-th") == weeks
    assert {one.query.get("metadataPrefix", "arXivRaw") for one in server.asked} == {"arXivRaw"}


def test_every_page_is_in_the_store_of_bodies(tmp_path: Path, server: Arxiv) -> None:
    upstream = source(tmp_path, server, NOW)
    upstream.fetch(TUESDAY)
    pages = {row[3] for row in kept(tmp_path)["records"]}
    assert len(pages) > 4
    for page in pages:
        assert b"<ListRecords>" in upstream._bodies.get(page)


def test_what_is_harvested_already_is_not_asked_for_again(tmp_path: Path, server: Arxiv) -> None:
    first = source(tmp_path, server, NOW).fetch(TUESDAY)
    server.asked.clear()
    again = source(tmp_path, server, NOW + timedelta(hours=3)).fetch(TUESDAY)
    assert [body.sha256 for body in again.bodies] == [body.sha256 for body in first.bodies]
    assert listed(tmp_path, server, WEDNESDAY) == [("2503.00060", 1, "new"), ("2503.00080", 3, "replace-cross")]
    assert server.asked == []


def test_an_older_day_reaches_back_and_then_up_to_now(tmp_path: Path, server: Arxiv) -> None:
    listed(tmp_path, server, TUESDAY)
    server.asked.clear()
    # What has been modified since is neither in the older slices nor in those from before.
    server.papers = [replace(one, datestamp=date(2025, 3, 26)) if one.id == "2503.00090" else one for one in PAPERS]
    later = at(server, NOW + timedelta(days=1))
    assert listed(tmp_path, server, date(2025, 3, 5), later) == [("2503.00090", 1, "new")]
    assert slices(server) == [("2025-03-04", "2025-03-09"), ("2025-03-25", None)]
    server.asked.clear()
    assert len(listed(tmp_path, server, date(2025, 3, 4), later)) == 2
    assert slices(server) == [("2025-03-03", "2025-03-03"), ("2025-03-26", None)]


def test_nothing_is_older_than_the_first_datestamp(tmp_path: Path) -> None:
    old = Paper("hep-th/9901007", (datetime(1999, 1, 12, 12, tzinfo=UTC),), date(2005, 9, 16), categories=("hep-th",))
    with arxiv([old]) as server:
        now = at(server, datetime(2005, 9, 30, 18, tzinfo=UTC))
        upstream = source(tmp_path, server, now, categories=["hep-th"])
        assert told(tmp_path, server, date(1999, 1, 13), upstream.fetch(date(1999, 1, 13))) == [
            ("hep-th/9901007", 1, "new")
        ]
        assert slices(server, "physics:hep-th")[0] == ("2005-09-16", "2005-09-22")


def test_a_paper_that_is_deleted_later_is_no_longer_listed(tmp_path: Path, server: Arxiv) -> None:
    assert OF_TUESDAY[0] in listed(tmp_path, server, TUESDAY)
    gone = replace(PAPERS[0], deleted=True, datestamp=date(2025, 3, 26))
    server.papers = [gone, *PAPERS[1:]]
    later = at(server, NOW + timedelta(days=2))
    listed(tmp_path, server, date(2025, 3, 26), later)
    assert listed(tmp_path, server, TUESDAY, later) == OF_TUESDAY[1:]
    still = source(tmp_path, server, later).harvest.store.announced(TUESDAY)
    assert "2503.00001" not in {record.id for record, _ in still}


def test_of_two_versions_on_one_list_the_first_is_told(tmp_path: Path, server: Arxiv) -> None:
    server.papers = [paper(1, TUESDAY, TUESDAY)]
    assert listed(tmp_path, server, TUESDAY) == [("2503.00001", 1, "new")]


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_next_harvest_begins_on_the_day_of_the_servers_clock(tmp_path: Path, server: Arxiv, hours: int) -> None:
    ours = datetime(2025, 3, 25, 0, 30, tzinfo=UTC) if hours < 0 else datetime(2025, 3, 24, 23, 30, tzinfo=UTC)
    at(server, ours, timedelta(hours=hours))
    listed(tmp_path, server, TUESDAY, ours)
    theirs = (ours + timedelta(hours=hours)).date()
    # Announced by their clock right after the harvest: by ours, that was the day after, or the day before.
    server.papers = [*PAPERS, paper(200, date(2025, 3, 27), datestamp=theirs)]
    server.asked.clear()
    later = at(server, datetime(2025, 3, 28, 18, tzinfo=UTC), timedelta(hours=hours))
    assert listed(tmp_path, server, date(2025, 3, 27), later) == [("2503.00200", 1, "new")]
    assert slices(server) == [(theirs.isoformat(), None)]


def test_a_server_whose_clock_stands_far_back_is_harvested_all_the_same(tmp_path: Path, server: Arxiv) -> None:
    at(server, NOW, timedelta(days=-30))
    assert listed(tmp_path, server, TUESDAY) == OF_TUESDAY


def test_a_set_without_records_is_empty_and_no_error(tmp_path: Path, server: Arxiv) -> None:
    listing = source(tmp_path, server, NOW, categories=["econ.EM"]).fetch(TUESDAY)
    assert (listing.expected, listing.missing) == (0, "")
    assert source(tmp_path, server, NOW).parse(TUESDAY, listing.bodies) == []


def dead(home: Path, server: Arxiv, requests: int) -> None:
    """Fetch in a process of its own, and kill it when it waits for the answer to its next request after these."""
    waiting = threading.Event()

    def script(asked: Asked) -> Fault | None:
        if len(server.asked) <= requests:
            return None
        waiting.set()
        return Fault.SLOW

    server.script = script
    command = [sys.executable, "-m", "tests.fetch.arxiv_lab", str(home), server.url, str(TUESDAY), NOW.isoformat()]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        while not waiting.wait(0.05) and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
    server.script = lambda asked: None


def test_killed_at_any_page_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    with arxiv(PAPERS, page_size=3) as server:
        at(server, NOW)
        assert listed(tmp_path / "undisturbed", server, TUESDAY) == OF_TUESDAY
        whole = [asked.query for asked in server.asked]
        for requests in range(len(whole)):
            home = tmp_path / str(requests)
            server.asked.clear()
            dead(home, server, requests)
            assert len(server.asked) == requests + 1
            assert listed(home, server, TUESDAY) == OF_TUESDAY
            # Only what was under way is asked for twice.
            asked = [one.query for one in server.asked]
            assert asked[: requests + 1] + asked[requests + 2 :] == whole
            assert ids(home) == ids(tmp_path / "undisturbed")


def ids(home: Path) -> dict[str, list[object]]:
    """What was harvested, without the pages it was on: their bodies bear the hour."""
    found = kept(home)
    return {name: [row[:3] if name == "records" else row for row in rows] for name, rows in found.items()}


def once(when: Callable[[Asked], bool], wrong: Fault | Trouble) -> Callable[[Asked], Fault | Trouble | None]:
    """A script in which something goes wrong once."""
    over = threading.Event()

    def script(asked: Asked) -> Fault | Trouble | None:
        if over.is_set() or not when(asked):
            return None
        over.set()
        return wrong

    return script


def second_page(asked: Asked) -> bool:
    return "resumptionToken" in asked.query


def test_a_token_that_expires_lets_its_slice_begin_anew(tmp_path: Path, server: Arxiv) -> None:
    server.script = once(second_page, Trouble.EXPIRED)
    assert listed(tmp_path, server, TUESDAY) == OF_TUESDAY
    assert slices(server).count(("2025-03-10", "2025-03-16")) == 2


def test_a_harvest_goes_on_the_next_day_though_its_token_has_expired(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Fault.UNAVAILABLE if second_page(asked) else None
    with pytest.raises(SourceError, match="503") as error:
        listed(tmp_path, server, TUESDAY)
    assert error.value.transient
    assert len(kept(tmp_path)["records"]) == 2, "what came stays"
    server.script = lambda asked: None
    server.forget_tokens()
    assert listed(tmp_path, server, TUESDAY) == OF_TUESDAY


@pytest.mark.parametrize(("hours", "begun"), [(1, 1), (13, 2)])
def test_a_slice_that_was_broken_off_long_ago_begins_anew(
    tmp_path: Path, server: Arxiv, hours: int, begun: int
) -> None:
    server.counts = True
    server.script = lambda asked: Fault.UNAVAILABLE if second_page(asked) else None
    with pytest.raises(SourceError):
        listed(tmp_path, server, TUESDAY)
    server.script = lambda asked: None
    assert listed(tmp_path, server, TUESDAY, at(server, NOW + timedelta(hours=hours))) == OF_TUESDAY
    assert slices(server).count(("2025-03-10", "2025-03-16")) == begun


def test_a_token_that_always_expires_is_given_up(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Trouble.EXPIRED if second_page(asked) else None
    with pytest.raises(SourceError, match="badResumptionToken") as error:
        listed(tmp_path, server, TUESDAY)
    assert error.value.transient
    assert slices(server) == [("2025-03-10", "2025-03-16")] * 3


def test_a_page_that_names_itself_is_not_followed_for_ever(tmp_path: Path, server: Arxiv) -> None:
    server.script = lambda asked: Trouble.SAME_TOKEN if second_page(asked) else None
    with pytest.raises(SourceError, match="names itself as the next one"):
        listed(tmp_path, server, TUESDAY)


def test_a_slice_that_comes_short_is_asked_for_again(tmp_path: Path, server: Arxiv) -> None:
    server.counts = True
    server.script = once(second_page, Trouble.HALF_MISSING)
    listing = source(tmp_path, server, NOW).fetch(TUESDAY)
    assert (listing.missing, listing.expected) == ("", 5)
    assert slices(server).count(("2025-03-10", "2025-03-16")) == 2


def test_a_slice_that_stays_short_is_said_to_be_missing_until_it_is_whole(tmp_path: Path, server: Arxiv) -> None:
    def script(asked: Asked) -> Trouble | None:
        return Trouble.HALF_MISSING if second_page(asked) and "03-16" in asked.query["resumptionToken"] else None

    server.counts, server.script = True, script
    listing = source(tmp_path, server, NOW).fetch(TUESDAY)
    assert listing.missing.startswith("the harvest of cs, 2025-03-10 to 2025-03-16, has ")
    assert listing.expected is not None and listing.expected < 5
    assert source(tmp_path, server, NOW).fetch(date(2025, 3, 19)).missing == "", "later datestamps came whole"
    server.script = lambda asked: None
    whole = source(tmp_path, server, NOW).fetch(TUESDAY)
    assert (whole.missing, told(tmp_path, server, TUESDAY, whole)) == ("", OF_TUESDAY)


FATAL = [Fault.ENTITY_BOMB, Fault.REDIRECT_AWAY, Fault.GZIP_BOMB, Fault.NOT_FOUND]


@pytest.mark.parametrize(
    "wrong",
    [Fault.UNAVAILABLE, Fault.NOT_ACCEPTABLE, Fault.RATE_LIMITED, Fault.RETRY_ABSURD, Fault.RESET,
     Fault.RESET_MID_BODY, Fault.TRUNCATED, Fault.TRUNCATED_GZIP, Fault.NEVER_ENDS, Fault.HTML, Fault.MALFORMED,
     Fault.EMPTY, Fault.EMPTY_LIST, Fault.DUPLICATED_PAGE, *FATAL],
)  # fmt: skip
def test_a_harvest_that_breaks_off_gives_no_part_of_a_list_and_loses_nothing(
    tmp_path: Path, server: Arxiv, wrong: Fault
) -> None:
    server.script = lambda asked: wrong if second_page(asked) else None
    with pytest.raises(SourceError) as error:
        listed(tmp_path, server, TUESDAY)
    assert error.value.transient is (wrong not in FATAL)
    assert server.url in str(error.value)
    assert len(kept(tmp_path)["records"]) == 2
    server.script = lambda asked: None
    assert listed(tmp_path, server, TUESDAY) == OF_TUESDAY


def test_trouble_that_passes_is_not_seen_at_all(tmp_path: Path, server: Arxiv) -> None:
    for wrong in (Fault.UNAVAILABLE, Fault.RESET_MID_BODY, Fault.MALFORMED, Fault.EMPTY_LIST):
        server.script = once(second_page, wrong)
        assert listed(tmp_path / wrong.value.replace(" ", "-"), server, TUESDAY) == OF_TUESDAY


def test_two_that_harvest_at_once_do_so_one_after_the_other(tmp_path: Path, server: Arxiv) -> None:
    results: list[list[tuple[str, int, str]]] = []
    threads = [threading.Thread(target=lambda: results.append(listed(tmp_path, server, TUESDAY))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [OF_TUESDAY, OF_TUESDAY]
    assert len(slices(server)) == 3


def test_an_older_record_never_replaces_a_newer_one(tmp_path: Path, server: Arxiv) -> None:
    listed(tmp_path, server, TUESDAY)
    stale = paper(20, TUESDAY, categories=("cs.CV", "cs.LG"), title="As It Was Before", datestamp=date(2025, 3, 5))
    server.papers = [stale]
    listed(tmp_path, server, date(2025, 3, 6))
    rows = source(tmp_path, server, NOW).parse(TUESDAY, source(tmp_path, server, NOW).fetch(TUESDAY).bodies)
    assert {row["source_id"]: row["title"] for row in rows}["2503.00020"] == "The Invented Title of Paper 20"
