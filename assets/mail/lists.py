"""What the sources gave for a day, in a reader's words: the state of the day, and which source is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.mail.words import N_, Words, read_back

NAMES: Mapping[str, str] = {"arxiv": "arXiv", "huggingface": "Hugging Face"}
"""Sources as readers know them; any other goes by its name in the settings."""

STATES = (N_("fresh"), N_("quiet"), N_("waiting"), N_("incomplete"), N_("failed"))
"""What may be said of a source's list for a day, and of a day."""

UNREAD = N_("%(source)s could not be read; its papers follow in a later edition.")
UNPUBLISHED = N_("%(source)s has not published its list yet; its papers follow in a later edition.")
UNGIVEN = N_("Incomplete: %(source)s gave no list, although one was due; its papers follow in a later edition.")
CUT = N_("Incomplete: %(source)s gave %(fetched)s of %(expected)s papers; the missing ones follow in a later edition.")
CUT_SOMEWHERE = N_("Incomplete: %(source)s gave only a part of its list; the missing ones follow in a later edition.")


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
    """A sentence about each list that is missing or cut, the worst first; in English, as it is stored."""
    worst_first = sorted(lists, key=lambda found: (-STATES.index(found.state), found.source))
    return tuple(sentence for found in worst_first if (sentence := _alarm(found)))


def alarm_in(sentence: str, words: Words) -> str:
    """Such a sentence in other words; one that is none stays as it is."""
    for alarm in (UNREAD, UNPUBLISHED, UNGIVEN, CUT, CUT_SOMEWHERE):
        if (values := read_back(alarm, sentence)) is not None:
            figures = {name: words.number(_figure(values[name])) for name in ("fetched", "expected") if name in values}
            return words.gettext(alarm, **{**values, **figures})
    return sentence


def _alarm(found: SourceList) -> str:
    """What a reader must know about a list; nothing about one that is whole."""
    if found.state == "failed":
        return UNREAD % {"source": found.name}
    if found.state == "waiting":
        return UNPUBLISHED % {"source": found.name}
    if found.state != "incomplete":
        return ""
    if not found.fetched:
        return UNGIVEN % {"source": found.name}
    if found.expected is not None and found.expected > found.fetched:
        return CUT % {"source": found.name, "fetched": f"{found.fetched:,}", "expected": f"{found.expected:,}"}
    return CUT_SOMEWHERE % {"source": found.name}


def _figure(written: str) -> int:
    return int(written.replace(",", ""))
