"""What may be wrong with a text, each defect by its name: for tables before and after cleaning, and for thresholds.

What belongs here: patterns that find dirt, written apart from the rules that remove it. A formula that was kept
between its dollars is no dirt, so most look only outside of formulas; an address is none either.
"""

import polars as pl

_FORMULA = r"\$\$[^$]+\$\$|\$[^$]+\$"
_ADDRESS = r"https?://[^\s{}$]+"
_FORMULA_HERE, _ADDRESS_HERE = "\ue010", "\ue011"
_TEXT = pl.col("text")
_OUTSIDE = _TEXT.str.replace_all(_ADDRESS, _ADDRESS_HERE).str.replace_all(_FORMULA, _FORMULA_HERE)
_INSIDE = _TEXT.str.extract_all(_FORMULA).list.join(" ")
_MOJIBAKE = r"[ÂÃâð][\u{80}-\u{bf}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_STRIPPED = (
    r"[0-9](?:times|sim|leq|geq)\b|(?:times|sim|leq|geq)[0-9]|(?:math(?:cal|bb|bf|rm|frak)|text(?:bf|it|tt|sc|rm)|emph)\b"
    r"|\b(?:infty|varepsilon|varphi|rightarrow|leq|geq|cdot|propto|nabla)\b|\^circ|https?://\S+\{|\{(?:bf|it|em|tt|rm) "
)


def _outside(pattern: str) -> pl.Expr:
    return _OUTSIDE.str.contains(pattern)


DEFECTS: dict[str, pl.Expr] = {
    "TeX command outside formulas": _outside(r"\\[A-Za-z]+"),
    "TeX command in a kept formula": _INSIDE.str.contains(r"\\[A-Za-z]+"),
    "other backslash": _outside(r"\\(?:[^A-Za-z]|$)"),
    "kept formula": _TEXT.str.contains(_FORMULA),
    "unbalanced brace": _OUTSIDE.str.count_matches(r"\{") != _OUTSIDE.str.count_matches(r"\}"),
    "unbalanced dollar": _outside(r"\$(?:[^0-9.]|$)"),
    "TeX accent": _outside(r"\\[\"'`^~=.]\{?\\?[A-Za-z]|\\[uvHckr]\{"),
    "TeX quotes": _outside(r"``|''"),
    "TeX dash": _outside(r"\w--+\w|\s---?\s"),
    "TeX tie": _outside(r"[A-Za-z.,)]~[A-Za-z\\\[\x{e010}]"),
    "stripped TeX": _outside(_STRIPPED),
    "bare script": _outside(r"(?:\b[A-Za-z]|[0-9)])\^\{?[0-9+-]"),
    "entity": _outside(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z]{2,}[0-9]*);"),
    "tag": _outside(r"</?(?:p|b|i|em|strong|sub|sup|span|div|li|ul|ol|br|hr|jats:[a-z-]+)(?:\s[^<>]*)?/?>"),
    "Markdown": _outside(r"\*\*[^*\s](?:[^*]*[^*\s])?\*\*|\[[^\[\]]+\]\(\x{e011}"),
    "control character": _TEXT.str.contains(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"),
    "unseen character": _TEXT.str.contains(
        r"[\u{ad}\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}]"
    ),
    "unusual space": _TEXT.str.contains(r"[\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}]"),
    "ligature": _TEXT.str.contains(r"[\u{fb00}-\u{fb06}]"),
    "mojibake": _TEXT.str.contains(_MOJIBAKE),
    "not NFC": _TEXT != _TEXT.str.normalize("NFC"),
    "hard wrap": _TEXT.str.contains(r"\n"),
    "double space": _TEXT.str.contains(r"[ \t]{2}"),
    "broken hyphenation": _TEXT.str.contains(r"[a-z]{2}-\s[a-z]{4,}"),
    "closing address": _TEXT.str.contains(r"https?://\S+\s*$"),
    "Abstract:": _TEXT.str.contains(r"^\s*(?i:abstract|summary)\s*[:.]"),
}
"""Each defect by name: whether the column `text` has it."""


def defects(texts: pl.Series) -> pl.DataFrame:
    """A column of booleans for each of `DEFECTS`, a row a text; nulls stay null."""
    return pl.DataFrame({"text": texts}).select(**DEFECTS)


def shares(texts: pl.Series) -> dict[str, float]:
    """The share of texts that have each defect, from 0 to 1; nulls do not count."""
    return defects(texts.drop_nulls()).mean().row(0, named=True)
