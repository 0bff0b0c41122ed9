"""How right identity is: precision, recall and F1 over the pairs of each labelled set."""

from collections.abc import Callable, Iterator

from tests.dedupe.at_once import Accuracy, accuracy
from tests.dedupe.labelled import DUPLICATES, Labelled, bib_dedupe, dblp_acm, revisions

SETS: dict[str, Callable[[], Labelled]] = {
    "DBLP-ACM": dblp_acm,
    "bib_dedupe, cytology screening": lambda: bib_dedupe("cytology_screening"),
    "bib_dedupe, digital work": lambda: bib_dedupe("digital_work"),
    "arXiv revisions": lambda: revisions("arxiv_revisions"),
    "Hugging Face and arXiv": lambda: revisions("hf_vs_arxiv"),
}
HEADS = f"{'':<32}{'records':>8}{'true':>7}{'found':>7}{'precision':>11}{'recall':>8}{'F1':>7}"


def report() -> Iterator[str]:
    """The table."""
    if not DUPLICATES.exists():
        yield f"identity: the labelled sets are not here: {DUPLICATES}"
        return
    yield "identity: the works that each labelled set comes to, ids hidden, all its records in one pot"
    yield HEADS
    for name, read in SETS.items():
        labelled = read()
        yield _line(name, len(labelled.records), accuracy(labelled))


def _line(name: str, records: int, said: Accuracy) -> str:
    counts = f"{records:>8}{said.true:>7}{said.found:>7}"
    return f"{name:<32}{counts}{said.precision:>11.3f}{said.recall:>8.3f}{said.f1:>7.3f}"
