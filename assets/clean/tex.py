"""TeX in running text as the words that it sets.

What belongs here: accents, special letters, text macros, quotes, dashes, ties, and where formulas begin and
end. What a formula becomes is `mathematics.py`'s; HTML, control characters and white space are `text.py`'s. A
macro that nobody but its author can expand stays as it is written.
"""

import re
import unicodedata
from collections.abc import Callable

from assets.clean import mathematics

_COMBINING = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304"}
_COMBINING |= {".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323"}
_COMBINING |= {"k": "\u0328", "r": "\u030a", "b": "\u0331"}
_LETTERS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø"}
_LETTERS |= {"l": "ł", "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "th": "þ", "dj": "đ", "DJ": "Đ", "TH": "Þ"}
_NAMES = {"LaTeX": "LaTeX", "TeX": "TeX", **{name: name for name in mathematics.FUNCTIONS}}

_WRAPPERS = frozenset(
    "emph textbf textit texttt textsc textsf textrm textsl textmd textup textnormal text mbox hbox fbox "
    "underline uline url path mathrm mathit mathbf title centerline textquote enquote".split()
)
_CITATIONS = frozenset("cite citep citet citealp citeauthor citeyear ref eqref autoref cref Cref".split())
_REMARKS = frozenset({"footnote", "thanks"})
_UNSEEN = frozenset("label tag color vspace hspace bibliographystyle index".split())
_SWITCHES = frozenset("it bf em rm sc sl tt sf itshape bfseries scshape normalfont noindent".split())
_BLANKS = frozenset("par newline linebreak quad qquad smallskip medskip bigskip item hfill".split())

# A look-behind stands after the first character, not before it: so the search can skip to that character.
_MARKUP = re.compile(r"[\\$`~{]|''|--")
_URL = r"https?://(?:[^\s\\{}<>\"$`|^\ufdd0\ufdd1]|\\[_%#&~])+"
_MATHEMATICS = (
    r"\$\$(?P<display>[^$]+)\$\$"
    r"|\$(?<!\\.)(?P<inline>(?:[^$\\]|\\.)+?)\$"
    r"|\\\((?<!\\..)(?P<round>.+?)\\\)"
    r"|\\\[(?<!\\..)(?P<square>.+?)\\\]"
    r"|\\begin\{(?P<environment>equation|align|eqnarray|gather|multline|cases|array|split|displaymath|math)\*?\}"
    r".*?\\end\{(?P=environment)\*?\}"
)
_SPAN = re.compile(f"(?P<url>{_URL})|{_MATHEMATICS}", re.DOTALL)
_SPOKEN = re.compile(r"\\(?:text\w*|mbox|hbox|mathrm|mathit|operatorname)\s*\{[^{}]*\}")
_SENTENCE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}[,.;:]?\s+[A-Za-z]{2,}(?![A-Za-z({_^])")
_AMOUNT = re.compile(r"\d[^\\^_={}]*[^\w.]\Z|\d[^\\^_={}]*\s[a-z]{2}")
_HELD = re.compile("\ufdd0(\\d+)\ufdd1")

_BREAK = re.compile(r"\\\\(?:\[[^\[\]]*\])?")
_ACCENT = re.compile(
    r"\\(?:([\"'`^~=.])(?:\{\s*(\\[ij]|[A-Za-zı])\s*\}|(?:(?<=['`^])\s)?(\\[ij](?![A-Za-z])|[A-Za-z]))"
    r"|([uvHcdbkr])(?:\s*\{\s*(\\[ij]|[A-Za-zı])\s*\}|\s+([A-Za-z])))"
)
_PAIR = re.compile(r"\\(href|textcolor)\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_MACRO = re.compile(r"\\([A-Za-z]+)\*?\s*(?:\[[^\[\]{}]*\]\s*)*\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{(?:itemize|enumerate|abstract|quote|center|description)\}")
_NAME = re.compile(r"\\(?<!\\.)([A-Za-z]+)(\s*)(\{\})?")
_BRACED_SWITCH = re.compile(r"\{\s*\\(?:it|bf|em|rm|sc|sl|tt|sf)(?![A-Za-z])\s*([^{}]*?)(?:\\/)?\}")
_ESCAPE = re.compile(r"\\([%&_#])")
_BLANK = re.compile(r"\\[ ,;:\n]")
_NOTHING = re.compile(r"\\[!/@-](?![A-Za-z]*\{)")
_DOLLAR = re.compile(r"\\\$(?=\d)")
_GROUP = re.compile(
    r"(?<![\\\w}\]^_])\{([^\W\d_][\w -]+)\}"
    r"|(?<![\\}\]^_])\{([^\W\d_]+)\}(?=[\w-])"
    r"|(?<=\w)\{([^\W\d_])\}"
)
_TEX_TAIL = re.compile(r"\\[A-Za-z]+\Z|[\^_]\Z")
_TIE = re.compile(
    r"~(?<!~~)~*(?:(?=[A-Za-z])(?<=\s~)|(?=\[[^\[\]]*\]))"
    r"|~(?<=[^\s/~]~)(?<![^A-Za-z][A-Za-z]~(?=\d))~*(?=[^\s~])"
)
_DASH = re.compile(r"--(?<![-!<]--)(?:(?<=\S--)(-?)|(-?)(?=\s))(?![->])")
_QUOTED = re.compile(r"``([^`]{1,500}?)(?:''|(?<!\s)\")")
_HALF_QUOTED = re.compile(r"\"([^\s\"'][^\"']{0,300}?)''")
_SINGLE_QUOTED = re.compile(r"`(?<![\w`\\]`)([^\s`'][^`\n]{0,300}?)'(?![\w'])")


def words(text: str) -> str:
    """Text with its TeX set as words; what Unicode cannot say, and unknown macros, keep their TeX."""
    if not _MARKUP.search(text):
        return text
    held: list[str] = []

    def hold(piece: str) -> str:
        held.append(piece)
        return f"\ufdd0{len(held) - 1}\ufdd1"

    text = _set(_without_formulas(text, hold))
    return _HELD.sub(lambda place: held[int(place[1])], text)


def _without_formulas(text: str, hold: Callable[[str], str]) -> str:
    """The text with each address and formula held aside, so that no rule for words touches it."""
    pieces, start = [], 0
    while span := _SPAN.search(text, start):
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
    inline = span["inline"]
    if inline is None:
        return True
    follows = span.string[span.end() : span.end() + 1]
    if _AMOUNT.match(inline) and (follows.isdigit() or " " in inline):
        return False
    return not _SENTENCE.search(_SPOKEN.sub(" ", inline))


def _formula(span: re.Match[str]) -> str:
    if span["url"]:
        return re.sub(r"\\([_%#&~])", r"\1", span["url"])
    body = next((span[name] for name in ("inline", "display", "round", "square") if span[name]), None)
    return (body and mathematics.in_unicode(body)) or span[0]


def _set(text: str) -> str:
    if "\\" in text:
        text = _macros(text)
    if "{" in text:
        text = _GROUP.sub(_ungrouped, text)
    if "`" in text or "''" in text:
        text = _QUOTED.sub("“\\1”", text)
        text = _HALF_QUOTED.sub('"\\1"', text)
        text = _SINGLE_QUOTED.sub("‘\\1’", text)
    if "--" in text:
        text = _DASH.sub(lambda dash: "—" if dash[1] or dash[2] else "–", text)
    return _TIE.sub(" ", text) if "~" in text else text


def _macros(text: str) -> str:
    text = _BREAK.sub(" ", text)
    text = _ACCENT.sub(_accented, text)
    text = _ENVIRONMENT.sub(" ", text)
    text = _BRACED_SWITCH.sub("\\1", text)
    text = _PAIR.sub(_pair, text)
    text = _MACRO.sub(_with_argument, text)
    text = _NAME.sub(_named, text)
    text = _ESCAPE.sub("\\1", text)
    text = _BLANK.sub(" ", text)
    text = _NOTHING.sub("", text)
    return _DOLLAR.sub("$", text)


def _accented(match: re.Match[str]) -> str:
    mark = match[1] or match[4]
    letter = match[2] or match[3] or match[5] or match[6]
    letter = {"\\i": "i", "ı": "i", "\\j": "j"}.get(letter, letter)
    accented = unicodedata.normalize("NFC", letter + _COMBINING[mark])
    return accented if len(accented) == 1 else match[0]


def _pair(match: re.Match[str]) -> str:
    name, first, second = match.groups()
    if name == "textcolor" or not first.strip() or first == second:
        return second
    return f"{second} ({first})" if second.strip() else first


def _with_argument(match: re.Match[str]) -> str:
    name, argument = match.groups()
    if name in _WRAPPERS:
        return argument
    if name in _CITATIONS:
        return f"[{argument}]" if argument.strip() else ""
    if name in _REMARKS:
        return f" ({argument})"
    if name in _UNSEEN:
        return ""
    return (name in mathematics.STYLES and mathematics.in_unicode(match[0])) or match[0]


def _named(match: re.Match[str]) -> str:
    name, blank, _ = match.groups()
    if name in _LETTERS:
        return _LETTERS[name] + ("" if _inside_word(match) else blank)
    if name in _SWITCHES or name in _BLANKS:
        return " "
    symbol = mathematics.symbols().get(name) or _NAMES.get(name)
    return match[0] if symbol is None else symbol + blank


def _inside_word(match: re.Match[str]) -> bool:
    before = match.string[: match.start()][-1:]
    after = match.string[match.end() : match.end() + 1]
    begins = match[1].isupper() and not match.string[: match.start()].rstrip()[-1:].isdigit()
    return after.islower() and (before.isalpha() or begins)


def _ungrouped(match: re.Match[str]) -> str:
    belongs_to_tex = _TEX_TAIL.search(match.string[max(0, match.start() - 30) : match.start()])
    return match[0] if belongs_to_tex else match[1] or match[2] or match[3]
