"""The store of bodies."""

import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.fetch.bodies import BodyStore
from assets.fetch.source import Body


def body(content: bytes) -> Body:
    return Body(content, "https://feed.example/list", datetime(2025, 3, 13, tzinfo=UTC))


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


def test_a_put_leaves_nothing_but_the_body(tmp_path: Path) -> None:
    store = BodyStore(tmp_path)
    path = store.put(body(b"[]"))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_a_body_that_cannot_be_written_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "bodies").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="bodies"):
        BodyStore(tmp_path / "bodies").put(body(b"[]"))
