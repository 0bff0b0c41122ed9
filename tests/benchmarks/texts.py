"""How clean the cleaned texts are: the share with each defect before and after, and how many pairs become one text."""

from collections.abc import Iterator, Sequence

import polars as pl

from tests.clean.real_texts import TEXT, cleaned, sets, unwrapped
from tests.clean.residue import DEFECTS, shares

ARXIV, HUGGING_FACE = "hf_vs_arxiv, arXiv", "hf_vs_arxiv, Hugging Face"


def report() -> Iterator[str]:
    """The tables."""
    before = sets()
    after = {name: cleaned(texts) for name, texts in before.items()}
    for field in TEXT:
        yield f"texts: per cent of {field}s with a defect, before → after cleaning"
        yield from _markdown(["defect", *_heads(before)], _rows(field, before, after))
        yield ""
    yield "texts: per cent of papers whose text at Hugging Face and at arXiv is the same"
    states = {"white space closed up": {name: unwrapped(texts) for name, texts in before.items()}, "cleaned": after}
    same = [[state, *(_same(field, texts) for field in TEXT)] for state, texts in states.items()]
    yield from _markdown(["texts", *TEXT], same)


def _heads(texts: dict[str, pl.DataFrame]) -> list[str]:
    return [f"{name} ({frame.height:,})" for name, frame in texts.items()]


def _rows(field: str, before: dict[str, pl.DataFrame], after: dict[str, pl.DataFrame]) -> list[list[str]]:
    columns = [(shares(before[name][field]), shares(after[name][field])) for name in before]
    return [[defect, *(_cell(old[defect], new[defect]) for old, new in columns)] for defect in DEFECTS]


def _cell(old: float, new: float) -> str:
    return f"{old:.2%} → {new:.2%}".replace("%", "") if old or new else "-"


def _same(field: str, texts: dict[str, pl.DataFrame]) -> str:
    same = texts[ARXIV][field] == texts[HUGGING_FACE][field]
    return f"{same.sum() / same.len():.1%}".replace("%", "")


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cells)} |"
