"""What is named as an affiliation is an institution, or nothing."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.institutions import LONGEST, institution
from assets.clean.text import prose

DAILY_PAPERS = Path(__file__).parents[2] / "../shared/data/huggingface/daily_papers"


@pytest.mark.parametrize(
    "name",
    ["ETH Zürich", "台灣大學", "MMLab@HKUST", "Forschungszentrum Jülich", "Fordham University", "3M", "x" * LONGEST],
)
def test_a_name_stays_as_it_is(name: str) -> None:
    assert institution(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "for the ATLAS and CMS Collaborations",
        "on behalf of Planck Collaboration",
        "On  behalf of the LHCb Collaboration",
        "",
        "(1)",
        "---",
        "x" * (LONGEST + 1),
    ],
)
def test_what_is_no_name_of_an_institution_is_left_out(name: str) -> None:
    assert institution(name) == ""


@given(st.text())
def test_any_text_is_left_as_it_is_or_left_out(name: str) -> None:
    assert institution(name) in ("", name)


@pytest.mark.skipif(not DAILY_PAPERS.exists(), reason=f"no real papers at {DAILY_PAPERS}")
def test_real_organisations_stay_as_they_are() -> None:
    bodies = [json.loads(gzip.decompress(file.read_bytes())) for file in sorted(DAILY_PAPERS.glob("2025-1*"))]
    names = {item["organization"]["fullname"] for listed in bodies for item in listed if "organization" in item}
    assert len(names) > 200
    assert [name for name in names if institution(prose(name)) != " ".join(name.split())] == []
