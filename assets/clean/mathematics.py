"""Inline TeX mathematics as Unicode, where nothing is lost by it.

What belongs here: one formula between its delimiters, from `O(n^2)` to O(n²). Finding formulas in a text does
not; `tex.py` does that, and keeps the TeX of every formula that this module declines. What single macros mean
stands in `symbols.py`.

What Unicode has no sign for follows UnicodeMath (Sargent, Unicode Technical Note 28): a script keeps its mark,
`T_obs`, `L^∞`, and one of several parts its parentheses, `C^(1,α)`; a fraction is `a/(b+c)`.
"""

import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import fmt_math_text_style  # type: ignore[import-untyped]

from assets.clean.symbols import (
    ACCENTS,
    BINARY,
    ENCLOSED,
    FRACTIONS,
    LARGE,
    OPERATORS,
    QUOTING,
    RELATIONS,
    SIZES,
    SPACES,
    STYLES,
    SWITCHES,
    UNSAYABLE,
    UNSEEN,
    symbol,
)

LONGEST = 300
"""Characters of the longest formula worth writing in a line of prose."""

_MOST_GROUPS = 40  # which bounds the recursion
_LONGEST_SCRIPT = 24

_PLAIN_UP = "0123456789+-=()aAbBcdDeEfgGhHiIjJkKlLmMnNoOprRstTuUvVwWxyzPβγδθφχ*′°†"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᴬᵇᴮᶜᵈᴰᵉᴱᶠᵍᴳʰᴴⁱᴵʲᴶᵏᴷˡᴸᵐᴹⁿᴺᵒᴼᵖʳᴿˢᵗᵀᵘᵁᵛⱽʷᵂˣʸᶻᴾᵝᵞᵟᶿᵠᵡ*′°†"
_PLAIN_DOWN = "0123456789+-=()aehijklmnoprstuvxβγρφχ⊙"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ☉"
_SCRIPTS = {
    "^": dict(zip(_PLAIN_UP, _RAISED, strict=True)) | {"∘": "°", "∗": "*"},
    "_": dict(zip(_PLAIN_DOWN, _LOWERED, strict=True)),
}

# Marks within a text that is being made; `_resolved` writes what they come to once both neighbours are known.
_OPEN, _CLOSE = "\ue000", "\ue001"  # parentheses of a fraction, where it stands beside something
_EDGE = "\ue002"  # of an upright word: a blank, where it touches a letter
_STOP = "\ue003"  # of a script that keeps its mark: a blank, where it touches a letter or digit
_MARKS = re.compile("[\ue000-\ue003]")

