"""Works with every word: those that a plain scan finds, and first the ones with all in the title."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.search import find
from tests.search.made import MONDAY, TUESDAY, ids, indexed, work

WORDS = ("boat", "keel", "mast", "rudder", "sail", "anchor")
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
queries = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12), queries, st.sampled_from([-1, find.MOST_COUNTED]))
def test_they_are_those_of_a_plain_scan_the_titles_first(
    tmp_path_factory: pytest.TempPathFactory,
    works: Sequence[tuple[list[str], list[str]]],
    query: list[str],
    counted: int,
) -> None:
    file = tmp_path_factory.mktemp("scan") / "search.sqlite"
    indexed(file, {MONDAY: [work(place, " ".join(one), " ".join(other)) for place, (one, other) in enumerate(works)]})
    in_title = {f"made:{place}" for place, (one, _) in enumerate(works) if set(query) <= set(one)}
    anywhere = {f"made:{place}" for place, (one, other) in enumerate(works) if set(query) <= {*one, *other}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find, "MOST_COUNTED", counted)
        listed = ids(file, " ".join(query))
    assert len(listed) == len(anywhere)
    assert (set(listed[: len(in_title)]), set(listed)) == (in_title, anywhere)


def test_of_frequent_words_those_without_all_in_the_title_are_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "search.sqlite"
    older = [work(1, "Boats", "A sail."), work(2, "Sails of boats")]
    indexed(file, {MONDAY: older, TUESDAY: [work(3, "Nothing of it", "Boats that were without a sail at all.")]})
    assert ids(file, "boat sail") == ["made:2", "made:1", "made:3"]
    monkeypatch.setattr(find, "MOST_COUNTED", -1)
    assert ids(file, "boat sail") == ["made:2", "made:3", "made:1"]
    assert ids(file, "boat sail before:2025-03-11") == ["made:2", "made:1"]
    assert ids(file, "boat sail -anchor") == ["made:2", "made:1", "made:3"], "fields and a minus leave few to rank"


def test_a_prefix_is_as_frequent_as_all_its_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "search.sqlite"
    works = [work(place, title) for place, title in enumerate(("Masts", "Masters", "Masterly"))]
    texts = [work(8, "Boats", "A mast and a rudder."), work(9, "Nothing of it", "A mast without any rudder at all.")]
    indexed(file, {MONDAY: [*works, texts[0]], TUESDAY: [texts[1]]})
    for counted, listed in ((3, ["made:8", "made:9"]), (2, ["made:9", "made:8"])):
        monkeypatch.setattr(find, "MOST_COUNTED", counted)
        assert ids(file, "mast* rudder") == listed
