"""What TeX's mathematical macros stand for, as tables.

What belongs here: names and their meaning, macro by macro. How they combine to a formula is `mathematics.py`'s.
"""

import re
from functools import cache

from pylatexenc.latex2text import (  # type: ignore[import-untyped]
    fmt_math_text_style,
    get_default_latex_context_db,
)

_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max "
    "min Pr sec sin sinh sup tan tanh".split()
)
OPERATORS = _FUNCTIONS | frozenset(
    "argmax argmin diag div curl rot grad tr Tr rank rk supp sgn sign span Span vol Vol var Var Cov cov erf erfc sech "
    "poly polylog id Id End Hom Aut Ext Tor Spec Sym Gal GL SL PSL PGL SO SU Sp PSp Re Im lcm mex diam dist Lip conv "
    "opt OPT ess esssup card ord Ric Pic Ind Res Gr NP BPP PSPACE codim coker depth Mod eV keV MeV GeV TeV fm nm km pc "
    "kpc Mpc Hz GHz MHz yr Myr Gyr erg".split()
)
"""Functions of TeX and those that authors define themselves and everyone reads: set upright, apart from letters."""

SPACES = frozenset(
    {",", ";", ":", " ", ">", "quad", "qquad", "enspace", "enskip", "thinspace", "nobreakspace", "space"}
)
SIZES = frozenset(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
SIZES |= {"left", "right", "middle"}
UNSEEN = frozenset(
    "! / displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits unboldmath nonumber notag protect "
    "relax xspace ensuremath mathord mathrel mathbin mathopen mathclose mathstrut strut bfseries itshape normalfont "
    "rmfamily small normalsize footnotesize scriptsize tiny allowbreak noindent selectfont".split()
)
"""Macros that change how a formula looks and not what it says."""

QUOTING = frozenset("text textrm textit textup textnormal textbf textsf texttt textsc emph mbox hbox".split())
"""Macros that set prose within a formula: blanks and hyphens are their own."""
_UPRIGHT = QUOTING | frozenset("mathrm mathit mathop mathnormal rm it roman".split())

STYLES = {
    **dict.fromkeys(("mathbb", "Bbb", "mathds", "mathbbm", "bb"), "doublestruck"),
    **dict.fromkeys(("mathcal", "cal", "mathscr", "Cal", "scr", "EuScript"), "script"),
    **dict.fromkeys(("mathfrak", "frak", "goth", "euf"), "fraktur"),
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "bf", "pmb", "symbf", "bold", "boldmath"), "bold"),
    **dict.fromkeys(("mathsf", "sf"), "sans"),
    **dict.fromkeys(("mathtt", "tt"), "monospace"),
    **dict.fromkeys(_UPRIGHT, ""),
}
SWITCHES = frozenset({"rm", "it", "cal", "frak", "bf", "sf", "tt", "scr", "bb", "boldmath"})
ACCENTS = {
    **dict.fromkeys(("hat", "widehat", "Hat"), "\u0302"),
    **dict.fromkeys(("tilde", "widetilde", "Tilde"), "\u0303"),
    **dict.fromkeys(("bar", "overline", "Bar"), "\u0304"),
    **dict.fromkeys(("vec", "overrightarrow", "Vec"), "\u20d7"),
    **dict.fromkeys(("dot", "Dot"), "\u0307"),
    **dict.fromkeys(("ddot", "Ddot"), "\u0308"),
    **dict.fromkeys(("check", "widecheck"), "\u030c"),
    **dict.fromkeys(("underline", "underbar"), "\u0332"),
    **{"acute": "\u0301", "grave": "\u0300", "breve": "\u0306", "mathring": "\u030a"},
}
FRACTIONS = frozenset({"frac", "tfrac", "dfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"})
ENCLOSED = {"abs": "|{}|", "norm": "‖{}‖", "set": "{{{}}}", "ket": "|{}⟩", "bra": "⟨{}|", "braket": "⟨{}⟩"}
ENCLOSED |= {"ceil": "⌈{}⌉", "floor": "⌊{}⌋", "pmod": "(mod {})", "tag": "({})"}
ENCLOSED |= {"label": "", "hspace": " ", "smash": "{}"}
"""Macros of one argument by what they write around it."""

UNSAYABLE = frozenset(
    "begin end choose atop above brack brace binom dbinom tbinom stackrel overset underset substack underbrace "
    "overbrace xrightarrow xleftarrow matrix pmatrix cases array phantom vphantom hphantom rlap llap raisebox kern "
    "mkern genfrac sideset cancel boxed ref cite href url def newcommand left right sl em cr hline multicolumn vcenter "
    "hss hskip".split()
)
"""Macros that have a meaning, and one that takes more than a line or is not for mathematics."""

LARGE = frozenset("∑∏∐∫∬∭∮⋃⋂⨆")
"""Operators that stand before a whole term."""

