"""Inline TeX mathematics as Unicode, where nothing is lost by it.

What belongs here: one formula between its delimiters, from `O(n^2)` to O(n²). Finding formulas in a text does
not; `tex.py` does that, and keeps the TeX of every formula that this module declines.
"""

import re
from functools import cache

from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    fmt_math_text_style,
    get_default_latex_context_db,
)

LONGEST = 200
"""Characters of the longest formula worth writing in a line of prose; also bounds the recursion."""

FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot det dim exp gcd hom inf ker lim ln log max min Pr sec sin sinh "
    "sup tan tanh".split()
)

_OWN_SYMBOLS = {"copyright": "©", "deg": "°", "ge": "≥", "iff": "⇔", "implies": "⇒", "lq": "‘", "ne": "≠"}
_OWN_SYMBOLS |= {"P": "¶", "prime": "′", "rq": "’", "S": "§", "setminus": "∖", "gets": "←", "square": "□"}
_DELIMITERS = {"vert": "|", "lvert": "|", "rvert": "|", "mid": "|", "colon": ":"}
_SPACES = frozenset({",", ";", ":", " ", "quad", "qquad", "enspace", "thinspace"})
_SIZES = frozenset(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
_SIZES |= {"left", "right", "middle"}
_UPRIGHT = frozenset("mathrm mathit text textrm textit mbox hbox operatorname rm it".split())
STYLES = {
    **dict.fromkeys(("mathbb", "Bbb", "mathds"), "doublestruck"),
    **dict.fromkeys(("mathcal", "cal", "mathscr"), "script"),
    **dict.fromkeys(("mathfrak", "frak"), "fraktur"),
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "textbf", "bf"), "bold"),
    **dict.fromkeys(("mathsf", "textsf", "sf"), "sans"),
    **dict.fromkeys(("mathtt", "texttt", "tt"), "monospace"),
    **dict.fromkeys(_UPRIGHT, ""),
}
_SWITCHES = frozenset({"rm", "it", "cal", "frak", "bf", "sf", "tt"})
_ACCENTS = {"hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304"}
_ACCENTS |= {"overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c"}
_OPERATORS = frozenset("<>±∓×÷≤≥⩽⩾≪≫≠≈≃≅∼≡∝∈∉⊂⊆⊃⊇→←↔⇒⇔↦⟶∪∩⊕⊗⊢∧∨∖≲≳")

_PLAIN_UP = "0123456789+-=()aAbBcdDeEfgGhHiIjJkKlLmMnNoOprRstTuUvVwWxyzPβγδθφχ*′°†"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᴬᵇᴮᶜᵈᴰᵉᴱᶠᵍᴳʰᴴⁱᴵʲᴶᵏᴷˡᴸᵐᴹⁿᴺᵒᴼᵖʳᴿˢᵗᵀᵘᵁᵛⱽʷᵂˣʸᶻᴾᵝᵞᵟᶿᵠᵡ*′°†"
_PLAIN_DOWN = "0123456789+-=()aehijklmnoprstuvxβγρφχ⊙"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ☉"
_SCRIPTS = {
    "^": dict(zip(_PLAIN_UP, _RAISED, strict=True)) | {"∘": "°", "∗": "*"},
    "_": dict(zip(_PLAIN_DOWN, _LOWERED, strict=True)),
}

_TOKEN = re.compile(r"\\(?:[A-Za-z]+\s*|.)|\s+|.", re.DOTALL)
_MARKUP = re.compile(r"[\\$`~&]|--|''|\{\w[\w\s-]*\}")


class _UnfaithfulError(Exception):
    """The formula has no line of Unicode that says the same."""


@cache
def symbols() -> dict[str, str]:
    """The one-character meaning of each TeX symbol macro, from pylatexenc's table: `alpha` is α."""
    known = {spec.macroname: spec.simplify_repl for spec in get_default_latex_context_db().iter_macro_specs()}
    single = {name: text for name, text in known.items() if isinstance(text, str) and len(text) == 1}
    return {name: text for name, text in single.items() if not text.isascii()} | _OWN_SYMBOLS


def script(text: str, mark: str) -> str | None:
    """Text raised (`mark` is `^`) or lowered (`_`), or None where Unicode lacks one of its characters."""
    table = _SCRIPTS[mark]
    return "".join(table[letter] for letter in text) if all(letter in table for letter in text) else None


