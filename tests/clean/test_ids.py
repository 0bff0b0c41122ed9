"""Every spelling of an identifier comes to the same one."""

import polars as pl
import pytest

from assets.clean import ids


def paper_id(source: str, source_id: str | None) -> str | None:
    row = pl.DataFrame({"source": [source], "id": [source_id]}, schema={"source": pl.String, "id": pl.String})
    return row.select(ids.paper_id(pl.col("source"), pl.col("id"))).item()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("source", "source_id", "normal"),
    [
        ("huggingface", "2503.14456", "arxiv:2503.14456"),
        ("archive", "2503.14450", "arxiv:2503.14450"),
        ("arxiv", "2503.14456v2", "arxiv:2503.14456"),
        ("arxiv", "arXiv:2503.14456", "arxiv:2503.14456"),
        ("arxiv", "ARXIV: 2503.14456v12", "arxiv:2503.14456"),
        ("lab", " https://arxiv.org/abs/2503.14456v2 ", "arxiv:2503.14456"),
        ("lab", "http://export.arxiv.org/pdf/2503.14456v2.pdf", "arxiv:2503.14456"),
        ("lab", "oai:arXiv.org:0704.0001", "arxiv:0704.0001"),
        ("lab", "https://doi.org/10.48550/arXiv.2503.14456", "arxiv:2503.14456"),
        ("arxiv", "hep-th/9901001", "arxiv:hep-th/9901001"),
        ("arxiv", "http://arxiv.org/abs/hep-th/9901001v3", "arxiv:hep-th/9901001"),
        ("arxiv", "math.CA/0611800", "arxiv:math/0611800"),
        ("arxiv", "cond-mat.mes-hall/0611800v1", "arxiv:cond-mat/0611800"),
        ("Lab", "TR-17", "lab:tr-17"),
        ("lab", "1234.5678", "lab:1234.5678"),
        ("lab", "notes/0611800", "lab:notes/0611800"),
        ("lab", "https://openreview.net/forum?id=Ab", "lab:https://openreview.net/forum?id=ab"),
        ("lab", "  ", None),
        ("lab", None, None),
    ],
)
def test_paper_id(source: str, source_id: str | None, normal: str | None) -> None:
    assert paper_id(source, source_id) == normal


@pytest.mark.parametrize(
    ("source_id", "version"),
    [
        ("2503.14456v2", 2),
        ("https://arxiv.org/abs/hep-th/9901001v13", 13),
        ("2503.14456", None),
        ("TR-17v2", None),
        (None, None),
    ],
)
def test_version(source_id: str | None, version: int | None) -> None:
    row = pl.DataFrame({"id": [source_id]}, schema={"id": pl.String})
    assert row.select(ids.version(pl.col("id"))).item() == version


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("10.1000/ABC.5", "10.1000/abc.5"),
        ("https://doi.org/10.1000/ABC", "10.1000/abc"),
        ("http://dx.doi.org/10.1000/abc", "10.1000/abc"),
        ("doi: 10.1000/abc.", "10.1000/abc"),
        ("10.1000/abc 10.1000/def", "10.1000/abc"),
        ("to appear", None),
        ("", None),
        (None, None),
    ],
)
def test_doi(written: str | None, normal: str | None) -> None:
    row = pl.DataFrame({"doi": [written]}, schema={"doi": pl.String})
    assert row.select(ids.doi(pl.col("doi"))).item() == normal