_TOKEN = re.compile(r"\\(?:[A-Za-z]+\s*|.)|[A-Za-z0-9=,.:;+()/|-]+|\s+|.", re.DOTALL)
_TO_THE_END = SWITCHES | {"over"}
_TEX = frozenset("\\^_{}<>&%$~'`\"")
_STRAY = frozenset('}\\&%$`"')
_UNREADABLE = re.compile(r"[\\$`~]|--|''|&#?\w+;")
_LETTER = f"[^\\W_{_RAISED[:-4]}{_LOWERED[:-1]}]"  # or digit, of the line itself
_BESIDE = re.compile(
    f"{_EDGE}{_EDGE}|(?<={_LETTER}){_STOP}{_EDGE}*(?={_LETTER})|(?<={_LETTER})(?<!\\d){_EDGE}(?!\\d)(?={_LETTER})"
)
_NAME = f"(?!\\d){_LETTER}+"
_WORD = re.compile(f"\\d+(?:\\.\\d+)?|{_NAME}[+-]?|.[\u0300-\u036f\u20d7]*", re.DOTALL)
_BESIDE_NAME = re.compile(f"[\\w){_STOP}{_EDGE}]\\Z")
_SIMPLE = (
    f"\\d+(?:\\.\\d+)?|{_LETTER}[\u0300-\u036f\u20d7]*|\\([^()]*\\)|\\|[^|]*\\||‖[^‖]*‖|⟨[^⟨⟩]*⟩|⌈[^⌈⌉]*⌉|⌊[^⌊⌋]*⌋"
)
_FACTOR = re.compile(f"[√∂]?(?:{_SIMPLE})[{_RAISED}{_LOWERED}′]*(?:[_^]{_NAME})?")
_FACTORS = re.compile(f"(?:[√∂]?(?:{_SIMPLE})[{_RAISED}{_LOWERED}′]*)+(?:[_^]{_NAME})?")
_ACCENTED = re.compile(f"(.[\u0300-\u036f]*)([{_RAISED}{_LOWERED}]*)")
_FRACTION = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_APART = " =<>+-±,.;:" + "".join(RELATIONS)
_LARGE = re.compile(f"[{''.join(LARGE)}][{_RAISED}{_LOWERED}]*\\Z")
_INNER_BLANK = re.compile(r"(?<=[(\[⟨⌈⌊{]) +| +(?=[)\]⟩⌉⌋}])")
_GROUP = re.compile(r"\{([^\W\d_][\w -]*)\}")
_INITIAL = re.compile("[𝐀-𝐳𝖠-𝗓𝙰-𝚣]")
_REST_OF_WORD = re.compile("[a-z]{3}")
_TRAILING_TIMES = re.compile(r"(?<=\d) ×\Z")
_NESTED = re.compile(r"(\\(?:[mh]box|text\w*)\s*\{[^{}$]*)\$([^$]*)\$([^{}]*\})")
_TRAILING_SCRIPT = re.compile(r"([_^])([^\W_]+)\Z")
_ROOTS = {"2": "√", "3": "∛", "4": "∜"}


class _UnfaithfulError(Exception):
    """The formula has no line of Unicode that says the same."""


def script(text: str, mark: str) -> str | None:
    """Text raised (`mark` is `^`) or lowered (`_`), or None where Unicode lacks one of its characters."""
    table = _SCRIPTS[mark]
    return "".join(table[letter] for letter in text) if all(letter in table for letter in text) else None


@lru_cache(maxsize=50_000)
def in_unicode(formula: str) -> str | None:
    """A formula without its delimiters as Unicode text, or None where that would lose or change something.

    A formula of nothing but space is a space.
    """
    if (
        len(formula) > LONGEST
        or formula.count("{") > _MOST_GROUPS
        or (not formula.isascii() and _MARKS.search(formula))
    ):
        return None
    if "$" in formula:
        formula = _NESTED.sub(r"\1{\2}\3", formula)
    try:
        text = _resolved(_Reader(formula).expression())
    except _UnfaithfulError:
        return None
    return _readable(text) if text.strip() else " "


def _readable(text: str) -> str | None:
    if " " in text:
        text = _TRAILING_TIMES.sub("×", _INNER_BLANK.sub("", " ".join(text.split())))
    if "{" in text:
        # Braces around a word would be taken for TeX's own when the text is read again.
        text = _GROUP.sub(r"{ \1 }", text)
    unreadable = _UNREADABLE.search(text) or text.count("{") != text.count("}")
    return None if unreadable else unicodedata.normalize("NFC", text)


