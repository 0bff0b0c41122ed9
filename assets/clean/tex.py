"""TeX in running text as the words that it sets.

What belongs here: where formulas begin and end, accents, quotes, dashes and ties, and the order of it all. What
a formula becomes is `mathematics.py`'s, what a macro sets `macros.py`'s; HTML, control characters and white space
are `text.py`'s.
"""

import re
import unicodedata
from collections.abc import Callable

from assets.clean import macros, mathematics
from assets.clean.symbols import ACCENTS, FRACTIONS, STYLES, signs, symbols

_COMBINING = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304"}
_COMBINING |= {"''": "\u0308", ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323"}
_COMBINING |= {"k": "\u0328", "r": "\u030a", "b": "\u0331", "t": "\u0361"}

_MARKS = ("$", "\\", "--", "`", "~", "{", "}", "''")
_URL = r"https?://(?:[^\s\\{}<>\"$`|^\ufdd0\ufdd1]|\\[_%#&~])+"
_ENVIRONMENT = "equation|align|aligned|eqnarray|gather|multline|cases|array|split|displaymath|math|[pb]?matrix"
# A look-behind stands after the first character, not before it: so the search can skip to that character.
_WITHIN = r"(?>\\(?:[mh]box|text\w*)\s*\{(?:[^{}]|\{[^{}]*\})*\}|[^$\\]|\\.)+?"
_MATHEMATICS = (
    rf"\$\$(?P<display>{_WITHIN})\$\$"
    rf"|\$(?<!\\.)(?P<inline>{_WITHIN})\$"
    r"|\\\((?<!\\..)(?P<round>(?:[^\\]|\\[^(])+?)\\\)"
    r"|\\\[(?<!\\..)(?P<square>(?:[^\\]|\\[^\[])+?)\\\]"
    rf"|\\begin\{{(?P<environment>{_ENVIRONMENT})(?P<star>\*?)\}}"
    rf"(?P<body>(?:[^\\]|\\(?!begin\{{(?P=environment)[*}}])[^$])*?)\\end\{{(?P=environment)(?P=star)\}}"
)
_SPAN = re.compile(_MATHEMATICS, re.DOTALL)
_SPAN_OR_ADDRESS = re.compile(f"(?P<url>{_URL})|{_MATHEMATICS}", re.DOTALL)
_SPOKEN = re.compile(r"\\(?:text\w*|mbox|hbox|mathrm|mathit|operatorname)\s*\{[^{}]*\}")
_SENTENCE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}[,.;:]?\s+[A-Za-z]{2,}(?![A-Za-z({_^])")
_AMOUNT = re.compile(r"\d[^\\^_={}]*[^\w.]\Z|\d[^\\^_={}]*\s[a-z]{2}")
_LINK = re.compile(r"\$\s*(\\(?:href|url)\s*\{[^{}$]*\}(?:\{(?:[^{}$]|\{[^{}$]*\})*\})?)\s*\$")
_HELD = re.compile("\ufdd0(\\d+)\ufdd1")

_TYPESET = (ACCENTS.keys() | FRACTIONS | STYLES.keys() | {"sqrt", "operatorname"}) - macros.WRAPPERS - macros.FONTS
_ARGUMENT = r"\{(?:[^{}\ufdd0]|\{(?:[^{}\ufdd0]|\{[^{}\ufdd0]*\})*\})*\}"
_SCRIPT = rf"[_^](?:{_ARGUMENT}|\\[A-Za-z]+(?![A-Za-z{{])|[A-Za-z0-9*](?![A-Za-z0-9]))"
_BARE = re.compile(
    rf"\\(?:{'|'.join(sorted(_TYPESET))})(?![A-Za-z])"
    rf"(?:(?:{_ARGUMENT})+|\s*\\[A-Za-z]+(?![A-Za-z{{])|\s+[A-Za-z](?![A-Za-z{{])|(?<=bb|al|ak)\s+[A-Z]|\d\d)(?:{_SCRIPT})*"
    rf"|\\(?P<symbol>[A-Za-z]+)(?:{_SCRIPT})+"
    rf"|[_^](?<=[\w)\]}}|*][_^])(?:{_ARGUMENT}|\\[A-Za-z]+(?![A-Za-z{{]))(?:{_SCRIPT})*"
)
_SPLIT = re.compile(r"\\([bcdkrtuvH])\{([a-z]{2,})\}")
_BREAK = re.compile(r"\\\\(?:\[[^\[\]]*\])?")
_ACCENT = re.compile(
    r"\\(?:(''|[\"'`^~=.])(?:\s?\{\s*(\\[ij]|[A-Za-zı])\s*\}|(?:(?<=['`^])\s|(?<=[A-Za-z]\\\")\s)?(\\[ij](?![A-Za-z])|[A-Za-z]))"
    r"|([uvHcdbkrt])(?:\s*\{\s*(\\[ij]|[A-Za-zı])\s*\}|\s+([A-Za-z])))"
)
_MACRO_TAIL = re.compile(r"\\[A-Za-z]+\Z")
_BRACKET = re.compile(r"\\([{}|])")
_ESCAPE = re.compile(r"\\([%&_#~^\d])")
_BLANK = re.compile(r"\\[ ,;:\n]")
_HYPHEN = "\\=/"
_NOTHING = re.compile(r"\\[!/@-](?![A-Za-z]*\{)")
_DOLLAR = re.compile(r"\\\$(?=\d)")
# One that lost its mate: prices have it before a number or after one, and currencies after capitals.
_LONE_DOLLAR = re.compile(
    r"\$(?:(?<=[a-zα-ω)\]}\ufdd1]\$)|(?<=[A-Za-z][A-Z]\$)(?<!US\$)(?<!AU\$)(?<!CA\$)(?<!HK\$)(?<!NZ\$))(?=[\s.,;:)]|\Z)"
    r"|\$(?<=\s\$)(?=[a-zα-ω(\[\ufdd0])"
)
_PRICE = re.compile(r"\$(\\\$\d[\d.,]*)\$")
_TIE = re.compile(
    r"~(?<!~~)~*(?:(?=[A-Za-z])(?<=\s~)|(?=\[[^\[\]]*\]))"
    r"|~(?<=[^\s/~]~)(?<![^A-Za-z][A-Za-z]~(?=\d))~*(?=[^\s~])"
)
_DASH = re.compile(r"--(?<![-!<]--)(?:(?<=\S--)(-?)|(-?)(?=\s))(?![->])")
_QUOTED = re.compile(r"``([^`]{1,500}?)(?:''|(?<!\s)\")")
_HALF_QUOTED = re.compile(r"\"([^\s\"'][^\"']{0,300}?)''")
_SINGLE_QUOTED = re.compile(r"`(?<![\w`\\]`)([^\s`'][^`\n]{0,300}?)'(?![\w'])")


def words(text: str) -> str:
    """Text with its TeX set as words; a formula that Unicode cannot say keeps its TeX, between dollars."""
    if not any(mark in text for mark in _MARKS):
        return text
    held: dict[str, int] = {}

    def hold(piece: str) -> str:
        return f"\ufdd0{held.setdefault(piece, len(held))}\ufdd1"

    text = text.replace("\ufdd0", "").replace("\ufdd1", "")
    if "\\href" in text or "\\url" in text:
        text = _LINK.sub(r"\1", text)
    text = _without_formulas(_PRICE.sub(r"\1", text), hold)
    if "\\" in text or "{" in text or "}" in text:
        text = _bare(text, hold)
        text = _set(text, hold, balanced=all(piece.count("{") == piece.count("}") for piece in held))
    if "$" in text:
        text = _LONE_DOLLAR.sub("", text)
    pieces = list(held)
    return _HELD.sub(lambda place: pieces[int(place[1])], _typeset(text))


def _without_formulas(text: str, hold: Callable[[str], str]) -> str:
    """The text with each address and formula held aside, so that no rule for words touches it."""
    pieces, start = [], 0
    spans = _SPAN_OR_ADDRESS if "://" in text else _SPAN
    while span := spans.search(text, start):
        pieces.append(text[start : span.start()])
        if _is_formula(span):
            pieces.append(hold(_formula(span)))
            start = span.end()
        else:
            pieces.append(text[span.start()])
            start = span.start() + 1
    return "".join([*pieces, text[start:]])


def _is_formula(span: re.Match[str]) -> bool:
    """Whether a span is what it looks like: between two prices, or after a lost dollar, lies a sentence."""
    if span.lastgroup != "inline":
        return True
    inline = span["inline"]
    if " " not in inline and not inline[0].isdigit():
        return True
    follows = span.string[span.end() : span.end() + 1]
    if _AMOUNT.match(inline.lstrip()) and (follows.isdigit() or " " in inline.strip()):
        return False
    return not _says(inline)


def _says(formula: str) -> bool:
    """Whether it holds a sentence, beside the words that are marked as such."""
    return bool(" " in formula and _SENTENCE.search(formula) and _SENTENCE.search(_SPOKEN.sub(" ", formula)))


def _formula(span: re.Match[str]) -> str:
    kind = span.lastgroup or ""
    body = span[kind]
    if kind == "url":
        return re.sub(r"\\([_%#&~])", r"\1", body)
    if (read := mathematics.in_unicode(body)) is not None:
        return mathematics.beside(read, span.string[span.end() : span.end() + 1])
    return span[0] if kind == "body" or "$" in body or _says(body) else f"${body}$"


def _bare(text: str, hold: Callable[[str], str]) -> str:
    """Text with the mathematics that stands outside dollars set, or held aside between dollars of its own."""

    def formula(match: re.Match[str]) -> str:
        if match["symbol"] and match["symbol"] not in symbols():
            return match[0]
        read = mathematics.in_unicode(match[0])
        if read is None:
            return hold(f"${match[0]}$")
        return hold(mathematics.beside(read, match.string[match.end() :][:1]))

    text = _ACCENT.sub(_accented, _BREAK.sub(" ", text))
    # `\b{eta}`: an accent's name was taken out of it on the way.
    text = _SPLIT.sub(lambda split: signs().get(split[1] + split[2], split[0]), text)
    return _BARE.sub(formula, text)


def _set(text: str, hold: Callable[[str], str], *, balanced: bool) -> str:
    text = _BRACKET.sub(lambda bracket: hold(bracket[1].replace("|", "‖")), text)
    text = macros.names(macros.unbraced(text, balanced=balanced))
    text = _ESCAPE.sub("\\1", text)
    text = _BLANK.sub(" ", text)
    text = _NOTHING.sub("", text.replace(_HYPHEN, "-"))
    return _DOLLAR.sub("$", text)


def _typeset(text: str) -> str:
    if "`" in text or "''" in text:
        text = _QUOTED.sub("“\\1”", text)
        text = _HALF_QUOTED.sub('"\\1"', text)
        text = _SINGLE_QUOTED.sub("‘\\1’", text)
    if "--" in text:
        text = _DASH.sub(lambda dash: "—" if dash[1] or dash[2] else "–", text)
    return _TIE.sub(" ", text) if "~" in text else text


def _accented(match: re.Match[str]) -> str:
    mark = match[1] or match[4]
    letter = match[2] or match[3] or match[5] or match[6]
    letter = {"\\i": "i", "ı": "i", "\\j": "j"}.get(letter, letter)
    accented = unicodedata.normalize("NFC", letter + _COMBINING[mark])
    if len(accented) > 1 and not (match[2] or match[5]):
        return match[0]
    return "{}" * bool(_MACRO_TAIL.search(match.string, max(0, match.start() - 30), match.start())) + accented