RELATIONS = frozenset(
    "<>±∓×÷≤≥⩽⩾≪≫≠≈≃≅∼≡≢∝∈∉∋⊂⊆⊊⊄⊈⊃⊇⊋→←↔⇒⇐⇔↦⟶⟵⟷⟹⟸⟺⟼∪∩⊔⊓⊕⊖⊗⊞⊠⊢⊨⊩∥∦∨∖≲≳⪅⪆≺≻≼≽⪯⪰≍≐≜≔⋊⋉↪↠⇝⇀⇌⊴⊲⊳⊵⋈∤↛≁≄≇≉≮≯≰≱≦≧⊎↗↘⊑⊏⋘⋙"
)
"""Signs that read better with a blank on either side."""

BINARY = frozenset("·∘∗⋆⊙∧")
"""Signs that read better with a blank on both sides or none."""


def _table(pairs: str) -> dict[str, str]:
    """Names and their signs, in turn."""
    words = pairs.split()
    return dict(zip(words[::2], words[1::2], strict=True))


# One letter for both shapes of it, so that they are found by either.
_OWN = _table("phi φ epsilon ε") | _table(
    "ge ≥ ne ≠ lt < gt > iff ⇔ implies ⇒ impliedby ⇐ gets ← vert | lvert | rvert | | ‖ lbrace { rbrace } lbrack [ "
    "rbrack ] { { } } % % _ _ # # & & AA Å ss ß setminus ∖ backslash ∖ textbackslash ∖ land ∧ lor ∨ neg ¬ owns ∋ "
    "prime ′ square □ Box □ qed □ Diamond ◇ diamondsuit ♢ triangle △ bullet • bot ⊥ Bbbk 𝕜 imath ı jmath ȷ models ⊨ "
    "emptyset ∅ empty ∅ varDelta Δ varOmega Ω varGamma Γ varPhi Φ varTheta Θ upmu μ upalpha α upbeta β Sun ☉ sun ☉ "
    "earth ⊕ arcsec ″ arcmin ′ degree ° deg ° micro µ coloneqq ≔ coloneq ≔ eqqcolon ≕ lll ⋘ ggg ⋙ lessim ≲ gtsim ≳ "
    "lsim ≲ gsim ≳ simlt ≲ simgt ≳ apprle ≲ apprge ≳ slash / longhookrightarrow ↪ leadsto ⇝ varsubsetneq ⊊ nsubset ⊄ "
    "nin ∉ bigsqcup ⨆ preceq ⪯ succeq ⪰ copyright © dag † ddag ‡ ddagger ‡ pounds £ euro € textless < textgreater > "
    "lq ‘ rq ’ textasciitilde ~ textunderscore _"
)
_OWN |= {"mid": " | ", "colon": ": ", "bmod": " mod ", "mod": " mod ", "limsup": "lim sup", "liminf": "lim inf"}
# What nearly everyone who defines such a macro means by it.
_OWN |= _table(
    "R ℝ RR ℝ IR ℝ real ℝ reals ℝ Real ℝ C ℂ CC ℂ Z ℤ ZZ ℤ N ℕ NN ℕ nat ℕ nats ℕ Q ℚ QQ ℚ eps ε veps ε vareps ε lam λ "
    "Lam Λ sig σ Sig Σ gam γ Gam Γ om ω Om Ω al α kap κ vphi φ"
)
_PROSE = {"P": "¶", "S": "§", "L": "Ł", "l": "ł", "O": "Ø", "o": "ø", "i": "ı", "j": "ȷ"}
"""In prose; in formulas their authors mean something of their own."""

# Letters of another alphabet by a short name of the author's own, `\bbR` or `\cP`.
_LETTERED = re.compile(
    r"(?:m?bb|b(?=[RCZNQ]))(?P<doublestruck>[A-Z])|(?:cal|scr|mc|c)(?P<script>[A-Z])|bf(?P<bold>[A-Za-z])"
)


@cache
def symbols() -> dict[str, str]:
    """The meaning of each symbol macro of mathematics: `alpha` is α. Mostly from pylatexenc's table."""
    known = {spec.macroname: spec.simplify_repl for spec in get_default_latex_context_db().iter_macro_specs()}
    single = {name: text for name, text in known.items() if isinstance(text, str) and len(text) == 1}
    foreign = {name: text for name, text in single.items() if not text.isascii() and name not in _PROSE}
    return foreign | _OWN


def symbol(name: str) -> str | None:
    """The meaning of a symbol macro, or None."""
    if (lettered := _LETTERED.fullmatch(name)) and (style := lettered.lastgroup):
        return str(fmt_math_text_style(lettered[style], style))
    return symbols().get(name)


@cache
def signs() -> dict[str, str]:
    """The meaning of each symbol macro in prose."""
    return symbols() | _PROSE
