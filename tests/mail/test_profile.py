"""A reader's profile: what it may hold, and how a wrong one is told."""

from pathlib import Path

import pytest

from assets.mail.profile import Profile, ProfileError, Wishes, load

WHOLE = """
likes = ["2503.08417"]
library = "boats.bib"
[follow]
topics = ["Robot  Learning"]
categories = ["cs.RO", "eess"]
authors = ["Ada  Lovelace"]
keywords = ["tool use"]
[mute]
topics = ["finance"]
"""
BOATS = r"""
@article{new, title = {Keels of {B}oats}, year = {2024}, abstract = {They are \emph{long}.}, author = {M{\"u}ller, Ada}}
@misc{undated, title = {Fog}}
@book{old, title = {Anchors}, date = {1999-05-01}}
@article{untitled, year = {2023}}
"""


def written(folder: Path, profile: str, library: str = BOATS) -> Path:
    (folder / "boats.bib").write_text(library, encoding="utf-8")
    (folder / "me.toml").write_text(profile, encoding="utf-8")
    return folder / "me.toml"


def test_a_whole_profile(tmp_path: Path) -> None:
    found = load(written(tmp_path, WHOLE))
    assert found.likes == ("2503.08417",)
    assert found.follow == Wishes(
        topics=frozenset({"robot learning"}), categories=frozenset({"cs.ro", "eess"}),
        authors=frozenset({"ada lovelace"}), keywords=frozenset({"tool use"}),
    )  # fmt: skip
    assert found.mute == Wishes(topics=frozenset({"finance"}))


def test_a_library_is_read_oldest_first_and_its_tex_as_text(tmp_path: Path) -> None:
    fog, anchors, keels = load(written(tmp_path, WHOLE)).others
    assert fog.split() == ["Fog", "Fog"]
    assert anchors.split() == ["Anchors", "Anchors"]
    assert keels == "Keels of Boats Keels of Boats They are long."


def test_an_empty_profile_wishes_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Profile()


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("likes = ", "is not valid TOML"),
        ("like = []", "has no use for 'like'; there are likes, library, follow, mute"),
        ('likes = "2503.08417"', 'likes must be a list of texts, as ["one", "another"]'),
        ("likes = [2503.1]", "likes must be a list of texts"),
        ("library = 3", "library must be the name of one BibTeX file"),
        ('library = "none.bib"', "none.bib: cannot be read"),
        ("follow = 3", "[follow] must be a table of topics, categories, authors, keywords"),
        ("[follow]\ntopic = []", "[follow] has no use for 'topic'; there are topics, categories, authors, keywords"),
        ('[mute]\nauthors = [""]', "[mute] authors must be a list of texts"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path: Path, profile: str, told: str) -> None:
    with pytest.raises(ProfileError) as error:
        load(written(tmp_path, profile))
    assert told in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_a_missing_profile_and_a_library_without_titles_are_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        load(tmp_path / "nobody.toml")
    with pytest.raises(ProfileError, match="holds no entry with a title; export your library as BibTeX"):
        load(written(tmp_path, 'library = "boats.bib"', "nothing like BibTeX"))
