"""TeX's macros and groups in running text: what each sets as words.

What belongs here: names of text macros and their arguments in braces, nested as deep as they come. Formulas are
`mathematics.py`'s; where they stand, accents, quotes, dashes and ties are `tex.py`'s. A macro that its author
defined keeps its name, and one with an argument the argument's text, which is what it was written to show.
"""

import re
from dataclasses import dataclass, field

from assets.clean import mathematics
from assets.clean.symbols import SWITCHES, UNSEEN, signs

_LETTERS = {"ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø"}
_LETTERS |= {"l": "ł", "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "th": "þ", "dj": "đ", "DJ": "Đ", "TH": "Þ"}
_ABBREVIATIONS = {"eg": "e.g.", "ie": "i.e.", "etal": "et al.", "etc": "etc.", "cf": "cf.", "vs": "vs."}
_ABBREVIATIONS |= {"wrt": "w.r.t."}
WRAPPERS = frozenset(
    "emph textbf textit texttt textsc textsf textrm textsl textmd textup textnormal text mbox hbox fbox underline "
    "uline mathrm mathit url path title centerline textquote enquote keywords".split()
)
"""Macros that set their argument as it is, whatever it looks like."""
_CITATIONS = frozenset("cite citep citet citealp citeauthor citeyear ref eqref autoref cref Cref".split())
_REMARKS = frozenset({"footnote", "thanks"})
_DROPPED = frozenset(
    "label tag color vspace hspace vskip hskip phantom hphantom vphantom bibliographystyle bibliography index begin "
    "end stepcounter setcounter addtocounter pagestyle thispagestyle".split()
)
_SECOND = frozenset({"textcolor", "colorbox", "scalebox", "raisebox"})
FONTS = frozenset(
    "it bf em rm sc sl tt sf itshape slshape scshape upshape bfseries mdseries rmfamily sffamily ttfamily normalfont "
    "tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge".split()
)
"""Switches, which last to the end of their group."""
_BLANKS = FONTS | frozenset(
    "par newline linebreak quad qquad enspace smallskip medskip bigskip medbreak bigbreak item hfill centering "
    "noindent maketitle raggedright".split()
)
_JOINED = frozenset({"textendash", "textemdash"})
_SCRIPTS = {"textsuperscript": "^", "textsubscript": "_"}

_BRACE = re.compile(r"\\([A-Za-z]+)\*?\s*(?:\[[^\[\]{}]*\]\s*)*\{|[{}]")
_NAME = re.compile(r"\\(?<!\\.)([A-Za-z]+)(\s*)")
_UNIT = re.compile(r"(?:[msgKWAVJLl]|as|Hz|eV|Jy|rad)(?![A-Za-z])")
_NAME_TAIL = re.compile(r"\\[A-Za-z]+\Z")
_ALPHABETS = SWITCHES - FONTS
_SWITCH = re.compile(rf"\s*\\({'|'.join(sorted(SWITCHES | FONTS))})(?![A-Za-z])\s*")
_WORDS = re.compile(r"[^\W\d_][\w -]+")
_SENTENCE = re.compile(r"(?:[A-Za-z]{2,}[ -]){2}[a-z]{2,}")
_SET = re.compile(r"[=:|∈<>≤≥]")


def names(text: str) -> str:
    """Text with each macro that has no argument as its sign, as nothing, or as its name."""
    return _NAME.sub(_named, text)


def _named(match: re.Match[str]) -> str:
    name, blank = match.groups()
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    if name in _LETTERS:
        return _LETTERS[name] + ("" if _inside_word(match) else blank)
    if name in _BLANKS:
        return " "
    if name in UNSEEN:
        return blank
    if name in _ABBREVIATIONS:
        return _ABBREVIATIONS[name].removesuffix("." if after == "." else "") + blank
    if name in _JOINED or (name == "mu" and _UNIT.match(match.string, match.end())):
        blank = ""
    return (signs().get(name) or " " * before.isalpha() + name) + blank


def _inside_word(match: re.Match[str]) -> bool:
    before = match.string[: match.start()][-1:]
    after = match.string[match.end() : match.end() + 1]
    begins = match[1].isupper() and not match.string[: match.start()].rstrip()[-1:].isdigit()
    return after.islower() and (before.isalpha() or begins)


@dataclass
class _Frame:
    """An open brace: the macro whose argument it begins, if any, and what it has held so far."""

    name: str = ""
    arguments: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def add(self, piece: str) -> None:
        if piece:
            self.pieces.append(piece)

    def add_set(self, text: str) -> None:
        """Text that a macro or group has set: the name of a macro before it must not run into it."""
        if self.pieces and text[:1].isalpha() and _NAME_TAIL.search(self.pieces[-1]):
            self.pieces[-1] = names(self.pieces[-1])
        self.add(text)

    def text(self) -> str:
        return "".join(self.pieces)

    def last(self) -> str:
        return self.pieces[-1][-1] if self.pieces else ""


def unbraced(text: str, *, balanced: bool = True) -> str:
    """Text without the braces that are TeX's: of arguments, of groups, and of what was broken on the way.

    A brace without its other half goes too, unless the text is not `balanced` without its formulas.
    """
    frames, position = [_Frame()], 0
    for brace in _BRACE.finditer(text):
        frames[-1].add(text[position : brace.start()])
        position = brace.end()
        if brace[0] != "}":
            _open(frames, brace)
        elif len(frames) > 1:
            _close(frames, text[position : position + 1])
        elif not balanced:
            frames[0].add("}")
    frames[-1].add(text[position:])
    while len(frames) > 1:
        _abandon(frames, balanced)
    return frames[0].text()


def _open(frames: list[_Frame], brace: re.Match[str]) -> None:
    name = brace[1] or ""
    continues = not name and frames[-1].arguments and not frames[-1].pieces
    if not continues:
        frames.append(_Frame(name))


def _close(frames: list[_Frame], following: str) -> None:
    frame = frames[-1]
    if not frame.name:
        frames.pop()
        frames[-1].add_set(_group(frame.text(), frames[-1].last(), following))
        return
    frame.arguments.append(frame.text())
    frame.pieces = []
    if following != "{" or frame.name in WRAPPERS:
        frames.pop()
        frames[-1].add_set(_expanded(frame.name, frame.arguments))


def _abandon(frames: list[_Frame], balanced: bool) -> None:
    """The brace was never closed: its text was cut off, or it stands for something else."""
    frame = frames.pop()
    text, before = frame.text(), frames[-1].last()
    if frame.name:
        frames[-1].add_set(_expanded(frame.name, [*frame.arguments, text]))
    elif before.islower() and text[:1].isupper():
        frames[-1].add("–" + text)  # what TeX's first fonts had in the place of `{`: Bayes{Nash
    else:
        frames[-1].add(("" if balanced else "{") + text)


def _group(text: str, before: str, after: str) -> str:
    """A group, without its braces where they cannot be a set's."""
    if switch := _SWITCH.match(text):
        return (switch[1] in _ALPHABETS and mathematics.in_unicode(text)) or text[switch.end() :]
    if not text.strip() or "\\" in text:
        return text
    if before and before in "^_":
        return f"{{{text}}}"
    beside = before.isalnum() or after.isalnum()
    single = len(text) == 1 and (beside or not text.isascii() or not text.isalnum())
    words = _WORDS.fullmatch(text) and (beside or len(text) > 1) and before != "}"
    sentence = _SENTENCE.search(text) and not _SET.search(text)
    return text if single or words or sentence else f"{{{text}}}"


def _expanded(name: str, arguments: list[str]) -> str:
    text = " ".join(argument for argument in arguments if argument.strip())
    if name in _CITATIONS:
        return f"[{text}]" if text else ""
    if name in _REMARKS:
        return f" ({text})"
    if name in _DROPPED:
        return " "
    if name in _SECOND:
        return arguments[-1]
    if name == "href":
        return _link(arguments[0], text.removeprefix(arguments[0]).strip())
    if name in _SCRIPTS:
        return mathematics.script(text, _SCRIPTS[name]) or _SCRIPTS[name] + text
    return _other(name, text)


def _link(address: str, text: str) -> str:
    return f"{text} ({address})" if address.strip() and text and text != address else text or address


def _other(name: str, text: str) -> str:
    sign = signs().get(name) or _LETTERS.get(name) or (_ABBREVIATIONS.get(name) if not text else None)
    if sign is not None:
        return sign + text
    if name in FONTS or name in WRAPPERS or name in UNSEEN or text:
        return text
    return name
