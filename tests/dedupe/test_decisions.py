"""The operator's file of decisions is read whole or refused with what is wrong and where."""

from pathlib import Path

import pytest

from assets.clean.ids import named
from assets.dedupe.decisions import DECISION, NONE, DecisionsError, load

GOOD = """
[[same]]
papers = ["arXiv:2503.00020v2", "Lab:TR-17", "https://arxiv.org/abs/2503.00010"]
why = " the journal's "

[[different]]
papers = ["math.CA/0611800", "2503.00010"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "decisions.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_pair_of_a_table_is_decided_whatever_the_spelling_of_its_ids(tmp_path: Path) -> None:
    found = load(written(tmp_path, GOOD), named)
    assert found.same == dict.fromkeys(
        [
            ("arxiv:2503.00010", "arxiv:2503.00020"),
            ("arxiv:2503.00010", "lab:tr-17"),
            ("arxiv:2503.00020", "lab:tr-17"),
        ],
        "the journal's",
    )
    assert found.different == {("arxiv:2503.00010", "arxiv:math/0611800"): ""}
    assert found.frame.height == 8
    assert found.frame.schema == DECISION


def test_no_file_decides_nothing_and_neither_does_an_empty_one(tmp_path: Path) -> None:
    assert load(None, named) == load(written(tmp_path, ""), named) == NONE
    assert NONE.frame.schema == DECISION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[same]", "is not valid TOML"),
        ("[[equal]]\npapers = []", "does not know 'equal'"),
        ("same = 3", "same is not a list of tables"),
        ("same = [3]", "same 1: does not know 3"),
        ('[[same]]\npaper = ["a", "b"]', "same 1: does not know 'paper'"),
        ("[[same]]\npapers = [2503.00010, 2503.00020]", "papers is not a list of ids"),
        ('[[same]]\npapers = ["2503.00010", "arxiv:2503.00010v3"]', "same 1: names one paper, arxiv:2503.00010"),
        ('[[same]]\npapers = ["a:1", " "]', "papers is not a list of ids"),
        ('[[same]]\npapers = ["a:1", "a:2"]\nwhy = 3', "same 1: why is not a text"),
        (
            '[[same]]\npapers = ["a:1", "a:2"]\n[[same]]\npapers = ["a:2", "a:3"]\n'
            '[[different]]\npapers = ["a:3", "a:1"]',
            "a:1 and a:3 are decided to be the same and to be different",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(DecisionsError, match=said) as error:
        load(file, named)
    assert str(error.value).startswith(f"{file}: ")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DecisionsError, match=r"cannot be read \(No such file or directory\); check dedupe.decisions"):
        load(tmp_path / "none.toml", named)
