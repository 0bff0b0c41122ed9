"""The commands about texts: what they print, and how they say what they cannot read."""

from importlib.metadata import version
from pathlib import Path

import pytest
from click import unstyle
from click.testing import CliRunner, Result

from orchestration.cli import main
from tests.orchestration.terminal import NewTerminal

# Clean-text.

DIRTY = """\
Schr\\"odinger robots
lift~boxes. Code: https://github.com/lab/lift

Nothing to clean here.
"""


def clean_text(*arguments: str, written: bytes | str = b"", color: bool = False) -> Result:
    """Called with settings that no other command would take."""
    return CliRunner(env={"PAPERBOY_SOURCES": "nonsense"}).invoke(
        main, ["clean-text", *arguments], input=written, color=color, prog_name="paperboy"
    )


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_clean_text_shows_before_and_after(arguments: list[str]) -> None:
    result = clean_text(*arguments, written=DIRTY)
    assert (result.exit_code, result.stderr) == (0, "")
    head, first, second = result.stdout.split("\n\n")
    assert head == f"paperboy {version('paperboy')}"
    assert first.splitlines() == [
        '- Schr\\"odinger robots lift~boxes. Code: https://github.com/lab/lift',
        "+ Schrödinger robots lift boxes.",
        "  code: https://github.com/lab/lift",
        "  language: too short to tell",
    ]
    assert second.splitlines()[0] == "= Nothing to clean here."


def test_clean_text_reads_a_file_and_keeps_the_addresses_of_titles(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text(DIRTY, encoding="utf-8")
    assert clean_text(str(file)).stdout == clean_text(written=DIRTY).stdout
    assert (
        "+ Schrödinger robots lift boxes. Code: https://github.com/lab/lift\n"
        in clean_text("--title", str(file)).stdout
    )


def test_clean_text_colours_what_differs_on_a_terminal_only() -> None:
    coloured = clean_text(written=DIRTY, color=True).stdout
    assert "\x1b[32mSchrödinger\x1b[0m robots" in coloured
    assert unstyle(coloured) == clean_text(written=DIRTY).stdout


@pytest.mark.parametrize(
    ("arguments", "written", "code", "message"),
    [
        (["no-such-file"], b"", 2, "File 'no-such-file' does not exist."),
        (["."], b"", 2, "File '.' is a directory."),
        ([], b"ab\xe9", 1, "standard input is not UTF-8: look at byte 2."),
        ([], b" \n\n ", 1, "standard input holds no text."),
    ],
)
def test_clean_text_says_what_it_cannot_read(arguments: list[str], written: bytes, code: int, message: str) -> None:
    result = clean_text(*arguments, written=written)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# Tag-text.

PAPER = """\
Deep RL for legged robots
We train with reinforcement learning on a dataset; a second
dataset is ours.

Schr\\"odinger's cats
"""


def test_tag_text_shows_what_fires_and_why(terminal: NewTerminal, tmp_path: Path) -> None:
    file = tmp_path / "papers.txt"
    file.write_text(PAPER, encoding="utf-8")
    result = terminal()("tag-text", "--category", "cs.RO", "--category", "cs.LG", file)
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.split("\n\n")
    assert first.splitlines() == [
        "Deep RL for legged robots",
        "   7.50  Locomotion, drones and robot hardware (locomotion, Robots and control)",
        '          7.50  "legged robot" in the title',
        "                each times 1.25, for cs.RO",
        "   6.25  Reinforcement learning (reinforcement-learning, Learning methods)",
        '          3.75  "RL" in the title',
        '          2.50  "reinforcement learning" in the abstract',
        "                each times 1.25, for cs.LG",
        "   1.00  Datasets and surveys (datasets, Models and training): not a topic, 1.5 is the least",
        '          1.00  "dataset" in the abstract, 2 times',
        "                each times 0.5, the topic's weight",
        "  keywords, if the source gives none: legged robot, reinforcement learning, dataset",
    ]
    assert second.splitlines() == [
        "Schrödinger's cats",
        "  no topic: no phrase of the taxonomy stands in it",
        "  keywords, if the source gives none: none",
    ]


def test_tag_text_says_which_topics_are_too_many(terminal: NewTerminal, tmp_path: Path) -> None:
    file = tmp_path / "paper.txt"
    file.write_text("Quantum astronomy with proteins, blockchain, speech, climate and a bandit", encoding="utf-8")
    lines = terminal()("tag-text", file).stdout.splitlines()
    assert [line.endswith(": not kept, 5 are the most") for line in lines if "(" in line] == [False] * 5 + [True] * 2


OWN = """\
[[area]]
key = "x"
label = "X"
[[topic]]
key = "cats"
area = "x"
label = "Cats"
meaning = "Of cats."
"""


def test_the_operators_taxonomy_is_followed(terminal: NewTerminal, tmp_path: Path) -> None:
    paper, file = tmp_path / "paper.txt", tmp_path / "own.toml"
    paper.write_text(PAPER, encoding="utf-8")
    file.write_text(OWN + 'phrases = ["cat"]\n', encoding="utf-8")
    paperboy = terminal(TAXONOMY=str(file))
    assert '"cat" in the title' in paperboy("tag-text", paper).stdout
    assert paperboy("taxonomy", "list").stdout == "X\n  cats  Cats: Of cats.\n"
    assert paperboy("taxonomy", "check").stdout == f"{file}: 1 area, 1 topic, 1 phrase\n"
    file.write_text(OWN, encoding="utf-8")
    for arguments in (("taxonomy", "check"), ("taxonomy", "check", file), ("tag-text", paper)):
        refused = paperboy(*arguments)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert f"{file}: topic 1 (cats): phrases is missing" in refused.stderr


def test_the_topics_are_listed_by_area(terminal: NewTerminal) -> None:
    lines = terminal()("taxonomy", "list").stdout.splitlines()
    assert lines[0] == "Agents and reasoning"
    assert sum(line.startswith("  quantum ") and "Quantum computing: Computing with" in line for line in lines) == 1
