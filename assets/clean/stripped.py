"""What Hugging Face's stripping of TeX left of a text, repaired where it is certain what stood there.

Hugging Face shows a text without its dollars and without most of its backslashes: `4times`, `pi_0`, `M^3-Bench`,
`mathcal O`, `texttt{D}ual`. What belongs here: words that no prose has, and scripts, which only mathematics has; so
that a text whose TeX is whole, or that its author wrote so, loses nothing. `alpha` alone stays, as `sim-to-real`
does. TeX that still has its backslash is `tex.py`'s.
"""

import re
from collections.abc import Callable

from assets.clean import mathematics

_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho varrho sigma "
    "tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
).split()
_UNMISTAKABLE = (
    "varepsilon varphi infty leq geq leqslant geqslant propto cdot cdots ldots otimes oplus mapsto subseteq "
    "uparrow downarrow rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow longrightarrow "
    "lceil rceil lfloor rfloor langle rangle"
).split()
_ONLY_BESIDE_OTHERS = ["times", "circ", "sim", "pm", "approx", "nabla", "ell"]
_RAISED = "circ ast dagger prime".split()
_BASES = frozenset([*_GREEK, *"nabla ell aleph partial sum prod int log max min".split()])
_ALPHABETS = "mathcal mathbb mathbf mathrm mathfrak mathscr mathsf mathtt".split()
_COLOURS = "red blue green teal cyan magenta orange purple violet brown gray".split()
_SWITCHES = "bf it em rm sc sl tt sf".split()
_TEXT_MACROS = "textbf textit texttt textsc textrm textsf emph".split()


def _any(names: list[str]) -> str:
    """A pattern for one of the names, the longest that fits."""
    return f"(?:{'|'.join(sorted(names, key=len, reverse=True))})"


_SYMBOL = _any([*_GREEK, *_UNMISTAKABLE, *_ONLY_BESIDE_OTHERS])
_AMOUNT = r"(?!2\s?(?:real|sim))\d[\d.,]*(?:[kKMBTx]?(?![\dA-Za-z])|times)"
# `x^1/2` and `x^2n` do not say how far the script goes.
_NUMBER = r"\d+(?:\.\d+)?(?!\d|/\d|[a-z](?![A-Za-z]))"
_BRACED = r"\{(?:[^{}\\$^_]|_[A-Za-z\d](?![A-Za-z\d])){1,30}\}"
_NAMED = rf"(?:(?:infty|{_any([*_GREEK, *_RAISED])})(?![a-z])|circ(?=times))"
_SUBSCRIPT = rf"(?:_(?:{_NUMBER}|[A-Za-z]|{_NAMED}|{_BRACED})(?![A-Za-z_]))"
_SUPERSCRIPT = rf"(?:\^(?:[+-]?{_NUMBER}|[A-Za-z](?![A-Za-z])|\*|[+-](?!\w)|{_NAMED}|{_BRACED}))"
# A formula whose end is lost may go on to the end of the text.
_FORMULA = r"\$\$.*?\$\$|\$[^$]+\$|\$(?!\d).*"
_ADDRESS = r"https?://\S+|(?<![\w.-])(?:[\w-]{1,63}\.){1,9}[a-z]{2,}/\S*|(?<![\w.+-])[\w.+-]{1,64}@\S+"

# What a text must hold for the rules to apply: a word; or beside a word that is quick to find, a pattern.
_WORDS = (
    "varepsilon varphi infty leq geq propto cdot ldots otimes oplus mapsto seteq tarrow uparrow downarrow "
    "lceil rceil lfloor rfloor langle rangle"
).split()
_BESIDE = {
    "times": r"[\d°%]times|\d times \d| times [b-zA-Z]\b",
    "math": rf"{_any(_ALPHABETS)} [A-Za-z]",
    "text": r"text(?:bf|it|tt|sc|rm|sf) [A-Za-z]",
    "emph ": r"\bemph [A-Za-z]",
    "{": rf"{_any([*_TEXT_MACROS, *_ALPHABETS, *_COLOURS, 'text', 'underline'])}\{{"
    rf"|\{{(?:{_any(_SWITCHES)}\s|sim\}})|[a-z]\{{http",
    "://": r"\Bhttps?://|https?://[^\s{}<>]{1,300}\{",
    "": r"sim[ !]?\d|pm ?\d|approx ?[\d-]|neq [A-Z\d(]|x20[12][\da-f][a-z]|left[(\[|]",
}
_MAY_BE_SCRIPTS = r"\^|(?:\b|\d)[A-Za-zα-ωΑ-Ω]+_(?:[\d{]|[A-Za-z]\b)"

