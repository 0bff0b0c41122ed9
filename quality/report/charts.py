"""Charts as inline SVG: matplotlib draws, and the page's stylesheet colours.

Every colour is a custom property of the stylesheet, so that one picture serves light, dark and print, and text is
text. No text of a stranger is drawn: titles are the page's, and what is drawn are numbers and dates. Importing
matplotlib takes a second, so that happens where a chart is drawn.
"""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import fromstring
from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 320, 132
"""Units of a picture: pixels of the narrowest phone, so that its text stays readable there."""

LEFT, RIGHT, TOP, BOTTOM = 40, 6, 12, 22
TEXT = 11
BAR = 0.76
"""The part of a day's room that its bar takes."""

COLOURS = {
    "#000001": "var(--muted)",
    "#000002": "var(--rule)",
    "#000003": "var(--series)",
    "#000004": "var(--bad)",
}
"""What stands in matplotlib's picture for which colour of the stylesheet."""
INK, GRID, SERIES, BAD = COLOURS

STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "paperboy", "path.simplify": False, "font.size": TEXT}
KEPT = ("fill", "stroke", "stroke-width", "text-anchor")
NO_METADATA: dict[str, None] = {"Date": None, "Creator": None, "Format": None, "Type": None}
STEPS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
"""Of which half is a round number too."""

NOTHING = {True: 0.1, False: 1.0}
"""The top of a share and of a number where there is nothing above zero."""

_NUMBER = re.compile(r"-?\d+\.\d+")


@dataclass(frozen=True)
class Chart:
    """What is drawn: a value a day or None, in the order of the days; `marked` are days with a cross.

    `key` is a name for ids, unique in its page; `title` and `told` are the picture's text alternative. A `share` is
    from 0 to 1 and shown in per cent; of `bars` each day has one, else the values are a line.
    """

    key: str
    title: str
    told: str
    days: Sequence[date]
    values: Sequence[float | None]
    marked: frozenset[date] = frozenset()
    share: bool = False
    bars: bool = False


def drawn(chart: Chart) -> Markup:
    """The chart as an `<svg>` that stands in a page as it is."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        room = (LEFT / WIDTH, BOTTOM / HEIGHT, 1 - (LEFT + RIGHT) / WIDTH, 1 - (TOP + BOTTOM) / HEIGHT)
        axes = figure.add_axes(room)
        _frame(axes, chart)
        _values(axes, chart)
        _marks(axes, chart)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=NO_METADATA)
    return Markup(_inlined(written.getvalue(), chart))  # noqa: S704 - every text in it was serialised as XML


def _frame(axes: "Axes", chart: Chart) -> None:
    """Lines at zero, half and top, and three dates; no box around."""
    highest = _ceiling(max((value for value in chart.values if value is not None), default=0), share=chart.share)
    axes.set_xlim(-0.5, len(chart.days) - 0.5)
    axes.set_ylim(0, highest)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    axes.tick_params(left=False, bottom=False, colors=INK, pad=5)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, linewidth=1)
    levels = [0, highest / 2, highest]
    axes.set_yticks(levels, [_level(level, highest, share=chart.share) for level in levels])
    places = sorted({0, (len(chart.days) - 1) // 2, len(chart.days) - 1})
    axes.set_xticks(places, [f"{chart.days[place].day} {chart.days[place]:%b}" for place in places])
    if len(places) > 1:
        axes.get_xticklabels()[0].set_horizontalalignment("left")
        axes.get_xticklabels()[-1].set_horizontalalignment("right")


def _values(axes: "Axes", chart: Chart) -> None:
    """One path for all days: a path of its own for each would make the page of a year several times as large."""
    room = (WIDTH - LEFT - RIGHT) / len(chart.days)
    found = [(place, value) for place, value in enumerate(chart.values) if value is not None]
    if chart.bars:
        x = [number for place, _ in found for number in (place, place, math.nan)]
        y = [number for _, value in found for number in (0, value, math.nan)]
        axes.plot(x, y, color=SERIES, linewidth=min(BAR * room, 24), solid_capstyle="butt", clip_on=False)
        return
    x, y = [place for place, _ in found], [value for _, value in found]
    axes.plot(x, y, color=SERIES, linewidth=1.6, solid_joinstyle="round", clip_on=False)
    if len(found) == 1:
        axes.plot(x, y, color=SERIES, marker="o", markersize=5, linestyle="none", clip_on=False)


def _marks(axes: "Axes", chart: Chart) -> None:
    places = [place for place, day in enumerate(chart.days) if day in chart.marked]
    if places:
        above = axes.get_xaxis_transform()
        axes.plot(places, [1.0] * len(places), color=BAD, marker="x", markersize=6, markeredgewidth=1.8,
                  linestyle="none", transform=above, clip_on=False)  # fmt: skip


def _ceiling(highest: float, *, share: bool) -> float:
    """The next round number."""
    if highest <= 0:
        return NOTHING[share]
    power = 10.0 ** math.floor(math.log10(highest))
    top = next(step * power for step in STEPS if step * power >= highest * 0.999)
    return min(top, 1.0) if share else top


def _level(level: float, highest: float, *, share: bool) -> str:
    if share:
        return f"{level:.0%}" if highest >= 0.04 else f"{level:.1%}"
    return f"{level:,.0f}" if highest >= 4 and (highest / 2).is_integer() else f"{level:,.3g}"


def _inlined(written: str, chart: Chart) -> str:
    """Matplotlib's document as an element of a page: named, coloured by the stylesheet, without what nobody sees."""
    root: Element = fromstring(written)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith(("metadata", "style", "clipPath")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        kept = {_local(name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(_attributes(element.tag, kept, chart.key))
    named = {"class": "chart", "viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img",
             "aria-labelledby": f"{chart.key}-title {chart.key}-told"}  # fmt: skip
    root.attrib.clear()
    root.attrib.update(named)
    for place, (tag, text) in enumerate([("title", chart.title), ("desc", chart.told)]):
        label = Element(tag, id=f"{chart.key}-{'title' if tag == 'title' else 'told'}")
        label.text = text
        root.insert(place, label)
    return re.sub(r"\s*\n\s*", " ", tostring(root, encoding="unicode"))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _attributes(tag: str, given: dict[str, str], key: str) -> dict[str, str]:
    """Those that a reader sees: numbers to a tenth of a pixel, colours by name, ids that are this picture's own."""
    found: dict[str, Any] = {}
    for name in ("d", "x", "y"):
        if name in given:
            shorter = _NUMBER.sub(lambda number: f"{float(number.group()):.1f}".removesuffix(".0"), given[name])
            found[name] = " ".join(shorter.split())
    if tag == "path" and "id" in given:
        found["id"] = f"{key}-{given['id']}"
    if "href" in given:
        found["href"] = f"#{key}-{given['href'][1:]}"
    declared = dict(part.strip().split(": ", 1) for part in given.get("style", "").split(";") if part.strip())
    shown = [f"{name}:{COLOURS.get(value, value)}" for name, value in declared.items() if name in KEPT]
    return found | ({"style": ";".join(shown)} if shown else {})