def beside(read: str, following: str) -> str:
    """A formula's text before the next character of the prose.

    That must not become part of a script, and the first letter of a word is a letter like the others.
    """
    if not following.isalnum():
        return read
    return unicodedata.normalize("NFKC", read) if _INITIAL.fullmatch(read) else _TRAILING_SCRIPT.sub(r"\1(\2)", read)


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
            if piece[0] not in _TEX:
                text += piece
            elif piece[0] == "\\" and (name := piece[1:].rstrip()) in _TO_THE_END:
                rest = self.expression(closing)
                return _fraction(text, rest) if name == "over" else text + _styled(rest, name)
            else:
                text = self._joined(text, piece)
        if closing:
            raise _UnfaithfulError
        return text

    def _joined(self, text: str, piece: str) -> str:
        if piece[0] not in _TEX:
            return text + piece
        if len(piece) > 1:
            return self._command(text, piece[1:].rstrip() or " ")
        if piece in "^_":
            return text.rstrip() + self._script(text, piece)
        if piece == "{":
            return text + self.expression("}")
        if piece in "<>":
            return _spaced(text, piece)
        if piece == "%" and text[-1:].isdigit():
            return text + piece
        if piece in _STRAY:
            raise _UnfaithfulError
        return text + ("′" if piece == "'" else " ")

    def _argument(self) -> str:
        while self._pieces and self._pieces[-1].isspace():
            self._pieces.pop()
        if not self._pieces:
            raise _UnfaithfulError
        piece = self._pieces.pop()
        if piece in "^_":
            raise _UnfaithfulError
        if len(piece) > 1 and piece[0] != "\\":
            self._pieces.append(piece[1:])
            piece = piece[0]
        return self._joined("", piece)

    def _script(self, text: str, mark: str) -> str:
        scripted = _scripted(_resolved(self._argument()).strip(), mark)
        return scripted + " " if _LARGE.search(text) and not self._follows("^", "_") else scripted

    def _follows(self, *pieces: str) -> bool:
        return bool(self._pieces) and self._pieces[-1] in pieces

    def _command(self, text: str, name: str) -> str:
        if name in SIZES:
            return self._delimited(text)
        if name in SPACES:
            return text + " "
        if name in UNSEEN:
            return text
        if name in OPERATORS:
            return self._function(text, name)
        if name in STYLES:
            return text + self._style(name)
        if name in ACCENTS:
            return text + _accented(self._argument().strip(), ACCENTS[name])
        return self._construct(text, name)

    def _construct(self, text: str, name: str) -> str:
        if name in FRACTIONS:
            return text + self._part(text)
        if name == "sqrt":
            return text + self._root()
        if name == "operatorname":
            return self._operator(text)
        if name == "not":
            return _spaced(text, unicodedata.normalize("NFC", self._argument().strip() + "\u0338"))
        if name in ENCLOSED:
            return text + " " * (name == "pmod") + ENCLOSED[name].format(self._argument().strip())
        if name == "unicode":
            return text + self._character()
        if name in ("sp", "sb"):
            return self._joined(text, {"sp": "^", "sb": "_"}[name])
        return self._symbol(text, name)

    def _symbol(self, text: str, name: str) -> str:
        sign = symbol(name)
        if name in ("rvert", "rVert"):
            text = text.rstrip()
        if sign in BINARY:
            return text + sign + " " * text[-1:].isspace()
        if sign is not None:
            return _spaced(text, sign) if sign in RELATIONS else text + sign
        # A name that its author gave: no reader can expand it, and one of a letter would be mistaken for that letter.
        if len(name) == 1 or name in UNSAYABLE or self._follows("{", "["):
            raise _UnfaithfulError
        return text + " " * bool(_BESIDE_NAME.search(text)) + name + _STOP

    def _character(self) -> str:
        code = re.fullmatch(r"x([0-9A-Fa-f]{2,5})", self._argument().strip())
        return chr(int(code[1], 16)) if code else _unfaithful()

    def _style(self, name: str) -> str:
        text = self._argument()
        if self._pieces and _REST_OF_WORD.match(self._pieces[-1]):
            return text
        if name in QUOTING:
            text = text.replace("---", "—").replace("--", "–").replace("′", "’")
        else:
            text = text.strip()
        return _styled(text, name)

    def _delimited(self, text: str) -> str:
        delimiter = self._argument().strip()
        return text + ("" if delimiter == "." else delimiter)

    def _operator(self, text: str) -> str:
        if self._follows("*"):
            self._pieces.pop()
        return self._function(text, _MARKS.sub("", self._argument().strip()))

    def _function(self, text: str, name: str) -> str:
        before = " " if text and (text[-1].isalnum() or text[-1] in f"){_STOP}{_EDGE}") else ""
        after = " " if self._pieces and (self._pieces[-1][0] == "\\" or self._pieces[-1][0].isalnum()) else ""
        return f"{text}{before}{name}{after}"

    def _root(self) -> str:
        degree = "2"
        if self._follows("["):
            self._pieces.pop()
            degree = self.expression("]").strip()
        root = _resolved(self._argument()).strip()
        sign = _ROOTS.get(degree) or (script(degree, "^") or _unfaithful()) + "√"
        return sign + (root if len(root) == 1 or root.isdigit() else f"({root})")

    def _part(self, text: str) -> str:
        over, under = self._argument(), self._argument()
        if text.rstrip()[-1:].isdecimal() and over.isdecimal() and under.isdecimal():
            raise _UnfaithfulError  # two and a half, or the half of two
        return _fraction(over, under)


