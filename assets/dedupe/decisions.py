"""What the operator decided about papers: these are the same work, those are not. It always wins.

What belongs here: reading the file and making sure that it does not contradict itself. What follows for the works
is `components.py`'s.
"""

import itertools
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

DECISION = pl.Schema({"paper_id": pl.String(), "other_id": pl.String(), "same": pl.Boolean(), "why": pl.String()})
"""The columns of `decisions`: each pair both ways round."""

Pair = tuple[str, str]


class DecisionsError(Exception):
    """A file of decisions cannot be used; the text names the file, the place and what to do."""


@dataclass(frozen=True)
class Decisions:
    """Pairs of papers, the smaller id first, with why: `same` are one work, `different` never are."""

    same: dict[Pair, str]
    different: dict[Pair, str]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows of `decisions`."""
        told = [(*pair, same, why) for same, pairs in ((True, self.same), (False, self.different))
                for pair, why in pairs.items()]  # fmt: skip
        both_ways = [*told, *((right, left, same, why) for left, right, same, why in told)]
        return pl.DataFrame(both_ways, schema=DECISION, orient="row")


NONE = Decisions({}, {})


def load(file: Path | None, named: Callable[[str], str]) -> Decisions:
    """The decisions in a TOML file of `[[same]]` and `[[different]]` tables with `papers` and `why`; without it, none.

    `named` turns an id as somebody writes it into a `paper_id`. Raises `DecisionsError` for a file that is missing, is
    not TOML, breaks a rule, or says of two papers that they are the same and that they are not.
    """
    if file is None:
        return NONE
    document = _document(file)
    found = Decisions(*(dict(_pairs(file, document.get(kind, []), kind, named)) for kind in ("same", "different")))
    _check(file, found)
    return found


def _document(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DecisionsError(f"{file}: cannot be read ({error.strerror}); check dedupe.decisions") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DecisionsError(f"{file}: is not valid TOML: {error}; correct that line") from error
    if unknown := sorted(set(document) - {"same", "different"}):
        raise DecisionsError(f"{file}: does not know {unknown[0]!r}; write [[same]] or [[different]] tables")
    return document


def _pairs(file: Path, tables: Any, kind: str, named: Callable[[str], str]) -> Iterator[tuple[Pair, str]]:
    if not isinstance(tables, list):
        raise DecisionsError(f"{file}: {kind} is not a list of tables; write [[{kind}]]")
    for number, table in enumerate(tables, start=1):
        place = f"{file}: {kind} {number}"
        papers, why = _papers(table, place, named), table.get("why", "")
        if not isinstance(why, str):
            raise DecisionsError(f"{place}: why is not a text; put it in quotes")
        yield from ((pair, why.strip()) for pair in itertools.combinations(papers, 2))


def _papers(table: Any, place: str, named: Callable[[str], str]) -> list[str]:
    if not isinstance(table, dict) or (unknown := sorted(set(table) - {"papers", "why"})):
        raise DecisionsError(f"{place}: does not know {unknown[0] if isinstance(table, dict) else table!r}; "
                             "use papers and why only")  # fmt: skip
    written = table.get("papers")
    if not isinstance(written, list) or not all(isinstance(one, str) and one.strip() for one in written):
        raise DecisionsError(f'{place}: papers is not a list of ids; write papers = ["2503.00001", "2504.00002"]')
    papers = sorted({named(one) for one in written})
    if len(papers) < 2:
        raise DecisionsError(f"{place}: names one paper, {', '.join(papers)}; name two or more")
    return papers


def _check(file: Path, decisions: Decisions) -> None:
    """Papers that are the same over others are the same too: none of them may be told apart."""
    group: dict[str, set[str]] = {}
    for left, right in decisions.same:
        joined = group.get(left, {left}) | group.get(right, {right})
        group |= dict.fromkeys(joined, joined)
    for left, right in decisions.different:
        if right in group.get(left, ()):
            raise DecisionsError(f"{file}: {left} and {right} are decided to be the same and to be different; "
                                 "take one of the two back")  # fmt: skip
