"""A source's title or abstract as text that reads as prose.

What belongs here: what any text may suffer on its way, whoever sent it: entities, tags, a wrong encoding, control
characters, Markdown, hard wraps, white space. TeX is `tex.py`'s, what is left of stripped TeX `stripped.py`'s, and
addresses are `links.py`'s. Nothing is invented: a rule removes markup or writes what it stands for.
"""

import html
import re
import unicodedata
from html.entities import html5

from ftfy import TextFixerConfig, fix_encoding

from assets.clean import mathematics, stripped, tex

DIRTY = (
    rf"[^\t\n\r -~]|[\\$`~&<{{}}]|''|--|[A-Za-z]{{2}}-\s+[a-z]{{2}}|\*\w|\]\(|^\s*(?i:abstract|arxiv:|summary:)"
    rf"|{stripped.MARKS}"
)
"""Finds the texts that need more than their white space closed up; a pattern for Polars."""

_ENTITY = re.compile(
    r"&(?:amp;)*(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    # Without the semicolon, only names that are neither words nor the parameters of an address.
    r"|(#\d{2,5}(?!\d)|(?:nbsp|[nm]dash|plusmn|times|middot|hellip|[lr][sd]quo|quot|amp|[lg]t)"
    r"(?![A-Za-z0-9]*[=;]|[A-Za-z])))"
)
# What UTF-8 looks like that was read as Latin-1 or Windows-1252; an "Ã" before a space may be a matrix.
_MISREAD = re.compile("[\xc2-\xf4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_WORDS = re.compile(r"([ \t\n]+)")
_CERTAIN = TextFixerConfig(restore_byte_a0=False)
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"}
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_SOFT_BREAK = re.compile("(?<=[^\\W\\d_])\xad\\s+(?=[^\\W\\d_])")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef"
    "\ud800-\udfff\ufff9-\ufffc\ufffe\uffff\U000e0000-\U000e007f]"
    # Joiners shape Persian words and emoji, and are noise elsewhere.
    r"|[\u200c\u200d](?:(?<![^\x00-\x7f].)|(?![^\x00-\x7f]))"
)
_FAULTS = (_MISREAD, _LIGATURE, _UNSEEN)
_MARKUP = ("&", "<", "*", "](", "- ")
_TEX = ("\\", "$", "^", "_", "{", "}", "`", "~", "--", "''")