def _unfaithful() -> str:
    raise _UnfaithfulError


def _scripted(text: str, mark: str) -> str:
    """A script by Unicode's own letters, or with its mark where Unicode lacks one or a word would read badly."""
    word = len(text) > {"_": 2, "^": 3}[mark] and text.isalpha() and text.isascii()
    if not word and (scripted := script(text, mark)) is not None:
        return scripted
    if _WORD.fullmatch(text):
        return mark + text + _STOP
    if not text or len(text) > _LONGEST_SCRIPT:
        raise _UnfaithfulError
    if text[0] == mark and _WORD.fullmatch(text[1:]):
        return text + _STOP
    enclosed = re.fullmatch(r"\([^\W_]+\)", text)
    return mark + (text if enclosed else f"({text})")


def _fraction(over: str, under: str) -> str:
    over, under = _resolved(over).strip(), _resolved(under).strip()
    if not over or not under:
        raise _UnfaithfulError
    numerator = over if _FACTORS.fullmatch(over) else f"({over})"
    differential = over[0] == under[0] == "d" and len(under) == 2
    denominator = under if differential or _FACTOR.fullmatch(under) else f"({under})"
    return f"{_OPEN}{numerator}/{denominator}{_CLOSE}"


def _resolved(text: str) -> str:
    """The text with a blank or a parenthesis for each mark that needs one."""
    while _OPEN in text and (fraction := _FRACTION.search(text)):
        before, after = _MARKS.sub("", text[: fraction.start()]), _MARKS.sub("", text[fraction.end() :]).lstrip()
        alone = (before.rstrip() or " ")[-1] in "([{" + _APART and (after or " ")[0] in ")]}" + _APART
        blank = " " if before[-1:].isalnum() or before[-1:] == ")" else ""
        inner = fraction[1] if alone else f"{blank}({fraction[1]})"
        text = text[: fraction.start()] + inner + text[fraction.end() :]
    if _EDGE in text or _STOP in text:
        text = _BESIDE.sub(lambda mark: "" if mark[0] == _EDGE * 2 else " ", text)
        text = _MARKS.sub("", text)
    return text


def _spaced(text: str, operator: str) -> str:
    unary = not text.strip() or text.rstrip()[-1] in RELATIONS | set("([{,=^")
    return text.rstrip() + operator if unary else f"{text.rstrip()} {operator} "


def _styled(text: str, name: str) -> str:
    # A word in a styled alphabet reads badly and cannot be searched for; a single letter carries meaning.
    if len(text) == 1:
        return str(fmt_math_text_style(text, STYLES[name])) if STYLES[name] else text
    return f"{_EDGE}{text}{_EDGE}" if text[:1].isalpha() or text[-1:].isalpha() else text


def _accented(text: str, accent: str) -> str:
    letter = _ACCENTED.fullmatch(text)
    return letter[1] + accent + letter[2] if letter else _unfaithful()
