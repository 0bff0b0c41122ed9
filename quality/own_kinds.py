"""The classes of Great Expectations that an operator may name, and what each must be told.

They are written down here because importing Great Expectations takes seconds, and a bad file is to be told at start.
Only classes that say which rows are wrong belong here: the others judge a batch, which may hold a month.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kind:
    """The arguments of a class: `columns` name columns, `needed` must be there, of `any_of` one must be."""

    columns: Sequence[str] = ("column",)
    needed: Sequence[str] = ()
    any_of: Sequence[str] = ()
    optional: Sequence[str] = ()


BOUNDS = Kind(any_of=("min_value", "max_value"), optional=("strict_min", "strict_max"))
PAIR = ("column_A", "column_B")
SEVERAL = Kind(("column_list",), optional=("ignore_row_if",))

KINDS: Mapping[str, Kind] = {
    "ExpectColumnPairValuesAToBeGreaterThanB": Kind(PAIR, optional=("or_equal", "ignore_row_if")),
    "ExpectColumnPairValuesToBeEqual": Kind(PAIR, optional=("ignore_row_if",)),
    "ExpectColumnValueLengthsToBeBetween": BOUNDS,
    "ExpectColumnValueLengthsToEqual": Kind(needed=("value",)),
    "ExpectColumnValuesToBeBetween": BOUNDS,
    "ExpectColumnValuesToBeInSet": Kind(needed=("value_set",)),
    "ExpectColumnValuesToBeNull": Kind(),
    "ExpectColumnValuesToMatchRegex": Kind(needed=("regex",)),
    "ExpectColumnValuesToMatchRegexList": Kind(needed=("regex_list",), optional=("match_on",)),
    "ExpectColumnValuesToNotBeInSet": Kind(needed=("value_set",)),
    "ExpectColumnValuesToNotBeNull": Kind(),
    "ExpectColumnValuesToNotMatchRegex": Kind(needed=("regex",)),
    "ExpectColumnValuesToNotMatchRegexList": Kind(needed=("regex_list",)),
    "ExpectCompoundColumnsToBeUnique": SEVERAL,
    "ExpectSelectColumnValuesToBeUniqueWithinRecord": SEVERAL,
}
IGNORED = {
    "column_list": ("all_values_are_missing", "any_value_is_missing", "never"),
    "column_A": ("both_values_are_missing", "either_value_is_missing", "neither"),
}


def wrong(kind: str, arguments: Mapping[str, Any], columns: Collection[str]) -> str:
    """What is wrong with the arguments of a class, and what to do; empty where nothing is.

    `columns` are the columns, or figures of a day, that there are.
    """
    shape = KINDS[kind]
    allowed = [*shape.columns, *shape.needed, *shape.any_of, *shape.optional]
    if unknown := sorted(set(arguments) - set(allowed)):
        return f"{kind} does not know {unknown[0]!r}; it takes {', '.join(allowed)}"
    if missing := [name for name in (*shape.columns, *shape.needed) if name not in arguments]:
        return f"{kind} needs {missing[0]}; add it to the arguments"
    if shape.any_of and not set(shape.any_of) & set(arguments):
        return f"{kind} needs {' or '.join(shape.any_of)}; add one to the arguments"
    wrong_values = (_wrong_value(kind, name, value, columns) for name, value in arguments.items())
    return next(filter(None, wrong_values), "")


def _wrong_value(kind: str, name: str, value: Any, columns: Collection[str]) -> str:
    if name.startswith("column"):
        return _wrong_column(name, value, columns)
    if name in ("min_value", "max_value", "value") and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"{name} is {value!r}; write a number"
    if name in ("strict_min", "strict_max", "or_equal") and not isinstance(value, bool):
        return f"{name} is {value!r}; write true or false"
    if name in ("value_set", "regex_list") and (not isinstance(value, list) or not value):
        return f"{name} is {value!r}; write a list of at least one value"
    if name in ("regex", "regex_list"):
        return next(filter(None, map(_wrong_regex, [value] if name == "regex" else value)), "")
    if name == "match_on" and value not in ("any", "all"):
        return f"match_on is {value!r}; write any or all"
    if name == "ignore_row_if" and value not in IGNORED[KINDS[kind].columns[0]]:
        return f"ignore_row_if is {value!r}; write {' or '.join(IGNORED[KINDS[kind].columns[0]])}"
    return ""


def _wrong_column(name: str, value: Any, columns: Collection[str]) -> str:
    named = value if name == "column_list" and isinstance(value, list) else [value]
    if name == "column_list" and (not isinstance(value, list) or len(value) < 2):
        return f"column_list is {value!r}; write a list of at least two columns"
    if unknown := [column for column in named if column not in columns]:
        return f"there is no {unknown[0]!r}; there are {', '.join(sorted(columns))}"
    return ""


def _wrong_regex(regex: Any) -> str:
    try:
        re.compile(regex)
    except (re.error, TypeError) as error:
        return f"the regex {regex!r} cannot be read ({error}); correct it"
    return ""
