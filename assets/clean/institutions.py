"""What authors name as their affiliation, as far as it is the name of an institution.

Names stay as their source gives them, as text that reads as prose; which spellings are of one institution is not known
here.
"""

import re

LONGEST = 200
"""Characters of a name with its department and its town; what is longer is an address list or another text."""

_BEHALF = re.compile(r"(?:on\s+behalf\s+of|for)\s", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def institution(name: str) -> str:
    """The name; empty where it has no letter, is too long, or says for whom the author speaks and not from where."""
    if len(name) > LONGEST or _BEHALF.match(name) or not _LETTER.search(name):
        return ""
    return name
