"""A source's title or abstract as text that reads as prose.

What belongs here: what any text may suffer on its way, whoever sent it: entities, tags, control characters,
white space. TeX is `tex.py`'s. Nothing is invented: a rule removes markup or writes what it stands for.
"""

import html
import re
import unicodedata

from assets.clean import mathematics, tex

DIRTY = r"[^\t\n\r -~]|[\\$`~&<{}]|''|--|^\s*(?i:abstract|arxiv:)"
"""Finds the texts that need more than their white space closed up; a pattern for Python and Polars alike."""

_DIRTY = re.compile(DIRTY)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MOJIBAKE = re.compile(r"[\xc2-\xf4][\x80-\xbf]{1,3}")
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"}
_LIGATURE = re.compile("[ﬀ-ﬆ]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufdd0-\ufdef"
    "\ud800-\udfff\ufffe\uffff]"
    # Joiners shape Persian words and emoji, and are noise elsewhere.
    r"|[\u200c\u200d](?:(?<![^\x00-\x7f].)|(?![^\x00-\x7f]))"
)
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))"
_TAGS = r"p|b|i|u|a|em|strong|sub|sup|inf|span|div|li|ul|ol|tt|code|small|font|h[1-6]|jats:[a-z-]+"
_SCRIPTED = re.compile(r"<(?:jats:)?(su[bp])>([^<>]{1,40})</(?:jats:)?\1>", re.IGNORECASE)
_PAIRED = re.compile(rf"<({_TAGS}){_ATTRIBUTES}*\s*>(.{{0,2000}}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
# `<B>` and `<p>` alone may be a physicist's mean value, so a lone tag must be one that cannot be mathematics.
_LONE = re.compile(
    rf"<(?:br|hr)\s*/?>|</(?:{_TAGS})\s*>|<(?:{_TAGS}){_ATTRIBUTES}+\s*/?>|</?jats:[a-z-]+>|\A(?:<p>\s*)+|<p>(?<=[.!?]\s<p>)",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"p|div|li|ul|ol|h[1-6]|jats:(?:p|sec|title)", re.IGNORECASE)
_PREFIX = re.compile(
    r"\s*(?:arXiv:\S+\s+Announce Type:\s+\S+\s+)?(?:<jats:title>\s*Abstract\s*</jats:title>|abstract\s*:)\s*",
    re.IGNORECASE,
)


def prose(text: str) -> str:
    """Readable text of a title or an abstract, in one line; never raises, and `prose(prose(x)) == prose(x)`.

    Every rule removes markup and none creates any, so applying them until nothing changes comes to an end.
    """
    if not _DIRTY.search(text):
        return " ".join(text.split())
    before = None
    while text != before:
        before, text = text, _once(text)
    return text


def _once(text: str) -> str:
    text = " ".join(text.split())
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    if prefix := _PREFIX.match(text):
        text = text[prefix.end() :]
    if "<" in text:
        text = _untagged(text)
    if not text.isascii() or not text.isprintable():
        text = _characters(text)
    return " ".join(tex.words(text).split())


def _characters(text: str) -> str:
    text = _MOJIBAKE.sub(_decoded, text)
    text = _LIGATURE.sub(lambda ligature: _LIGATURES[ligature[0]], _UNSEEN.sub("", text))
    return unicodedata.normalize("NFC", text)


def _decoded(match: re.Match[str]) -> str:
    """UTF-8 that was read as Latin-1, decoded; only where a control character gives the mistake away."""
    if not any("\x80" <= letter <= "\x9f" for letter in match[0]):
        return match[0]
    try:
        return match[0].encode("latin-1").decode()
    except UnicodeDecodeError:
        return match[0]


def _untagged(text: str) -> str:
    text = _SCRIPTED.sub(_scripted, text)
    text = _PAIRED.sub(_unpaired, text)
    return _LONE.sub(" ", text)


def _scripted(match: re.Match[str]) -> str:
    mark = "^" if match[1].lower() == "sup" else "_"
    return mathematics.script(match[2], mark) or mark + match[2]


def _unpaired(match: re.Match[str]) -> str:
    return f" {match[2]} " if _BLOCK.fullmatch(match[1]) else match[2]
