"""The state of a day from its sources' lists, and what a reader is told of each list that is missing."""

import pytest

from assets.mail.lists import SourceList, alarms, day_state

FRESH = SourceList("huggingface", "fresh", 62)
QUIET = SourceList("huggingface", "quiet", 0)
CUT = SourceList("huggingface", "incomplete", 30, 62)
WAITING = SourceList("arxiv", "waiting", 0)
FAILED = SourceList("arxiv", "failed", 0)


@pytest.mark.parametrize(
    ("lists", "state"),
    [
        ([], "quiet"),
        ([QUIET], "quiet"),
        ([FRESH], "fresh"),
        ([FRESH, SourceList("arxiv", "quiet", 0)], "fresh"),
        ([FRESH, WAITING], "waiting"),
        ([QUIET, WAITING], "waiting"),
        ([CUT], "incomplete"),
        ([CUT, WAITING], "incomplete"),
        ([FRESH, FAILED], "incomplete"),
        ([CUT, FAILED], "incomplete"),
        ([QUIET, FAILED], "failed"),
        ([FAILED], "failed"),
    ],
)
def test_the_state_of_a_day(lists: list[SourceList], state: str) -> None:
    assert day_state(lists) == state


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (CUT, "Incomplete: Hugging Face gave 30 of 62 papers; the missing ones follow in a later edition."),
        (
            SourceList("arxiv", "incomplete", 1_200, 2_000),
            "Incomplete: arXiv gave 1,200 of 2,000 papers; the missing ones follow in a later edition.",
        ),
        (
            SourceList("journal", "incomplete", 30),
            "Incomplete: journal gave only a part of its list; the missing ones follow in a later edition.",
        ),
        (
            SourceList("huggingface", "incomplete", 0),
            "Incomplete: Hugging Face gave no list, although one was due; its papers follow in a later edition.",
        ),
        (WAITING, "arXiv has not published its list yet; its papers follow in a later edition."),
        (FAILED, "arXiv could not be read; its papers follow in a later edition."),
    ],
)
def test_a_list_that_is_missing_is_told_by_name_with_its_figures(found: SourceList, words: str) -> None:
    assert alarms([found]) == (words,)


def test_the_worst_is_told_first_and_what_is_whole_not_at_all() -> None:
    told = alarms([FRESH, WAITING, QUIET, CUT, SourceList("journal", "failed", 0)])
    assert [sentence.split()[0] for sentence in told] == ["journal", "Incomplete:", "arXiv"]


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="the list of arxiv is 'fine', not one of fresh, quiet"):
        SourceList("arxiv", "fine", 0)
