"""Authors as arXiv writes them in one line: `Some Collaboration: A. One (1), B. Two and C. Three ((1) Somewhere)`."""

import re

AFFILIATIONS = re.compile(r"\s*\([^()]*\)")
SEPARATOR = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+|\s*[;:]\s*")
SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")


def people(line: str) -> list[str]:
    """The names of a line, in its order, without what stands in parentheses."""
    while (bare := AFFILIATIONS.sub("", line)) != line:
        line = bare
    names: list[str] = []
    for name in SEPARATOR.split(line.strip()):
        if names and SUFFIX.fullmatch(name):
            names[-1] += f", {name}"
        elif name:
            names.append(name)
    return names
