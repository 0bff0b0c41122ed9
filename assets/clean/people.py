"""Authors' names in a form in which the spellings of one person compare equal.

Names stay as their source gives them; this form is for comparing only. Who is the same person is not known here:
two people may share a form.
"""

import re
import unicodedata

# In capitals after a comma, "JR" and "MD" are somebody's initials.
_SUFFIX = re.compile(
    r"(?:,\s*(?:Jr|Sr|II|III|IV|Ph\.?\s?D)|(?<![,\s])\s+(?:Jr|JR|Sr|SR|II|III|IV|Ph\.?\s?D))\.?(?=\s*(?:,|\Z))"
)
_AFFILIATION = re.compile(r"(?<=\S)\s*[(\[].*|[\s,;]+\Z", re.DOTALL)
_APART = re.compile(r"[\s._·-]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def author_key(name: str) -> str:
    """Last family name and first initial, without case and accents: `garcia j` for `José García` and `García, J.`.

    A name of one word is that word. Empty where the name has no letter or digit. An affiliation in brackets and
    "Jr." count for nothing.
    """
    family, comma, given = _folded(_SUFFIX.sub("", _AFFILIATION.sub("", name))).partition(",")
    if not comma:
        given, _, family = family.replace(".", ". ").strip().rpartition(" ")
    last = _words(family)[-1:]
    first = [word[0] for word in _words(given)[:1]]
    return " ".join([*last, *first])


def _folded(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold()).translate(_LETTERS)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words(text: str) -> list[str]:
    kept = ("".join(letter for letter in word if letter.isalnum()) for word in _APART.split(text))
    return [word for word in kept if word]
