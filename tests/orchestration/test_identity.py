"""Identity in whole runs: decisions from the operator's file, and fingerprints of an older algorithm."""

from datetime import date
from pathlib import Path

import pytest

from assets.dedupe import fingerprint
from orchestration.resources import warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.orchestration.terminal import NewTerminal

MONDAY, TUESDAY, WEDNESDAY = (date(2025, 3, day) for day in (10, 11, 12))


def algorithms(lab: Lab) -> dict[date, int]:
    """By which algorithm each day's keys were made."""
    return dict(warehouse(lab.settings).read("SELECT day, algorithm FROM fingerprints").iter_rows())


def two_papers(lab: Lab, day: date) -> list[str]:
    works = warehouse(lab.settings).rows("unique_papers", [day]).sort("work_id")
    return works["work_id"].to_list()[:2]


def test_a_new_algorithm_is_followed_before_the_next_day_is_made(
    new_lab: NewLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_lab() as lab:
        assert all(outcome.success for outcome in lab.backfill(MONDAY, TUESDAY))
        before = lab.tables()["unique_papers"]
        monkeypatch.setattr(fingerprint, "ALGORITHM", fingerprint.ALGORITHM + 1)
        assert lab.digest(WEDNESDAY).success
        assert algorithms(lab) == dict.fromkeys((MONDAY, TUESDAY, WEDNESDAY), fingerprint.ALGORITHM)
        assert [row for row in lab.tables()["unique_papers"] if row[0] != WEDNESDAY] == before
        assert lab.materialized("unique_papers") == {str(day) for day in (MONDAY, TUESDAY, WEDNESDAY)}


def test_the_operators_file_is_followed_and_taken_back(new_lab: NewLab, tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    file.write_text("", encoding="utf-8")
    with new_lab(DEDUPE__DECISIONS=str(file)) as lab:
        assert lab.digest(MONDAY).success
        before = lab.tables()
        left, right = two_papers(lab, MONDAY)
        file.write_text(f'[[same]]\npapers = ["{left}", "{right}"]\nwhy = "so they say"\n', encoding="utf-8")
        assert lab.digest(TUESDAY).success
        works = warehouse(lab.settings).rows("unique_papers", [MONDAY])
        assert works.height == len([row for row in before["unique_papers"] if row[0] == MONDAY]) - 1
        reasons = works["reasons"].explode().drop_nulls().to_list()
        assert f"{left} = {right}: decided by the operator: so they say" in reasons
        file.write_text("", encoding="utf-8")
        assert lab.digest(TUESDAY).success
        assert [row for row in lab.tables()["unique_papers"] if row[0] == MONDAY] == before["unique_papers"]


def test_a_file_that_contradicts_itself_fails_the_step_and_changes_nothing(new_lab: NewLab, tmp_path: Path) -> None:
    file = tmp_path / "decisions.toml"
    pair = 'papers = ["2503.00001", "2503.00002"]'
    file.write_text(f"[[same]]\n{pair}\n[[different]]\n{pair}\n", encoding="utf-8")
    with new_lab(DEDUPE__DECISIONS=str(file)) as lab:
        outcome = lab.digest(MONDAY)
        assert not outcome.success
        assert f"{file}: arxiv:2503.00001 and arxiv:2503.00002 are decided to be the same" in outcome.reason
        assert lab.tables()["unique_papers"] == []


def test_why_on_the_command_line(terminal: NewTerminal) -> None:
    paperboy = terminal()
    assert paperboy.run("digest", MONDAY).exit_code == 0
    left, right = warehouse(paperboy.settings).rows("unique_papers", [MONDAY])["work_id"].sort().to_list()[:2]
    apart = paperboy("why", left, right)
    assert apart.exit_code == 0
    assert f"Two works, {left} and {right}:\n" in apart.stdout
    assert paperboy("why", left.upper(), left).stdout.endswith(f"One paper: both ids are spellings of {left}.\n")
    unknown = paperboy("why", left, "https://arxiv.org/abs/1503.99999v2")
    assert unknown.exit_code == 1
    assert unknown.stderr.startswith("Error: no record of arxiv:1503.99999 is stored")
