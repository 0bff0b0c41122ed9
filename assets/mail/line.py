"""One line about a paper by a language model: what is asked for, and which answers may be shown.

An answer is a stranger's text, and so is the abstract that may have talked the model into it. Whether the line is true
cannot be seen here; an edition marks it, and shows it beside the paper's own sentences only.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

PROMPT = Path(__file__).with_name("line_prompt.txt").read_text(encoding="utf-8").strip()
LONGEST = 240
"""Characters of a line."""

_MARKUP = re.compile(
    r"</?[A-Za-z!]|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]+);"  # HTML
    r"|[`*#\\]|\$[^$]+\$|__|\]\(|^\s*(?:[-•>]|\d+[.)])\s"  # Markdown, TeX
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+|[\w%+-]+(?:\.[\w%+-]+)*@\S+|(?:[\w-]+\.)+[a-z]{2,}(?:[:/]\S*)?", re.I)
"""What a mail program may make a link of, with or without a scheme."""


class Message(TypedDict):
    """One message of a chat, as an OpenAI-compatible endpoint takes it."""

    role: str
    content: str


class Unfit(Exception):
    """An answer that is no line; the text says why, and repeats nothing of it."""


def messages(title: str, abstract: str) -> Sequence[Message]:
    """What is asked about a paper."""
    return (
        {"role": "system", "content": PROMPT},
        {"role": "user", "content": f"Title: {title}\n\nAbstract: {abstract}"},
    )


def key_of(title: str, abstract: str, model: str) -> str:
    """By what a line is known: SHA-256 of all that it follows from, in hexadecimal."""
    return hashlib.sha256(json.dumps([PROMPT, model, title, abstract]).encode()).hexdigest()


def accepted(answer: str, title: str, abstract: str) -> str:
    """The line that an answer is. Raises `Unfit` unless it is one line of plain text, without an address of its own."""
    line = answer.strip()
    if not line:
        raise Unfit("the answer was empty")
    if len(line.splitlines()) > 1:
        raise Unfit("the answer had several lines")
    if len(line) > LONGEST:
        raise Unfit(f"the answer was longer than {LONGEST} characters")
    if not line.isprintable():
        raise Unfit("the answer had characters that are not shown")
    if _MARKUP.search(line):
        raise Unfit("the answer had markup")
    if not all(_stands(address, f"{title} {abstract}") for address in _addresses(line)):
        raise Unfit("the answer had an address that the abstract lacks")
    return line


def _addresses(line: str) -> set[str]:
    return {found.rstrip(".,;:!?)]}'\"”’") for found in _ADDRESS.findall(line)}


def _stands(address: str, text: str) -> bool:
    """Whether an address stands there whole, and not as a part of another."""
    return bool(re.search(rf"(?<![\w.@:/-]){re.escape(address)}(?![\w/?#&=%@:~+-]|\.\w)", text, re.IGNORECASE))
