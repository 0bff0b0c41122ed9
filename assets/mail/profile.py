"""A reader's profile: what somebody follows and mutes, and the papers that they like, read from a TOML file.

likes = ["2503.08417", "2503.14456"]    # the newest last
library = "zotero.bib"                  # BibTeX, as Zotero exports it; beside the profile

[follow]
topics = ["robot-learning"]             # keys or labels: paperboy taxonomy list
categories = ["cs.RO", "eess"]
authors = ["Ada Lovelace"]
keywords = ["tool use"]

[mute]                                  # the same four
topics = ["finance"]
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from assets.mail.bibtex import UnreadableLibrary, read

KNOWN = ("likes", "library", "follow", "mute")


class ProfileError(Exception):
    """A profile cannot be used; the text names the file, what is wrong and what to do."""


@dataclass(frozen=True)
class Wishes:
    """What is followed, or muted; all in small letters with single spaces."""

    topics: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Profile:
    """`likes` are ids of papers and `others` the texts of those in the library, both oldest first."""

    follow: Wishes = Wishes()
    mute: Wishes = Wishes()
    likes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def plain(text: str) -> str:
    """A text as wishes are compared: small letters, single spaces."""
    return " ".join(text.casefold().split())


def load(file: Path) -> Profile:
    """The profile in a file. Raises `ProfileError`."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{file}: is not valid TOML: {error}; correct that line") from error
    if unknown := sorted(said.keys() - set(KNOWN)):
        raise ProfileError(f"{file}: has no use for {unknown[0]!r}; there are {', '.join(KNOWN)}")
    library = said.get("library")
    if not isinstance(library, str | None):
        raise ProfileError(f"{file}: library must be the name of one BibTeX file")
    return Profile(
        follow=_wishes(said.get("follow", {}), f"{file}: [follow]"),
        mute=_wishes(said.get("mute", {}), f"{file}: [mute]"),
        likes=_listed(said.get("likes", []), f"{file}: likes"),
        others=_library(file.parent / library) if library else (),
    )


def _wishes(said: Any, where: str) -> Wishes:
    known = [field.name for field in fields(Wishes)]
    if not isinstance(said, Mapping):
        raise ProfileError(f"{where} must be a table of {', '.join(known)}")
    if unknown := sorted(said.keys() - set(known)):
        raise ProfileError(f"{where} has no use for {unknown[0]!r}; there are {', '.join(known)}")
    return Wishes(**{name: frozenset(map(plain, _listed(listed, f"{where} {name}"))) for name, listed in said.items()})


def _listed(said: Any, where: str) -> tuple[str, ...]:
    if not isinstance(said, list) or not all(isinstance(one, str) and one.strip() for one in said):
        raise ProfileError(f'{where} must be a list of texts, as ["one", "another"]')
    return tuple(said)


def _library(file: Path) -> tuple[str, ...]:
    """The title and abstract of each entry of a BibTeX file, the oldest year first."""
    try:
        entries = read(file.read_bytes()).entries
    except OSError as error:
        raise ProfileError(f"{file}: cannot be read ({error.strerror}); library must be a BibTeX file") from error
    except UnreadableLibrary as error:
        raise ProfileError(f"{file}: {error}") from error
    return tuple(text(entry.title, entry.abstract) for entry in entries)


def text(title: str, abstract: str | None) -> str:
    """What is compared of a paper: the title counts twice."""
    return f"{title} {title} {abstract or ''}"