MARKS = rf"{_any(_WORDS)}|{'|'.join(_BESIDE.values())}|{_MAY_BE_SCRIPTS}|\\\d"
"""Finds the texts that may need `repaired`; a pattern for Python and Polars alike."""


def repaired(text: str) -> str:
    """The text with what was stripped put back; a text that nothing is certain about comes back as it is.

    So does one that has a macro with its backslash: TeX that is whole must be set first, and where some of it stays
    nothing was stripped. What is between dollars, and addresses, are left alone.
    """
    if "\\" in text:
        text = _PRICE.sub("$", text)
        if _WHOLE_TEX.search(text):
            return text
    bare = _FORMULA_PLACE.sub("$", text) if "$" in text else text
    if is_marked(bare):
        text = _PLACE.sub(lambda place: _RULES[place.lastgroup or ""](place), text)
    if "^" in bare or "_" in bare:
        scripts = _SCRIPTED_OR_ADDRESS if "/" in text or "@" in text else _SCRIPTED
        text = scripts.sub(_scripted, text)
    return text


def is_marked(text: str) -> bool:
    """Whether the text may hold more than scripts; cheaper than trying every rule at every letter."""
    return any(map(text.__contains__, _WORDS)) or any(
        word in text and pattern.search(text) for word, pattern in _BESIDE_PLACES.items()
    )


def _kept(place: re.Match[str]) -> str:
    return place[0]


def _apart(place: re.Match[str]) -> str:
    return f"{place[0]} "


def _link(place: re.Match[str]) -> str:
    """`\\href{address}{words}` has lost its name and the first braces."""
    address, _, words = place[0][:-1].partition("{")
    if words.strip().rstrip("/") == address.rstrip("/"):
        return address
    return f"\\href{{{address}}}{{{words}}}"


def _argument(place: re.Match[str]) -> str:
    return place[0].partition("{")[2][:-1]


def _switched(place: re.Match[str]) -> str:
    return place[0][3:-1].strip()


def _styled(place: re.Match[str]) -> str:
    return _unicode(f"\\{place[0]}") or place[0]


def _product(place: re.Match[str]) -> str:
    return place[0].replace("times", "×")


def _about(place: re.Match[str]) -> str:
    name = place[0].strip(" !{}")
    return _symbol(name) if name in ("sim", "pm") else f"{_symbol(name)} "


def _delimited(place: re.Match[str]) -> str:
    inside = place[0].removeprefix("left")[1:-6]
    return place[0][4] + repaired(inside).strip() + place[0][-1]


def _symbols(place: re.Match[str]) -> str:
    return "".join(_symbol(name) for name in _SYMBOLS.findall(place[0]))


def _character(place: re.Match[str]) -> str:
    return chr(int(place[0][1:], 16))


def _scripted(place: re.Match[str]) -> str:
    """A letter or a symbol's name with its scripts; of anything else, a raised script alone."""
    base, scripts, raised = place["base"], place["scripts"], place["raised"]
    if base and (len(base) == 1 or base in _BASES):
        return _in_unicode(place[0])
    if base and scripts.startswith("^"):
        return base + _in_unicode(scripts)
    return _in_unicode(raised) if raised else place[0]


def _in_unicode(stripped: str) -> str:
    tex = _UNBRACED.sub(r"\1{\2}", _NAME.sub(r"\\\g<0>", stripped))
    return _unicode(tex) or stripped


def _symbol(name: str) -> str:
    return _unicode(f"\\{name}") or name


