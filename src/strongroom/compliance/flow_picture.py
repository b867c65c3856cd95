"""The data-flow map as an SVG: sources on the left, kinds in the middle, sinks on the right.

A band is as wide as the logarithm of its count; its colour is the form in which the data went.

Must never: put a name into the picture without escaping it, or leave a form out of the legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from strongroom.compliance.flow_map import Edge, Map
from strongroom.guard.flows import CLEAR, REDACTED, REFUSED, SEALED, SURROGATE, VALUE

WIDTH: Final = 960
ROW: Final = 34
TOP: Final = 78
BOX: Final = 220
COLUMNS: Final = (16, (WIDTH - BOX) // 2, WIDTH - BOX - 16)

COLOURS: Final = {
    SURROGATE: "#2f7d6d", SEALED: "#4f6d8f", CLEAR: "#b7791f", VALUE: "#b23a48", REFUSED: "#777777",
    REDACTED: "#5b4b8a",
}  # fmt: skip
TITLES: Final = {
    SURROGATE: "surrogate", SEALED: "sealed", CLEAR: "shown (level 0 or 1)", VALUE: "real value",
    REFUSED: "refused", REDACTED: "redacted",
}  # fmt: skip
_LEVELS: Final = ("public", "internal", "confidential", "restricted")


def svg(picture: Map) -> str:
    """`picture` as one SVG document; an empty map says so."""
    columns = [
        _distinct(edge.source for edge in picture.edges),
        _distinct(_middle(edge) for edge in picture.edges),
        _distinct(edge.sink for edge in picture.edges),
    ]
    height = TOP + ROW * max(1, *(len(names) for names in columns)) + 16
    places = [{name: TOP + ROW * at for at, name in enumerate(names)} for names in columns]
    bands = [band for edge in picture.edges for band in _bands(edge, places)]
    boxes = [
        _box(COLUMNS[at], y, name) for at, column in enumerate(places) for name, y in column.items()
    ]  # fmt: skip
    nothing = [] if picture.edges else [_text(COLUMNS[0], TOP + 20, "Nothing was observed yet.", 13)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fbfaf7"/>',
        *_legend(), *bands, *boxes, *nothing, "</svg>", "",
    ])  # fmt: skip


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _middle(edge: Edge) -> str:
    return f"{edge.category}: {edge.kind} ({_LEVELS[edge.level]})"


def _bands(edge: Edge, places: list[dict[str, int]]) -> list[str]:
    ends = (places[0][edge.source], places[1][_middle(edge)], places[2][edge.sink])
    width = 1.5 + 1.5 * math.log10(1 + edge.count)
    colour = COLOURS[edge.form]
    dash = ' stroke-dasharray="5 4"' if edge.form == REFUSED else ""
    title = f"{edge.source} → {edge.kind} → {edge.sink}: {edge.count} {TITLES[edge.form]}"
    if edge.boundary:
        title += f"; {edge.boundary}"
    out = []
    for at in (0, 1):
        x1, x2 = COLUMNS[at] + BOX, COLUMNS[at + 1]
        y1, y2 = ends[at] + ROW // 2 - 4, ends[at + 1] + ROW // 2 - 4
        middle = (x1 + x2) // 2
        out.append(
            f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}" fill="none" stroke="{colour}" '
            f'stroke-width="{width:.1f}" stroke-opacity="0.65"{dash}><title>{escape(title)}</title></path>'
        )
    return out


def _box(x: int, y: int, name: str) -> str:
    shown = name if len(name) <= 34 else name[:33] + "…"  # noqa: PLR2004 - what fits into a box
    rect = f'<rect x="{x}" y="{y}" width="{BOX}" height="{ROW - 8}" rx="5" fill="#ffffff" stroke="#c9c4b8"/>'
    return rect + _text(x + 9, y + 17, shown, 11)


def _text(x: int, y: int, text: str, size: int) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="#23211d">{escape(text)}</text>'


def _legend() -> list[str]:
    out = [_text(COLUMNS[0], 26, "Data flows as observed", 16)]
    x = COLUMNS[0]
    for form, colour in COLOURS.items():
        out.append(f'<line x1="{x}" y1="48" x2="{x + 26}" y2="48" stroke="{colour}" stroke-width="5"/>')
        out.append(_text(x + 34, 52, TITLES[form], 11))
        x += 54 + 7 * len(TITLES[form])
    return out