def in_unicode(formula: str) -> str | None:
    """A formula without its delimiters as Unicode text, or None where that would lose or change something.

    A formula of nothing but space is a space.
    """
    if len(formula) > LONGEST:
        return None
    try:
        text = _Reader(formula).expression()
    except _UnfaithfulError:
        return None
    if not text.strip():
        return " "
    text = " ".join(text.split())
    return None if _MARKUP.search(text) else text


class _Reader:
    """A recursive descent over the pieces of one formula."""

    def __init__(self, formula: str) -> None:
        self._pieces = _TOKEN.findall(formula)[::-1]

    def expression(self, closing: str = "") -> str:
        """Everything up to the closing piece, or to the end."""
        text = ""
        while self._pieces:
            piece = self._pieces.pop()
            if piece == closing:
                return text
            if piece[1:].rstrip() in _SWITCHES and piece[0] == "\\":
                return text + _styled(self.expression(closing), piece[1:].rstrip())
            text = self._joined(text, piece)
        if closing:
            raise _UnfaithfulError
        return text

    def _joined(self, text: str, piece: str) -> str:
        if piece[0] == "\\" and len(piece) > 1:
            return self._command(text, piece[1:].rstrip() or " ")
        if piece in "^_":
            return text + _scripted(self._argument(), piece)
        if piece == "{":
            return text + self.expression("}")
        if piece in "<>":
            return _spaced(text, piece)
        if piece in '}\\&#%$`"':
            raise _UnfaithfulError
        return text + {"'": "′", "~": " "}.get(piece, piece)

    def _argument(self) -> str:
        while self._pieces and self._pieces[-1].isspace():
            self._pieces.pop()
        if not self._pieces:
            raise _UnfaithfulError
        return self._joined("", self._pieces.pop()).strip()

    def _command(self, text: str, name: str) -> str:
        if name in _SIZES:
            return self._delimited(text)
        if name in _SPACES or name == "!":
            return text + " " * (name != "!")
        if name in "%_#{}":
            return text + name
        if name in FUNCTIONS:
            return self._function(text, name)
        if name in STYLES:
            return text + _styled(self._argument(), name)
        if name in _ACCENTS:
            return text + _single(self._argument()) + _ACCENTS[name]
        return self._construct(text, name)

    def _construct(self, text: str, name: str) -> str:
        if name in ("frac", "tfrac", "dfrac"):
            return self._fraction(text)
        if name == "sqrt":
            root = self._argument()
            return f"{text}√{root}" if len(root) == 1 or root.isdigit() else f"{text}√({root})"
        symbol = _DELIMITERS.get(name) or symbols().get(name)
        if symbol is None:
            raise _UnfaithfulError
        return _spaced(text, symbol) if symbol in _OPERATORS else text + symbol

    def _delimited(self, text: str) -> str:
        delimiter = self._argument()
        return text + ("" if delimiter == "." else delimiter)

    def _function(self, text: str, name: str) -> str:
        before = " " if text and (text[-1].isalnum() or text[-1] == ")") else ""
        after = " " if self._pieces and (self._pieces[-1][0] == "\\" or self._pieces[-1].isalnum()) else ""
        return f"{text}{before}{name}{after}"

    def _fraction(self, text: str) -> str:
        over, under = self._argument(), self._argument()
        ambiguous = text[-1:].isalnum() or (self._pieces and self._pieces[-1][0] not in " =<>+-),.")
        if ambiguous or not (over.isalnum() and under.isalnum()):
            raise _UnfaithfulError
        return f"{text}{over}/{under}"


def _scripted(text: str, mark: str) -> str:
    scripted = script(text, mark)
    if scripted is None:
        raise _UnfaithfulError
    return scripted


def _spaced(text: str, operator: str) -> str:
    unary = not text.strip() or text.rstrip()[-1] in _OPERATORS | set("([{,=^")
    return text.rstrip() + operator if unary else f"{text.rstrip()} {operator} "


def _styled(text: str, name: str) -> str:
    # A word in a styled alphabet reads badly and cannot be searched for; a single letter carries meaning.
    return fmt_math_text_style(text, STYLES[name]) if STYLES[name] and len(text) == 1 else text


def _single(text: str) -> str:
    if len(text) != 1:
        raise _UnfaithfulError
    return text