def _unicode(formula: str) -> str | None:
    text = mathematics.in_unicode(formula)
    return None if text is None or "\\" in text else text


_PATTERNS: dict[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "apart": (r"[a-z](?=https?://)", _apart),
    "link": (r"https?://[^\s{}<>]{1,300}\{[^{}]*\}", _link),
    "address": (_ADDRESS, _kept),
    "formula": (_FORMULA, _kept),
    "switch": (rf"\{{{_any(_SWITCHES)}\s[^{{}}]*\}}", _switched),
    "macro": (
        rf"(?:{_any(_TEXT_MACROS)}|(?<![A-Za-z])(?:underline|{_any(_COLOURS)}))\{{[^{{}}]*\}}"
        rf"|(?<![A-Za-z]){_any(_TEXT_MACROS)}\s(?=[A-Za-z])|[a-z]+\{{https?://[^{{}}]*\}}",
        _argument,
    ),
    "styled": (
        rf"(?<![A-Za-z])(?:{_any([*_ALPHABETS, 'text'])}{_BRACED}|{_any(_ALPHABETS)}\s[A-Za-z](?![A-Za-z]))"
        rf"(?:{_SUBSCRIPT}|{_SUPERSCRIPT}){{0,2}}",
        _styled,
    ),
    "product": (
        rf"(?<=[\d°%])times(?:(?![a-z])|(?={_SYMBOL}))|(?<=\d)\stimes(?=\s\d)|(?P<side>\b[A-Za-z])\stimes(?=\s(?P=side)\b)",
        _product,
    ),
    "about": (
        rf"(?<![A-Za-z-])(?:(?:sim[\s!]?|\{{sim\}})(?={_AMOUNT})|approx\s?(?=-?\d)|(?<!\d)(?<!\d\s)pm\s?(?=\d))"
        r"|(?<=\d)pm(?=\d)|(?<=[A-Za-z)]\s)neq\s(?=[A-Z\d(])",
        _about,
    ),
    "delimited": (r"left[(\[|](?:(?!left|right).){1,100}\s?right[)\]|]", _delimited),
    "symbols": (
        rf"(?<![A-Za-z])(?:(?:{_SYMBOL})*?{_any(_UNMISTAKABLE)}(?:{_SYMBOL})*(?![A-Za-z])"
        rf"|{_any(_GREEK)}(?=left[(\[|]))",
        _symbols,
    ),
    "character": (r"(?<=[a-z)])x20[12][\da-f](?=[a-z])", _character),
}
_RULES = {name: rule for name, (_, rule) in _PATTERNS.items()}
_PLACE = re.compile("|".join(f"(?P<{name}>{pattern})" for name, (pattern, _) in _PATTERNS.items()), re.DOTALL)
_SCRIPTS = (
    rf"{_FORMULA}|(?<![A-Za-z\d_])(?P<base>[A-Za-z]+|[α-ωΑ-Ω])(?P<scripts>{_SUBSCRIPT}{_SUPERSCRIPT}?|{_SUPERSCRIPT}"
    rf"{_SUBSCRIPT}?)|(?P<raised>(?<=[A-Za-z\d)\]}}]){_SUPERSCRIPT})"
)
_SCRIPTED = re.compile(_SCRIPTS, re.DOTALL)
_SCRIPTED_OR_ADDRESS = re.compile(f"{_ADDRESS}|{_SCRIPTS}", re.DOTALL)
_PRICE = re.compile(r"\\(?=\d)(?!\d\))")
_WHOLE_TEX = re.compile(r"\\[A-Za-z(\[]")
_FORMULA_PLACE = re.compile(_FORMULA, re.DOTALL)
_BESIDE_PLACES = {word: re.compile(pattern) for word, pattern in _BESIDE.items()}
_SYMBOLS = re.compile(_SYMBOL)
_NAME = re.compile(rf"(?<![A-Za-z\\]){_any([*_BASES, *_UNMISTAKABLE, *_RAISED])}(?![A-Za-z])")
_UNBRACED = re.compile(r"([_^])([+-]?\d+(?:\.\d+)?)")
