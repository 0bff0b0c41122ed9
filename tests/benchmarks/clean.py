"""Cleaning the corpus' titles and abstracts, beside pylatexenc on every text and a pass of Polars over white space."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import polars as pl
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from tests.benchmarks.table import at_least, in_process, lines
from tests.clean.real_texts import cleaned, corpus, unwrapped

RUNS = 3
EVERY = 40
AT_LEAST = 20


def report() -> Iterator[str]:
    """The table."""
    papers = corpus()
    sample = papers.gather_every(EVERY)
    floor = in_process("white space closed up by Polars", lambda: unwrapped(papers), RUNS)
    whole = in_process("clean(), with links and language", lambda: cleaned(papers), RUNS)
    parsed = in_process("pylatexenc on every text", lambda: _parsed(sample), RUNS, papers.height / sample.height)
    faster = parsed.wall / whole.wall
    yield from lines(
        f"clean: titles and abstracts of {papers.height:,} papers",
        [
            floor,
            replace(whole, ratio=f"{whole.wall / floor.wall:.0f} floors"),
            replace(parsed, ratio=f"{faster:.0f} times clean()", target=at_least(faster, AT_LEAST)),
        ],
        [f"pylatexenc reads every {EVERY}th paper, and its seconds are scaled to all"],
    )


def _parsed(papers: pl.DataFrame) -> None:
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
    latex = LatexNodes2Text()
    for text in pl.concat([papers["title"], papers["abstract"].alias("title")]).drop_nulls():
        with suppress(IndexError):  # its parser fails on one abstract in a thousand
            latex.latex_to_text(text)