_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))"
_TAGS = r"p|b|i|u|a|em|strong|sub|sup|inf|span|div|li|ul|ol|tt|code|small|font|h[1-6]|italic|bold|latex|jats:[a-z-]+"
_SCRIPTED = re.compile(r"<(?:jats:)?(su[bp])>([^<>]{1,40})</(?:jats:)?\1>", re.IGNORECASE)
_PAIRED = re.compile(rf"<({_TAGS}){_ATTRIBUTES}*\s*>(.{{0,2000}}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
# `<B>` and `<p>` alone may be a physicist's mean value, so a lone tag must be one that cannot be mathematics.
_LONE = re.compile(
    rf"</(?:{_TAGS})\s*>|<(?:{_TAGS}){_ATTRIBUTES}+\s*/?>|</?(?:jats|mml):[a-z-]+[^<>]*>"
    r"|<(?:br|hr)\s*/?>|<!--.{0,500}?-->|\A(?:<p>\s*)+|<p>(?<=[.!?]\s<p>)",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"p|div|li|ul|ol|h[1-6]|jats:(?:p|sec|title)", re.IGNORECASE)
_ADDRESS_TAG = re.compile(r"<((?:https?://|www\.)[^\s<>]+)>")
_PREFIX = re.compile(
    r"\s*(?:arXiv:\S+\s+Announce Type:\s+\S+\s+)?"
    r"(?:(?:<jats:title>\s*Abstract\s*</jats:title>|(?i:abstract|summary)\s*:|Abstract\.(?=\s+[A-Z])"
    r"|(?:Abstract|ABSTRACT)(?=\s+(?:The|This|In|We|Our|An?|It)\s)|ABSTRACT(?=\s+[A-Z][a-z]))\s*)+"
)
_STRONG = re.compile(
    r"(?<![\w*^])\*\*(?=[^\s*])([^*$\\{}]{1,200})(?<=\S)\*\*(?!\*)|(?<=[A-Za-z])\*\*([A-Za-z]{1,30})\*\*(?=[A-Za-z])"
)
_EMPHASIS = re.compile(r"(?<![\w*$\\^{(|])\*([^\W\d_](?:[\w' -]{0,80}\w)?)\*(?![\w*])")
_HYPERLINK = re.compile(r"\[([^\[\]]+)\]\((https?://[^\s()]+)\)")
_UNHYPHENATED = (
    "a|all|an|and|are|as|at|be|both|but|by|called|can|each|et|for|from|has|have|if|in|including|into|is|it|its|may|more|"
    "most|nor|not|of|on|one|only|or|ou|our|over|plus|rather|so|such|than|that|the|their|then|there|these|they|this|"
    "those|three|through|to|two|und|under|using|versus|via|vs|was|we|were|when|where|whether|which|while|with|without|y"
)
"""What follows a hyphen in "one- and two-sided", or one that was meant as a dash."""
_BROKEN = re.compile(rf"(?<![\w-])([A-Za-z]{{2,}})-\s+(?!(?:{_UNHYPHENATED})\b)([a-z]{{2,}})")
# Who writes ` -so- ` means a dash, and so does a hyphen before a space there.
_HYPHEN_AS_DASH = re.compile(r"\s-[A-Za-z]")


def prose(text: str) -> str:
    """Readable text of a title or an abstract, in one line; never raises, and `prose(prose(x)) == prose(x)`.

    Every rule removes markup and none creates any, so applying them until nothing changes comes to an end.
    """
    before = None
    while text != before:
        before, text = text, _tidied(text)
        tidy, text = text, _without_tex(text)
        if _is_tidy(text) and (text == tidy or not _has_tex(text)):
            break
    return text


def _is_tidy(text: str) -> bool:
    """Whether no rule of `_tidied` can have anything left to act upon; cheaper than to try them all again."""
    if any(mark in text for mark in _MARKUP) or _PREFIX.match(text):
        return False
    if text.isascii() and text.isprintable():
        return True
    return not any(fault.search(text) for fault in _FAULTS) and unicodedata.is_normalized("NFC", text)


def _has_tex(text: str) -> bool:
    return any(mark in text for mark in _TEX) or stripped.is_marked(text)


def _without_tex(text: str) -> str:
    return " ".join(tex.words(stripped.repaired(text)).split())


def _tidied(text: str) -> str:
    if not text.isascii() and _MISREAD.search(text):
        text = _decoded(text)
    text = " ".join(text.split())
    if "&" in text:
        text = _ENTITY.sub(_meant, text)
    if prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
    if "<" in text:
        text = _untagged(text)
    if not text.isascii() or not text.isprintable():
        text = _characters(text)
    if "*" in text or "](" in text:
        text = _without_markdown(text)
    if "- " in text:
        text = _unbroken(text)
    return " ".join(text.split())


def _meant(entity: re.Match[str]) -> str:
    name = f"{entity[1] or entity[2]};"
    # `html.unescape` alone finds `&not;` at the beginning of `&notes;`.
    return html.unescape(f"&{name}") if name[0] == "#" or name in html5 else entity[0]


def _decoded(text: str) -> str:
    """Each word by itself: a text may hold a name that was misread beside a matrix Â."""
    return "".join(fix_encoding(word, _CERTAIN) if _MISREAD.search(word) else word for word in _WORDS.split(text))


def _characters(text: str) -> str:
    text = _UNSEEN.sub("", _SOFT_BREAK.sub("", text) if "\xad" in text else text)
    text = _LIGATURE.sub(lambda ligature: _LIGATURES[ligature[0]], text)
    return unicodedata.normalize("NFC", text)


def _without_markdown(text: str) -> str:
    text = _HYPERLINK.sub(lambda link: link[2] if link[1] == link[2] else f"{link[1]} ({link[2]})", text)
    return _EMPHASIS.sub(r"\1", _STRONG.sub(r"\1\2", text))


def _unbroken(text: str) -> str:
    """Words broken at the end of a line put together, without the hyphen where the text has the word elsewhere."""
    if _HYPHEN_AS_DASH.search(text):
        return text
    known = set(re.findall(r"[a-z]+", text.lower()))
    return _BROKEN.sub(lambda word: word[1] + "-" * ((word[1] + word[2]).lower() not in known) + word[2], text)


def _untagged(text: str) -> str:
    text = _SCRIPTED.sub(_scripted, _ADDRESS_TAG.sub(r"\1", text))
    text = _PAIRED.sub(_unpaired, text)
    return _LONE.sub(" ", text)


def _scripted(match: re.Match[str]) -> str:
    mark = "^" if match[1].lower() == "sup" else "_"
    return mathematics.script(match[2], mark) or mark + match[2]


def _unpaired(match: re.Match[str]) -> str:
    return f" {match[2]} " if _BLOCK.fullmatch(match[1]) else match[2]
