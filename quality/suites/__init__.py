"""What each table promises, as data: a suite a table, an expectation a row, a module a table.

`SUITES` are those of the tables that a step fills, `BOOKS` of what a step writes beside its table, as a record of what
it did. Both are ours; what a process judges by is `of`, with the expectations that the operator's folder adds.
"""

from collections.abc import Mapping

from quality.expectations import Suite
from quality.suites.clean import CLEAN
from quality.suites.deliveries import DELIVERIES
from quality.suites.digest import DIGEST
from quality.suites.fetched import FETCHED
from quality.suites.ledger import LEDGER
from quality.suites.models import MODELS
from quality.suites.popularity import POPULARITY
from quality.suites.tagged import TAGGED
from quality.suites.unique import UNIQUE

SUITES: Mapping[str, Suite] = {
    "fetched_papers": FETCHED,
    "clean_papers": CLEAN,
    "unique_papers": UNIQUE,
    "tagged_papers": TAGGED,
    "digest": DIGEST,
    "deliveries": DELIVERIES,
    "models": MODELS,
}

BOOKS: Mapping[str, Suite] = {"fetch_ledger": LEDGER, "popularity": POPULARITY}
EVERY: Mapping[str, Suite] = {**SUITES, **BOOKS}

_ADOPTED: dict[str, Suite] = dict(EVERY)


def of(table: str) -> Suite:
    """The table's suite as this process judges by it."""
    return _ADOPTED[table]


def why(table: str, expectation: str) -> str:
    """The reason of an expectation and what to do; empty where no suite has it any more."""
    promised = _ADOPTED[table].expectations if table in _ADOPTED else ()
    return next((found.why for found in promised if found.name == expectation), "")


def adopt(suites: Mapping[str, Suite]) -> None:
    """Judge by these suites from now on, in this process; `EVERY` judges by ours alone."""
    _ADOPTED.update(suites)
