"""What the sources gave for a day, in a reader's words: the state of the day, and which source is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAMES: Mapping[str, str] = {"arxiv": "arXiv", "huggingface": "Hugging Face"}
"""Sources as readers know them; any other goes by its name in the settings."""

STATES = ("fresh", "quiet", "waiting", "incomplete", "failed")
"""What may be said of a source's list for a day, and of a day."""


@dataclass(frozen=True)
class SourceList:
    """One source's list for a day, as `fetch_ledger` has it; `expected` is None where upstream does not say.

    Raises `ValueError` for a state that is not in `STATES`.
    """

    source: str
    state: str
    fetched: int
    expected: int | None = None

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"the list of {self.source} is {self.state!r}, not one of {', '.join(STATES)}")

    @property
    def name(self) -> str:
        """The source as readers know it."""
        return NAMES.get(self.source, self.source)


def day_state(lists: Sequence[SourceList]) -> str:
    """The day's state: where papers came and a list is missing or cut, the day is incomplete; failed if none came."""
    states = {found.state for found in lists}
    if "failed" in states:
        return "incomplete" if any(found.fetched for found in lists) else "failed"
    return next((state for state in ("incomplete", "waiting", "fresh") if state in states), "quiet")


def alarms(lists: Sequence[SourceList]) -> tuple[str, ...]:
    """A sentence about each list that is missing or cut, the worst first."""
    worst_first = sorted(lists, key=lambda found: (-STATES.index(found.state), found.source))
    return tuple(sentence for found in worst_first if (sentence := _alarm(found)))


def _alarm(found: SourceList) -> str:
    """What a reader must know about a list; nothing about one that is whole."""
    later = "its papers follow in a later edition."
    if found.state == "failed":
        return f"{found.name} could not be read; {later}"
    if found.state == "waiting":
        return f"{found.name} has not published its list yet; {later}"
    if found.state != "incomplete":
        return ""
    if not found.fetched:
        return f"Incomplete: {found.name} gave no list, although one was due; {later}"
    short = found.expected is not None and found.expected > found.fetched
    gave = f"{found.fetched:,} of {found.expected:,} papers" if short else "only a part of its list"
    return f"Incomplete: {found.name} gave {gave}; the missing ones follow in a later edition."
