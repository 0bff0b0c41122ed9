"""The store of bodies, and its index."""

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.fetch.bodies import BodyStore
from assets.fetch.source import Body, Listing

DAY = date(2025, 3, 13)
MORNING = datetime(2025, 3, 13, 8, tzinfo=UTC)
URL = "https://feed.example/list"


def body(content: bytes, fetched_at: datetime = MORNING, url: str = URL, **headers: Any) -> Body:
    return Body(content, url, fetched_at, **headers)


@given(content=st.binary(max_size=2_000))
def test_what_is_put_can_be_had_again(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    store = BodyStore(tmp_path_factory.mktemp("bodies"))
    path = store.put(body(content))
    sha256 = hashlib.sha256(content).hexdigest()
    assert path == store.folder / sha256[:2] / f"{sha256}.gz"
    assert gzip.decompress(path.read_bytes()) == content
    assert store.get(sha256) == content


def test_a_body_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    before = store.put(body(b"[]")).stat()
    after = store.put(body(b"[]")).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_same_body_is_the_same_file_on_any_machine(tmp_path: Path) -> None:
    stores = BodyStore(tmp_path / "here"), BodyStore(tmp_path / "there")
    here, there = (store.put(body(b"[]")).read_bytes() for store in stores)
    assert here == there


def test_a_torn_write_is_never_taken_for_a_body(tmp_path: Path) -> None:
    """What a crash leaves behind lies under another name, and the next put makes the body whole."""
    store = BodyStore(tmp_path)
    address = hashlib.sha256(b"[]").hexdigest()
    torn = tmp_path / address[:2] / f"{address}.12345.part"
    torn.parent.mkdir()
    torn.write_bytes(b"\x1f\x8b")
    with pytest.raises(FileNotFoundError):
        store.get(address)
    store.put(body(b"[]"))
    assert store.get(address) == b"[]"


def test_a_put_leaves_nothing_but_the_body_and_the_index(tmp_path: Path) -> None:
    path = BodyStore(tmp_path).put(body(b"[]"))
    files = {file for file in tmp_path.rglob("*") if file.is_file()}
    assert files - {path} == {tmp_path / "index.sqlite", tmp_path / "index.sqlite.lock"}


def test_a_store_is_nothing_before_it_is_used(tmp_path: Path) -> None:
    BodyStore(tmp_path / "bodies")
    assert list(tmp_path.iterdir()) == []


def test_a_body_that_cannot_be_written_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "bodies").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="bodies"):
        BodyStore(tmp_path / "bodies").put(body(b"[]"))


def test_the_latest_body_of_an_address_is_the_one_fetched_last(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    there = timezone(timedelta(hours=-5))
    noon = body(b"[2]", datetime(2025, 3, 13, 7, tzinfo=there), status=304, etag='"b"', last_modified="yesterday")
    for each in (noon, body(b"[1]", etag='"a"'), body(b"[3]", noon.fetched_at, url=f"{URL}?p=1")):
        store.put(each)
    latest = store.latest(URL)
    assert latest == noon, "by the moment, whatever zone it was written in"
    assert store.latest("https://feed.example/other") is None


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-5]), id="torn"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
    ],
)
def test_a_body_that_cannot_be_read_is_not_asked_for_conditionally(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    store = BodyStore(tmp_path)
    harm(store.put(body(b'["a list"]')))
    assert store.latest(URL) is None
    with pytest.raises(FileNotFoundError):
        store.get(body(b'["a list"]').sha256)
    store.put(body(b'["a list"]', MORNING + timedelta(hours=1)))
    assert store.get(body(b'["a list"]').sha256) == b'["a list"]', "and is made whole when it comes again"


def test_a_listing_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    pages = [body(b"[1, 2]", url=f"{URL}?p=0"), body(b"[3]", url=f"{URL}?p=1"), body(b"[1, 2]", url=f"{URL}?p=2")]
    kept = Listing(pages, expected=7, missing="page 3: 503", lacking="arXiv did not answer")
    store.keep("huggingface", DAY, kept)
    assert store.listing("huggingface", DAY) == kept
    assert [store.latest(page.url) for page in pages] == pages
    assert store.listing("huggingface", DAY + timedelta(days=1)) is None
    assert store.listing("arxiv", DAY) is None


def test_the_newest_listing_counts_and_nothing_older_is_lost(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    store.keep("huggingface", DAY, Listing([body(b"[1]")], missing="page 1: 503"))
    store.keep("huggingface", DAY, Listing([body(b"[1, 2]", MORNING + timedelta(hours=6))]))
    listing = store.listing("huggingface", DAY)
    assert listing is not None
    assert ([page.content for page in listing.bodies], listing.missing) == ([b"[1, 2]"], "")
    assert store.get(body(b"[1]").sha256) == b"[1]"
    store.keep("huggingface", DAY, Listing())
    assert store.listing("huggingface", DAY) == Listing([])


def test_a_listing_without_one_of_its_bodies_is_no_shorter_list(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    store.keep("huggingface", DAY, Listing([body(b"[1]"), body(b"[2]")]))
    store.put(body(b"[2]")).unlink()
    with pytest.raises(FileNotFoundError):
        store.listing("huggingface", DAY)


def test_a_body_put_twice_is_noted_once(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    store.put(body(b"[1]"))
    store.keep("huggingface", DAY, Listing([body(b"[1]")]))
    listing = store.listing("huggingface", DAY)
    assert listing is not None
    assert listing.bodies == [body(b"[1]")]


def put_all(folder: Path, who: str) -> None:
    """What a process of the test below does: bodies of its own, and one that all share."""
    store = BodyStore(folder)
    for number in range(20):
        fetched_at = MORNING + timedelta(seconds=number)
        store.put(body(b"shared"))
        store.keep(who, DAY, Listing([body(f"{who} {number}".encode(), fetched_at, url=f"{URL}/{who}")]))


def test_processes_and_threads_share_a_store(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.fetch.test_bodies import put_all\n"
        "put_all(Path(sys.argv[1]), sys.argv[2])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), who], env=os.environ, cwd=Path(__file__).parents[2]
        )
        for who in ("first", "second")
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda who: put_all(tmp_path, who), ["third", "fourth", "fifth"]))
    assert [process.wait() for process in processes] == [0, 0]
    store = BodyStore(tmp_path)
    for who in ("first", "second", "third", "fourth", "fifth"):
        listing = store.listing(who, DAY)
        assert listing is not None
        assert [page.content for page in listing.bodies] == [f"{who} 19".encode()]
    assert not list(tmp_path.rglob("*.part"))


def test_of_several_listings_of_a_day_the_newest_whole_one_is_given(tmp_path: Path) -> None:
    store, day = BodyStore(tmp_path), date(2025, 3, 14)
    bodies = [Body(b"[%d]" % number, f"https://feed.example/{number}", datetime.now(UTC)) for number in range(3)]
    store.keep("feed", day, Listing(bodies[:1], missing="page 1: 503"))
    assert [body.url for body in (store.listing("feed", day) or Listing()).bodies] == ["https://feed.example/0"]
    store.keep("feed", day, Listing(bodies, expected=3))
    store.keep("feed", day, Listing(bodies[:2], missing="page 2: 503"))
    assert [body.content for body in (store.listing("feed", day) or Listing()).bodies] == [b"[0]", b"[1]", b"[2]"]
