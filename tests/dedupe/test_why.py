"""`paperboy why` says which edges join two papers, or what keeps them apart."""

from pathlib import Path

import pytest

from assets.dedupe import candidates
from assets.dedupe.decisions import NONE, Decisions
from assets.dedupe.why import UnknownPaper, why
from orchestration.warehouse import Warehouse
from tests.dedupe.records import ABSTRACTS, TITLE, record
from tests.dedupe.test_resolve import MONDAY, TUESDAY, WEDNESDAY, step, store

ARXIV, MIRROR = "arxiv:2503.00010", "sample:m"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(path=str(tmp_path / "warehouse.duckdb"))


def told(warehouse: Warehouse, left: str, right: str, decisions: Decisions = NONE) -> str:
    return "\n".join(why(warehouse, left, right, decisions))


def test_the_edges_that_join_two_papers(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", title=TITLE, version=2))
    step(warehouse, [TUESDAY], record("m", 1, "sample", title=TITLE, doi="10.5555/x"))
    step(warehouse, [WEDNESDAY], record("n", 2, doi="10.5555/x", title=f"{TITLE} and More"))
    lines = list(why(warehouse, ARXIV, "archive:n", NONE))
    assert lines[:4] == [
        f"{ARXIV}  {TITLE}",
        "  2025-03-03  archive 2503.00010 v2",
        f"archive:n  {TITLE} and More",
        "  2025-03-05  archive n",
    ]
    assert lines[4] == f"One work, {ARXIV}:"
    assert {frozenset(line.split(":  ")[0].strip().partition(": ")[0].split(" = ")) for line in lines[5:]}
    assert all(" = " in line and line.endswith(")") for line in lines[5:])


def test_what_the_operator_decided_is_said(warehouse: Warehouse) -> None:
    records = record("2503.00010"), record("m", 0, "sample")
    same = Decisions({(ARXIV, MIRROR): "the journal's"}, {})
    step(warehouse, [MONDAY], *records, decisions=same)
    line = f"{ARXIV} = {MIRROR}: decided by the operator to be the same: the journal's"
    assert told(warehouse, ARXIV, MIRROR, same).endswith(line)
    different = Decisions({}, {(ARXIV, MIRROR): ""})
    step(warehouse, [MONDAY], *records, decisions=different)
    assert told(warehouse, MIRROR, ARXIV, different).endswith(
        f"Two works, {MIRROR} and {ARXIV}:\n  decided by the operator to be different"
    )


def test_what_keeps_two_papers_apart(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010", title=f"{TITLE}, Part I"), record("m", 0, "sample", title=TITLE))
    text = told(warehouse, ARXIV, MIRROR)
    assert f"Two works, {ARXIV} and {MIRROR}:" in text
    assert "  not alike: " in text


def test_papers_that_were_never_compared(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST", 1)
    step(warehouse, [MONDAY], record("2503.00010", title=TITLE, abstract=ABSTRACTS[0]))
    step(warehouse, [TUESDAY], record("m", 1, "sample", title=TITLE, abstract=ABSTRACTS[0]))
    text = told(warehouse, ARXIV, MIRROR)
    assert "  alike: " in text
    assert "never compared: more than 1 papers have in common what these two have (" in text


def test_two_spellings_of_one_id(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010"))
    assert told(warehouse, ARXIV, ARXIV).endswith(f"One paper: both ids are spellings of {ARXIV}.")


def test_a_paper_that_is_not_stored_and_one_that_is_not_resolved(warehouse: Warehouse) -> None:
    step(warehouse, [MONDAY], record("2503.00010"))
    with pytest.raises(UnknownPaper, match=r"no record of sample:m is stored; write an arXiv id, or source:id"):
        told(warehouse, ARXIV, MIRROR)
    store(warehouse, [TUESDAY], record("m", 1, "sample"))
    assert "Not resolved yet: sample:m." in told(warehouse, ARXIV, MIRROR)
